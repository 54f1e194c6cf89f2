//! Confluence at a site's own address, as `https://NAME.atlassian.net/wiki/api/v2/…` is: for people's API tokens,
//! sent as `Authorization: Basic` with the account's address. Tokens of apps are refused there.
//!
//! All sites share one origin here. At the root a token leads to the site that it was made for; below
//! `/site/N`, where the other sites have their address, it has to be a token for that site.

use axum::http::header;

use crate::confluence::{self, Entry};
use crate::errors;
use crate::http::{Call, Reply};
use crate::state::State;

/// Where a call with credentials goes: the index of the site that the address names, if it names one, and the
/// path from `/wiki` on. Without credentials these paths are not Confluence's.
pub(crate) fn split(call: &Call) -> Option<(Option<usize>, &str)> {
    if !call.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let (site, path) = match call.path.strip_prefix("/site/") {
        Some(rest) => {
            let (number, path) = rest.split_at(rest.find('/')?);
            (Some(number.parse::<usize>().ok()?.checked_sub(1)?), path)
        }
        None => (None, call.path.as_str()),
    };
    let is_api = path.starts_with("/wiki/api/") || path.starts_with("/wiki/rest/");
    is_api.then_some((site, path))
}

/// Lets a call in, or says that its credentials are not good here.
pub(crate) fn handle(state: &mut State, call: &Call, named: Option<usize>, path: &str) -> Reply {
    let now = state.clock.now();
    let holder = call.basic().and_then(|(email, token)| state.authorizations.api_token(&email, &token, now));
    match holder {
        Some(holder) if named.is_none_or(|site| site == holder.site) => {
            let entry = Entry { account: holder.account, site: holder.site, scopes: None };
            confluence::answer(state, call, path, entry)
        }
        _ => errors::unauthorized(),
    }
}
