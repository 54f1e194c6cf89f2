//! Components of other languages, made by their languages' own tools: each is authorized, renewed and run against the
//! authorization server from elsewhere and its API.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use actionbay::authorization::ConnectionStatus;
use serde_json::json;

use crate::foreign::{Foreign, PAST_EXPIRY};
use crate::support::{engine, workspace};

/// A component that `cargo xtask setup` made, if it is not older than what it was made of.
fn component(language: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    let component = folder.join("target").join(language).with_extension("wasm");
    let changed = |file: &PathBuf| fs::metadata(file).and_then(|facts| facts.modified()).ok();
    let made = changed(&component);
    let newest = [folder.join(language), folder.join("../../wit")].iter().filter_map(newest_in).max();
    assert!(
        made >= newest && made.is_some(),
        "the component that this test runs is not made: run `cargo xtask setup`"
    );
    fs::read(component).unwrap()
}

/// When the newest file directly in a folder was written.
fn newest_in(folder: &PathBuf) -> Option<SystemTime> {
    let facts = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
    facts.filter(fs::Metadata::is_file).map(|facts| facts.modified().unwrap()).max()
}

/// The whole life of a connection, on the limits that every plugin has.
fn lives(language: &str) {
    let plugin = engine().load(&component(language)).unwrap();
    let foreign_imports: Vec<_> =
        plugin.imports().into_iter().filter(|import| !import.starts_with("integration:action/")).collect();
    assert_eq!(foreign_imports, [] as [&str; 0], "it imports the contract and nothing of WASI");

    let foreign = Foreign::running(plugin);
    let connection = foreign.authorize().unwrap();
    assert_eq!((connection.status, connection.refreshable), (ConnectionStatus::Active, true));
    let account = json!({"subject": "ada", "scopes": ["use", "offline_access"]});
    assert_eq!(foreign.who_am_i().unwrap(), account);

    foreign.pass(PAST_EXPIRY);
    assert_eq!(foreign.who_am_i().unwrap(), account, "renewed before it was used");
    foreign.host.refresh(&workspace(), &connection.id).unwrap();
    assert_eq!(foreign.who_am_i().unwrap(), account);
    assert_eq!((foreign.server.refreshes(), foreign.server.api_statuses()), (2, vec![200; 3]));
}

#[test]
fn a_component_in_python_is_authorized_renewed_and_run() {
    lives("python");
}

#[test]
fn a_component_in_javascript_is_authorized_renewed_and_run() {
    lives("javascript");
}
