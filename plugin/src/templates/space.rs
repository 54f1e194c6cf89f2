//! Which space is meant, by key or by id.
//!
//! The two look alike: a key may consist of digits. So a text is tried as a key first, since a key is what
//! people see and type, and as an id where no space has that key.

use crate::confluence::client::Client;
use crate::confluence::model::Space;
use crate::confluence::paths::Id;
use crate::platform::{Failure, FailureKind};

/// Longer than any key, and than the key of a personal space, which holds an account id.
const LONGEST_KEY: usize = 255;

/// The space with this key or id.
pub(super) fn resolve(client: &Client<'_>, space: &str) -> Result<Space, Failure> {
    let space = space.trim();
    if !is_key(space) {
        return Err(Failure::invalid_input(
            "invalid-space",
            format!("This is neither the key nor the id of a space: {space:?}."),
        )
        .hint("The key stands in the space's address, after `/spaces/`, such as DOCS."));
    }
    let found = client.spaces_by_key(space)?;
    if let Some(found) = found.into_iter().find(|found| is_of(found, space)) {
        return Ok(found);
    }
    match Id::parse(space) {
        Some(id) => client.space(&id),
        None => Err(Failure::new(
            FailureKind::NotFound,
            "space-not-found",
            format!("There is no space with the key {space}, or this account has no permission to see it."),
        )
        .hint("The key stands in the space's address, after `/spaces/`, such as DOCS.")),
    }
}

/// Whether it can be a key. Confluence reads a comma as the end of one key and the beginning of another.
fn is_key(text: &str) -> bool {
    (1..=LONGEST_KEY).contains(&text.chars().count())
        && !matches!(text, "." | "..")
        && text.chars().all(|character| {
            character.is_alphanumeric() || matches!(character, '~' | '.' | '_' | '-' | ':' | '@')
        })
}

/// Whether it is the space asked for. Keys compare without case.
fn is_of(space: &Space, key: &str) -> bool {
    [&space.key, &space.alias].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(key))
}
