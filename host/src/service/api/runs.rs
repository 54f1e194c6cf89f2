//! Running templates, and `/runs`: what is known of each.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};
use utoipa::ToSchema;

use super::Api;
use super::extract::{Body, Caller, Path, Query, wrong};
use super::integrations::known as known_integration;
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::sessions::named;
use super::time::Moment;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, RunId};
use crate::run;
use crate::service::room::on_a_thread;
use crate::service::runs::{AskedBy, Ended, RunRecord, RunState};

/// The header by which a caller names what it asks for.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header by which a caller says that it does not wait (RFC 7240).
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What is to be run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRun {
    /// The template's input, by its schema.
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// The end user to act for.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    user: Option<String>,
    /// The connection to use, where there are several.
    #[serde(default)]
    connection: Option<String>,
}

/// What came of a run.
#[derive(Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The run's id.
    run: String,
    /// The template's output, by its schema.
    #[schema(value_type = Object)]
    output: Value,
    /// The connection that was used.
    connection: String,
    /// How many requests were sent.
    requests: u32,
    /// How long it took.
    milliseconds: u64,
    /// Whether this is what came of an earlier run of the same name, and nothing was done now.
    replayed: bool,
}

/// What is known of a run: never what went in or came out.
#[derive(Serialize, ToSchema)]
pub(super) struct Run {
    /// Its id.
    id: String,
    /// The integration.
    integration: String,
    /// The template.
    template: String,
    /// The connection that it uses, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// The vendor's id of what it made, changed, removed or looked at, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// The end user it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The id of the key that it was asked for with.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The conversation that it was asked for in.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// How it stands.
    state: State_,
    /// Whether something may have come of it at the vendor.
    may_have_effect: bool,
    /// What is known of that, in a sentence.
    known: &'static str,
    /// When it began.
    began_at: Moment,
    /// When it ended, or was found to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
    /// How many requests it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u32>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Reason>,
}

/// How a run stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = RunState)]
enum State_ {
    /// It is not over.
    Running,
    /// It gave its output.
    Succeeded,
    /// It failed.
    Failed,
    /// Its process died.
    Interrupted,
}

/// Why a run failed.
#[derive(Serialize, ToSchema)]
#[schema(as = RunFailure)]
struct Reason {
    /// The kind of the failure.
    kind: String,
    /// Its code.
    code: String,
}

impl From<RunRecord> for Run {
    fn from(record: RunRecord) -> Self {
        Self {
            known: record.known(),
            id: record.id.to_string(),
            integration: record.integration.to_string(),
            template: record.template,
            connection: record.connection.map(|connection| connection.to_string()),
            content: record.content,
            user: record.user,
            key: record.key.map(|key| key.to_string()),
            conversation: record.conversation.map(|conversation| conversation.to_string()),
            state: match record.state {
                RunState::Running => State_::Running,
                RunState::Succeeded => State_::Succeeded,
                RunState::Failed => State_::Failed,
                RunState::Interrupted => State_::Interrupted,
            },
            may_have_effect: record.may_have_effect,
            began_at: Moment(record.began_at),
            ended_at: record.ended_at.map(Moment),
            milliseconds: record.milliseconds,
            requests: record.requests,
            failure: record.failure.map(|failure| Reason { kind: failure.kind, code: failure.code }),
        }
    }
}

/// Run a template
///
/// A field that marks a file takes the id that `POST /files` gave, and one of the output gives the id of a file to fetch.
/// With `Prefer: respond-async` it is answered once the run has begun, and `GET /runs/{run}` tells when it is over. What
/// came out is not kept with the run: the same request with the same `Idempotency-Key` gives it.
#[utoipa::path(post, path = "/integrations/{integration}/templates/{template}/run", operation_id = "run_template",
    tag = "runs", params(("integration" = String, Path), ("template" = String, Path),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: do not wait for the end of the run.")),
    request_body = NewRun, responses((status = 200, body = Outcome),
        (status = 202, body = Run, description = "The run has begun.")),
    security(("key" = ["run"])))]
pub(super) async fn run(
    State(api): State<Api>,
    caller: Caller,
    Path((integration, template)): Path<(String, String)>,
    headers: HeaderMap,
    Body(new): Body<NewRun>,
) -> Result<Response, Refused> {
    let (workspace, user) = (caller.workspace(), named("user", new.user)?);
    let run =
        run::Run::new(workspace.clone(), known_integration(integration)?, template, Value::Object(new.input))
            .files(api.runs.files().of(&workspace, user.as_deref()))
            .user(user)
            .connection(new.connection.map(ConnectionId::new).transpose()?)
            .idempotency_key(idempotency_key(&headers)?);
    if *api.ending.borrow() {
        let failure =
            Failure::new(FailureKind::Unreachable, "service-ending", "This service is about to end.");
        return Err(Refused::with(StatusCode::SERVICE_UNAVAILABLE, failure.hint("Send it again.")));
    }
    // The place is the run's, which goes on whether somebody waits for its end or not.
    let place = api.room.place()?;
    let (runs, key) = (api.runs.clone(), caller.key().clone());
    let (tell, told) = oneshot::channel();
    let work = on_a_thread(move || {
        let _place = place;
        let begun = runs.begin(&run, AskedBy::Key(&key))?;
        let _ = tell.send(begun.record.clone());
        Ok(runs.carry_out(&run, begun))
    });
    let carried_out = tokio::spawn(work.instrument(Span::current()));
    if prefers_not_to_wait(&headers)
        && let Ok(record) = told.await
    {
        let location = format!("{}/v1/runs/{}", api.public, record.id);
        return Ok(
            (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(Run::from(record))).into_response()
        );
    }
    let ended = carried_out.await.map_err(|_| Failure::internal("The run could not be carried out."))??;
    answered(ended)
}

fn answered(Ended { record, result }: Ended) -> Result<Response, Refused> {
    let outcome = result.map_err(|failure| Refused::from(failure).of_run(record.id.clone()))?;
    // What an earlier run took stands in its record.
    let took = u64::try_from(outcome.report.duration.as_millis()).unwrap_or(u64::MAX);
    Ok(Json(Outcome {
        run: record.id.to_string(),
        output: outcome.output,
        connection: outcome.connection.to_string(),
        requests: record.requests.unwrap_or(outcome.report.requests),
        milliseconds: record.milliseconds.unwrap_or(took),
        replayed: outcome.replayed,
    })
    .into_response())
}

/// The name that the caller gave the request.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| {
        given.next().is_none() && (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    });
    let key = key.ok_or_else(|| {
        wrong("bad-idempotency-key", "An idempotency key has 1 to 255 visible ASCII characters.")
            .hint("Use a random one, such as a UUID, for each thing to be done.")
    })?;
    Ok(Some(key.to_owned()))
}

fn prefers_not_to_wait(headers: &HeaderMap) -> bool {
    let all = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split([',', ';']))
        .any(|wish| wish.trim().eq_ignore_ascii_case("respond-async"))
}

/// List the runs, the last one first
#[utoipa::path(get, path = "/runs", operation_id = "list_runs", tag = "runs", params(Paging),
    responses((status = 200, body = Page<Run>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Run>>, Refused> {
    let runs = api.runs.clone();
    let page = api.work(move |_| {
        let (limit, before) = (paging.limit()?, paging.after()?);
        let runs = runs.list(&caller.workspace(), before.as_deref(), limit + 1)?;
        Ok(Page::new(runs, limit, |run| run.id.as_str(), Run::from))
    });
    Ok(Json(page.await?))
}

/// Show what is known of a run
#[utoipa::path(get, path = "/runs/{run}", operation_id = "show_run", tag = "runs",
    params(("run" = String, Path)), responses((status = 200, body = Run)), security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(run): Path<String>,
) -> Result<Json<Run>, Refused> {
    let runs = api.runs.clone();
    let shown = api.work(move |_| {
        let id = RunId::new(run)
            .map_err(|_| Failure::new(FailureKind::NotFound, "unknown-run", "There is no such run."))?;
        runs.get(&caller.workspace(), &id)
    });
    Ok(Json(shown.await?.into()))
}
