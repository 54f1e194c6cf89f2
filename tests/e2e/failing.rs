//! When the other side is slow, gone, or says too much.

use std::time::{Duration, Instant};

use actionbay::{CallLimits, FailureKind};
use serde_json::json;

use crate::support::{Setup, World};

#[test]
fn a_sandbox_that_is_gone_is_unreachable_in_one_sentence() {
    let world = World::authorized();
    world.sandbox.stop();
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure:?}");
    assert!(!failure.request_sent && failure.hint.is_some());
}

#[test]
fn an_answer_that_holds_the_token_never_reaches_the_component() {
    let world = World::authorized();
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let token = world.wire.seen()[0].authorization.clone().unwrap().trim_start_matches("Bearer ").to_owned();
    world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"status": 500, "body": {"you": token}}));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.code, "credential-in-answer", "{failure:?}");
    assert!(!format!("{failure:?}").contains(&token));
}

#[test]
fn an_unknown_template_and_wrong_input_are_refused_before_anything_is_sent() {
    let world = World::authorized();
    let failure = world.run("make-coffee", json!({})).unwrap_err();
    assert_eq!(failure.code, "unknown-template");
    assert!(failure.hint.unwrap().contains("create-content"));
    let failure = world.run("list-pages", json!({"limit": "many", "colour": 1})).unwrap_err();
    let pointers: Vec<&str> = failure.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    for pointer in ["/space", "/limit", "/colour"] {
        assert!(pointers.contains(&pointer), "{pointers:?}");
    }
    assert!(world.wire.seen().is_empty());
}

#[test]
fn without_a_connection_a_run_says_that_authorization_is_needed() {
    let world = World::new(Setup::default());
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::AuthorizationRequired, "not-authorized"));
    assert!(world.wire.seen().is_empty(), "nothing is called before somebody authorized");
}

fn limited(limits: CallLimits) -> World {
    let world = World::new(Setup { limits, ..Setup::default() });
    world.authorize().unwrap();
    world
}

#[test]
fn an_answer_that_is_slower_than_the_call_may_last_ends_the_call() {
    let world = limited(CallLimits::default().wall_clock(Duration::from_secs(1)));
    world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"delay_ms": 20_000}));
    let started = Instant::now();
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "it did not wait for the answer");
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}

#[test]
fn an_answer_that_is_larger_than_allowed_is_not_taken() {
    let world = limited(CallLimits::default().response_bytes(20_000));
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let body = json!({"results": [], "padding": "x".repeat(30_000)});
    world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"status": 200, "body": body}));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "response-too-large"));
    assert!(failure.hint.unwrap().contains("response-bytes"));
}

#[test]
fn a_call_that_sends_more_requests_than_it_may_is_ended() {
    let world = limited(CallLimits::default().requests(1));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "requests-exceeded"));
    assert_eq!(world.received("/api/v2/").len(), 1);
}

#[test]
fn the_limits_of_a_call_have_defaults_that_end_it() {
    let limits = CallLimits::default();
    assert!(limits.wall_clock >= Duration::from_secs(10) && limits.wall_clock <= Duration::from_secs(600));
    assert!(
        limits.memory_bytes <= 1 << 30 && limits.response_bytes <= 1 << 30 && limits.output_bytes <= 1 << 30
    );
}
