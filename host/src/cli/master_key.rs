//! Where the command takes the master key from.
//!
//! | first that is set | |
//! |---|---|
//! | `ACTIONBAY_MASTER_KEY` | the key in base64 |
//! | `ACTIONBAY_MASTER_KEY_COMMAND` | a program that prints it |
//! | `ACTIONBAY_MASTER_KEY_FILE` | a file that holds it |
//! | nothing | `master.key` in the platform's configuration directory |
//!
//! It never comes from the data directory, whose copies would then hold both. During a rotation the key it goes
//! to is looked for as well: in `ACTIONBAY_NEW_MASTER_KEY`, and beside a key file under its name with `.new`.

use std::path::{Path, PathBuf};

use super::home::platform;
use crate::failure::{Failure, Result};
use crate::vault::{KeySource, Keyring};

const MASTER_KEY: &str = "ACTIONBAY_MASTER_KEY";
const MASTER_KEY_COMMAND: &str = "ACTIONBAY_MASTER_KEY_COMMAND";
const MASTER_KEY_FILE: &str = "ACTIONBAY_MASTER_KEY_FILE";

/// The variable that holds the key that a rotation goes to.
pub(super) const NEW_MASTER_KEY: &str = "ACTIONBAY_NEW_MASTER_KEY";

/// The keys at hand.
pub(super) fn keyring(home: &Path, may_create: bool) -> Result<Keyring> {
    let source = source(home)?;
    let mut others: Vec<KeySource> = new_from_environment().into_iter().collect();
    if let KeySource::File(file) = &source {
        others.push(KeySource::File(beside(file, "new")));
    }
    Keyring::from_sources(source, others, may_create)
}

/// Where the master key comes from.
pub(super) fn source(home: &Path) -> Result<KeySource> {
    if let Some(text) = variable(MASTER_KEY) {
        return Ok(KeySource::Text(text.into()));
    }
    if let Some(line) = variable(MASTER_KEY_COMMAND) {
        return Ok(KeySource::Command(line));
    }
    let file = match std::env::var_os(MASTER_KEY_FILE).filter(|file| !file.is_empty()) {
        Some(file) => PathBuf::from(file),
        None => {
            let platform = platform()?;
            let config = platform.config_dir();
            // macOS has one directory for both.
            let folder = if config == platform.data_dir() { platform.preference_dir() } else { config };
            folder.join("master.key")
        }
    };
    refuse_with_data(&file, home).map_err(|failure| {
        failure.hint(format!("Set {MASTER_KEY_FILE} to a file elsewhere, or another --home."))
    })?;
    // A rotation replaces the file, and not a link to it.
    Ok(KeySource::File(file.canonicalize().unwrap_or(file)))
}

/// The key that a rotation goes to, where the environment holds it.
pub(super) fn new_from_environment() -> Option<KeySource> {
    variable(NEW_MASTER_KEY).map(|text| KeySource::Text(text.into()))
}

/// The file beside another, its name with one more ending.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Refuses a key file in the data directory.
pub(super) fn refuse_with_data(file: &Path, home: &Path) -> Result<()> {
    let with_data = is_below(file, home).map_err(|error| {
        Failure::storage(
            "master-key-unreadable",
            format!("The master key {} cannot be used: {error}.", file.display()),
        )
    })?;
    if !with_data {
        return Ok(());
    }
    Err(Failure::storage(
        "master-key-with-data",
        format!("The master key {} is in the data directory, whose copies would hold both.", file.display()),
    ))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Whether a file is, or would be, in a folder, with every link on the way resolved.
fn is_below(file: &Path, folder: &Path) -> std::io::Result<bool> {
    Ok(resolved(file)?.starts_with(resolved(folder)?))
}

/// A path with the links in it resolved, as far as it exists.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return Ok(path.strip_prefix(ancestor).map_or_else(|_| real.clone(), |rest| real.join(rest)));
        }
    }
    Ok(path)
}
