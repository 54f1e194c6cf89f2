//! The settings that scripts may change while the sandbox runs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::state::State;

use super::people::account;

/// The most sites that a sandbox has.
const MOST_SITES: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    token_lifetime: Option<u64>,
    token_type: Option<bool>,
    jira_entry: Option<bool>,
    sites: Option<usize>,
    account: Option<usize>,
    unreachable_sites: Option<BTreeSet<usize>>,
}

/// All settings.
pub(super) fn show(state: &State) -> Reply {
    let settings = &state.settings;
    Reply::json(
        200,
        &json!({
            "token_lifetime": settings.token_lifetime.as_secs(),
            "token_type": settings.token_type,
            "jira_entry": settings.jira_entry,
            "sites": state.sites.len(),
            "account": settings.account.number(),
            "unreachable_sites": settings.unreachable_sites,
        }),
    )
}

/// Changes what is named, all of it or, where a value is refused, nothing.
pub(super) fn change(state: &mut State, change: Change) -> Answer {
    let sites = change.sites.unwrap_or(state.sites.len());
    if !(1..=MOST_SITES).contains(&sites) {
        return Err(errors::control(400, format!("sites must lie between 1 and {MOST_SITES}.")));
    }
    let account = change.account.map_or(Ok(state.settings.account), account)?;
    if change.unreachable_sites.iter().flatten().any(|number| !(1..=sites).contains(number)) {
        return Err(errors::control(400, format!("unreachable_sites must lie between 1 and {sites}.")));
    }
    state.set_sites(sites);
    let settings = &mut state.settings;
    settings.token_lifetime = change.token_lifetime.map_or(settings.token_lifetime, Duration::from_secs);
    settings.token_type = change.token_type.unwrap_or(settings.token_type);
    settings.jira_entry = change.jira_entry.unwrap_or(settings.jira_entry);
    settings.account = account;
    if let Some(unreachable) = change.unreachable_sites {
        settings.unreachable_sites = unreachable;
    }
    Ok(show(state))
}
