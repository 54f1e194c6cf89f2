//! `/responses`: what conversations say that is not of one dialog, in several languages.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::extract::{Body, Caller, Path};
use super::problem::Refused;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::WorkspaceId;

/// What is said in one language.
#[derive(Serialize, ToSchema)]
pub(super) struct StandardResponse {
    /// Its name.
    #[schema(examples("something-went-wrong"))]
    name: String,
    /// The language.
    #[schema(examples("en"))]
    language: String,
    /// The text, in which `{{…}}` stands for what is known.
    text: String,
}

/// What a standard response is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponseChange {
    /// The text.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// List the standard responses of a language
#[utoipa::path(get, path = "/responses/{language}", operation_id = "list_responses", tag = "dialogs",
    params(("language" = String, Path)), responses((status = 200, body = Vec<StandardResponse>)),
    security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Path(language): Path<String>,
) -> Result<Json<Vec<StandardResponse>>, Refused> {
    let listed = api.work(move |host| {
        let responses = host.responses(&caller.workspace(), &language)?;
        let response = |(name, text): (&str, &str)| StandardResponse {
            name: name.to_owned(),
            language: language.clone(),
            text: text.to_owned(),
        };
        Ok(responses.iter().map(response).collect())
    });
    Ok(Json(listed.await?))
}

/// Show a standard response
#[utoipa::path(get, path = "/responses/{language}/{response}", operation_id = "show_response", tag = "dialogs",
    params(("language" = String, Path), ("response" = String, Path)),
    responses((status = 200, body = StandardResponse)), security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path((language, name)): Path<(String, String)>,
) -> Result<Json<StandardResponse>, Refused> {
    let shown = api.work(move |host| found(host, &caller.workspace(), language, name));
    Ok(Json(shown.await?))
}

/// Change a standard response
#[utoipa::path(put, path = "/responses/{language}/{response}", operation_id = "set_response", tag = "dialogs",
    params(("language" = String, Path), ("response" = String, Path)), request_body = ResponseChange,
    responses((status = 200, body = StandardResponse)), security(("key" = ["admin"])))]
pub(super) async fn set(
    State(api): State<Api>,
    caller: Caller,
    Path((language, name)): Path<(String, String)>,
    Body(ResponseChange { text }): Body<ResponseChange>,
) -> Result<Json<StandardResponse>, Refused> {
    let changed = api.work(move |host| {
        host.set_response(&caller.workspace(), &language, &name, Some(&text))?;
        found(host, &caller.workspace(), language, name)
    });
    Ok(Json(changed.await?))
}

/// Say what the host says
#[utoipa::path(delete, path = "/responses/{language}/{response}", operation_id = "reset_response", tag = "dialogs",
    params(("language" = String, Path), ("response" = String, Path)),
    responses((status = 200, body = StandardResponse)), security(("key" = ["admin"])))]
pub(super) async fn reset(
    State(api): State<Api>,
    caller: Caller,
    Path((language, name)): Path<(String, String)>,
) -> Result<Json<StandardResponse>, Refused> {
    let changed = api.work(move |host| {
        host.set_response(&caller.workspace(), &language, &name, None)?;
        found(host, &caller.workspace(), language, name)
    });
    Ok(Json(changed.await?))
}

fn found(host: &Host, workspace: &WorkspaceId, language: String, name: String) -> Result<StandardResponse> {
    let responses = host.responses(workspace, &language)?;
    let text = responses.iter().find(|(known, _)| *known == name).map(|(_, text)| text.to_owned());
    let text = text.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, "unknown-response", "There is no such standard response.")
            .hint("They are listed at /v1/responses/en.")
    })?;
    Ok(StandardResponse { name, language, text })
}
