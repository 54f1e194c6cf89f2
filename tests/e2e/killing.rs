//! Processes that are killed at any moment: nothing is half-written, and no consent is lost.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use atlassian_sandbox::control::Control;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

use crate::components::PLUGIN;
use crate::support::Home;

/// How long a process may live: a sequence that looks random and is the same every time.
fn lives(count: u64, longest: u64) -> impl Iterator<Item = Duration> {
    let step = move |seed: &mut u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(Duration::from_millis((*seed >> 33) % longest))
    };
    std::iter::repeat_n((), usize::try_from(count).unwrap()).scan(20_261_121_u64, move |seed, ()| step(seed))
}

/// A little more than a process lives that nobody kills, in milliseconds, on this machine.
fn longest_life(command: &mut Command) -> u64 {
    let started = Instant::now();
    assert!(command.output().unwrap().status.success());
    u64::try_from(started.elapsed().as_millis()).unwrap() * 6 / 5 + 1
}

fn kill_after(mut command: Command, life: Duration) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_that_is_killed_at_any_moment_of_a_renewal_leaves_a_connection_that_works() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let control = Control::new(sandbox.url());
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    // Slow enough that many are killed while the token is on its way.
    let slow = json!({"match": {"method": "POST", "path": "/oauth/token"}, "times": 10_000, "delay_ms": 15});
    control.faults(slow).unwrap();
    let worker = |seconds: u64| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-runs"));
        let store = home.data().join("actionbay.db");
        command
            .args([store.to_str().unwrap(), sandbox.url(), PLUGIN, "1", &seconds.to_string()])
            .env("ACTIONBAY_MASTER_KEY", crate::support::MASTER_KEY)
            .env("ARTIFACTS", crate::support::artifacts());
        command
    };
    let mut seconds = 4_000;
    let longest = longest_life(&mut worker(seconds));
    for life in lives(100, longest) {
        // Every token has expired, and every lease of the dead has run out.
        seconds += 4_000;
        kill_after(worker(seconds), life);
        let output = worker(seconds + 100).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            said.trim(),
            "1 runs, 0 failures",
            "after {life:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let counters = control.counters().unwrap();
    assert!(
        counters["token_grants"]["refresh_token"].as_u64().unwrap() > 100,
        "some died after the token was sent"
    );
    assert_eq!(counters["token_grants"]["authorization_code"], 1, "and nobody was asked again");
}

#[test]
fn a_process_that_is_killed_at_any_moment_of_an_authorization_leaves_nothing_half_written() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let authorize = ["authorize", "confluence", "--sandbox", sandbox.url()];
    let longest = longest_life(&mut home.command(&authorize));
    for life in lives(60, longest) {
        kill_after(home.command(&authorize), life);
        let listed = home.run(&["--json", "connections", "list"]).ok().json();
        for connection in listed.as_array().unwrap() {
            let status = connection["status"].as_str().unwrap();
            assert!(["active", "awaiting-site"].contains(&status), "after {life:?}: {connection}");
        }
        let is_active = listed.as_array().unwrap().iter().any(|connection| connection["status"] == "active");
        let run = home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]);
        assert_eq!(run.code, if is_active { 0 } else { 3 }, "after {life:?}: {run:?}");
    }
    home.run(&authorize).ok();
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]).ok();
}
