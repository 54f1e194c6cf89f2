//! Schemas and values that are much work to hold against each other.

use std::process::Command;
use std::time::{Duration, Instant};

use actionbay::{CallLimits, FailureKind};
use serde_json::{Value, json};

use crate::components::RETURNS_MANY_PARTS;
use crate::guests::Guest;
use crate::support::peak;

/// Says to the process whose memory is looked at that it is that one.
const ALONE: &str = "ACTIONBAY_TEST_PARTS";

/// The most that the process may need: the input of the last call a few times over, and all of a host beside it.
const MOST_MEMORY: u64 = 800 << 20;

/// Each of the parts breaks the schema in fifty ways.
#[test]
fn what_breaks_its_schema_in_millions_of_places_takes_neither_the_memory_nor_the_time_of_the_host() {
    if std::env::var(ALONE).is_ok() {
        return give_many_parts();
    }
    let mut alone = Command::new(std::env::current_exe().unwrap());
    alone.args(["--exact", "--nocapture", std::thread::current().name().unwrap()]).env(ALONE, "1");
    let (finished, most) = peak(alone);
    assert!(finished.code == 0 && finished.stdout.contains("1 passed"), "{finished:?}");
    assert!(most > 0 && most < MOST_MEMORY, "{} MiB", most >> 20);
}

fn give_many_parts() {
    let guest = Guest::new(RETURNS_MANY_PARTS, CallLimits::default());
    let in_time = |call: &dyn Fn() -> actionbay::Failure| {
        let started = Instant::now();
        let failure = call();
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}: {failure:?}", started.elapsed());
        failure
    };
    let returned = |parts: usize| in_time(&|| guest.run("run", json!({"parts": parts})).unwrap_err());
    let words = |failure: &actionbay::Failure| {
        failure.violations.iter().map(|found| found.message.clone()).collect::<Vec<_>>()
    };

    // 16 MB, which is what an output may have.
    let failure = returned(8_000_000);
    assert_eq!((&failure.kind, &*failure.code), (&FailureKind::LimitExceeded, "output-bytes-exceeded"));
    assert!(failure.message.ends_with("the limit output-bytes is 16777216."), "{failure}");
    for (parts, told) in [
        (1_500_000, "has more parts than can be held against the schema."),
        (100_000, "does not fit the schema, and has too many parts to say where."),
    ] {
        let failure = returned(parts);
        assert_eq!(failure.code, "invalid-output");
        assert_eq!(words(&failure), [told]);
    }
    let failure = returned(3);
    assert_eq!(failure.violations.len(), 50);
    assert_eq!(
        (&*failure.violations[49].pointer, &*words(&failure)[0]),
        ("/items/0", r#"0 is not of type "string"."#)
    );
    guest.works_as_before();

    // 9 MB of a caller's.
    let input: Value = json!({"items": vec![12_345_678; 1_000_000]});
    let failure = in_time(&|| guest.run("take", input.clone()).unwrap_err());
    assert_eq!((&failure.kind, &*failure.code), (&FailureKind::InvalidInput, "invalid-input"));
    assert_eq!(words(&failure), ["has more parts than can be held against the schema."]);
    guest.works_as_before();
}
