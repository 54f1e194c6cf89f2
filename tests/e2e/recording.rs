//! Runs that are recorded, and done again without network, store or account.

use std::path::{Path, PathBuf};

use actionbay::authorization::WorkspacePolicy;
use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::runtime::{Access, FolderFiles};
use actionbay::{FailureKind, Recorder, Recording, Run};
use serde_json::{Value, json};

use crate::components::{ASKS_FOR_EVERYTHING, DECLARES_ONE_MORE_REQUEST, ECHO, PLUGIN, TRAPS};
use crate::guests::Guest;
use crate::support::{
    Canaries, Finished, Home, ProxiedSandbox, Script, Setup, World, answer, confluence, connected, engine,
    integration, load, workspace,
};

/// A connection to a sandbox that is gone before anything is replayed.
struct Recorded {
    home: Home,
    canaries: Canaries,
}

impl Recorded {
    /// Runs these one after the other, each into a file of its own: `0.json`, `1.json`, …
    fn runs(runs: &[(&[&str], i32)]) -> Self {
        let vendor = ProxiedSandbox::start();
        let home = Home::new();
        home.run(&["authorize", "confluence", "--sandbox", &vendor.url]).ok();
        for (at, (arguments, code)) in runs.iter().enumerate() {
            let file = format!("{at}.json");
            let finished =
                home.run(&[&["--json", "run", "confluence"], *arguments, &["--record", &file]].concat());
            assert_eq!(finished.code, *code, "{finished:?}");
            if *code == 0 {
                assert_eq!(finished.json()["recording"], file.as_str(), "{finished:?}");
            }
        }
        Self { home, canaries: vendor.canaries.clone() }
    }

    fn file(&self, at: usize) -> PathBuf {
        self.home.path().join(format!("{at}.json"))
    }

    fn text(&self, at: usize) -> String {
        std::fs::read_to_string(self.file(at)).unwrap()
    }
}

/// Replays a file on a machine that knows no account.
fn replayed(file: &Path, more: &[&str]) -> Finished {
    let elsewhere = Home::new();
    let finished = elsewhere.run(&[&["replay", file.to_str().unwrap()], more].concat());
    assert!(elsewhere.files().is_empty(), "a replay leaves nothing behind");
    finished
}

/// A copy of a recording in which one text is another.
fn changed(recorded: &Recorded, at: usize, from: &str, to: &str) -> PathBuf {
    let text = recorded.text(at);
    assert!(text.contains(from), "{from} is not in {text}");
    let file = recorded.home.path().join("changed.json");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    file
}

const CREATE: &[&str] = &["create-content", "--space", "DOCS", "--title", "Plan", "--body", "# One\n\ntwo"];
const UPDATE: &[&str] =
    &["update-content", "--space", "DOCS", "--page", "Plan", "--body", "# One\n\nthree", "--mode", "replace"];

#[test]
fn a_replay_has_the_limits_that_a_run_has() {
    let recorded = Recorded::runs(&[(CREATE, 0)]);
    let config = recorded.home.data().join("config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let file = recorded.file(0);
    let replay = || recorded.home.run(&["replay", file.to_str().unwrap()]);
    replay().ok();
    for limits in ["[limits]\noutput-bytes = 1\n", "[limits.confluence]\noutput-bytes = 1\n"] {
        std::fs::write(&config, format!("{before}\n{limits}")).unwrap();
        let replayed = replay();
        assert!(replayed.code == 1 && replayed.stdout.contains("output-bytes-exceeded"), "{replayed:?}");
    }
}

#[test]
fn recorded_runs_are_the_same_again_without_network_store_or_account() {
    let fails: &[&str] = &["view-content", "--space", "DOCS", "--title", "None of this name"];
    let recorded = Recorded::runs(&[(CREATE, 0), (UPDATE, 0), (fails, 1)]);
    for at in 0..3 {
        let finished = replayed(&recorded.file(at), &["--json"]).ok().json();
        assert_eq!(finished["same"], true, "{finished}");
        assert_eq!(finished["recorded"]["digest"], finished["replayed"], "{finished}");
    }
    let update: Value = serde_json::from_str(&recorded.text(1)).unwrap();
    let calls = update["calls"].as_array().unwrap();
    let methods: Vec<&str> =
        calls.iter().filter_map(|call| call.pointer("/request/method")?.as_str()).collect();
    assert!(methods.len() >= 3 && methods.contains(&"PUT"), "{methods:?}");
    let failed: Value = serde_json::from_str(&recorded.text(2)).unwrap();
    assert_eq!(failed["outcome"]["failure"]["kind"], "not-found", "{failed}");
    let told = replayed(&recorded.file(0), &[]).ok();
    assert!(told.stdout.starts_with("The same: "), "{told:?}");
}

#[test]
fn a_recording_is_for_its_user_alone_and_holds_no_credential() {
    let recorded = Recorded::runs(&[(CREATE, 0), (UPDATE, 0)]);
    assert_eq!(recorded.canaries.kinds(), ["access_token", "client_secret", "code", "refresh_token"]);
    for at in 0..2 {
        let text = recorded.text(at);
        assert_eq!(recorded.canaries.found_in(text.as_bytes()), Vec::<&str>::new());
        assert!(!text.to_lowercase().contains("bearer") && !text.contains("authorization"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(recorded.file(at)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    // Bodies are the user's own, and readable.
    assert!(recorded.text(0).contains("\"title\": \"Plan\""));
}

#[test]
fn another_answer_another_request_and_another_output_are_found_and_shown() {
    let recorded = Recorded::runs(&[(CREATE, 0), (UPDATE, 0)]);
    let title = replayed(&changed(&recorded, 0, "\"title\": \"Plan\"", "\"title\": \"Plot\""), &[]);
    assert_eq!(title.code, 1, "{title:?}");
    assert!(title.stdout.contains("is different") && title.stdout.contains("Plot"), "{title:?}");

    let path = replayed(&changed(&recorded, 1, "\"method\": \"PUT\"", "\"method\": \"PATCH\""), &[]);
    assert_eq!(path.code, 1, "{path:?}");
    for part in ["request ", " is different", "-  \"method\": \"PATCH\"", "+  \"method\": \"PUT\""] {
        assert!(path.stdout.contains(part), "no {part:?} in {}", path.stdout);
    }
    let told = replayed(&recorded.home.path().join("changed.json"), &["--json"]);
    let difference = &told.json()["differences"][0];
    assert!(difference["recorded"].as_str().unwrap().contains("PATCH"), "{difference}");
    assert!(difference["replayed"].as_str().unwrap().contains("PUT"), "{difference}");

    let output = replayed(&changed(&recorded, 1, "\"output\": {", "\"output\": {\"more\": 1,"), &[]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("outcome is different") && output.stdout.contains("-    \"more\": 1"));

    // The last request is missing in the recording: the component asks for more than there is.
    let mut value: Value = serde_json::from_str(&recorded.text(0)).unwrap();
    value["calls"].as_array_mut().unwrap().pop();
    let file = recorded.home.path().join("shorter.json");
    std::fs::write(&file, value.to_string()).unwrap();
    let shorter = replayed(&file, &[]);
    assert_eq!(shorter.code, 1, "{shorter:?}");
    assert!(shorter.stdout.contains("the recorded run had ended"), "{shorter:?}");
}

#[test]
fn what_is_no_recording_is_refused_in_one_sentence() {
    let recorded = Recorded::runs(&[(CREATE, 0)]);
    let file = recorded.home.path().join("bad.json");
    let whole = recorded.text(0);
    for (text, words) in [
        ("", "damaged"),
        (&whole[..whole.len() / 2], "damaged"),
        ("{\"a\": 1}", "not the recording"),
        ("[]", "not the recording"),
        (&*whole.replacen("\"actionbay-recording\": 1", "\"actionbay-recording\": 7", 1), "version 7"),
        (&*whole.replacen("\"template\"", "\"tamplate\"", 1), "damaged"),
        (&*whole.replacen("\"status\": 200", "\"status\": \"x\"", 1), "damaged"),
        (&*whole.replacen("\"body\": {", "\"body\": {\"base64\": \"?\"}, \"was\": {", 1), "base64"),
    ] {
        std::fs::write(&file, text).unwrap();
        replayed(&file, &[]).fails_with(2, words);
    }
    replayed(Path::new("none.json"), &[]).fails_with(2, "none.json");
    replayed(&recorded.file(0), &[ECHO]).fails_with(2, "says that it is echo");
    let unknown =
        recorded.text(0).replacen("\"integration\": \"confluence\"", "\"integration\": \"mine\"", 1);
    std::fs::write(&file, unknown).unwrap();
    replayed(&file, &[]).fails_with(2, "no integration \"mine\"");
}

#[test]
fn a_recording_replaces_no_file_and_a_run_that_comes_to_no_component_leaves_none() {
    let home = Home::new();
    let file = home.path().join("run.json");
    home.run(&[&["run", "confluence"], CREATE, &["--record", "run.json"]].concat()).fails_with(3, "");
    assert!(!file.exists());
    let leftovers = home.files().into_iter().filter(|(path, _)| path.parent() == Some(home.path()));
    assert_eq!(leftovers.count(), 0, "nothing is left of the place for it");
    std::fs::write(&file, "mine").unwrap();
    home.run(&[&["run", "confluence"], CREATE, &["--record", "run.json"]].concat()).fails_with(2, "run.json");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    home.run(&[&["run", "confluence"], CREATE, &["--record", "none/run.json"]].concat())
        .fails_with(2, "none/run.json");
}

/// Answers with the credential that it was sent: as it is, and spelled so that only a parser of JSON finds it.
struct Echoing;

impl Transport for Echoing {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let token = "canary-access-token-0123456789";
        let body = match request.url.path() {
            "/token" => {
                json!({"access_token": token, "expires_in": 3600, "refresh_token": "canary-refresh-token"})
                    .to_string()
            }
            "/v1/plain" => json!({ "you": token }).to_string(),
            _ => {
                let disguised: String = token.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
                format!("{{\"you\": \"{disguised}\"}}")
            }
        };
        Ok(RawResponse { status: 200, headers: http::HeaderMap::new(), body: body.into_bytes() })
    }
}

#[test]
fn an_answer_that_brings_the_credential_back_leaves_none_in_the_recording() {
    let guest = Guest::with(ECHO, Echoing);
    for path in ["/plain", "/disguised"] {
        let recorder = Recorder::new();
        let result = guest.record("fetch", json!({"audience": "api", "path": path}), &recorder);
        assert_eq!(result.unwrap_err().code, "credential-in-answer", "{path}");
        let recording = recorder.take().unwrap();
        let json = recording.to_json().unwrap();
        assert!(!json.contains("canary"), "{json}");
        assert!(!json.contains("\\u0063"), "{json}");
        assert_eq!(recording.requests(), 1);
        assert!(recorder.take().is_none(), "it is taken once");
    }
}

#[test]
fn a_url_that_the_vendor_signed_is_in_no_recording_and_the_replay_is_the_same() {
    let signature = "0123456789abcdef".repeat(4);
    let signed = format!("https://store.example/f?X-Amz-Expires=60&X-Amz-Signature={signature}&x=1");
    let body = json!({"download": signed, "title": "T"}).to_string();
    let server = Script::new(move |_| answer("200 OK", &[("X-Where", &signed)], body.as_bytes()));
    let home = Guest::home(ECHO, &server);
    let input = json!({"audience": "api", "path": "/f"}).to_string();
    let ran = home.run(&["--json", "run", ECHO, "fetch", "--input", &input, "--record", "run.json"]).ok();
    assert!(ran.stdout.contains(&signature), "the caller gets what the vendor gave: {ran:?}");
    assert_eq!(server.heads().len(), 1);
    let file = home.path().join("run.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("https://store.example/f?X-Amz-Expires=60&X-Amz-Signature=[left-out"), "{text}");
    assert!(text.contains("\"title\": \"T\"") && !text.contains(&signature[..16]), "{text}");
    let replayed = replayed(&file, &["--json", ECHO]).ok().json();
    assert_eq!(replayed["same"], true, "{replayed}");
    assert_eq!(server.heads().len(), 1, "a replay sends nothing");
}

#[test]
fn an_embedder_records_a_run_and_replays_it_on_another_component() {
    let guest = Guest::new(ECHO, actionbay::CallLimits::default());
    let recorder = Recorder::new();
    let input = json!({"audience": "api", "path": "/x", "query": {"q": "a b"}, "headers": {"x-a": "1"}});
    let output = guest.record("fetch", input, &recorder).unwrap();
    let json = recorder.take().unwrap().to_json().unwrap();
    let recording = Recording::parse(&json).unwrap();
    assert!(recording.replay(&load(engine(), ECHO)).unwrap().is_same());
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["outcome"]["output"], output);
    assert_eq!(
        value["calls"][0]["request"],
        json!({"audience": "api", "method": "GET", "path": "/x", "query": [["q", "a b"]],
               "headers": [["x-a", "1"]], "on-behalf-of-connection": true})
    );

    let guest = Guest::new(TRAPS, actionbay::CallLimits::default());
    let crashed = guest.record("run", json!({}), &recorder).unwrap_err();
    let recording = recorder.take().unwrap();
    assert!(recording.replay(&load(engine(), TRAPS)).unwrap().is_same(), "{crashed}");
    let mended = recording.replay(&load(engine(), DECLARES_ONE_MORE_REQUEST)).unwrap();
    assert_eq!(mended.differences[0].what, "outcome");
    assert!(mended.differences[0].recorded.contains("plugin-crashed"), "{mended:?}");
    let failure = recording.replay(&load(engine(), ECHO)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
}

#[test]
fn the_time_and_the_dice_of_a_component_are_the_same_again() {
    let guest = Guest::new(ASKS_FOR_EVERYTHING, actionbay::CallLimits::default());
    let plugin = load(engine(), ASKS_FOR_EVERYTHING);
    let recorder = Recorder::new();
    let mut outputs = Vec::new();
    for _ in 0..2 {
        outputs.push(guest.record("run", json!({}), &recorder).unwrap());
        let recording = recorder.take().unwrap();
        assert!(recording.replay(&plugin).unwrap().is_same());
    }
    assert_ne!(outputs[0]["random"], outputs[1]["random"], "each run has dice of its own");
    let seconds = outputs[0]["seconds"].as_u64().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seconds) < 600, "{seconds}");
}

/// What a file holds.
const BYTES: &str = "canary-content-of-the-file-0123456789";

#[test]
fn of_files_names_sizes_and_digests_are_recorded_and_neither_bytes_nor_where_a_redirect_led() {
    let world = World::new(Setup::default());
    world.authorize_for_files();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.txt"), BYTES).unwrap();
    let record = |template: &str, input: Value| {
        let recorder = Recorder::new();
        let run = Run::new(workspace(), integration(), template, input);
        let run = run.files(FolderFiles::new(folder.path())).record(&recorder);
        (world.host.run(&run).unwrap().output, recorder.take().unwrap())
    };
    let (page, _) = record("create-content", json!({"space": "DOCS", "title": "T"}));
    let (uploaded, upload) = record("upload-attachment", json!({"id": page["id"], "file": "plan.txt"}));
    let (saved, download) = record("download-attachment", json!({"attachment": uploaded["id"]}));
    let path = folder.path().join(saved["file"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(path).unwrap(), BYTES);
    std::fs::remove_dir_all(folder.path()).unwrap();

    // `printf canary-content-of-the-file-0123456789 | sha256sum`
    let digest = "36ab4419";
    let media = url::Url::parse(world.sandbox.media_url()).unwrap();
    for recording in [&upload, &download] {
        let json = recording.to_json().unwrap();
        assert!(!json.contains(BYTES), "{json}");
        assert!(!json.contains(&media.port().unwrap().to_string()) && !json.contains("location"), "{json}");
        assert!(json.contains(&format!("\"size\": {}", BYTES.len())), "{json}");
        assert!(json.contains(&format!("\"sha-256\": \"{digest}")), "{json}");
        assert!(world.wire.canaries.found_in(json.as_bytes()).is_empty());
        let again = Recording::parse(&json).unwrap().replay(&confluence()).unwrap();
        assert!(again.is_same(), "{:#?}", again.differences);
    }
}

/// Renews the connection in the midst of a run, so that the facts of it change.
#[test]
fn facts_that_change_in_a_run_are_the_same_again() {
    let world = World::authorized();
    world.clock.advance(3_590);
    let recorder = Recorder::new();
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    world.host.run(&run.record(&recorder)).unwrap();
    assert_eq!(world.grants("refresh_token"), 1);
    let json = recorder.take().unwrap().to_json().unwrap();
    assert!(world.wire.canaries.found_in(json.as_bytes()).is_empty());
    assert!(Recording::parse(&json).unwrap().replay(&load(engine(), PLUGIN)).unwrap().is_same());
}

#[test]
fn what_the_policy_of_a_workspace_keeps_from_a_component_is_kept_from_it_again() {
    let world = World::authorized();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap();
    let deny = |policy: &mut WorkspacePolicy| {
        policy.containers.named.insert("DOCS".parse().unwrap(), Access::Deny);
    };
    world.host.set_policy(&workspace(), &integration(), deny).unwrap();
    let recorder = Recorder::new();
    let run = Run::new(workspace(), integration(), "view-content", json!({"id": page["id"]}));
    let failure = world.host.run(&run.record(&recorder)).unwrap_err();
    assert_eq!(failure.code, "container-denied");
    let recording = recorder.take().unwrap();
    assert!(recording.to_json().unwrap().contains("container-denied"));
    assert!(recording.replay(&confluence()).unwrap().is_same());
}

#[test]
fn what_came_of_an_earlier_run_is_not_recorded_as_a_run() {
    let (home, _sandbox) = connected();
    let once = |file| {
        home.run(&[&["run", "confluence"], CREATE, &["--idempotency-key", "k", "--record", file]].concat())
            .ok()
    };
    once("first.json");
    let again = once("again.json");
    assert!(again.stderr.contains("Nothing is recorded"), "{again:?}");
    assert!(home.path().join("first.json").exists() && !home.path().join("again.json").exists());
}
