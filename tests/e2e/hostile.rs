//! Components that try to do harm, or lie of themselves.

mod answers;
mod limits;
mod requests;
mod schemas;
pub(crate) mod texts;
mod tokens;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actionbay::ids::IntegrationId;
use actionbay::runtime::{Event, EventSink};
use actionbay::{CallLimits, Clock as _, FailureKind};
use serde_json::{Value, json};

use crate::components::{
    ALLOCATES_IN_DESCRIBE, ASKS_FOR_EVERYTHING, DESCRIBES_A_BROKEN_SCHEMA, DESCRIBES_A_STRANGE_SCOPE,
    DESCRIBES_ITSELF_AT_LENGTH, DESCRIBES_TWO_OF_ONE_ID, EXITS, KEEPS_STATE, LOGS_WITHOUT_END,
    LOOPS_IN_DESCRIBE, REACHES_FOR_ANOTHER_SITE, RECURSES, RECURSES_IN_DESCRIBE, REPEATS_WHAT_IT_IS_GIVEN,
    SLEEPS_FOREVER, WRITES_WHILE_REFRESHING,
};
use crate::guests::{Guest, Vendor};
use crate::support::{Script, SetClock, TOKEN, answer, engine, load};

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
fn a_component_that_logs_without_end_is_ended_with_its_time_and_heard_for_the_lines_that_it_has() {
    let lines = Lines::default();
    let guest = Guest::watched(LOGS_WITHOUT_END, lines.clone());
    let limits: CallLimits = serde_json::from_value(json!({"log-lines": 3})).unwrap();
    let limits = limits.wall_clock(Duration::from_secs(2));
    let failure = guest.run_within(limits, "run", json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::TimedOut, "call-timed-out"));
    assert_eq!(lines.0.lock().unwrap().len(), 3);
    guest.works_as_before();

    let (lines, of) = (Lines::default(), IntegrationId::new("logs-without-end").unwrap());
    let plugin = load(engine(), LOGS_WITHOUT_END);
    let guest = Guest::of(plugin, CallLimits::default(), |host| {
        host.transport(Vendor).events(lines.clone()).limits_of(of, limits)
    });
    guest.run("run", json!({"lines": 9})).unwrap();
    assert_eq!(lines.0.lock().unwrap().len(), 3, "for the integration");
}

/// Keeps every text of every event, with what the event is.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(&'static str, String)>>>);

impl EventSink for Told {
    fn event(&self, event: Event<'_>) {
        let (what, texts) = match event {
            Event::Log { message, .. } => ("log", vec![message]),
            Event::Progress { message, .. } => ("progress", vec![message]),
            Event::Request { audience, method, path, .. } => ("request", vec![path, audience, method]),
            Event::Denied { code, message } => ("denied", vec![message, code]),
            Event::CallFinished { failure, .. } => ("end", failure.into_iter().collect()),
            _ => return,
        };
        self.0.lock().unwrap().extend(texts.into_iter().map(|text| (what, text.to_owned())));
    }
}

/// Whether a text could steer a terminal, or is more than a line.
fn steers(text: &str) -> bool {
    text.contains(|c: char| c.is_control() || c == '\u{202e}')
}

#[test]
fn no_text_of_a_component_takes_the_credential_or_a_control_character_out_of_its_call() {
    // What the vendor of `watched` grants.
    let token = "canary-access-token";
    let hostile = format!("a\u{1b}[2Jb\u{202e}c\nd {token} e");
    let texts = [token, &hostile];
    let told = Told::default();
    let guest = Guest::watched(REPEATS_WHAT_IT_IS_GIVEN, told.clone());
    told.0.lock().unwrap().clear();
    let failure = guest.run("run", json!({ "texts": texts })).unwrap_err();
    let whole = format!("{failure:?}");
    assert!(!whole.contains(token), "{whole}");
    for text in [&*failure.code, &failure.message, failure.hint.as_deref().unwrap()] {
        assert!(!steers(text), "{text:?}");
        assert_eq!(text, "a [2Jb c d [secret removed] e");
    }
    let events = told.0.lock().unwrap().clone();
    for (what, text) in &events {
        assert!(!text.contains(token) && !steers(text), "{what}: {text:?}");
    }
    let of = |wanted: &str| -> Vec<&str> {
        events.iter().filter(|(what, _)| *what == wanted).map(|(_, text)| text.as_str()).collect()
    };
    for what in ["log", "progress"] {
        assert_eq!(of(what), ["[secret removed]", "a [2Jb c d [secret removed] e"], "{what}");
    }
    assert!(of("request").contains(&"/[secret removed]"), "{events:?}");
    guest.works_as_before();
}

#[test]
fn what_the_command_prints_of_a_component_holds_no_credential_and_steers_no_terminal() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let home = Guest::home(REPEATS_WHAT_IT_IS_GIVEN, &server);
    let hostile = format!("a\u{1b}[2Jb\u{202e}c\nd {TOKEN} e");
    let input = json!({"texts": [TOKEN, hostile]}).to_string();
    let log = ["--log", "trace", "run", REPEATS_WHAT_IT_IS_GIVEN, "run", "--input", &input];
    let json = ["--json", "run", REPEATS_WHAT_IT_IS_GIVEN, "run", "--input", &input];
    for arguments in [&log[..], &json] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(TOKEN), "{text}");
            assert!(!text.lines().any(steers), "{text:?}");
        }
        assert!(format!("{ran:?}").contains("a [2Jb c d [secret removed] e"), "{ran:?}");
    }
    let heads = server.heads();
    assert!(heads.iter().any(|head| head.contains(&format!("authorization: bearer {TOKEN}"))), "{heads:?}");
}

#[test]
fn the_time_of_a_component_is_the_time_of_its_host() {
    let clock = SetClock::new();
    clock.advance(1_000_000_000);
    let plugin = load(engine(), ASKS_FOR_EVERYTHING);
    let host_clock = clock.clone();
    let guest = Guest::of(plugin, CallLimits::default(), |host| host.transport(Vendor).clock(host_clock));
    for _ in 0..2 {
        let told: Value = guest.run("run", json!({})).unwrap();
        assert_eq!(told["seconds"], clock.now().unwrap());
        clock.advance(60);
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
        (DESCRIBES_A_STRANGE_SCOPE, "scope"),
        (DESCRIBES_ITSELF_AT_LENGTH, "4194304"),
        (RECURSES_IN_DESCRIBE, "the limit stack-bytes is 1048576."),
        (ALLOCATES_IN_DESCRIBE, "the limit memory-bytes is 134217728."),
        (LOOPS_IN_DESCRIBE, "within 10 seconds."),
    ] {
        let failure = engine().load(&std::fs::read(path).unwrap()).unwrap_err();
        assert_eq!(
            (&failure.kind, failure.code.as_ref()),
            (&FailureKind::BadPlugin, "bad-manifest"),
            "{path}"
        );
        assert!(failure.message.contains(part) && !failure.message.contains(".."), "{failure}");
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
