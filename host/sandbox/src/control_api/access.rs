//! Who sees what: restrictions of pages, and spaces that accounts do not know of.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use crate::accounts::Account;
use crate::errors;
use crate::http::{Answer, Reply};
use crate::site::access::Restrictions;
use crate::state::State;

use super::people::account;

/// The restrictions of a page or blog post; they replace the ones before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Restriction {
    /// The id of the page or blog post.
    id: String,
    /// The numbers of the accounts that may view it; absent: everybody.
    view: Option<Vec<usize>>,
    /// The numbers of the accounts that may edit it; absent: everybody.
    edit: Option<Vec<usize>>,
}

/// A change of a space.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpaceChange {
    key: String,
    /// Counted from 1.
    #[serde(default = "super::first")]
    site: usize,
    /// The numbers of the accounts that do not know of the space; the list replaces the one before.
    hidden_from: Option<BTreeSet<usize>>,
    archived: Option<bool>,
}

/// Restricts a page or blog post.
pub(super) fn restrict(state: &mut State, wish: &Restriction) -> Answer {
    let restrictions = Restrictions { view: accounts(&wish.view)?, edit: accounts(&wish.edit)? };
    let id = wish.id.parse().ok();
    let content = id.and_then(|id: u64| state.sites.iter_mut().find_map(|site| site.contents.get_mut(&id)));
    let content = content.ok_or_else(|| errors::control(404, "There is no such page."))?;
    content.restrictions = restrictions;
    Ok(Reply::json(200, &json!({"id": wish.id, "view": wish.view, "edit": wish.edit})))
}

fn accounts(numbers: &Option<Vec<usize>>) -> Result<Option<Vec<&'static Account>>, Reply> {
    numbers.as_ref().map(|numbers| numbers.iter().map(|number| account(*number)).collect()).transpose()
}

/// Hides, shows, archives or restores a space.
pub(super) fn change_space(state: &mut State, change: SpaceChange) -> Answer {
    for number in change.hidden_from.iter().flatten() {
        account(*number)?;
    }
    let site = change.site.checked_sub(1).and_then(|at| state.sites.get_mut(at));
    let space = site.and_then(|site| site.spaces.iter_mut().find(|space| space.key == change.key));
    let space = space.ok_or_else(|| errors::control(404, "There is no such space."))?;
    if let Some(hidden_from) = change.hidden_from {
        space.hidden_from = hidden_from;
    }
    space.archived = change.archived.unwrap_or(space.archived);
    let shown = json!({
        "key": space.key,
        "id": space.id.to_string(),
        "hidden_from": space.hidden_from,
        "archived": space.archived,
    });
    Ok(Reply::json(200, &shown))
}
