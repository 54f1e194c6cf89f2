//! The whole service: pages for people, the API, and what watches over it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use super::api::{self, Api, Parts};
use super::audit::Audit;
use super::console;
use super::metrics::MEDIA_TYPE;
use super::requests;
use super::room::on_a_thread;
use super::routes::pages;
use super::runs::{Runs, SAYS_SO};
use super::settings::Settings;
use super::webhooks::Webhooks;
use crate::authorization::PublicUrl;
use crate::failure::Result;
use crate::host::Host;
use crate::ids::WorkspaceId;
use crate::keeper::Keeper;
use crate::vault::Collection;

/// The service of a host: the pages at which people connect, the HTTP API under `/v1`, `/healthz`, `/readyz` and
/// `/metrics`.
///
/// Whoever mounts [`Service::router`] calls [`Service::live`] and [`Service::deliver`] every few seconds, [`Service::tidy`] once an hour and
/// [`Service::end`] before its end.
pub struct Service {
    host: Host,
    runs: Arc<Runs>,
    settings: Settings,
    router: Router,
    ending: watch::Sender<bool>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Service {
    /// How often [`Service::live`] is to be called.
    pub const LIVES: Duration = SAYS_SO;

    /// The service of a host, which has to be built with the same public URL as its callback router. From now on this
    /// process is one that carries out runs.
    ///
    /// # Errors
    /// `Storage`; `Internal`.
    pub fn new(host: &Host, public: &PublicUrl, settings: Settings) -> Result<Self> {
        let runs = Arc::new(Runs::new(host, settings.file_bytes)?);
        runs.instance().live()?;
        let (ending, asked_to_end) = watch::channel(false);
        let arrivals = Arc::<Notify>::default();
        let parts = Parts {
            host: host.clone(),
            public: public.clone(),
            runs: Runs::clone(&runs),
            settings,
            metrics: runs.metrics().clone(),
            arrivals: Arc::clone(&arrivals),
            ending: asked_to_end,
        };
        let (v1, api) = api::router(parts)?;
        let prefix = public.prefix();
        let router = pages(host.clone(), public, arrivals)
            .nest(&format!("{prefix}/v1"), v1)
            .merge(console::router(host, public, &runs))
            .merge(watching(prefix, api))
            .layer(from_fn(requests::answered));
        let keeper: Arc<dyn Keeper> = Arc::clone(&runs) as _;
        host.keep_with(&keeper);
        Ok(Self { host: host.clone(), runs, settings, router, ending })
    }

    /// All routes, at the paths of the public URL.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What is known of the runs that were asked for.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Says that this process is alive, and has the runs of those that are not end as interrupted.
    ///
    /// # Errors
    /// `Storage`.
    pub fn live(&self) -> Result<()> {
        self.runs.instance().live()?;
        let abandoned = self.runs.settle_abandoned()?;
        if abandoned > 0 {
            info!(abandoned, "runs of processes that died were settled");
        }
        Ok(())
    }

    /// Sends what webhooks are to be told, and says how much of it was taken in.
    ///
    /// # Errors
    /// `Storage`.
    pub fn deliver(&self) -> Result<usize> {
        Webhooks::of(&self.host).deliver()
    }

    /// Forgets what is kept no longer: runs and what came of them, conversations, files, answers, links, sessions, entries of the
    /// audit log.
    pub fn tidy(&self) {
        let workspaces = self.workspaces_to_tidy().unwrap_or_else(|failure| {
            warn!(%failure, "what is kept no longer cannot be looked for");
            Default::default()
        });
        if let Err(failure) = self.host.authorizations().sweep_begun() {
            warn!(%failure, "what nobody came back for cannot be forgotten");
        }
        for workspace in workspaces {
            let tidied = self
                .runs
                .drop_old(&workspace, self.settings.keep_runs())
                .and_then(|()| Audit::of(&self.host).drop_old(&workspace, self.settings.keep_audit()))
                .and_then(|()| self.host.sweep_conversations(&workspace).map(drop))
                .and_then(|()| self.runs.files().sweep(&workspace))
                .and_then(|()| api::sweep(&self.host, &workspace))
                .and_then(|()| self.host.authorizations().sweep_of(&workspace))
                .and_then(|()| Webhooks::of(&self.host).sweep(&workspace));
            if let Err(failure) = tidied {
                warn!(%workspace, %failure, "what is kept no longer cannot be forgotten");
            }
        }
    }

    /// The workspaces that have something that is not kept for ever, whoever made it.
    fn workspaces_to_tidy(&self) -> Result<BTreeSet<WorkspaceId>> {
        const KEPT_FOR_A_TIME: [Collection; 8] = [
            Collection::Runs,
            Collection::Audit,
            Collection::Conversations,
            Collection::Files,
            Collection::Answers,
            Collection::Outcomes,
            Collection::ConnectSessions,
            Collection::Connections,
        ];
        let vault = &self.host.authorizations().vault;
        let mut names = BTreeSet::new();
        for collection in KEPT_FOR_A_TIME {
            names.extend(vault.workspaces(collection)?);
        }
        names.into_iter().map(WorkspaceId::new).collect()
    }

    /// Has whoever waits be answered, and no run begin any more.
    pub fn end(&self) {
        let _ = self.ending.send(true);
    }

    /// Says that this process carries out no runs any more, once it does not.
    ///
    /// # Errors
    /// `Storage`.
    pub fn ended(&self) -> Result<()> {
        self.runs.instance().end()
    }
}

/// What watches over the service. Whoever asks whether it is alive need not know its public name, and is told nothing
/// else.
fn watching(prefix: &str, api: Api) -> Router {
    Router::new()
        .route(&format!("{prefix}/healthz"), get(|| async { "alive\n" }))
        .route(&format!("{prefix}/readyz"), get(ready))
        .route(&format!("{prefix}/metrics"), get(measured))
        .with_state(api)
}

/// Whether requests can be taken: the store can be read, and the end is not near.
async fn ready(State(api): State<Api>) -> Response {
    if *api.ending.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "ending\n").into_response();
    }
    let keys = api.keys.clone();
    match on_a_thread(move || keys.readable()).await {
        Ok(()) => "ready\n".into_response(),
        Err(failure) => {
            warn!(%failure, "the store cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}

/// What was measured, for whoever is on this machine, where the service is for this machine alone, and else for whoever
/// has a key that may do everything.
async fn measured(State(api): State<Api>, request: Request) -> Response {
    if let Err(status) = api::may_measure(&api, request).await {
        return status.into_response();
    }
    match api.metrics.written() {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(failure) => {
            warn!(%failure, "what was measured cannot be told");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
