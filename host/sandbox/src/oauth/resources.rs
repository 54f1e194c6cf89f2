//! `GET /oauth/token/accessible-resources`: the sites that a grant reaches.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Call, Reply};
use crate::state::State;

use super::{Bearer, scopes};

/// The scopes of the entry that stands for Jira when the setting `jira_entry` is on.
const JIRA_SCOPES: &[&str] = &["read:jira-user", "read:jira-work"];

/// Every site for a grant with a Confluence scope, none for others.
///
/// "The `id` is not unique across containers" (Atlassian, *OAuth 2.0 (3LO) apps*): with the setting
/// `jira_entry`, each site is preceded by Jira's entry of the same id, so that a client which takes the first
/// one is caught.
pub(crate) fn list(state: &mut State, call: &Call) -> Reply {
    let now = state.clock.now();
    let granted = match call.bearer().map(|token| state.authorizations.bearer(token, now)) {
        Some(Bearer::Good(granted)) => granted.scopes,
        _ => return errors::unauthorized(),
    };
    let confluence: Vec<_> = granted.iter().filter(|scope| scopes::is_confluence(scope)).collect();
    if confluence.is_empty() {
        return Reply::json(200, &json!([]));
    }
    let mut entries = Vec::new();
    for site in &state.sites {
        let entry = |scopes: Value, avatar: &str| {
            json!({
                "id": site.cloud_id,
                "url": site.url,
                "name": site.name,
                "scopes": scopes,
                "avatarUrl": format!("{}/avatars/{avatar}.svg", state.origin),
            })
        };
        if state.settings.jira_entry {
            entries.push(entry(json!(JIRA_SCOPES), "jira"));
        }
        entries.push(entry(json!(confluence), "confluence"));
    }
    Reply::json(200, &Value::Array(entries))
}
