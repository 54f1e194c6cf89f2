//! `/integrations/{integration}/templates`: what an integration can do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Api;
use super::extract::{Caller, Path, Query};
use super::integrations::known;
use super::paging::{Page, Paging};
use super::problem::Refused;
use crate::failure::Result;
use crate::ids::TemplateId;
use crate::runtime;

/// One action of an integration.
#[derive(Serialize, ToSchema)]
pub(super) struct Template {
    /// Its id.
    #[schema(examples("create-content"))]
    id: String,
    /// What people call it.
    title: String,
    /// What it does.
    summary: String,
    /// What it does to the vendor's data: `read`, `create`, `update`, `delete`, or a word of the integration's.
    effect: String,
    /// Whether a repeat leaves things as one run does.
    repeatable: bool,
    /// The scopes that it cannot do without.
    scopes: Vec<String>,
    /// Whether the workspace installed it.
    installed: bool,
    /// The JSON Schema of its input.
    #[schema(value_type = Object)]
    input_schema: Value,
    /// The JSON Schema of its output.
    #[schema(value_type = Object)]
    output_schema: Value,
    /// What to ask a person for, in order.
    prompts: Vec<Prompt>,
    /// What people say when they want it.
    utterances: Vec<String>,
}

/// What to ask a person for one field.
#[derive(Serialize, ToSchema)]
struct Prompt {
    /// The field of the input.
    field: String,
    /// The question.
    text: String,
}

impl Template {
    fn of(template: &runtime::Template, installed: &[TemplateId]) -> Self {
        let prompt =
            |prompt: &runtime::Prompt| Prompt { field: prompt.field.clone(), text: prompt.text.clone() };
        Self {
            id: template.id.to_string(),
            title: template.title.clone(),
            summary: template.summary.clone(),
            effect: template.effect.as_str().to_owned(),
            repeatable: template.repeatable,
            scopes: template.scopes.clone(),
            installed: installed.contains(&template.id),
            input_schema: template.input.json().clone(),
            output_schema: template.output.json().clone(),
            prompts: template.prompts.iter().map(prompt).collect(),
            utterances: template.utterances.clone(),
        }
    }
}

/// List what an integration can do
#[utoipa::path(get, path = "/integrations/{integration}/templates", operation_id = "list_templates",
    tag = "templates", params(("integration" = String, Path), Paging),
    responses((status = 200, body = Page<Template>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Template>>, Refused> {
    let page = api.work(move |host| {
        let id = known(integration)?;
        let plugin = host.plugin(&id)?;
        let configuration = host.configuration(&caller.workspace(), &id)?;
        let installed = configuration.map(|configuration| configuration.templates).unwrap_or_default();
        let all: Vec<&runtime::Template> = plugin.manifest().templates.iter().collect();
        paging.of(all, |template| template.id.as_str(), |template| Template::of(template, &installed))
    });
    Ok(Json(page.await?))
}

/// Show a template
#[utoipa::path(get, path = "/integrations/{integration}/templates/{template}", operation_id = "show_template",
    tag = "templates", params(("integration" = String, Path), ("template" = String, Path)),
    responses((status = 200, body = Template)), security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path((integration, template)): Path<(String, String)>,
) -> Result<Json<Template>, Refused> {
    let shown = api.work(move |host| {
        let id = known(integration)?;
        let plugin = host.plugin(&id)?;
        let configuration = host.configuration(&caller.workspace(), &id)?;
        let installed = configuration.map(|configuration| configuration.templates).unwrap_or_default();
        Ok(Template::of(plugin.known_template(&template)?, &installed))
    });
    Ok(Json(shown.await?))
}

/// What became of the connections of an integration.
#[derive(Serialize, ToSchema)]
pub(super) struct Installation {
    /// The template.
    template: String,
    /// Whether it is installed.
    installed: bool,
    /// The connections that lack scopes for what is installed: their persons have to connect again.
    lacking_connections: Vec<String>,
}

/// Install a template
///
/// Connections ask for its scopes from then on. One that is installed stays so.
#[utoipa::path(put, path = "/integrations/{integration}/templates/{template}/installation",
    operation_id = "install_template", tag = "templates",
    params(("integration" = String, Path), ("template" = String, Path)),
    responses((status = 200, body = Installation)), security(("key" = ["admin"])))]
pub(super) async fn install(
    State(api): State<Api>,
    caller: Caller,
    Path((integration, template)): Path<(String, String)>,
) -> Result<Json<Installation>, Refused> {
    let installed = api.work(move |host| {
        let (workspace, id) = (caller.workspace(), known(integration)?);
        let lacking = match host.install(&workspace, &id, &template) {
            Err(failure) if failure.code == "template-exists" => host
                .connections(&workspace)?
                .into_iter()
                .filter(|connection| connection.integration == id && !connection.missing.is_empty())
                .collect(),
            result => result?.lacking,
        };
        let lacking_connections = lacking.iter().map(|connection| connection.id.to_string()).collect();
        Ok(Installation { template, installed: true, lacking_connections })
    });
    Ok(Json(installed.await?))
}

/// Take an installed template away
#[utoipa::path(delete, path = "/integrations/{integration}/templates/{template}/installation",
    operation_id = "uninstall_template", tag = "templates",
    params(("integration" = String, Path), ("template" = String, Path)),
    responses((status = 200, body = Installation)), security(("key" = ["admin"])))]
pub(super) async fn uninstall(
    State(api): State<Api>,
    caller: Caller,
    Path((integration, template)): Path<(String, String)>,
) -> Result<Json<Installation>, Refused> {
    let uninstalled = api.work(move |host| {
        let (workspace, id) = (caller.workspace(), known(integration)?);
        let known = host.plugin(&id)?.known_template(&template)?.id.clone();
        let lacking = host.uninstall(&workspace, &id, &known)?;
        let lacking_connections = lacking.iter().map(|connection| connection.id.to_string()).collect();
        Ok(Installation { template, installed: false, lacking_connections })
    });
    Ok(Json(uninstalled.await?))
}
