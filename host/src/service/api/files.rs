//! `/files`: what is sent for a run or said in a conversation, and what comes of one.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Caller, Path, Query, bytes};
use super::problem::Refused;
use super::sessions::named;
use super::time::Moment;
use super::{Api, Touched};
use crate::failure::Result;
use crate::ids::FileId;
use crate::service::files::{FileFacts, served, unknown};

/// A file, without its bytes.
#[derive(Serialize, ToSchema)]
pub(super) struct File {
    /// Its id, which stands for it in a template's input and in conversations.
    id: String,
    /// What it is called. Characters that no file's name can have everywhere were replaced.
    #[schema(examples("report.pdf"))]
    name: String,
    /// What it is.
    #[schema(examples("application/pdf"))]
    media_type: String,
    /// Its size in bytes.
    size: u64,
    /// The end user whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Until when it is kept.
    expires_at: Moment,
}

impl From<FileFacts> for File {
    fn from(facts: FileFacts) -> Self {
        Self {
            id: facts.id.to_string(),
            name: facts.name,
            media_type: facts.media_type,
            size: facts.size,
            user: facts.user,
            expires_at: Moment(facts.expires_at),
        }
    }
}

/// Bytes, as they are.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "said in the document, and never made: bytes are sent and received as such")]
pub(super) struct Contents(Vec<u8>);

/// What a file is called, and whose it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NewFile {
    /// What it is called.
    #[param(min_length = 1, max_length = 255, example = "report.pdf")]
    name: String,
    /// The end user whose it is: only their runs and conversations may use it.
    #[serde(default)]
    #[param(min_length = 1, max_length = 255)]
    user: Option<String>,
}

/// Send a file
///
/// The body is the file, of any media type; where none is said, the name tells. It is kept for a day. Its id stands for it
/// in the field of a template's input that marks a file, and is what is said where a conversation asks for one. How large
/// it may be is the operator's to say: 25 MiB, if nothing else.
#[utoipa::path(post, path = "/files", operation_id = "upload_file", tag = "files", params(NewFile),
    request_body(content = inline(Contents), content_type = "application/octet-stream", description = "The file."),
    responses((status = 201, body = File)), security(("key" = ["run"])))]
pub(super) async fn upload(
    State(api): State<Api>,
    caller: Caller,
    Query(NewFile { name, user }): Query<NewFile>,
    request: Request,
) -> Result<Response, Refused> {
    let name = named("file", Some(name))?.unwrap_or_default();
    let user = named("user", user)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.map(str::to_owned);
    let bytes = bytes(request, &api).await?;
    let files = api.runs.files().clone();
    let kept = api.work(move |_| {
        files.keep(&caller.workspace(), user.as_deref(), (&name, media_type.as_deref()), &bytes)
    });
    let file = File::from(kept.await?);
    let touched = Touched(vec![("file", file.id.clone())]);
    let mut response = (StatusCode::CREATED, Json(file)).into_response();
    response.extensions_mut().insert(touched);
    Ok(response)
}

/// Fetch a file
///
/// It comes to be saved, under its name. What a browser could run or read as markup is told as bytes.
#[utoipa::path(get, path = "/files/{file}", operation_id = "download_file", tag = "files",
    params(("file" = String, Path)),
    responses((status = 200, body = inline(Contents), content_type = "*/*", description = "The file.")),
    security(("key" = ["read"])))]
pub(super) async fn download(
    State(api): State<Api>,
    caller: Caller,
    Path(file): Path<String>,
) -> Result<Response, Refused> {
    let files = api.runs.files().clone();
    let (facts, bytes) = api.work(move |_| files.read(&caller.workspace(), &known(file)?)).await?;
    Ok(served(&facts, bytes)?)
}

/// Delete a file
#[utoipa::path(delete, path = "/files/{file}", operation_id = "delete_file", tag = "files",
    params(("file" = String, Path)), responses((status = 204)), security(("key" = ["run"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(file): Path<String>,
) -> Result<StatusCode, Refused> {
    let files = api.runs.files().clone();
    api.work(move |_| files.delete(&caller.workspace(), &known(file)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes in a few files at a time: each is held in memory until it is in the store.
pub(super) async fn few(State(api): State<Api>, request: Request, next: Next) -> Response {
    match api.uploads.place() {
        Ok(_place) => next.run(request).await,
        Err(failure) => Refused::from(failure).into_response(),
    }
}

/// The id of a file as it stands in a path; one that cannot be is none that there is.
fn known(text: String) -> Result<FileId> {
    FileId::new(text).map_err(|_| unknown())
}
