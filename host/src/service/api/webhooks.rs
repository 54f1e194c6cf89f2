//! `/webhooks`: addresses that are told what happens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, Caller, Path, Query};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::time::Moment;
use super::{Api, Touched};
use crate::failure::Result;
use crate::ids::WebhookId;
use crate::secret::ExposeSecret as _;
use crate::service::webhooks::{self, WebhookEvent, Webhooks, unknown};

/// An address that is told what happens.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    /// Its id.
    id: String,
    /// Where it is.
    url: String,
    /// What it is told.
    events: Vec<WebhookEvent>,
    /// The secret that messages are signed with, as *Standard Webhooks* has it. It is told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// When it was made.
    created_at: Moment,
    /// Since when nothing is taken in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Moment>,
    /// Whether it failed for so long that it is told nothing any more.
    disabled: bool,
}

impl From<webhooks::Webhook> for Webhook {
    fn from(webhook: webhooks::Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.to_string(),
            events: webhook.events,
            secret: None,
            created_at: Moment(webhook.created_at),
            failing_since: webhook.failing_since.map(Moment),
            disabled: webhook.disabled,
        }
    }
}

/// Who is to be told what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// The address: https, at a host that the operator lets be called.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// What it is to be told.
    #[schema(min_items = 1)]
    events: Vec<WebhookEvent>,
}

/// Have an address be told what happens
///
/// Each message is a POST, signed as *Standard Webhooks* says. It comes at least once, with the same `webhook-id` however often
/// it is sent, and is sent again for three days until it is answered with 2xx. 410 ends it. After one that was not taken in the
/// address rests, for longer each time.
///
/// `run.finished`: a run is over, also one whose process died. `connection.created`: an account was connected.
/// `connection.reauthorized`: one that was connected before was connected again. `connection.needs_reauthorization`: a connection
/// works no more until its person connects it again. `connection.bad_client_credentials`: it works no more until an admin
/// corrects client id and secret of its profile. `conversation.failed`: a conversation ended without doing what it was for.
/// `admin.needed`: something failed in a conversation that only an admin can mend.
#[utoipa::path(post, path = "/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body = NewWebhook, responses((status = 201, body = Webhook)), security(("key" = ["admin"])))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Body(NewWebhook { url, events }): Body<NewWebhook>,
) -> Result<Response, Refused> {
    let created = api.work(move |host| Webhooks::of(host).create(&caller.workspace(), &url, events));
    let (webhook, secret) = created.await?;
    let touched = Touched(vec![("webhook", webhook.id.to_string())]);
    let shown = Webhook { secret: Some(secret.expose_secret().to_owned()), ..webhook.into() };
    let mut response = (StatusCode::CREATED, Json(shown)).into_response();
    response.extensions_mut().insert(touched);
    Ok(response)
}

/// List the webhooks
#[utoipa::path(get, path = "/webhooks", operation_id = "list_webhooks", tag = "webhooks", params(Paging),
    responses((status = 200, body = Page<Webhook>)), security(("key" = ["admin"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Webhook>>, Refused> {
    let page = api.work(move |host| {
        let all = Webhooks::of(host).list(&caller.workspace())?;
        paging.of(all, |webhook| webhook.id.as_str(), Webhook::from)
    });
    Ok(Json(page.await?))
}

/// Show a webhook
#[utoipa::path(get, path = "/webhooks/{webhook}", operation_id = "show_webhook", tag = "webhooks",
    params(("webhook" = String, Path)), responses((status = 200, body = Webhook)),
    security(("key" = ["admin"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(webhook): Path<String>,
) -> Result<Json<Webhook>, Refused> {
    let shown = api.work(move |host| Webhooks::of(host).get(&caller.workspace(), &known(webhook)?));
    Ok(Json(shown.await?.into()))
}

/// Take a webhook away
///
/// What it was not told yet it is never told.
#[utoipa::path(delete, path = "/webhooks/{webhook}", operation_id = "delete_webhook", tag = "webhooks",
    params(("webhook" = String, Path)), responses((status = 204)), security(("key" = ["admin"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(webhook): Path<String>,
) -> Result<StatusCode, Refused> {
    api.work(move |host| Webhooks::of(host).delete(&caller.workspace(), &known(webhook)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id of a webhook as it stands in a path; one that cannot be is none that there is.
fn known(text: String) -> Result<WebhookId> {
    WebhookId::new(text).map_err(|_| unknown())
}
