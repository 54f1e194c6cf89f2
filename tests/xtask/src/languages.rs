//! Sets up `tests/languages`: components of other languages, which the end-to-end tests run. Each is made of the contract
//! and of a plugin by its language's own tool, in the version that a lock file says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{NODE, announced, changed, is_current, npm_ci, pip};

/// Sees to it that the components are there and newer than what they are made of; whatever is done is announced on
/// standard error first.
pub(crate) fn ensure() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("languages");
    let made = folder.join("target");
    fs::create_dir_all(&made).map_err(|error| format!("{}: {error}", made.display()))?;
    // Relative to what commands run in: a folder of a language.
    let contract = Path::new("../../../wit");
    javascript(&folder.join("javascript"), contract, &made.join("javascript.wasm"))?;
    python(&folder.join("python"), contract, &made.join("python.wasm"))
}

fn javascript(folder: &Path, contract: &Path, component: &Path) -> Result<(), String> {
    NODE.ensure()?;
    npm_ci(folder)?;
    if is_made_of(component, &[folder, &folder.join(contract)])? {
        return Ok(());
    }
    announced(Command::new("node").arg("build.mjs").args([contract, component]).current_dir(folder))
}

fn python(folder: &Path, contract: &Path, component: &Path) -> Result<(), String> {
    let tool = pip(&folder.join("requirements.txt"), &component.with_file_name("python"), "componentize-py")?;
    if is_made_of(component, &[folder, &folder.join(contract)])? {
        return Ok(());
    }
    // Nothing of WASI: the component imports the contract alone.
    let make = ["componentize", "plugin", "--stub-wasi", "--output"];
    announced(
        Command::new(tool)
            .arg("--wit-path")
            .arg(contract)
            .args(["--world", "integration"])
            .args(make)
            .arg(component)
            .current_dir(folder),
    )
}

/// Whether a component is newer than every file directly in these folders.
fn is_made_of(component: &Path, folders: &[&Path]) -> Result<bool, String> {
    let made = changed(component);
    for folder in folders {
        let files = files_in(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        if files.iter().any(|file| !is_current(changed(file), made)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.is_file()).collect())
}
