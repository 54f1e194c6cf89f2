//! The error bodies of Atlassian's front doors. Each speaks a different dialect, and a client has to read all
//! of them:
//!
//! | from | shape |
//! |---|---|
//! | Confluence v2 | `{"errors":[{"status","code","title","detail"}]}` |
//! | Confluence v1 | `{"statusCode","data":{…},"message"}` |
//! | the gateway, credentials and scopes | `{"code","message"}` |
//! | the gateway, unknown path | `{"timestamp","status","error","message"}` |
//!
//! The token endpoint has a fifth, RFC 6749's `{"error","error_description"}`.

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::http::Reply;

/// Confluence v2, with an integer status as most of its answers have.
pub(crate) fn v2(status: u16, code: &str, title: &str, detail: Option<&str>) -> Reply {
    Reply::json(
        status,
        &json!({"errors": [{"status": status, "code": code, "title": title, "detail": detail}]}),
    )
}

/// A request that v2 does not accept.
pub(crate) fn invalid(title: impl AsRef<str>) -> Reply {
    v2(400, "INVALID_REQUEST_PARAMETER", title.as_ref(), None)
}

/// A value of the wrong type, in v2's words.
pub(crate) fn wrong_type(name: &str, expected: &str) -> Reply {
    invalid(format!("Provided value for '{name}' is not the correct type. Expected type is {expected}."))
}

/// A cursor that v2 did not make, such as a whole URL.
pub(crate) fn bad_cursor() -> Reply {
    v2(
        400,
        "INVALID_REQUEST_PARAMETER",
        "Provided value for 'cursor' is not the correct type. Expected type is Cursor.",
        Some(
            "The provided cursor was not valid. Use the cursor of the previous answer's 'next' link as it is.",
        ),
    )
}

/// v2's mask for what does not exist and for what may not be seen.
pub(crate) fn not_found() -> Reply {
    v2(404, "NOT_FOUND", "Not Found", None)
}

/// The answer to a version that was not incremented; its status is a string, as measured.
pub(crate) fn version_conflict(current: u32, provided: i64) -> Reply {
    let title = format!(
        "Version must be incremented when updating a page. Current Version: [{current}]. Provided version: [{provided}]"
    );
    Reply::json(
        409,
        &json!({"errors": [{"status": "409", "code": "CONFLICT", "title": title, "detail": null}]}),
    )
}

/// Confluence v1.
pub(crate) fn v1(status: u16, authorized: bool, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({
            "statusCode": status,
            "data": {"authorized": authorized, "valid": true, "errors": [], "successful": authorized},
            "message": message,
        }),
    )
}

/// A request that v1 does not accept.
pub(crate) fn v1_invalid(message: impl AsRef<str>) -> Reply {
    let message = message.as_ref();
    Reply::json(
        400,
        &json!({
            "statusCode": 400,
            "data": {
                "authorized": true,
                "valid": false,
                "errors": [{"message": {"translation": message, "args": []}}],
                "successful": false,
            },
            "message": format!("com.atlassian.confluence.api.service.exceptions.BadRequestException: {message}"),
        }),
    )
}

/// v1's mask for what does not exist and for what may not be seen.
pub(crate) fn v1_not_found() -> Reply {
    let message = "com.atlassian.confluence.api.service.exceptions.NotFoundException: \
                   No content found, or the calling user does not have permission to view it";
    v1(404, true, message)
}

/// v1 on what may be viewed but not changed.
pub(crate) fn v1_forbidden() -> Reply {
    let message = "com.atlassian.confluence.api.service.exceptions.PermissionException: \
                   The calling user is not permitted to change this content";
    v1(403, false, message)
}

/// The filter before v1's writes, in plain text.
pub(crate) fn xsrf() -> Reply {
    Reply::text(403, "XSRF check failed")
}

/// A v1 content call: gone, although its body says authorized and successful.
pub(crate) fn gone() -> Reply {
    let message = "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: \
                   This deprecated endpoint has been removed.";
    v1(410, true, message)
}

/// The gateway on a missing, unknown or revoked token.
pub(crate) fn unauthorized() -> Reply {
    gateway(401, "Unauthorized")
}

/// The gateway on a token whose scopes are not those of the operation.
pub(crate) fn scope_mismatch() -> Reply {
    gateway(401, "Unauthorized; scope does not match")
        .header("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK")
}

/// The gateway on an app that has used its quota up.
pub(crate) fn rate_limited() -> Reply {
    gateway(429, "Rate limit exceeded")
}

fn gateway(code: u16, message: &str) -> Reply {
    Reply::json(code, &json!({"code": code, "message": message}))
}

/// The gateway on a path or a cloud id that it does not know.
pub(crate) fn no_such_path(now: Moment, status: u16, path: &str) -> Reply {
    let error = if status == 405 { "Method Not Allowed" } else { "Not Found" };
    Reply::json(
        status,
        &json!({
            "timestamp": now.iso(),
            "status": status,
            "error": error,
            "message": format!("No message available for {path}"),
        }),
    )
}

/// The token endpoint.
pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": description}))
}

/// The control endpoints under `/_sandbox/`: one sentence.
pub(crate) fn control(status: u16, sentence: impl Into<String>) -> Reply {
    Reply::json(status, &json!({"error": Value::String(sentence.into())}))
}
