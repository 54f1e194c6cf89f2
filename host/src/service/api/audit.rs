//! `/audit`: who did what.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::extract::{Caller, Query};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::time::Moment;
use crate::clock::Day;
use crate::failure::Result;
use crate::service::audit::{Audit, Entry, Wanted};

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
    /// What was asked for: the id of an operation of this document, or the words of the command; or what happened, by the
    /// name of the event that webhooks are told of. Of each connection that went with something else it is
    /// `delete_connection`.
    #[schema(examples("enable_integration"))]
    action: String,
    /// What came of it: `done`, the code of the problem, `interrupted` of a run whose process died, or how a connection
    /// stands.
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
    /// The vendor's id of what a run made, changed, removed or looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
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
            content: entry.subject.content,
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

/// Which entries, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// By whom, as `by` of an entry has it.
    by: Option<String>,
    /// What was asked for.
    action: Option<String>,
    /// Of this integration.
    integration: Option<String>,
    /// Of this template.
    template: Option<String>,
    /// Of this connection.
    connection: Option<String>,
    /// Of this content, by the vendor's id.
    content: Option<String>,
    /// From this day on, in UTC.
    #[param(format = Date, example = "2026-01-31")]
    since: Option<String>,
    /// To the end of this day, in UTC.
    #[param(format = Date, example = "2026-01-31")]
    until: Option<String>,
    /// How many items: 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 128)]
    cursor: Option<String>,
}

/// List who did what, the last entry first
#[utoipa::path(get, path = "/audit", operation_id = "list_audit", tag = "audit", params(Which),
    responses((status = 200, body = Page<AuditEntry>)), security(("key" = ["admin"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Page<AuditEntry>>, Refused> {
    let page = api.work(move |host| {
        let Which { by, action, integration, template, connection, content, since, until, limit, cursor } =
            which;
        let day = |text: Option<String>| text.as_deref().map(Day::parse).transpose();
        let since = day(since)?.map(|day| day.begins());
        let until = day(until)?.map(|day| day.ends());
        let wanted = Wanted { by, action, integration, template, connection, content, since, until };
        let paging = Paging { limit, cursor };
        let (limit, before) = (paging.limit()?, paging.after()?);
        let entries = Audit::of(host).list(&caller.workspace(), &wanted, before.as_deref(), limit + 1)?;
        Ok(Page::new(entries, limit, |entry| entry.id.as_str(), AuditEntry::from))
    });
    Ok(Json(page.await?))
}
