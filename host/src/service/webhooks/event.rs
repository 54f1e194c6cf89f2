//! What is told: that something happened, to what, and how it stands. Never content, never a secret.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delivery::Delivery;
use super::{Webhook, read};
use crate::authorization::{Connection, ConnectionStatus};
use crate::clock::date;
use crate::dialog::Conversation;
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, WorkspaceId};
use crate::service::runs::RunRecord;
use crate::vault::{Collection, Write};

/// What a webhook can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[non_exhaustive]
pub enum WebhookEvent {
    /// An account was connected.
    #[serde(rename = "connection.created")]
    ConnectionCreated,
    /// An account that was connected before was connected again.
    #[serde(rename = "connection.reauthorized")]
    ConnectionReauthorized,
    /// A connection works no more until somebody connects it again.
    #[serde(rename = "connection.needs_reauthorization")]
    ConnectionNeedsReauthorization,
    /// A connection works no more until an admin corrects the client id or secret of its profile.
    #[serde(rename = "connection.bad_client_credentials")]
    ConnectionBadClientCredentials,
    /// A run is over.
    #[serde(rename = "run.finished")]
    RunFinished,
    /// Something failed in a conversation that only an admin can mend.
    #[serde(rename = "admin.needed")]
    AdminNeeded,
    /// A conversation ended because something failed in it.
    #[serde(rename = "conversation.failed")]
    ConversationFailed,
}

impl WebhookEvent {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionCreated => "connection.created",
            Self::ConnectionReauthorized => "connection.reauthorized",
            Self::ConnectionNeedsReauthorization => "connection.needs_reauthorization",
            Self::ConnectionBadClientCredentials => "connection.bad_client_credentials",
            Self::RunFinished => "run.finished",
            Self::AdminNeeded => "admin.needed",
            Self::ConversationFailed => "conversation.failed",
        }
    }
}

/// The writes by which it is told that a run is over.
pub(in crate::service) fn run_finished(
    host: &Host,
    workspace: &WorkspaceId,
    record: &RunRecord,
) -> Result<Vec<Write>> {
    let failure = record.failure.as_ref();
    told(host, workspace, WebhookEvent::RunFinished, || {
        json!({
            "run": record.id,
            "integration": record.integration,
            "template": record.template,
            "connection": record.connection,
            "user": record.user,
            "conversation": record.conversation,
            "state": record.state,
            "may_have_effect": record.may_have_effect,
            "failure": failure.map(|failure| json!({ "kind": failure.kind, "code": failure.code })),
        })
    })
}

/// What becomes of a connection that is about to be stored, where somebody is to know.
pub(in crate::service) fn change_of(host: &Host, after: &Connection) -> Option<WebhookEvent> {
    // What waits for its site is no connection yet.
    let before = host.authorizations().connection(&after.workspace, &after.id).ok();
    let before = before.filter(|before| before.status != ConnectionStatus::AwaitingSite);
    let stood_so = before.as_ref().is_some_and(|before| before.status == after.status);
    match (after.status, before) {
        (status, None) if status.works() => Some(WebhookEvent::ConnectionCreated),
        (status, Some(before)) if status.works() && !before.is_of_same_consent(after) => {
            Some(WebhookEvent::ConnectionReauthorized)
        }
        (ConnectionStatus::NeedsReauthorization, _) if !stood_so => {
            Some(WebhookEvent::ConnectionNeedsReauthorization)
        }
        (ConnectionStatus::BadClientCredentials, _) if !stood_so => {
            Some(WebhookEvent::ConnectionBadClientCredentials)
        }
        _ => None,
    }
}

/// The writes by which it is told what becomes of a connection that is about to be stored.
pub(in crate::service) fn connection_changed(
    host: &Host,
    after: &Connection,
    event: WebhookEvent,
) -> Result<Vec<Write>> {
    told(host, &after.workspace, event, || {
        json!({
            "connection": after.id,
            "integration": after.integration,
            "user": after.user,
            "status": after.status.as_str(),
        })
    })
}

/// The writes by which it is told that an admin is needed.
pub(in crate::service) fn admin_needed(
    host: &Host,
    workspace: &WorkspaceId,
    integration: &IntegrationId,
    failure: &Failure,
) -> Result<Vec<Write>> {
    told(host, workspace, WebhookEvent::AdminNeeded, || {
        json!({
            "integration": integration,
            "failure": { "kind": failure.kind.as_str(), "code": failure.code },
        })
    })
}

/// The writes by which it is told that a conversation ended because something failed in it.
pub(in crate::service) fn conversation_failed(
    host: &Host,
    conversation: &Conversation,
    failure: &Failure,
) -> Result<Vec<Write>> {
    told(host, &conversation.workspace, WebhookEvent::ConversationFailed, || {
        json!({
            "conversation": conversation.id,
            "dialog": conversation.dialog,
            "integration": conversation.integration,
            "user": conversation.user,
            "failure": { "kind": failure.kind.as_str(), "code": failure.code },
        })
    })
}

/// One delivery for each webhook that is told of this.
fn told(
    host: &Host,
    workspace: &WorkspaceId,
    event: WebhookEvent,
    data: impl FnOnce() -> Value,
) -> Result<Vec<Write>> {
    let authorizations = host.authorizations();
    let stored = authorizations.vault.list(Collection::Webhooks, workspace.as_str())?;
    let webhooks: Result<Vec<Webhook>> = stored.iter().map(|(_, record)| read(&record.body)).collect();
    let mut webhooks = webhooks?;
    webhooks.retain(|webhook| !webhook.disabled && webhook.events.contains(&event));
    if webhooks.is_empty() {
        return Ok(Vec::new());
    }
    let now = authorizations.clock.now()?;
    let id = authorizations.ordered_id("msg_")?;
    let body = json!({ "type": event.as_str(), "timestamp": date(now), "data": data() }).to_string();
    let deliveries = webhooks.into_iter().map(|webhook| {
        let id = format!("{id}_{}", webhook.id);
        Delivery::new(id, webhook.id, body.clone(), now).written(workspace)
    });
    deliveries.collect()
}
