//! Writes into the configuration which origins stand in for a vendor's.

use std::io::Write as _;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::{bad, file, text, unusable};
use crate::egress::Origin;
use crate::failure::Result;

/// Writes which origins stand in for these audiences, for a profile, instead of what stood in before.
/// Comments and everything else are kept.
pub(in crate::cli) fn put_stand_ins<'a>(
    home: &Path,
    profile: &str,
    stand_ins: impl Iterator<Item = (&'a str, &'a Origin)>,
) -> Result<()> {
    let mut document: DocumentMut =
        text(home)?.parse().map_err(|error: toml_edit::TomlError| bad(home, error.message()))?;
    let stand_ins: Table = stand_ins.map(|(audience, origin)| (audience, value(origin.as_str()))).collect();
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

/// Written aside and moved, so that a crash leaves the old file or the new one.
fn write(home: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(home)?;
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(file(home)).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| unusable(home, &error))
}
