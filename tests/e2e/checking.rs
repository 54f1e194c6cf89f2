//! `actionbay check`: what authors of plugins are told of their components.

use serde_json::Value;

use crate::components::{
    ALLOCATES_WITHOUT_END, ASKS_FOR_EVERYTHING, DESCRIBES_A_BROKEN_SCHEMA, ECHO, IMPORTS_WASI,
    LIES_WHILE_AUTHORIZING, LOOPS_FOREVER, PLUGIN, RECURSES, RETURNS_INVALID_JSON, TRAPS,
};
use crate::support::Home;

/// A component that exports the actions of another version.
const ANOTHER_CONTRACT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../host/fuzz/seeds/component/exports_another_contract.wasm");

fn findings(home: &Home, component: &str, code: i32) -> Vec<Value> {
    let checked = home.run(&["--json", "check", component]);
    assert_eq!(checked.code, code, "{checked:?}");
    checked.json()["findings"].as_array().unwrap().clone()
}

#[test]
fn the_integration_that_ships_keeps_to_the_contract_without_a_word_of_advice() {
    let home = Home::new();
    for finding in findings(&home, PLUGIN, 0) {
        assert_eq!(finding["verdict"], "passed", "{finding}");
    }
    let told = home.run(&["check", PLUGIN]).ok();
    assert!(told.stdout.contains("It keeps to the contract."), "{told:?}");
    assert!(home.files().is_empty(), "checking leaves nothing behind");
}

#[test]
fn a_plugin_that_works_and_tells_people_little_gets_advice() {
    let advice: Vec<Value> = findings(&Home::new(), ECHO, 0)
        .into_iter()
        .filter(|finding| finding["verdict"] == "advice")
        .collect();
    assert!(advice.iter().any(|finding| finding["message"].as_str().unwrap().contains("echo")), "{advice:?}");
    assert!(advice.iter().all(|finding| finding["mend"].is_string()), "{advice:?}");
}

#[test]
fn what_is_wrong_is_named_with_the_way_to_mend_it() {
    let home = Home::new();
    for (component, check, words) in [
        (IMPORTS_WASI, "component", "wasi:sockets"),
        (DESCRIBES_A_BROKEN_SCHEMA, "manifest", "schema"),
        (TRAPS, "templates", "did not end in order"),
        (LOOPS_FOREVER, "templates", "did not finish"),
        (RECURSES, "templates", "the limit stack-bytes is"),
        (ALLOCATES_WITHOUT_END, "templates", "the limit memory-bytes is"),
        (ASKS_FOR_EVERYTHING, "determinism", "run ended otherwise the second time"),
        (ANOTHER_CONTRACT, "component", "this host speaks integration:action/action@0.1.0"),
        (RETURNS_INVALID_JSON, "templates", "no JSON"),
        (LIES_WHILE_AUTHORIZING, "authorize", "Its first step failed: It does not begin."),
        (LIES_WHILE_AUTHORIZING, "refresh", "It said that a connection was renewed although it was not."),
    ] {
        let findings = findings(&home, component, 1);
        let failed: Vec<&Value> = findings.iter().filter(|finding| finding["verdict"] == "failed").collect();
        let named = |finding: &&Value| {
            finding["check"] == check && finding["message"].as_str().unwrap().contains(words)
        };
        assert!(failed.iter().any(named), "{component}: {failed:?}");
        assert!(failed.iter().all(|finding| finding["mend"].is_string()), "{failed:?}");
    }
    home.run(&["check", "./none.wasm"]).fails_with(2, "none.wasm");
    let told = home.run(&["check", IMPORTS_WASI]);
    let rows: Vec<&str> = told.stdout.lines().filter(|line| line.contains("FAILED")).collect();
    assert!(
        matches!(rows[..], [row] if row.contains("wasi:sockets") && row.contains("There are no files and no sockets.")),
        "{told:?}"
    );
    assert!(told.stdout.ends_with("It does not keep to the contract.\n"), "{told:?}");
}
