//! The gateway of api.atlassian.com: `/ex/confluence/{cloudid}/…`.
//!
//! It decides before Confluence does, and what it answers is what trips clients up: an unknown token is 401, a
//! token of the wrong scope family is 401 with other words, but an *expired* token is 404 on v2 and 403 on v1.
//! A double slash in a path is answered like a missing scope.

use crate::clock::Moment;
use crate::confluence::{self, Entry};
use crate::errors;
use crate::http::{Call, Reply};
use crate::oauth::Bearer;
use crate::state::State;

const PREFIX: &str = "/ex/confluence/";

/// A path behind the gateway: the cloud id, and the rest with its leading slash.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(PREFIX)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    Some(rest.split_at(slash))
}

/// Lets a call in, or says why not.
pub(crate) fn handle(state: &mut State, call: &Call, cloud_id: &str, path: &str) -> Reply {
    let now = state.clock.now();
    let bearer = match call.bearer() {
        Some(token) => state.authorizations.bearer(token, now),
        None => Bearer::Unknown,
    };
    if matches!(bearer, Bearer::Unknown) {
        return errors::unauthorized();
    }
    if path.contains("//") {
        return errors::scope_mismatch();
    }
    let Some(site) = state.sites.iter().position(|site| site.cloud_id == cloud_id) else {
        return errors::no_such_path(now, 404, &call.path);
    };
    match bearer {
        Bearer::Good(granted) => {
            let client = granted.client_id;
            let limit = state.settings.rate_limit;
            if let Some(refusal) = limit.and_then(|limit| state.quotas.refusal(&client, limit, now)) {
                return refusal;
            }
            let entry = Entry { account: granted.account, site, scopes: Some(granted.scopes) };
            let reply = confluence::answer(state, call, path, entry);
            match limit {
                Some(limit) => state.quotas.count(&client, limit, now, call, reply),
                None => reply,
            }
        }
        _ => expired(path),
    }
}

/// An expired token: Confluence sees nobody, and hides what it has.
fn expired(path: &str) -> Reply {
    if path.starts_with("/wiki/rest/") {
        let message = "com.atlassian.confluence.api.service.exceptions.PermissionException: \
                       Current user not permitted to use Confluence";
        return errors::v1(403, false, message);
    }
    errors::not_found()
}

/// Confluence's paths without the gateway's prefix, as a client makes them that resolves `_links.next` like
/// any other relative address.
pub(crate) fn lost_prefix(now: Moment, path: &str) -> Option<Reply> {
    let lost = path.starts_with("/wiki/api/") || path.starts_with("/wiki/rest/") || path.starts_with("/ex/");
    lost.then(|| errors::no_such_path(now, 404, path))
}
