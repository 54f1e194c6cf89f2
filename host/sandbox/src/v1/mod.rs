//! What is left of Confluence's REST API, version 1, behind the gateway.

pub(crate) mod attachments;
mod body;
pub(crate) mod copy;
mod found;
pub(crate) mod labels;
pub(crate) mod moves;
mod objects;
pub(crate) mod search;
pub(crate) mod tasks;

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Call, Reply, set};
use crate::routes::Visit;
use crate::site::Content;

/// A content or space call: removed, whatever the scopes of the token.
///
/// Measured through OAuth only. With an API token, at the site's own address, Confluence still answered some of
/// these calls; they are 410 there too, because nothing should begin to lean on them.
pub(crate) fn gone(_: &mut Visit<'_>) -> Answer {
    Err(errors::gone())
}

/// `GET /user/current`, which still answers.
pub(crate) fn current_user(visit: &mut Visit<'_>) -> Answer {
    let site = visit.site()?;
    let mut user = objects::user(visit.account);
    let address = format!("{}/rest/api/user?accountId={}", site.base(), visit.account.id);
    set(&mut user, "_links", json!({"self": address, "base": site.base(), "context": "/wiki"}));
    Ok(Reply::json(200, &user))
}

/// Content by its id, where the caller may view it.
fn seen<'a>(visit: &'a Visit<'_>, id: &str) -> Result<&'a Content, Reply> {
    let site = visit.site()?;
    let content = id.parse().ok().and_then(|id: u64| site.contents.get(&id));
    content.filter(|content| site.sees(visit.account, content)).ok_or_else(errors::v1_not_found)
}

/// The content that the path names, where the caller may change it. Unlike v2, v1 tells what may not be changed
/// from what may not be viewed.
fn editable<'a>(visit: &'a Visit<'_>) -> Result<&'a Content, Reply> {
    let content = seen(visit, visit.parameter("id"))?;
    if visit.site()?.may_edit(visit.account, content) { Ok(content) } else { Err(errors::v1_forbidden()) }
}

/// The names in `expand`, comma-separated or repeated.
fn expansions(call: &Call) -> Vec<String> {
    let values = call.query.iter().filter(|(name, _)| name == "expand");
    values.flat_map(|(_, value)| value.split(',')).map(|name| name.trim().to_owned()).collect()
}
