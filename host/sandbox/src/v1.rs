//! What is left of Confluence's REST API, version 1, behind the gateway.

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;

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
    let account = visit.account;
    Ok(Reply::json(
        200,
        &json!({
            "type": "known",
            "accountId": account.id,
            "accountType": "atlassian",
            "email": account.visible_email(),
            "publicName": account.name,
            "displayName": account.name,
            "isExternalCollaborator": false,
            "_links": {
                "self": format!("{}/rest/api/user?accountId={}", site.base(), account.id),
                "base": site.base(),
                "context": "/wiki",
            },
        }),
    ))
}
