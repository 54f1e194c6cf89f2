//! A plugin never holds a secret, and none is left where it does not belong.

use std::sync::Arc;

use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::runtime::FolderFiles;
use actionbay::{Engine, Run};
use serde_json::{Value, json};

use crate::components::PLUGIN;
use crate::support::{
    Home, Memories, ProxiedSandbox, Scanner, Setup, Wire, World, integration, load, workspace,
};

/// A world whose guests' memories are looked into at every host call and at the end of every call.
pub(crate) fn watched(transport: Option<fn(Wire) -> Arc<dyn Transport>>) -> (World, Scanner, Memories) {
    let memories = Memories::default();
    let engine = Engine::builder().memory_creator(Arc::new(memories.clone())).build().unwrap();
    let scanner = Scanner::over(memories.clone());
    let plugin = load(&engine, PLUGIN);
    let world =
        World::new(Setup { plugin, events: Arc::new(scanner.clone()), transport, ..Setup::default() });
    scanner.look_for(world.wire.canaries.clone());
    (world, scanner, memories)
}

#[test]
fn no_secret_is_in_the_memory_of_the_component_at_any_host_call_or_at_the_end_of_any_call() {
    let (world, scanner, memories) = watched(None);
    world.authorize().unwrap();
    world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "# Hi"})).unwrap();
    world.clock.advance(3_590);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();

    assert_eq!(world.grants("refresh_token"), 1, "it was refreshed as well");
    assert_eq!(world.wire.canaries.kinds(), ["access_token", "client_secret", "code", "refresh_token"]);
    let seen = scanner.seen();
    for point in [
        "oauth.exchange-code",
        "oauth.refresh-token",
        "http.send",
        "progress.report",
        "end of authorize",
        "end of refresh",
        "end of execute-template",
    ] {
        assert!(
            seen.get(point).is_some_and(|memories| *memories > 0),
            "no memory was seen at {point}: {seen:?}"
        );
    }
    assert!(memories.made() >= 5, "one for each call");
    assert_eq!(scanner.found(), Vec::<String>::new());
}

/// What a file holds that is sent and fetched: it is looked for as if it were a secret.
const OF_THE_FILE: &str = "canary-content-of-the-file-0123456789";

#[test]
fn neither_a_secret_nor_a_byte_of_a_file_is_in_the_memory_of_a_component_that_sends_and_fetches_one() {
    let (world, scanner, _) = watched(None);
    world.authorize_for_files();
    world.wire.canaries.learn(json!({"access_token": OF_THE_FILE}).to_string().as_bytes());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.txt"), OF_THE_FILE).unwrap();
    let run = |template: &str, input: Value| {
        let run = Run::new(workspace(), integration(), template, input);
        world.host.run(&run.files(FolderFiles::new(folder.path()))).unwrap().output
    };
    let page = run("create-content", json!({"space": "DOCS", "title": "T"}));
    let uploaded = run("upload-attachment", json!({"id": page["id"], "file": "plan.txt"}));
    let saved = run("download-attachment", json!({"attachment": uploaded["id"]}));
    let path = folder.path().join(saved["file"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(path).unwrap(), OF_THE_FILE);
    let seen = scanner.seen();
    for point in ["files.open", "file.facts", "files.create", "http.download", "new-file.facts"] {
        assert!(
            seen.get(point).is_some_and(|memories| *memories > 0),
            "nothing was seen at {point}: {seen:?}"
        );
    }
    assert_eq!(scanner.found(), Vec::<String>::new());
}

/// Hands the guest the refresh token, which no vendor's API could: it never was sent there, and so the host does not look
/// for it in what comes from there.
struct Leaky(Wire);

impl Transport for Leaky {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let lists_sites = request.url.path().ends_with("accessible-resources");
        let mut response = self.0.round_trip(request)?;
        if lists_sites {
            let token = self.0.canaries.any("refresh_token");
            let text = String::from_utf8(response.body).unwrap();
            let sites: Value = serde_json::from_str(&text).unwrap();
            let name = sites[0]["name"].as_str().unwrap();
            response.body = text.replace(&format!("\"{name}\""), &format!("\"{token}\"")).into_bytes();
        }
        Ok(response)
    }
}

#[test]
fn the_search_finds_a_secret_that_a_leaky_double_hands_to_the_component() {
    let (world, scanner, _) = watched(Some(|wire| Arc::new(Leaky(wire))));
    let _ = world.authorize();
    let found = scanner.found();
    assert!(found.iter().any(|place| place.starts_with("refresh_token at ")), "{found:?}");
}

#[test]
fn no_secret_is_in_the_data_directory_the_logs_at_trace_level_or_any_output() {
    let vendor = ProxiedSandbox::start();
    let home = Home::new();
    let mut printed = Vec::new();
    let mut run = |arguments: &[&str]| {
        let finished = home.run(arguments);
        printed.push((arguments.join(" "), format!("{}{}", finished.stdout, finished.stderr)));
        finished
    };
    run(&["--log", "trace", "authorize", "confluence", "--sandbox", &vendor.url]).ok();
    let create =
        ["run", "confluence", "create-content", "--set", "space=DOCS", "--set", "title=T", "--set", "body=B"];
    run(&[&["--log", "trace"], &create[..]].concat()).ok();
    run(&[&["--log", "trace", "--json"], &create[..]].concat());
    run(&["--log", "trace", "connections", "list", "--json"]).ok();
    run(&["--log", "trace", "connections", "list"]).ok();

    assert_eq!(vendor.canaries.kinds(), ["access_token", "client_secret", "code", "refresh_token"]);
    assert!(printed[0].1.contains("host call"), "the log is at trace level: {}", printed[0].1);
    for (arguments, text) in &printed {
        assert_eq!(vendor.canaries.found_in(text.as_bytes()), Vec::<&str>::new(), "{arguments}");
    }
    let files = home.files();
    assert!(files.iter().any(|(path, _)| path.ends_with("actionbay.db")));
    for (path, bytes) in &files {
        assert_eq!(vendor.canaries.found_in(bytes), Vec::<&str>::new(), "{}", path.display());
    }
}
