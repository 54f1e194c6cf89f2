//! Limits that operators and callers set: of all calls, of one integration's, of one call.

use std::thread;

use actionbay::{CallLimits, Engine, FailureKind, Run};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

use crate::components::{RECURSES, RETURNS_64_BYTES};
use crate::guests::{Guest, Vendor};
use crate::support::{Home, World, integration, load, workspace};

/// Without a stack of its own the call would end the process.
#[test]
fn a_component_that_calls_itself_without_end_harms_no_thread_however_small_its_stack() {
    let guest = Guest::new(RECURSES, CallLimits::default());
    let small = thread::Builder::new().stack_size(256 << 10);
    let failure = small.spawn(move || guest.run("run", json!({})).unwrap_err()).unwrap().join().unwrap();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "stack-bytes-exceeded"));
    assert!(failure.message.ends_with("the limit stack-bytes is 1048576."), "{}", failure.message);
}

#[test]
fn the_stack_of_an_engine_is_settable_and_named_when_it_is_exceeded() {
    // Those that a configuration may say at the most and at the least, and one between.
    for bytes in [64 << 10, 128 << 10, 64 << 20] {
        let engine = Engine::builder().stack_bytes(bytes).build().unwrap();
        let guest = Guest::of(load(&engine, RECURSES), CallLimits::default(), |host| host.transport(Vendor));
        let failure = guest.run("run", json!({})).unwrap_err();
        let words = format!("the limit stack-bytes is {bytes}.");
        assert!(failure.message.ends_with(&words), "{}", failure.message);
    }
}

#[test]
fn a_small_component_runs_within_small_limits() {
    let limits =
        CallLimits::default().memory_bytes(2 << 20).requests(0).hostcall_bytes(4 << 10).output_bytes(64);
    let output = Guest::new(RETURNS_64_BYTES, limits).run("run", json!({})).unwrap();
    assert_eq!(output.to_string().len(), 64);
}

#[test]
fn a_run_has_limits_of_its_own_before_those_of_its_integration() {
    let world = World::authorized();
    let run = |limits| {
        let input = json!({"space": "DOCS", "title": "T"});
        let run = Run::new(workspace(), integration(), "view-content", input);
        world.host.run(&run.limits(limits)).unwrap_err()
    };
    assert_eq!(run(None).code, "content-not-found");
    let failure = run(Some(CallLimits::default().requests(1)));
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "requests-exceeded"));
    assert!(failure.message.ends_with("the limit requests is 1."), "{}", failure.message);
}

#[test]
fn the_configuration_limits_all_calls_and_those_of_an_integration_and_a_flag_one_run() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    let config = home.data().join("config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let configured = |limits: &str| std::fs::write(&config, format!("{before}\n{limits}")).unwrap();
    let list = |more: &[&str]| {
        home.run(&[&["--json", "run", "confluence", "list-pages", "--space", "DOCS"], more].concat())
    };
    let limit_of = |limits: &str, more: &[&str]| {
        configured(limits);
        list(more).json()["error"]["message"]
            .as_str()
            .map(|said| said.rsplit("the limit ").next().unwrap().to_owned())
    };
    let refused = |more: &[&str], words: &str| {
        let refused = list(more);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains(words), "{refused:?}");
    };
    assert_eq!(limit_of("[limits]\nrequests = 1\n", &[]).as_deref(), Some("requests is 1."));
    assert_eq!(limit_of("[limits]\nrequests = 1\n[limits.confluence]\nrequests = 2\n", &[]), None);
    assert_eq!(limit_of("[limits]\nrequests = 9\n[limits.other]\nrequests = 1\n", &[]), None);
    let of_call = ["--call-limit", "requests=1"];
    assert_eq!(limit_of("[limits]\nrequests = 9\n", &of_call).as_deref(), Some("requests is 1."));
    assert_eq!(limit_of("[limits]\nrequests = 1\n", &["--call-limit", "requests=2"]), None);
    assert_eq!(limit_of("[engine]\nstack-bytes = 2097152\nconcurrent-calls = 4\n", &[]), None);

    for (limits, words) in [
        ("[limits]\nwalls = 1\n", "unknown field `walls`"),
        ("[limits.other]\nrequests = \"many\"\n", "limits.other.requests: invalid type: string \"many\""),
        ("[engine]\nstack = 1\n", "unknown field `stack`"),
    ] {
        configured(limits);
        refused(&[], words);
    }
    configured("");
    refused(&["--call-limit", "walls=1"], "unknown field `walls`");
    refused(&["--call-limit", "requests=many"], "and a number");
}
