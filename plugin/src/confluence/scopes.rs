//! Confluence's OAuth scopes, and what to say where one is lacking.
//!
//! Every operation of REST v2 takes granular scopes (`write:page:confluence`) and no classic one
//! (`write:confluence-content`). A connection that was granted a classic scope looks right to the person who
//! made it and fails at every call, so the difference is named wherever it shows.

use crate::platform::{Failure, FailureKind, Response};

/// Reads pages and blog posts. Blog posts have no scope of their own.
pub(crate) const READ_PAGE: &str = "read:page:confluence";
/// Creates and changes pages and blog posts.
pub(crate) const WRITE_PAGE: &str = "write:page:confluence";
/// Deletes pages and blog posts.
pub(crate) const DELETE_PAGE: &str = "delete:page:confluence";
/// Finds spaces.
pub(crate) const READ_SPACE: &str = "read:space:confluence";

/// Reads what is below a page.
pub(crate) const READ_HIERARCHY: &str = "read:hierarchical-content:confluence";
/// Reads what is above a page, among other things about content.
pub(crate) const READ_METADATA: &str = "read:content.metadata:confluence";
/// Reads comments.
pub(crate) const READ_COMMENT: &str = "read:comment:confluence";
/// Writes comments.
pub(crate) const WRITE_COMMENT: &str = "write:comment:confluence";
/// Deletes comments.
pub(crate) const DELETE_COMMENT: &str = "delete:comment:confluence";
/// Reads labels; v1 wants it for adding them too.
pub(crate) const READ_LABEL: &str = "read:label:confluence";
/// Adds and removes labels.
pub(crate) const WRITE_LABEL: &str = "write:label:confluence";
/// Reads what is said of attachments.
pub(crate) const READ_ATTACHMENT: &str = "read:attachment:confluence";
/// Attaches files; v1 wants [`READ_DETAILS`] with it.
pub(crate) const WRITE_ATTACHMENT: &str = "write:attachment:confluence";
/// Deletes attachments.
pub(crate) const DELETE_ATTACHMENT: &str = "delete:attachment:confluence";

/// Tells whose account it is, and searches, among other details.
pub(crate) const READ_DETAILS: &str = "read:content-details:confluence";
/// Tells whose account it is: the classic scope for it, which v1's operation takes as well.
pub(crate) const READ_USER: &str = "read:confluence-user";

/// What the body of a scope mismatch contains.
pub(crate) const MISMATCH_TEXT: &str = "scope does not match";
/// The header that Atlassian's gateway adds to a scope mismatch.
pub(crate) const MISMATCH_HEADER: (&str, &str) = ("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK");

/// Which template acts, and what it needs. Absent while authorizing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The template's id.
    pub(crate) template: &'static str,
    /// The scopes it declares.
    pub(crate) scopes: &'static [&'static str],
}

/// Whether a 401 is about a scope and not about the token. Refreshing does not help then.
pub(crate) fn is_mismatch(response: &Response) -> bool {
    let (name, value) = MISMATCH_HEADER;
    let by_header = response.header(name).is_some_and(|found| found.trim().eq_ignore_ascii_case(value));
    let by_body = || String::from_utf8_lossy(&response.body).to_ascii_lowercase().contains(MISMATCH_TEXT);
    response.status == 401 && (by_header || by_body())
}

/// The failure of a template that lacks scopes: those it was not granted, or all it needs where the grant
/// claims to have them.
pub(crate) fn lacking(need: Option<Need>, granted: &[String]) -> Failure {
    let Some(Need { template, scopes }) = need else {
        return Failure::new(
            FailureKind::InsufficientScope(Vec::new()),
            "insufficient-scope",
            "The connection lacks an OAuth scope for this request.",
        );
    };
    let absent: Vec<String> = scopes
        .iter()
        .filter(|scope| !granted.iter().any(|has| has == *scope))
        .map(|scope| (*scope).to_owned())
        .collect();
    let named =
        if absent.is_empty() { scopes.iter().map(|scope| (*scope).to_owned()).collect() } else { absent };
    let list = named.join(" ");
    let message =
        format!("The template `{template}` needs the OAuth scope {list}, which the connection lacks.");
    let add = format!(
        "Add {list} to the app's permissions in Atlassian's developer console and to the profile, then \
         authorize again: refreshing the token does not help."
    );
    let hint = match granted.iter().find(|scope| is_classic(scope)) {
        Some(classic) => {
            format!("The connection has {classic}, a classic scope, which REST v2 does not take. {add}")
        }
        None => add,
    };
    Failure::new(FailureKind::InsufficientScope(named), "insufficient-scope", message).hint(hint)
}

/// Whether it is one of the scopes from before the granular ones, such as `write:confluence-content`.
pub(crate) fn is_classic(scope: &str) -> bool {
    scope.contains(":confluence-")
        || matches!(scope, "search:confluence" | "readonly:content.attachment:confluence")
}
