//! `/dialogs`: templates that are run by talking.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::dialog_body::Node;
use super::extract::{Body, Caller, MaybeBody, Path, Query, wrong};
use super::paging::{Page, Paging};
use super::problem::Refused;
use crate::dialog::{self, Export, Import};
use crate::failure::{Failure, Result};
use crate::host::Host;

/// How a template is run by talking.
#[derive(Serialize, ToSchema)]
pub(super) struct Dialog {
    /// Its name.
    #[schema(examples("createContent"))]
    name: String,
    /// By what it is known wherever it is taken to.
    #[serde(skip_serializing_if = "String::is_empty")]
    reference: String,
    /// What people call it.
    title: String,
    /// The integration.
    integration: String,
    /// The template that it runs.
    template: String,
    /// Counts its changes, from 1.
    version: u64,
    /// Whether a person changed it.
    edited: bool,
    /// Whether its template is another by now than the one it was made from; absent where that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    outdated: Option<bool>,
    /// What it goes through; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Vec<Node>>,
}

impl Dialog {
    fn of(host: &Host, dialog: dialog::Dialog) -> Self {
        Self {
            outdated: host.is_outdated(&dialog).ok(),
            nodes: Some(dialog.nodes.into_iter().map(Node::from).collect()),
            name: dialog.name,
            reference: dialog.reference,
            title: dialog.title,
            integration: dialog.integration.to_string(),
            template: dialog.template.to_string(),
            version: dialog.version,
            edited: dialog.edited,
        }
    }

    fn listed(host: &Host, dialog: dialog::Dialog) -> Self {
        Self { nodes: None, ..Self::of(host, dialog) }
    }
}

/// List the dialogs
#[utoipa::path(get, path = "/dialogs", operation_id = "list_dialogs", tag = "dialogs", params(Paging),
    responses((status = 200, body = Page<Dialog>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Dialog>>, Refused> {
    let page = api.work(move |host| {
        let all = host.dialogs(&caller.workspace())?;
        paging.of(all, |dialog| dialog.name.as_str(), |dialog| Dialog::listed(host, dialog))
    });
    Ok(Json(page.await?))
}

/// Show a dialog
#[utoipa::path(get, path = "/dialogs/{dialog}", operation_id = "show_dialog", tag = "dialogs",
    params(("dialog" = String, Path)), responses((status = 200, body = Dialog)),
    security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(dialog): Path<String>,
) -> Result<Json<Dialog>, Refused> {
    let shown = api.work(move |host| Ok(Dialog::of(host, host.dialog(&caller.workspace(), &dialog)?)));
    Ok(Json(shown.await?))
}

/// What a dialog is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DialogChange {
    /// What people call it.
    title: String,
    /// The version that was looked at.
    version: u64,
    /// What it goes through.
    nodes: Vec<Node>,
}

/// Change a dialog
///
/// It is a version more afterwards. Where it is not at the version that was looked at, somebody else changed it: 409.
/// Conversations go on with the dialog as it was when they began.
#[utoipa::path(put, path = "/dialogs/{dialog}", operation_id = "edit_dialog", tag = "dialogs",
    params(("dialog" = String, Path)), request_body = DialogChange,
    responses((status = 200, body = Dialog)), security(("key" = ["admin"])))]
pub(super) async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    Body(wanted): Body<DialogChange>,
) -> Result<Json<Dialog>, Refused> {
    let edited = api.work(move |host| {
        let DialogChange { title, version, nodes } = wanted;
        let dialog = host.edit_dialog(&caller.workspace(), &name, Some(version), |dialog| {
            dialog.title = title;
            dialog.nodes = nodes.into_iter().map(dialog::Node::from).collect();
        })?;
        Ok(Dialog::of(host, dialog))
    });
    Ok(Json(edited.await?))
}

/// Delete a dialog
///
/// The template stays installed, and conversations go on with the dialog as it was when they began.
#[utoipa::path(delete, path = "/dialogs/{dialog}", operation_id = "delete_dialog", tag = "dialogs",
    params(("dialog" = String, Path)), responses((status = 204)), security(("key" = ["admin"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Refused> {
    api.work(move |host| host.delete_dialog(&caller.workspace(), &name).map(drop)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a dialog is to be made anew.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DialogUpdate {
    /// Whether what a person changed may be lost.
    #[serde(default)]
    overwrite: bool,
}

/// Make a dialog anew from its template
#[utoipa::path(post, path = "/dialogs/{dialog}/update", operation_id = "update_dialog", tag = "dialogs",
    params(("dialog" = String, Path)), request_body(content = Option<DialogUpdate>),
    responses((status = 200, body = Dialog)), security(("key" = ["admin"])))]
pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    MaybeBody(DialogUpdate { overwrite }): MaybeBody<DialogUpdate>,
) -> Result<Json<Dialog>, Refused> {
    let updated = api
        .work(move |host| Ok(Dialog::of(host, host.update_dialog(&caller.workspace(), &name, overwrite)?)));
    Ok(Json(updated.await?))
}

/// Export all dialogs
///
/// With the workspace's own profiles, without secrets, and its standard responses: the file that `actionbay dialogs export`
/// writes.
#[utoipa::path(get, path = "/dialog-export", operation_id = "export_dialogs", tag = "dialogs",
    responses((status = 200, body = Object)), security(("key" = ["read"])))]
pub(super) async fn export(State(api): State<Api>, caller: Caller) -> Result<Json<Export>, Refused> {
    Ok(Json(api.work(move |host| host.export_dialogs(&caller.workspace())).await?))
}

/// How dialogs are taken in.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    /// They replace all dialogs that there are.
    Full,
    /// They replace those of the same reference, or else of the same name, and the others stay.
    #[default]
    Merge,
}

/// How dialogs are taken in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportHow {
    /// `full`: they replace all dialogs that there are; `merge`: those of the same reference, or else of the same name, and the
    /// others stay.
    #[serde(default)]
    #[param(value_type = String, pattern = "^(full|merge)$", default = "merge")]
    how: How,
}

/// What was taken in.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportedDialogs {
    /// The dialogs that there were not before.
    added: Vec<String>,
    /// The dialogs that were replaced.
    replaced: Vec<String>,
    /// The dialogs that are gone.
    removed: Vec<String>,
    /// The profiles that have to be made, since a secret is not exported.
    profiles_to_make: Vec<String>,
}

/// Import dialogs
///
/// All of them are taken in, or none.
#[utoipa::path(post, path = "/dialog-import", operation_id = "import_dialogs", tag = "dialogs",
    params(ImportHow), request_body(content = Object, description = "An export."),
    responses((status = 200, body = ImportedDialogs)), security(("key" = ["admin"])))]
pub(super) async fn import(
    State(api): State<Api>,
    caller: Caller,
    Query(ImportHow { how }): Query<ImportHow>,
    Body(export): Body<Value>,
) -> Result<Json<ImportedDialogs>, Refused> {
    let imported = api.work(move |host| {
        let export: Export = serde_json::from_value(export).map_err(|error| bad_export(&error))?;
        let how = match how {
            How::Full => Import::Full,
            How::Merge => Import::Merge,
        };
        let imported = host.import_dialogs(&caller.workspace(), &export, how)?;
        Ok(ImportedDialogs {
            added: imported.added,
            replaced: imported.replaced,
            removed: imported.removed,
            profiles_to_make: imported.profiles_to_make,
        })
    });
    Ok(Json(imported.await?))
}

fn bad_export(error: &serde_json::Error) -> Failure {
    wrong("bad-export", &format!("The body is no export of dialogs: {error}."))
        .hint("Send what GET /v1/dialog-export or `actionbay dialogs export` gave.")
}
