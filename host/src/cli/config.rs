//! The operator's configuration file: `<home>/config.toml`.
//!
//! ```toml
//! [policy]
//! allowed-origins = ["http://127.0.0.1:8977"]
//!
//! [policy.audience-origins.PROFILE]
//! AUDIENCE = "http://127.0.0.1:8977"
//! ```

use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::egress::{OperatorPolicy, Origin};
use crate::failure::{Failure, FailureKind, Result};

const FILE: &str = "config.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    policy: OperatorPolicy,
}

/// What the operator allows; without a file, nothing beyond https.
pub(super) fn policy(home: &Path) -> Result<OperatorPolicy> {
    let text = read(home)?;
    let config: Config = toml_edit::de::from_str(&text).map_err(|error| bad(home, &error.to_string()))?;
    Ok(config.policy)
}

/// Writes that an origin stands in for all of these audiences, for a profile, instead of what stood in before.
/// Comments and everything else are kept.
#[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "written for the sandbox only"))]
pub(super) fn put_stand_in<'a>(
    home: &Path,
    profile: &str,
    audiences: impl Iterator<Item = &'a str>,
    origin: &Origin,
) -> Result<()> {
    let mut document: DocumentMut =
        read(home)?.parse().map_err(|error: toml_edit::TomlError| bad(home, &error.to_string()))?;
    let stand_ins: Table = audiences.map(|audience| (audience, value(origin.as_str()))).collect();
    let place = document
        .entry("policy")
        .or_insert_with(heading)
        .as_table_like_mut()
        .map(|policy| policy.entry("audience-origins").or_insert_with(heading))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| bad(home, "policy and audience-origins must be tables"))?;
    place.insert(profile, Item::Table(stand_ins));
    write(home, &document.to_string())
}

/// A table that shows only where something stands in it.
fn heading() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn read(home: &Path) -> Result<String> {
    match std::fs::read_to_string(home.join(FILE)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unusable(home, &error)),
    }
}

fn unusable(home: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(
        "configuration-unusable",
        format!("The configuration {} cannot be read or written: {error}.", home.join(FILE).display()),
    )
    .hint("Check who owns it, and that the disk has room.")
}

/// Written aside and moved, so that a crash leaves the old file or the new one.
fn write(home: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(home)?;
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(home.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| unusable(home, &error))
}

fn bad(home: &Path, why: &str) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "bad-configuration",
        format!("The configuration {} cannot be used: {}", home.join(FILE).display(), why.trim_end()),
    )
    .hint("Correct the file, or move it away.")
}
