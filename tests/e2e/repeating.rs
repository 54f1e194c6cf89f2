//! Runs with a name are done once, whatever happens to their answers.

use actionbay::{Failure, FailureKind, Run, RunOutcome};
use serde_json::{Value, json};

use crate::support::{World, integration, workspace};

fn run(world: &World, key: &str, template: &str, input: Value) -> Result<RunOutcome, Failure> {
    let run = Run::new(workspace(), integration(), template, input);
    world.host.run(&run.idempotency_key(Some(key.to_owned())))
}

fn create(world: &World, key: &str, title: &str) -> Result<RunOutcome, Failure> {
    run(world, key, "create-content", json!({"space": "DOCS", "title": title}))
}

/// How many pages the sandbox was asked to create.
fn created(world: &World) -> usize {
    world.received("/api/v2/pages").iter().filter(|request| request["method"] == "POST").count()
}

#[test]
fn a_repeat_gives_the_first_result_and_creates_nothing() {
    let world = World::authorized();
    let first = create(&world, "k-1", "Once").unwrap();
    let again = create(&world, "k-1", "Once").unwrap();
    assert_eq!((again.output, again.connection, again.replayed), (first.output, first.connection, true));
    assert!(!first.replayed && again.report.requests == 0);
    assert_eq!(created(&world), 1);
    create(&world, "k-2", "Twice").unwrap();
    assert_eq!(created(&world), 2, "another name is another run");
}

#[test]
fn a_create_whose_answer_was_lost_is_not_sent_again_under_its_name() {
    let world = World::authorized();
    world.fault("POST", "/wiki/api/v2/pages", 1, json!({"cut": "before", "after_effect": true}));
    let first = create(&world, "k", "Lost").unwrap_err();
    assert!(first.request_sent, "{first:?}");
    let again = create(&world, "k", "Lost").unwrap_err();
    assert_eq!((again.kind, again.code, again.request_sent), (first.kind, first.code, true));
    assert_eq!(created(&world), 1);
}

#[test]
fn a_run_that_nothing_can_have_come_of_may_be_repeated_under_its_name() {
    let world = World::authorized();
    world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"status": 500, "body": "later"}));
    create(&world, "k", "Later").unwrap_err();
    assert_eq!(created(&world), 0);
    create(&world, "k", "Later").unwrap();
    assert_eq!(created(&world), 1);
}

#[test]
fn a_name_is_for_one_thing_one_workspace_one_user_and_one_day() {
    let world = World::authorized();
    create(&world, "k", "One").unwrap();
    let reused = create(&world, "k", "Other").unwrap_err();
    assert_eq!((reused.kind, reused.code.as_ref()), (FailureKind::Conflict, "idempotency-key-reused"));
    assert_eq!(created(&world), 1);
    world.clock.advance(24 * 60 * 60);
    create(&world, "k", "Other").unwrap();
    for key in ["", " ", "k k", "k\n", "\u{e9}", &"k".repeat(256)] {
        assert_eq!(create(&world, key, "Bad").unwrap_err().code, "bad-idempotency-key", "{key:?}");
    }
}

#[test]
fn of_two_at_once_one_runs_and_the_other_is_told_so() {
    let world = World::authorized();
    let host = world.host.clone();
    let (say, told) = std::sync::mpsc::channel();
    world.wire.at_next_request(move || {
        let run =
            Run::new(workspace(), integration(), "create-content", json!({"space": "DOCS", "title": "T"}));
        say.send(host.run(&run.idempotency_key(Some("k".to_owned())))).unwrap();
    });
    create(&world, "k", "T").unwrap();
    let second = told.recv().unwrap().unwrap_err();
    assert_eq!((second.kind.as_str(), second.code.as_ref()), ("conflict", "still-running"));
    assert!(second.retry_after.is_some());
    assert_eq!(created(&world), 1);
}
