//! Files of the caller, by a component that reaches for more than it may have, against servers that answer badly.

mod redirects;

use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use actionbay::authorization::{Authorize, FixedCallback, Profile};
use actionbay::egress::{OperatorPolicy, Origin};
use actionbay::ids::{IntegrationId, ProfileId, WorkspaceId};
use actionbay::runtime::FolderFiles;
use actionbay::vault::{MasterKey, MemoryStore};
use actionbay::{CallLimits, Failure, FailureKind, Host, HostBuilder, Run, SystemClock};
use serde_json::{Value, json};

use crate::components::REACHES_FOR_FILES;
use crate::support::{Script, TOKEN, WithTokens, answer, drip, engine, gzip, load};

/// How much of a body the host looks at at once.
const CHUNK: usize = 64 << 10;

/// The component, with a folder, and a server in the place of its audience.
struct Reach {
    host: Host,
    id: IntegrationId,
    folder: tempfile::TempDir,
}

impl Reach {
    fn new(server: &Script) -> Self {
        Self::with(server, CallLimits::default(), |policy| policy)
    }

    fn with(
        server: &Script,
        limits: CallLimits,
        change: impl FnOnce(OperatorPolicy) -> OperatorPolicy,
    ) -> Self {
        Self::built(server, change, |host| host.limits(limits))
    }

    fn built(
        server: &Script,
        change: impl FnOnce(OperatorPolicy) -> OperatorPolicy,
        more: impl FnOnce(HostBuilder) -> HostBuilder,
    ) -> Self {
        let plugin = load(engine(), REACHES_FOR_FILES);
        let id = plugin.manifest().id.clone();
        let policy =
            OperatorPolicy::every_public_host().replace("app", "api", Origin::parse(&server.origin).unwrap());
        let builder = Host::builder()
            .transport(WithTokens::default())
            .store(MemoryStore::new(), MasterKey::random().unwrap())
            .clock(SystemClock)
            .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
            .policy(change(policy));
        let host = more(builder).build().unwrap();
        let profile = Profile::custom(ProfileId::new("app").unwrap(), plugin.manifest(), "client").unwrap();
        host.add(plugin).unwrap();
        host.put_profile(&workspace(), &profile, &"client-secret-0123".to_owned().into()).unwrap();
        let begun = host.begin(&Authorize::new(workspace(), id.clone(), profile.id)).unwrap();
        let state =
            begun.authorization_url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        host.handle_callback(&format!("code=canary-code-0123&state={state}"), None).unwrap();
        Self { host, id, folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, template: &str, input: Value) -> Result<Value, Failure> {
        self.run_within(None, template, input)
    }

    /// Runs it within limits of this run alone.
    fn run_within(&self, limits: Option<CallLimits>, template: &str, input: Value) -> Result<Value, Failure> {
        let run = Run::new(workspace(), self.id.clone(), template, input).limits(limits);
        let run = run.files(FolderFiles::new(self.folder.path()));
        self.host.run(&run).map(|outcome| outcome.output)
    }

    fn save(&self, name: &str, path: &str) -> Result<Value, Failure> {
        self.run("save", json!({"name": name, "path": path}))
    }

    /// A download that fails, after which nothing is in the folder.
    fn refused(&self, path: &str) -> Failure {
        let failure = self.save("plan.txt", path).unwrap_err();
        assert!(self.names().is_empty(), "{path}: {:?}", self.names());
        assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
        let calm = json!({"behave": true});
        assert_eq!(self.run("open", calm.clone()).unwrap(), calm, "the next call works as before");
        failure
    }

    /// What is in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

/// Answers everything with this.
fn answering(bytes: Vec<u8>) -> Script {
    Script::new(move |_| bytes.clone())
}

#[test]
fn a_download_in_an_encoding_that_nobody_looked_into_is_refused_and_leaves_no_file() {
    for (status, encoding) in
        [("200 OK", "x-gzip"), ("200 OK", "br"), ("404 None", "gzip, gzip"), ("302 Found", "br")]
    {
        let headers = [("Content-Encoding", encoding), ("Location", "/v1/other")];
        let failure = Reach::new(&answering(answer(status, &headers, &gzip(b"plan")))).refused("/f");
        assert_eq!(
            (&failure.kind, &*failure.code),
            (&FailureKind::Upstream, "encoding-refused"),
            "{encoding}"
        );
    }
    let reach = Reach::new(&answering(answer("200 OK", &[("Content-Encoding", "gzip")], &gzip(b"plan"))));
    reach.save("plan.txt", "/f").unwrap();
    assert_eq!(reach.read("plan.txt"), b"plan");
}

#[test]
fn a_component_opens_what_its_input_names_as_a_file_and_nothing_else() {
    let reach = Reach::new(&answering(answer("200 OK", &[], b"")));
    std::fs::write(reach.folder.path().join("plan.txt"), "plan").unwrap();
    std::fs::write(reach.folder.path().join("secret.txt"), "secret").unwrap();
    let told = reach.run("open", json!({"file": "plan.txt", "ask": "plan.txt"})).unwrap();
    assert_eq!(told, json!({"file": "plan.txt", "type": "text/plain", "size": 4}));
    reach.run("open", json!({"more": [{"file": "plan.txt"}], "ask": "plan.txt"})).unwrap();

    let denied = |input: Value| {
        let failure = reach.run("open", input.clone()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied, "{input}: {failure:?}");
        failure.code.into_owned()
    };
    for ask in ["secret.txt", "./plan.txt", "../plan.txt", "PLAN.TXT", "", "/etc/passwd", "plan.txt\0"] {
        assert_eq!(denied(json!({"file": "plan.txt", "ask": ask})), "file-not-named", "{ask:?}");
    }
    assert_eq!(denied(json!({"ask": "plan.txt"})), "file-not-named", "no field of a file names it");
    assert_eq!(denied(json!({"note": "plan.txt", "ask": "plan.txt"})), "file-not-named");
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused_although_the_input_has_it() {
    let reach = Reach::new(&answering(answer("200 OK", &[], b"")));
    let outside = reach.folder.path().with_extension("outside");
    std::fs::write(&outside, "secret").unwrap();
    std::fs::create_dir(reach.folder.path().join("sub")).unwrap();
    std::fs::write(reach.folder.path().join("sub/deep.txt"), "deep").unwrap();
    std::os::unix::fs::symlink(&outside, reach.folder.path().join("link.txt")).unwrap();
    let open = |name: &str| reach.run("open", json!({"file": name, "ask": name})).unwrap_err();
    let name = outside.file_name().unwrap().to_str().unwrap();
    for name in [
        &format!("../{name}"),
        outside.to_str().unwrap(),
        "..",
        ".",
        "",
        "sub/deep.txt",
        "sub\\deep.txt",
        "%2e%2e%2fx/y",
        "a\0b",
        "a\nb",
        "\u{202e}a",
        "C:x",
        "nul",
    ] {
        assert_eq!(open(name).code, "bad-file-name", "{name:?}");
    }
    assert_eq!(open("link.txt").code, "file-outside");
    assert_eq!(open("%2e%2e%2f").code, "file-not-found", "nothing is decoded");
    assert_eq!(open("absent.txt").code, "file-not-found");
    assert_eq!(open("sub").code, "file-unusable");
    std::fs::remove_file(outside).unwrap();
}

#[test]
fn a_file_is_made_only_where_the_output_has_one_and_only_by_a_run_that_takes_files() {
    let reach = Reach::new(&answering(answer("200 OK", &[], b"content")));
    let input = json!({"name": "plan.txt", "path": "/f"});
    assert_eq!(reach.run("save-unasked", input.clone()).unwrap_err().code, "no-file-in-output");
    let without = Run::new(workspace(), reach.id.clone(), "save", input);
    assert_eq!(reach.host.run(&without).unwrap_err().code, "no-files");
    assert!(reach.names().is_empty());
}

#[test]
fn a_strangers_name_stays_in_the_folder_and_replaces_nothing() {
    let reach = Reach::new(&answering(answer("200 OK", &[], b"content")));
    for (name, made) in [
        ("plan.txt", "plan.txt"),
        ("plan.txt", "plan (1).txt"),
        ("../../plan.txt", "_.._plan.txt"),
        ("/etc/passwd", "_etc_passwd"),
        ("..\\x", "_x"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
        ("CON.txt", "_CON.txt"),
        ("..", "file"),
        ("تقرير 😀.pdf", "تقرير 😀.pdf"),
    ] {
        let told = reach.save(name, "/f").unwrap();
        assert_eq!((&told["file"], &told["size"]), (&json!(made), &json!(7)), "{name:?}");
        assert_eq!(reach.read(made), b"content");
    }
    assert_eq!(reach.names().len(), 10);
    assert!(!reach.folder.path().parent().unwrap().join("plan.txt").exists());
}

#[test]
fn a_download_that_breaks_in_its_midst_leaves_nothing() {
    let body = vec![b'x'; 3 * CHUNK];
    let whole = answer("200 OK", &[], &body);
    let cut = answering(whole[..whole.len() - 10].to_vec());
    let failure = Reach::new(&cut).refused("/f");
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Unreachable, false));
    assert_eq!(cut.heads().len(), 4, "what only reads is tried again, each time from the beginning");

    let zipped = gzip(&body);
    let cut = answer("200 OK", &[("Content-Encoding", "gzip")], &zipped);
    assert_eq!(
        Reach::new(&answering(cut[..cut.len() - 10].to_vec())).refused("/f").kind,
        FailureKind::Unreachable
    );
}

#[test]
fn a_download_larger_than_the_limit_leaves_nothing_and_names_it() {
    let server = answering(answer("200 OK", &[], &vec![b'x'; 3 * CHUNK]));
    let reach = Reach::with(&server, CallLimits::default().file_bytes(2 * CHUNK as u64), |policy| policy);
    let failure = reach.refused("/f");
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "file-bytes-exceeded"));
    assert!(failure.hint.unwrap().contains("file-bytes"));

    let bomb = answer("200 OK", &[("Content-Encoding", "gzip")], &gzip(&vec![0; 4 << 20]));
    let reach = Reach::with(&answering(bomb), CallLimits::default().file_bytes(1 << 20), |policy| policy);
    assert_eq!(reach.refused("/f").code, "file-bytes-exceeded", "of what it is once decompressed");

    std::fs::write(reach.folder.path().join("big"), vec![0; 600 << 10]).unwrap();
    let failure = reach.run("send", json!({"file": "big", "ask": "big"})).unwrap_err();
    assert_eq!(failure.code, "file-bytes-exceeded", "twice 600 KiB are more than 1 MiB");
}

#[test]
fn an_answer_that_holds_the_token_is_refused_across_chunks_and_in_gzip_and_leaves_nothing() {
    let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let json: String = TOKEN.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    for form in [TOKEN.to_owned(), percent, json, STANDARD.encode(format!("a{TOKEN}"))] {
        for border in [CHUNK, 2 * CHUNK] {
            let mut body = vec![b'x'; border - form.len() / 2];
            body.extend_from_slice(form.as_bytes());
            body.resize(3 * CHUNK, b'y');
            for bytes in [
                answer("200 OK", &[], &body),
                answer("200 OK", &[("Content-Encoding", "gzip")], &gzip(&body)),
                answer("404 Not Found", &[], &body),
            ] {
                let failure = Reach::new(&answering(bytes)).refused("/f");
                assert_eq!(failure.code, "credential-in-answer", "{form} at {border}");
            }
        }
    }
    let in_header = answer("200 OK", &[("X-Echo", &format!("Bearer {TOKEN}"))], b"content");
    assert_eq!(Reach::new(&answering(in_header)).refused("/f").code, "credential-in-answer");
}

#[test]
fn the_clock_of_a_call_stands_still_while_a_file_is_on_its_way_which_has_a_time_of_its_own() {
    let server = Script::new(|_| {
        std::thread::sleep(Duration::from_millis(1_200));
        answer("200 OK", &[], b"content")
    });
    let limits = CallLimits::default().wall_clock(Duration::from_millis(800));
    Reach::with(&server, limits, |policy| policy).save("plan.txt", "/f").unwrap();
    let failure = Reach::with(&server, limits.transfer(Duration::ZERO), |policy| policy).refused("/f");
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure:?}");
}

#[test]
fn a_download_that_comes_a_byte_at_a_time_ends_with_the_time_for_files_and_leaves_nothing() {
    let server =
        Script::writing(|_, stream| drip(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"));
    let time = Duration::from_millis(300);
    let limits = CallLimits::default().wall_clock(time).transfer(time);
    let failure = Reach::with(&server, limits, |policy| policy).refused("/f");
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure:?}");
    assert!(failure.hint.unwrap().contains("transfer"));
}

#[test]
fn bytes_and_time_of_files_are_limited_for_one_run_and_for_one_integration_too() {
    let server = Script::writing(|path, stream| match path {
        "/v1/long" => stream.write_all(&answer("200 OK", &[], &[b'x'; 100])),
        _ => drip(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
    });
    let time = Duration::from_millis(300);
    let input = |path: &str| json!({"name": "plan.txt", "path": path});
    for (limits, path, code) in [
        (CallLimits::default().file_bytes(99), "/long", "file-bytes-exceeded"),
        (CallLimits::default().wall_clock(time).transfer(time), "/slow", "timed-out"),
    ] {
        let started = Instant::now();
        let usual = Reach::new(&server);
        let failure = usual.run_within(Some(limits), "save", input(path)).unwrap_err();
        assert_eq!(failure.code, code, "for one run");
        let of = IntegrationId::new("reaches-for-files").unwrap();
        let limited = Reach::built(&server, |policy| policy, |host| host.limits_of(of, limits));
        assert_eq!(limited.run("save", input(path)).unwrap_err().code, code, "for the integration");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }
    Reach::new(&server).save("plan.txt", "/long").unwrap();
}

#[test]
fn an_error_comes_back_with_its_body_and_makes_no_file() {
    let reach = Reach::new(&answering(answer("404 Not Found", &[("X-Why", "gone")], b"no such file")));
    let failure = reach.refused("/f");
    assert_eq!(failure.code, "not-saved");
    assert!(
        failure.message.starts_with("404 no such file") && failure.message.contains("x-why"),
        "{failure}"
    );
}
