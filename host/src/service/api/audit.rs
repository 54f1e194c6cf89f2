//! `/audit`: who did what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::extract::{Caller, Query};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::time::Moment;
use crate::failure::Result;
use crate::service::audit::{Audit, Entry};

/// What was done, and to what: never what went in or came out.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEntry {
    /// Its id.
    id: String,
    /// When.
    at: Moment,
    /// Who: `key:` and the id of a key, `conversation:` and the id of one, `user:` and an end user who authorized,
    /// `authorization` where that was for everybody, or `command`.
    by: String,
    /// What was asked for: the id of an operation of this document, or the words of the command.
    #[schema(examples("enable_integration"))]
    action: String,
    /// What came of it: `done`, or the code of the problem.
    outcome: String,
    /// The integration.
    #[serde(skip_serializing_if = "Option::is_none")]
    integration: Option<String>,
    /// The template.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// The profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The key of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The dialog.
    #[serde(skip_serializing_if = "Option::is_none")]
    dialog: Option<String>,
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    /// The request that it was asked for with.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: Moment(entry.at),
            by: entry.by,
            action: entry.action,
            outcome: entry.outcome,
            integration: entry.subject.integration,
            template: entry.subject.template,
            profile: entry.subject.profile,
            connection: entry.subject.connection,
            session: entry.subject.session,
            run: entry.subject.run,
            key: entry.subject.key,
            dialog: entry.subject.dialog,
            conversation: entry.subject.conversation,
            file: entry.subject.file,
            webhook: entry.subject.webhook,
            request_id: entry.request_id,
        }
    }
}

/// List who did what, the last entry first
#[utoipa::path(get, path = "/audit", operation_id = "list_audit", tag = "audit", params(Paging),
    responses((status = 200, body = Page<AuditEntry>)), security(("key" = ["admin"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<AuditEntry>>, Refused> {
    let page = api.work(move |host| {
        let (limit, before) = (paging.limit()?, paging.after()?);
        let entries = Audit::of(host).list(&caller.workspace(), before.as_deref(), limit + 1)?;
        Ok(Page::new(entries, limit, |entry| entry.id.as_str(), AuditEntry::from))
    });
    Ok(Json(page.await?))
}
