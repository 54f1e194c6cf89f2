//! Builds the components that the end-to-end tests run: the Confluence plugin, and of `guests/` one for
//! each behaviour. For each it generates a constant with the path of the component, and a guest whose
//! constant no test uses is a compile error: what is not run anywhere says nothing.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actionbay_component::{Built, Source, build, shared_target_dir, write_if_changed};

/// Guests whose tests are still to be written. A name that is here without need is a warning.
const WITHOUT_TEST: [&str; 0] = [];

/// The crate that guests share, which is none.
const SHARED: &str = "support";

fn main() -> ExitCode {
    match build_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn build_all() -> Result<(), Box<dyn Error>> {
    let tests = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let target_dir = shared_target_dir(&out_dir)?;

    let plugin = Source::new(tests.join("../plugin/Cargo.toml"), &target_dir).package("actionbay-confluence");
    let guests = guests(&tests.join("guests"))?
        .into_iter()
        .fold(Source::new(tests.join("guests/Cargo.toml"), &target_dir), Source::package);

    let mut constants = String::new();
    for component in build(&plugin)? {
        let file = save(&component, &out_dir)?;
        writeln!(constants, "/// The Confluence plugin.\npub(crate) const PLUGIN: &str = {file:?};")?;
    }
    for component in build(&guests)? {
        let (name, file) = (&component.package, save(&component, &out_dir)?);
        let constant = name.to_uppercase().replace('-', "_");
        writeln!(constants, "\n/// The guest `{name}`.")?;
        let level = if WITHOUT_TEST.contains(&name.as_str()) { "expect" } else { "deny" };
        writeln!(constants, "#[{level}(dead_code, reason = \"a guest that no test runs is an error\")]")?;
        writeln!(constants, "pub(crate) const {constant}: &str = {file:?};")?;
    }
    write_if_changed(&out_dir.join("components.rs"), constants.as_bytes())?;
    // New guests, and new files of the contract.
    println!("cargo::rerun-if-changed=guests");
    println!("cargo::rerun-if-changed=../wit");
    Ok(())
}

/// The names of the guests' crates, in order.
fn guests(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("Cargo.toml").is_file() && name != SHARED {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Saves a component and tells cargo what it was built from.
fn save(component: &Built, out_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    for source in &component.sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let file = out_dir.join("components").join(&component.package).with_extension("wasm");
    write_if_changed(&file, &component.bytes)?;
    Ok(file)
}
