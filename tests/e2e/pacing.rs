//! What the host does when the vendor asks to slow down, or stumbles.

use actionbay::{Clock as _, Failure, FailureKind};
use atlassian_sandbox::RateLimit;
use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use crate::support::World;

const SPACES: &str = "/wiki/api/v2/spaces";

fn pages(world: &World) -> Result<Value, Failure> {
    world.run("list-pages", json!({"space": "DOCS"}))
}

fn create(world: &World) -> Result<Value, Failure> {
    world.run("create-content", json!({"space": "DOCS", "title": "T"}))
}

/// How many requests of a method the sandbox received for a path.
fn received(world: &World, method: &str, path: &str) -> usize {
    let fits =
        |request: &&Value| request["method"] == method && request["path"].as_str().unwrap().ends_with(path);
    world.received(path).iter().filter(fits).count()
}

/// The time that a run waited, in seconds.
fn waited(world: &World, run: impl FnOnce(&World)) -> u64 {
    let before = world.clock.now().unwrap();
    run(world);
    world.clock.now().unwrap() - before
}

/// RATE-1
#[test]
fn a_short_pause_is_waited_for_and_a_long_one_is_told_to_the_caller_and_kept_by_all() {
    let world = World::authorized();
    world.fault("GET", SPACES, 1, json!({"status": 429, "headers": {"Retry-After": "7"}}));
    assert_eq!(waited(&world, |world| drop(pages(world).unwrap())), 7);
    assert_eq!(received(&world, "GET", SPACES), 2);

    world.fault("GET", SPACES, 1, json!({"status": 429, "headers": {"Retry-After": "1800"}}));
    let failure = pages(&world).unwrap_err();
    assert_eq!((&failure.kind, failure.retry_after), (&FailureKind::RateLimited, Some(1_800)));
    assert_eq!(received(&world, "GET", SPACES), 3);
    world.clock.advance(300);
    let failure = pages(&world).unwrap_err();
    assert_eq!((&failure.kind, failure.retry_after), (&FailureKind::RateLimited, Some(1_500)));
    assert!(!failure.request_sent);
    assert_eq!(create(&world).unwrap_err().kind, FailureKind::RateLimited, "it is the site's pause");
    assert_eq!(received(&world, "GET", SPACES), 3, "nothing was sent meanwhile");
    world.clock.advance(1_500);
    pages(&world).unwrap();
}

/// RATE-2
#[test]
fn without_a_pause_in_the_answer_tries_are_few_and_apart() {
    let world = World::authorized();
    world.fault("GET", SPACES, 9, json!({"status": 429}));
    let seconds = waited(&world, |world| {
        assert_eq!(pages(world).unwrap_err().kind, FailureKind::RateLimited);
    });
    assert_eq!(received(&world, "GET", SPACES), 4);
    assert!((3..=10).contains(&seconds), "{seconds}");
}

/// RATE-2, RATE-4
#[test]
fn the_end_of_a_pause_is_read_as_a_date_and_from_structured_headers() {
    let world = World::authorized();
    let reset = json!({"X-RateLimit-Reset": "2999-01-01T00:00:00Z"});
    world.fault("GET", SPACES, 1, json!({"status": 429, "headers": reset}));
    pages(&world).unwrap_err();
    assert_eq!(
        pages(&world).unwrap_err().retry_after,
        Some(24 * 60 * 60),
        "and no longer than a day is believed"
    );
    world.clock.advance(24 * 60 * 60);
    let structured = json!({"RateLimit": "\"global-app-quota\";r=0;t=5"});
    world.fault("GET", SPACES, 1, json!({"status": 429, "headers": structured}));
    assert!(waited(&world, |world| drop(pages(world).unwrap())) >= 5);
}

/// RATE-3
#[test]
fn what_reads_is_tried_again_after_a_stumble_and_what_writes_is_not() {
    let world = World::authorized();
    for stumble in [
        json!({"status": 502, "body": "<html>bad gateway</html>"}),
        json!({"status": 503}),
        json!({"status": 504}),
        json!({"cut": "before"}),
        json!({"cut": "during"}),
    ] {
        world.control.clear_requests().unwrap();
        world.fault("GET", SPACES, 2, stumble.clone());
        pages(&world).unwrap();
        assert_eq!(received(&world, "GET", SPACES), 3, "{stumble}");
        world.fault("POST", "/wiki/api/v2/pages", 1, stumble.clone());
        create(&world).unwrap_err();
        assert_eq!(received(&world, "POST", "/api/v2/pages"), 1, "{stumble}");
    }
    world.control.clear_requests().unwrap();
    world.fault("POST", "/wiki/api/v2/pages", 1, json!({"status": 429, "headers": {"Retry-After": "1"}}));
    assert_eq!(create(&world).unwrap_err().retry_after, Some(1));
    assert_eq!(received(&world, "POST", "/api/v2/pages"), 1);
}

#[test]
fn a_fault_that_is_no_stumble_is_not_tried_again() {
    let world = World::authorized();
    for status in [400, 410, 500] {
        world.control.clear_requests().unwrap();
        world.fault("GET", SPACES, 1, json!({"status": status, "body": {}}));
        pages(&world).unwrap_err();
        assert_eq!(received(&world, "GET", SPACES), 1, "{status}");
    }
}

#[test]
fn a_run_says_what_it_cost_in_the_vendors_points() {
    let world = World::authorized();
    let outcome = world.outcome("list-pages", json!({"space": "DOCS", "limit": 2})).unwrap();
    let objects =
        outcome.output["pages"].as_array().or(outcome.output["results"].as_array()).map_or(0, Vec::len);
    // Two requests, one space and the pages.
    assert_eq!(outcome.report.points, Some(2 + 1 + objects as u64), "{:?}", outcome.output);
    assert!(serde_json::to_value(&outcome).unwrap()["points"].is_u64());
}

/// RATE-1
#[test]
fn when_an_answer_says_that_nothing_is_left_nobody_asks_before_the_reset() {
    let world = World::authorized();
    // A window that ends in no lifetime of this test.
    let rate_limit = Some(RateLimit { points: 3, window: 1_000_000_000 });
    world.control.settings(&SettingsChange { rate_limit, ..SettingsChange::default() }).unwrap();
    pages(&world).unwrap();
    let sent = received(&world, "GET", SPACES);
    let failure = pages(&world).unwrap_err();
    assert_eq!((&failure.kind, failure.request_sent), (&FailureKind::RateLimited, false), "{failure:?}");
    assert!(failure.retry_after.is_some_and(|seconds| seconds > 3_600), "{failure:?}");
    assert_eq!(received(&world, "GET", SPACES), sent, "nothing was sent");
}
