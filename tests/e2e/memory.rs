//! What calls take of memory, and what they leave behind in the process that makes them: nothing.

use std::process::Command;

use actionbay::CallLimits;
use serde_json::json;

use crate::components::ECHO;
use crate::guests::Guest;
use crate::secrecy::watched;

/// Says to this program that it is the process that is measured.
const CHILD: &str = "ACTIONBAY_TEST_MEMORY";

/// By how much the process may have grown, in KiB, whatever the allocator keeps for itself: a tenth of a KiB for each call.
const MOST: u64 = 1_024;

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

fn calls(guest: &Guest, count: usize) {
    for _ in 0..count {
        guest.run("fetch", json!({"audience": "api", "path": "/x"})).unwrap();
    }
}

/// In a process of its own, since the other tests are in this one.
#[test]
fn ten_thousand_calls_do_not_grow_the_process() {
    if std::env::var_os(CHILD).is_some() {
        let guest = Guest::new(ECHO, CallLimits::default());
        calls(&guest, 1_000);
        let before = resident();
        calls(&guest, 10_000);
        return println!("\ngrew by {}", resident().saturating_sub(before));
    }
    let name = "memory::ten_thousand_calls_do_not_grow_the_process";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let grew = told.lines().find_map(|line| line.strip_prefix("grew by ")).unwrap();
    assert!(grew.parse::<u64>().unwrap() <= MOST, "it grew by {grew} KiB");
}

#[test]
fn a_usual_page_is_made_in_the_memory_that_is_there_from_the_start_and_a_long_one_in_more() {
    let (world, _, memories) = watched(None);
    world.authorize().unwrap();
    let create = |title: &str, bytes: usize| {
        let paragraph = "A paragraph of the page, as *long* as they are.\n\n";
        let body = format!("{}The end.", paragraph.repeat(bytes / paragraph.len()));
        let page =
            world.run("create-content", json!({"space": "DOCS", "title": title, "body": body})).unwrap();
        let page = world.control.page(page["id"].as_str().unwrap()).unwrap();
        let page = page["body"]["value"].as_str().unwrap();
        assert!(page.ends_with("<p>The end.</p>"));
        assert_eq!(page.matches("<em>long</em>").count(), bytes / paragraph.len());
    };
    create("Usual", 4 << 10);
    assert_eq!(memories.grown(), 0);
    create("Long", 1 << 20);
    assert!(memories.grown() > 0);
}
