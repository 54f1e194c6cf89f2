//! The policy and the approval, by the command.

use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

use crate::support::Home;

fn connected() -> (Home, Sandbox) {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    (home, sandbox)
}

#[test]
fn a_policy_is_set_shown_and_cleared_and_a_denial_says_the_command_that_allows() {
    let (home, _sandbox) = connected();
    let policy = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["integrations", "policy", "confluence"].iter().chain(more).copied().collect();
        home.run(&arguments)
    };
    let list =
        |space: &str| home.run(&["run", "confluence", "list-pages", "--set", &format!("space={space}")]);
    list("TEAM").ok();
    policy(&[
        "--container",
        "team=deny",
        "--container",
        "DOCS=read-only",
        "--template",
        "delete-content=deny",
    ])
    .ok();
    policy(&["--other-templates", "read-only"]).ok();

    let shown = policy(&[]).ok().stdout;
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            ["WHAT", "NAME", "ACCESS"],
            ["template", "delete-content", "deny"],
            ["template", "(others)", "read-only"],
            ["space", "DOCS", "read-only"],
            ["space", "TEAM", "deny"],
            ["space", "(others)", "allow"],
        ]
    );
    let said = home.run(&["--json", "integrations", "policy", "confluence"]).ok().json();
    assert_eq!(said["containers"]["named"], json!({"DOCS": "read-only", "TEAM": "deny"}));

    let create = ["run", "confluence", "create-content", "--set", "space=DOCS", "--set", "title=T"];
    list("DOCS").ok();
    let denied = list("TEAM").fails_with(1, "the space TEAM denied").stderr;
    let (_, command) = denied.split_once("hint: To allow it: actionbay ").unwrap();
    let command: Vec<&str> = command.split_whitespace().collect();
    home.run(&command).ok();
    list("TEAM").ok();
    home.run(&create).fails_with(1, "other-templates read-only");
    policy(&["--template", "create-content=allow"]).ok();
    home.run(&create).fails_with(1, "the space DOCS read only");
    policy(&["--clear"]).ok();
    home.run(&create).ok();

    for (wrong, words) in [
        (&["--container", "DOCS"][..], "NAME=ACCESS"),
        (&["--container", "DOCS=closed"], "allow, read-only, deny"),
        (&["--other-containers", "never"], "allow, read-only, deny"),
        (&["--container", "two words=deny"], "neither a key nor"),
        (&["--template", "no-such=deny"], "no template"),
    ] {
        let finished = policy(wrong);
        assert_eq!(finished.code, 2, "{finished:?}");
        assert!(finished.stderr.contains(words), "{finished:?}");
    }
}

#[test]
fn the_component_is_approved_by_its_first_use() {
    let home = Home::new();
    let before = home.run(&["integrations", "approve", "confluence"]).ok().stdout;
    assert!(before.contains("approved by its first use"), "{before}");
    let approved = home.run(&["integrations", "approve", "confluence", "--yes"]).ok().stdout;
    assert!(approved.contains("approved"), "{approved}");
    let again = home.run(&["--json", "integrations", "approve", "confluence"]).ok().json();
    assert_eq!((&again["approved"], &again["more"]), (&again["digest"], &json!([])));
}
