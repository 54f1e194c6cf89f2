//! Components that try to do harm, or lie of themselves.

mod answers;
mod limits;
mod requests;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actionbay::runtime::{Event, EventSink};
use actionbay::{CallLimits, FailureKind};
use serde_json::json;

use crate::components::{
    ASKS_FOR_EVERYTHING, DESCRIBES_A_BROKEN_SCHEMA, DESCRIBES_ITSELF_AT_LENGTH, DESCRIBES_TWO_OF_ONE_ID,
    EXITS, KEEPS_STATE, LOGS_WITHOUT_END, REACHES_FOR_ANOTHER_SITE, RECURSES, SLEEPS_FOREVER,
    WRITES_WHILE_REFRESHING,
};
use crate::guests::Guest;
use crate::support::engine;

#[test]
fn a_component_that_calls_itself_without_end_runs_out_of_its_stack_and_harms_no_other_call() {
    let guest = Guest::new(RECURSES, CallLimits::default());
    for _ in 0..2 {
        let failure = guest.run("run", json!({})).unwrap_err();
        assert_eq!(
            (failure.kind, failure.code.as_ref()),
            (FailureKind::LimitExceeded, "stack-bytes-exceeded")
        );
        guest.works_as_before();
    }
}

#[test]
fn a_component_keeps_nothing_from_one_call_to_the_next() {
    let guest = Guest::new(KEEPS_STATE, CallLimits::default());
    for _ in 0..3 {
        assert_eq!(guest.run("run", json!({})).unwrap(), json!({"calls": 1}));
        guest.works_as_before();
    }
}

/// Keeps the lines of the log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl EventSink for Lines {
    fn event(&self, event: Event<'_>) {
        if let Event::Log { message, .. } = event {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }
}

#[test]
fn a_log_is_bounded_in_lines_and_length_and_steers_no_terminal() {
    let lines = Lines::default();
    let guest = Guest::watched(LOGS_WITHOUT_END, lines.clone());
    guest.run("run", json!({"lines": 1_000})).unwrap();
    guest.works_as_before();
    let lines = lines.0.lock().unwrap();
    assert_eq!(lines.len(), CallLimits::default().log_lines as usize);
    for line in lines.iter() {
        assert!(line.chars().count() <= 2_001, "{}", line.len());
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}

#[test]
fn a_component_reaches_the_site_of_its_connection_and_no_other() {
    let guest = Guest::new(REACHES_FOR_ANOTHER_SITE, CallLimits::default());
    let answer = guest.run("run", json!({"path": "/x"})).unwrap();
    assert!(
        answer["answer"].as_str().unwrap().contains("https://api.example.com/sites/own/api/x"),
        "{answer}"
    );
    for path in [
        "/../../../sites/other/api/x",
        "/..%2f..%2f..%2fsites/other/api/x",
        "/%2e%2e/%2e%2e/other",
        "/.%2e/x",
        "/x/../../../other",
        "/x\\..\\..\\other",
        "/x%5c..%5cother",
        "//other.example.com/x",
        "/x/./y",
        "/%252e%252e/other",
    ] {
        match guest.run("run", json!({"path": path})) {
            Err(failure) => assert_eq!(failure.kind, FailureKind::Denied, "{path}: {failure:?}"),
            // What passes must be below the site's own prefix for everybody who reads it.
            Ok(answer) => {
                let seen = answer["answer"].as_str().unwrap();
                assert!(seen.contains("https://api.example.com/sites/own/api/"), "{path}: {seen}");
                assert!(!path.contains("..") && !path.contains("%2e%2e"), "{path}: {seen}");
            }
        }
    }
    guest.works_as_before();
}

#[test]
fn a_component_that_lies_of_itself_is_not_loaded_and_the_reason_is_one_short_sentence() {
    for (path, part) in [
        (DESCRIBES_ITSELF_AT_LENGTH, "bytes"),
        (DESCRIBES_TWO_OF_ONE_ID, "run"),
        (DESCRIBES_A_BROKEN_SCHEMA, "schema"),
    ] {
        let failure = engine().load(&std::fs::read(path).unwrap()).unwrap_err();
        assert_eq!(
            (&failure.kind, failure.code.as_ref()),
            (&FailureKind::BadPlugin, "bad-manifest"),
            "{path}"
        );
        assert!(failure.message.contains(part), "{failure}");
        assert!(failure.message.len() < 500 && failure.hint.is_some(), "{failure}");
    }
}

#[test]
fn a_component_that_sleeps_in_the_host_is_woken_and_ended_at_its_deadline() {
    let guest = Guest::new(SLEEPS_FOREVER, CallLimits::default().wall_clock(Duration::from_millis(500)));
    let started = Instant::now();
    let failure = guest.run("run", json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::TimedOut, "call-timed-out"));
    assert!(started.elapsed() < Duration::from_secs(30));
    guest.works_as_before();
}

#[test]
fn a_component_that_ends_itself_ends_its_own_call_alone() {
    let guest = Guest::new(EXITS, CallLimits::default());
    for _ in 0..2 {
        let failure = guest.run("run", json!({})).unwrap_err();
        assert_eq!(failure.code, "plugin-crashed");
        assert!(failure.message.contains("ended itself"), "{failure}");
        guest.works_as_before();
    }
}

#[test]
fn what_a_language_brings_along_tells_nothing_of_the_machine() {
    let guest = Guest::new(ASKS_FOR_EVERYTHING, CallLimits::default());
    let (first, second) = (guest.run("run", json!({})).unwrap(), guest.run("run", json!({})).unwrap());
    for seen in [&first, &second] {
        assert_eq!(seen["environment"], json!([]));
        assert_eq!(seen["arguments"], json!([]));
        assert_eq!(seen["folder"], json!(null));
        assert!(seen["seconds"].as_u64().unwrap() > 1_700_000_000, "the host's clock: {seen}");
    }
    assert_ne!(first["random"], second["random"]);
    guest.works_as_before();
    // Describing tells neither the time nor anything by chance.
    let plugin = engine().load(&std::fs::read(ASKS_FOR_EVERYTHING).unwrap()).unwrap();
    let described: serde_json::Value = serde_json::from_str(&plugin.manifest().summary).unwrap();
    assert_eq!((&described["seconds"], &described["random"]), (&json!(0), &json!([0, 0, 0, 0, 0, 0, 0, 0])));
    assert!(plugin.imports().iter().any(|import| import.starts_with("wasi:random/random@0.2.")));
}

#[test]
fn a_component_that_renews_reads_what_is_for_that_and_changes_nothing() {
    let guest = Guest::new(WRITES_WHILE_REFRESHING, CallLimits::default());
    guest.refresh().unwrap();
    guest.works_as_before();
}
