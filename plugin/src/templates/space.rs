//! Which space is meant, by key, id or name.
//!
//! The three look alike: a key may consist of digits, and a name may be a word. So a text is tried as a key first,
//! since a key is what people see in addresses and it takes one request; then as an id; then among the names.

use std::ops::ControlFlow;

use super::input;
use crate::confluence::client::Client;
use crate::confluence::model::Space;
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::{self, Id};
use crate::confluence::walk::List;
use crate::platform::{Failure, FailureKind, Parameter};

/// Longer than any key, and than the key of a personal space, which holds an account id. Names are as long at most.
const LONGEST_NAME: usize = 255;

/// The space with this key, id or name.
pub(super) fn resolve(client: &Client<'_>, space: &str) -> Result<Space, Failure> {
    resolve_with(client, space, &[])
}

/// The same, where the requests carry more.
pub(super) fn resolve_with(client: &Client<'_>, space: &str, query: &[Parameter]) -> Result<Space, Failure> {
    let space = checked(space)?;
    if is_key(space) {
        let mut found = None;
        client.walk(&spaces(Parameter::new("keys", space), query), None, &mut |batch| {
            let spaces = batch.items.iter().filter_map(|item| Space::read(item, batch.base));
            found = found.take().or_else(|| spaces.into_iter().find(|candidate| is_of(candidate, space)));
            Ok(ControlFlow::Break(()))
        })?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    if let Some(id) = Id::parse(space) {
        match client.space(&id, query) {
            Err(failure) if failure.upstream_status == Some(404) => {}
            decided => return decided,
        }
    }
    by_name(client, space, query)
}

/// What may be the key, the id or the name of a space, as far as can be told without a request.
pub(super) fn checked(space: &str) -> Result<&str, Failure> {
    let trimmed = space.trim();
    let length = trimmed.chars().count();
    if !(1..=LONGEST_NAME).contains(&length) || trimmed.chars().any(char::is_control) {
        return Err(Failure::invalid_input(
            "invalid-space",
            format!("This is neither the key nor the id nor the name of a space: {space:?}."),
        )
        .hint("The key stands in the space's address, after `/spaces/`, such as DOCS."));
    }
    Ok(trimmed)
}

fn by_name(client: &Client<'_>, name: &str, query: &[Parameter]) -> Result<Space, Failure> {
    let mut found: Vec<Space> = Vec::new();
    let all = spaces(Parameter::new("limit", LARGEST_PAGE.to_string()), query);
    client.walk(&all, None, &mut |batch| {
        let spaces = batch.items.iter().filter_map(|item| Space::read(item, batch.base));
        found.extend(spaces.filter(|space| space.name.as_deref().map(str::trim) == Some(name)));
        Ok(ControlFlow::Continue(()))
    })?;
    let keys: Vec<_> = found.iter().map(|space| space.label().to_owned()).collect();
    match (found.pop(), keys.len()) {
        (Some(space), 1) => Ok(space),
        (None, _) => Err(Failure::new(
            FailureKind::NotFound,
            "space-not-found",
            format!(
                "There is no space with the key, the id or the name {name:?}, or this account has no permission to see it."
            ),
        )
        .hint("The key stands in the space's address, after `/spaces/`, such as DOCS.")),
        (Some(_), count) => Err(Failure::invalid_input(
            "space-ambiguous",
            format!("{count} spaces have the name {name:?}."),
        )
        .hint(format!("Name it by its key: {}.", keys.join(", ")))),
    }
}

fn spaces(parameter: Parameter, query: &[Parameter]) -> List {
    let query = std::iter::once(parameter).chain(query.iter().cloned()).collect();
    List { path: paths::spaces(), query, subject: "list of spaces".to_owned(), not_found: "space-not-found" }
}

/// The key of a space, for where Confluence takes no other name of it.
pub(super) fn key(client: &Client<'_>, field: &str, space: &str) -> Result<String, Failure> {
    let space = resolve(client, space)?;
    space.key.ok_or_else(|| input::invalid(format!("`{field}` is a space without a key")))
}

/// Whether it can be a key. Confluence reads a comma as the end of one key and the beginning of another.
fn is_key(text: &str) -> bool {
    !matches!(text, "." | "..")
        && text.chars().all(|character| {
            character.is_alphanumeric() || matches!(character, '~' | '.' | '_' | '-' | ':' | '@')
        })
}

/// Whether it is the space asked for. Keys compare without case.
fn is_of(space: &Space, key: &str) -> bool {
    [&space.key, &space.alias].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(key))
}
