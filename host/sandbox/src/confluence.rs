//! Confluence itself, behind the door that let a call in: the gateway or the site's own address.

use crate::accounts::Account;
use crate::errors;
use crate::http::{Call, Reply};
use crate::routes::{CONFLUENCE, Found, Visit, find};
use crate::state::State;

/// Who was let in, and where.
pub(crate) struct Entry {
    pub(crate) account: &'static Account,
    /// The index of the site.
    pub(crate) site: usize,
    /// What the credential may do; everything where it has no scopes.
    pub(crate) scopes: Option<Vec<String>>,
}

/// Answers a call. `path` starts at `/wiki`.
pub(crate) fn answer(state: &mut State, call: &Call, path: &str, entry: Entry) -> Reply {
    let now = state.clock.now();
    let Entry { account, site, scopes } = entry;
    if !state.is_reachable(site) {
        return errors::not_found();
    }
    let (route, parameters) = match find(CONFLUENCE, &call.method, path) {
        Found::Route(route, parameters) => (route, parameters),
        Found::OtherMethod(_) => return errors::no_such_path(now, 405, &call.path),
        Found::Nothing => return errors::no_such_path(now, 404, &call.path),
    };
    let has = |scope: &&str| scopes.as_ref().is_none_or(|granted| granted.iter().any(|one| one == scope));
    if !route.access.is_empty() && !route.access.iter().any(|set| set.iter().all(has)) {
        return errors::scope_mismatch();
    }
    if !route.access.is_empty() && is_forgeable(state, call, path) {
        return errors::xsrf();
    }
    let mut visit = Visit { state, call, account, parameters, site };
    (route.handler)(&mut visit).unwrap_or_else(|refusal| refusal)
}

/// Whether a write of v1 could have been forged by a web page, and does not carry the header that rules it out.
/// Uploads always need it; of the others, only those that come from a browser, or all where a script says so.
fn is_forgeable(state: &State, call: &Call, path: &str) -> bool {
    if call.method == "GET" || !path.starts_with("/wiki/rest/") {
        return false;
    }
    let header =
        |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if matches!(header("x-atlassian-token"), "no-check" | "nocheck") {
        return false;
    }
    let browser = header("user-agent").starts_with("Mozilla/");
    browser || state.settings.xsrf_always || call.media_type() == "multipart/form-data"
}
