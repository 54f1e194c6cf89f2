//! The HTTP API, under `/v1`.
//!
//! What a route is, takes and answers stands at its function; the OpenAPI document is generated from that, and so is which
//! scope of a key a route asks for: what the document says is what is enforced, and a route without a word about keys
//! does not answer.
//!
//! | file | subject |
//! |---|---|
//! | `document.rs` | the OpenAPI document, and what is read out of it |
//! | `docs.rs` | the same for people |
//! | `guard.rs` | what every request passes: its key, its rate |
//! | `idempotency.rs` | requests that are done once under their name |
//! | `extract.rs`, `paging.rs`, `time.rs`, `problem.rs`, `profile_body.rs`, `dialog_body.rs` | what requests and answers are made of |
//! | `integrations.rs`, `templates.rs`, `profiles.rs`, `sessions.rs`, `connections.rs`, `runs.rs`, `dialogs.rs`, `responses.rs`, `conversations.rs`, `files.rs`, `webhooks.rs`, `audit.rs` | the routes |
//!
//! Names of fields are in snake case, words of the domain (states, kinds, modes) as everywhere else in this library. A
//! key opens one workspace: what belongs to another is not there, and is answered with 404.

mod audit;
mod connections;
mod conversations;
mod dialog_body;
mod dialogs;
mod docs;
pub(super) mod document;
mod extract;
mod files;
mod guard;
mod idempotency;
mod integrations;
mod paging;
mod problem;
mod profile_body;
mod profiles;
mod responses;
mod runs;
mod sessions;
mod templates;
mod time;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn_with_state, map_request_with_state};
use axum::response::Response;
use tokio::sync::{Notify, watch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::document::{Route, Routes};
use self::guard::RateLimiter;
pub(super) use self::idempotency::sweep;
use self::problem::Refused;
use super::metrics::Metrics;
use super::room::Room;
use super::runs::Runs;
use super::settings::Settings;
use crate::authorization::{Connection, PublicUrl};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::service::keys::{Guesses, Keys, Scope};

/// The most that a body may have, in bytes: a profile with a hundred fields of some thousand characters.
const MAX_BODY: usize = 512 << 10;

/// The most that the input of a run may have, in bytes: a page of the largest size that a known vendor takes, with room
/// for escapes.
const MAX_INPUT: usize = 8 << 20;

/// How many files are taken in at a time: of the usual size they are held in some hundred megabytes.
const MOST_UPLOADS: usize = 8;

/// What all routes know. Cheap to clone.
#[derive(Clone)]
pub(super) struct Api(Arc<Known>);

/// What all routes know.
pub(super) struct Known {
    pub(super) host: Host,
    pub(super) public: PublicUrl,
    pub(super) keys: Keys,
    pub(super) runs: Runs,
    pub(super) room: Room,
    /// How many wait for something to happen.
    pub(super) waiting: Room,
    /// How many files are taken in.
    uploads: Room,
    limiter: RateLimiter,
    guesses: Guesses,
    /// How long a body may take.
    longest_body: Duration,
    pub(super) metrics: Metrics,
    /// Rings when somebody came back from a vendor.
    pub(super) arrivals: Arc<Notify>,
    /// Changes when the service is to end.
    pub(super) ending: watch::Receiver<bool>,
    /// What the document says of the routes.
    routes: Routes,
    /// The OpenAPI document.
    document: Arc<str>,
    /// The same, for people.
    docs: Arc<str>,
}

/// What the API is made of.
pub(super) struct Parts {
    pub(super) host: Host,
    pub(super) public: PublicUrl,
    pub(super) runs: Runs,
    pub(super) settings: Settings,
    pub(super) metrics: Metrics,
    pub(super) arrivals: Arc<Notify>,
    pub(super) ending: watch::Receiver<bool>,
}

impl std::ops::Deref for Api {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Api {
    /// The path that all routes are below.
    fn prefix(&self) -> String {
        format!("{}/v1", self.public.prefix())
    }

    /// What the document says of the route that a request came to.
    fn route(&self, request: &Request) -> Option<Arc<Route>> {
        let matched = request.extensions().get::<MatchedPath>()?.as_str();
        let path = matched.strip_prefix(&self.prefix())?.to_owned();
        // What answers GET answers HEAD too.
        let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
        self.routes.get(&(method.to_string(), path)).cloned()
    }

    /// Does something with the host that takes a thread, if there is room.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Host) -> Result<T> + Send + 'static,
    ) -> Result<T, Refused> {
        let host = self.host.clone();
        Ok(self.room.work(move || work(&host)).await?)
    }
}

/// What came about by a request, for the audit log: names of subjects, and their ids.
#[derive(Debug, Clone)]
pub(super) struct Touched(pub(super) Vec<(&'static str, String)>);

/// The connections that went with what was deleted, for the audit log.
#[derive(Debug, Clone)]
pub(super) struct Gone(pub(super) Arc<[Connection]>);

/// Why a request was refused, if it was.
pub(super) fn failure_of(response: &Response) -> Option<&Failure> {
    response.extensions().get::<Refused>().map(Refused::failure)
}

/// What only has to be done once: under its name, if the caller gives one.
fn named() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(integrations::enable))
        .routes(routes!(integrations::disable))
        .routes(routes!(profiles::list, profiles::create))
        .routes(routes!(profiles::test))
        .routes(routes!(sessions::create))
        .routes(routes!(sessions::reconnect))
        .routes(routes!(connections::check))
        .routes(routes!(connections::refresh))
        .routes(routes!(dialogs::update))
        .routes(routes!(webhooks::list, webhooks::create))
}

/// The same, of what may be as large as the input of a run.
fn named_and_large() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(dialogs::import))
        .routes(routes!(conversations::start))
        .routes(routes!(conversations::say))
}

/// The same, of what may be as large as a file.
fn named_and_larger() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(files::upload))
}

fn others() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::page))
        .routes(routes!(integrations::list))
        .routes(routes!(integrations::show, integrations::edit, integrations::delete))
        .routes(routes!(templates::list))
        .routes(routes!(templates::show))
        .routes(routes!(templates::install, templates::uninstall))
        .routes(routes!(profiles::show, profiles::edit, profiles::delete))
        .routes(routes!(sessions::show))
        .routes(routes!(connections::list))
        .routes(routes!(connections::show, connections::delete))
        .routes(routes!(dialogs::list))
        .routes(routes!(dialogs::show, dialogs::edit, dialogs::delete))
        .routes(routes!(dialogs::export))
        .routes(routes!(responses::list))
        .routes(routes!(responses::show, responses::set, responses::reset))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::erase))
        .routes(routes!(files::download, files::delete))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(webhooks::show, webhooks::delete))
        .routes(routes!(audit::list))
}

/// The API, to be nested under `/v1`.
pub(super) fn router(parts: Parts) -> Result<(Router, Api)> {
    let run = OpenApiRouter::new().routes(routes!(runs::run)).layer(DefaultBodyLimit::max(MAX_INPUT));
    // The middleware of names needs to know what all routes know, which has the document in it, which names the routes.
    let all = named().merge(named_and_large()).merge(named_and_larger()).merge(others()).merge(run.clone());
    let (_, openapi) = all.split_for_parts();
    let document = document::of(openapi, &parts.public)?;
    let Parts { host, public, runs, settings, metrics, arrivals, ending } = parts;
    let api = Api(Arc::new(Known {
        keys: Keys::of(&host),
        room: Room::new(settings.concurrent_requests),
        waiting: Room::new(settings.waiting_requests),
        uploads: Room::new(MOST_UPLOADS),
        limiter: RateLimiter::new(&settings),
        guesses: Guesses::new(),
        longest_body: settings.longest_body,
        routes: document::routes(&document)?,
        docs: docs::rendered(&document).into(),
        document: document.to_string().into(),
        host,
        public,
        runs,
        metrics,
        arrivals,
        ending,
    }));
    let once = from_fn_with_state(api.clone(), idempotency::once);
    let large = named_and_large().route_layer(once.clone()).layer(DefaultBodyLimit::max(MAX_INPUT));
    let larger = named_and_larger()
        .route_layer(once.clone())
        .route_layer(from_fn_with_state(api.clone(), files::few))
        .layer(DefaultBodyLimit::max(api.runs.files().most()));
    let (named, _) = named()
        .route_layer(once)
        .merge(others())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(large)
        .merge(larger)
        .merge(run)
        .split_for_parts();
    let router = named
        .route_layer(from_fn_with_state(api.clone(), guard::admitted))
        .method_not_allowed_fallback(not_allowed)
        .fallback(nothing)
        .layer(map_request_with_state(api.clone(), meant))
        .layer(from_fn_with_state(api.clone(), guard::answered))
        .with_state(api.clone());
    Ok((router, api))
}

/// Whether a request may have what was measured: on this machine, where the service is for this machine alone, everybody
/// may.
pub(super) async fn may_measure(api: &Api, request: Request) -> Result<(), StatusCode> {
    if !super::addressed::is_meant(&request, &api.public) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    if api.public.origin().is_loopback() {
        return Ok(());
    }
    match guard::known(api, request.headers()).await {
        Ok(key) if key.may(Scope::Admin) => Ok(()),
        Ok(_) => Err(StatusCode::FORBIDDEN),
        Err(_) => Err(StatusCode::UNAUTHORIZED),
    }
}

/// Lets through what is meant for this service.
async fn meant(State(api): State<Api>, request: Request) -> Result<Request, Refused> {
    if super::addressed::is_meant(&request, &api.public) {
        return Ok(request);
    }
    let failure =
        Failure::new(FailureKind::Denied, "other-host", "This request is for another host than this one.");
    Err(Refused::with(
        StatusCode::MISDIRECTED_REQUEST,
        failure.hint("Send it to the public URL of the service, or have the proxy leave Host as it is."),
    ))
}

async fn nothing() -> Refused {
    let failure = Failure::new(FailureKind::NotFound, "not-found", "There is nothing at this path.");
    failure.hint("The paths are listed at /v1/docs.").into()
}

async fn not_allowed() -> Refused {
    let failure =
        Failure::new(FailureKind::InvalidInput, "method-not-allowed", "This path does not take this method.");
    Refused::with(StatusCode::METHOD_NOT_ALLOWED, failure.hint("The paths are listed at /v1/docs."))
}
