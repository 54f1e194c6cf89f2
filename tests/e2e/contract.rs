//! The contract: what may cross between a plugin and the host.
//!
//! - Nothing enters it unseen: its whole inventory is kept in `contract.txt`, and a line that differs
//!   fails here until a person has looked at it.
//! - Nothing in it goes without an explanation.
//! - The plugin that ships imports it and nothing else, and is no larger than it has to be.

mod inventory;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

use crate::components;

/// Set to accept the contract as it is.
const ACCEPT: &str = "ACTIONBAY_ACCEPT_CONTRACT";

const HEAD: &str = "\
# All that can cross the contract. A reviewed list: no line of it may carry an access token, a refresh
# token, an authorization code, a client secret or a code verifier, in either direction, and no function
# may answer with one. A test compares it with wit/.
";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn contract() -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_dir(workspace().join("wit")).expect("wit/ parses");
    resolve
}

#[test]
fn nothing_crosses_the_contract_that_was_not_reviewed() {
    let file = workspace().join("tests/e2e/contract.txt");
    let found = inventory::lines(&contract());
    if std::env::var_os(ACCEPT).is_some() {
        fs::write(&file, format!("{HEAD}{}\n", found.join("\n"))).expect("contract.txt can be written");
    }
    let reviewed = fs::read_to_string(&file).expect("contract.txt can be read");
    let reviewed: Vec<_> = reviewed.lines().filter(|line| !line.starts_with('#')).collect();
    if found == reviewed {
        return;
    }
    let removed = reviewed.iter().filter(|line| !found.iter().any(|other| other == *line));
    let added = found.iter().filter(|line| !reviewed.contains(&line.as_str()));
    let changes: Vec<_> =
        removed.map(|line| format!("  - {line}")).chain(added.map(|line| format!("  + {line}"))).collect();
    let changes =
        if changes.is_empty() { "  (the order of the lines)".to_owned() } else { changes.join("\n") };
    panic!(
        "wit/ is not what was reviewed in tests/e2e/contract.txt:\n\n{changes}\n\n\
         Ask of each line that is added: could it carry a token, an authorization code, a client secret or a \
         verifier to a plugin? If none can, accept them with\n\n    \
         {ACCEPT}=1 cargo test -p actionbay-tests contract\n\n\
         and commit contract.txt with the change."
    );
}

#[test]
fn everything_in_the_contract_is_explained() {
    let unexplained = inventory::unexplained(&contract());
    assert!(unexplained.is_empty(), "no doc comment in wit/:\n  {}", unexplained.join("\n  "));
}

#[test]
fn the_confluence_plugin_imports_the_contract_and_nothing_else() {
    let (imports, exports) = boundary(components::PLUGIN);
    for import in &imports {
        assert!(import.starts_with("integration:action/"), "the plugin imports {import}");
    }
    assert_eq!(exports, ["integration:action/action@0.1.0"]);
}

#[test]
fn the_readme_says_what_the_confluence_component_imports() {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("README.md can be read");
    let line = readme.lines().find(|line| line.starts_with("| the Confluence component |"));
    let (package, names) = line
        .and_then(|line| line.split_once("it imports `")?.1.split_once('`')?.0.split_once('{'))
        .expect("a line of the table names its imports");
    let names = names.strip_suffix('}').expect("the braces are closed");
    let said: BTreeSet<String> = names.split(',').map(|name| format!("{package}{name}")).collect();
    let imported: BTreeSet<String> = boundary(components::PLUGIN)
        .0
        .iter()
        .map(|import| import.split('@').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(said, imported);
}

/// What is optimised for speed alone, has a name for every function, or pulls in a second library for what the plugin
/// does already is far beyond this.
const LARGEST_PLUGIN: usize = 1_085_000;

#[test]
fn the_confluence_plugin_is_stripped_and_keeps_its_size() {
    let bytes = fs::read(components::PLUGIN).expect("the build script has built it");
    assert!(bytes.len() <= LARGEST_PLUGIN, "{} bytes", bytes.len());
    for left in ["_RNv", "_ZN4core", ".debug_", "pulldown_cmark::"] {
        assert!(!bytes.windows(left.len()).any(|each| each == left.as_bytes()), "{left} is in the component");
    }
}

#[test]
fn an_import_of_wasi_is_seen_in_a_component() {
    let (imports, _) = boundary(components::IMPORTS_WASI);
    assert!(imports.iter().any(|import| import == "wasi:sockets/instance-network@0.2.0"), "{imports:?}");
}

/// The names of a component's imports and exports.
fn boundary(component: &str) -> (Vec<String>, Vec<String>) {
    let bytes = fs::read(component).expect("the build script has built it");
    let DecodedWasm::Component(resolve, world) = decode(&bytes).expect("it is valid") else {
        panic!("{component} is not a component");
    };
    let names = |items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| {
        items.map(|(key, _)| resolve.name_world_key(key)).collect()
    };
    let world = &resolve.worlds[world];
    (names(&mut world.imports.iter()), names(&mut world.exports.iter()))
}
