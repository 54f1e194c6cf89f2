//! The settings that scripts may change while the sandbox runs.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::rates::RateLimit;
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
    attachment_limit: Option<u64>,
    attachment_too_large_status: Option<u16>,
    xsrf_always: Option<bool>,
    search_lag: Option<u64>,
    rate_limit: Option<RateLimit>,
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
            "attachment_limit": settings.attachment_limit,
            "attachment_too_large_status": settings.attachment_too_large,
            "xsrf_always": settings.xsrf_always,
            "search_lag": settings.search_lag.as_secs(),
            "rate_limit": settings.rate_limit,
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
    let too_large = change.attachment_too_large_status.unwrap_or(state.settings.attachment_too_large);
    if !matches!(too_large, 404 | 413) {
        return Err(errors::control(400, "attachment_too_large_status is 404 or 413."));
    }
    if change.rate_limit.is_some_and(|limit| limit.window == 0) {
        return Err(errors::control(400, "The window of rate_limit has at least one second."));
    }
    state.set_sites(sites);
    if change.rate_limit.is_some() {
        state.quotas.clear();
    }
    let settings = &mut state.settings;
    settings.token_lifetime = change.token_lifetime.map_or(settings.token_lifetime, Duration::from_secs);
    settings.token_type = change.token_type.unwrap_or(settings.token_type);
    settings.jira_entry = change.jira_entry.unwrap_or(settings.jira_entry);
    settings.account = account;
    settings.attachment_limit = change.attachment_limit.unwrap_or(settings.attachment_limit);
    settings.attachment_too_large = too_large;
    settings.xsrf_always = change.xsrf_always.unwrap_or(settings.xsrf_always);
    settings.search_lag = change.search_lag.map_or(settings.search_lag, Duration::from_secs);
    if let Some(limit) = change.rate_limit {
        settings.rate_limit = Some(limit).filter(|limit| limit.points > 0);
    }
    if let Some(unreachable) = change.unreachable_sites {
        settings.unreachable_sites = unreachable;
    }
    Ok(show(state))
}
