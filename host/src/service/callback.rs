//! The endpoint on this machine that one person comes back to from the consent page.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use tokio::sync::{mpsc, watch};

use super::page;
use super::server::{LAST_ANSWER, Sockets, ended, one_request};
use crate::authorization::Connection;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;

/// The path of the endpoint.
const PATH: &str = "/callback";

/// How long a page that is being sent may take once all is done.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// A port of this machine that takes callbacks.
#[derive(Debug)]
pub struct Listener(Sockets);

impl Listener {
    /// Takes a port of the loopback interface; 0: any.
    ///
    /// # Errors
    /// `Unreachable` where it is taken.
    pub fn bind(port: u16) -> Result<Self> {
        Sockets::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map(Self).map_err(|error| {
            Failure::new(
                FailureKind::Unreachable,
                "callback-port-taken",
                format!("The callback port {port} cannot be used: {error}."),
            )
            .hint("End what uses it, or give another with --callback-port and register its callback URL at the vendor.")
        })
    }

    /// The redirect URI to register with the vendor.
    pub fn redirect_uri(&self) -> String {
        format!("http://localhost:{}{PATH}", self.0.address().port())
    }
}

/// What the endpoint knows.
struct Endpoint {
    host: Host,
    done: mpsc::Sender<Result<Connection>>,
}

/// Waits until a callback was taken, or an authorization was refused, for as long as `patience`.
///
/// A callback that belongs to no authorization of this host is answered and not counted: anybody can call.
///
/// # Errors
/// `TimedOut`; what [`Host::handle_callback`] gives; `Internal` where the port cannot be served.
pub fn serve_callback(listener: Listener, host: &Host, patience: Duration) -> Result<Connection> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("The callback cannot be served: {error}.")))?;
    let result = runtime.block_on(serve(listener, host.clone(), patience));
    runtime.shutdown_timeout(LAST_PAGE);
    result
}

async fn serve(listener: Listener, host: Host, patience: Duration) -> Result<Connection> {
    let (done, mut taken) = mpsc::channel(1);
    // A HEAD that was answered as a GET would use the state up.
    let callback = get(callback).head(|| async { StatusCode::METHOD_NOT_ALLOWED });
    let app = Router::new()
        .route(PATH, callback)
        .layer(middleware::map_response(one_request))
        .with_state(Arc::new(Endpoint { host, done }));
    let (stop, stopped) = watch::channel(());
    let servers = listener.0.serve(&app, &stopped)?;
    let result = tokio::time::timeout(patience, taken.recv()).await;
    ended(&stop, servers, LAST_ANSWER).await;
    match result {
        Ok(Some(result)) => result,
        Ok(None) => Err(Failure::internal("The callback's server ended.")),
        Err(_) => Err(Failure::new(
            FailureKind::TimedOut,
            "nobody-came-back",
            format!("Nobody came back from the consent page within {} minutes.", patience.as_secs() / 60),
        )
        .hint("Begin the authorization again.")),
    }
}

async fn callback(State(endpoint): State<Arc<Endpoint>>, RawQuery(query): RawQuery) -> Response {
    let authorizations = Arc::clone(endpoint.host.authorizations());
    let query = query.unwrap_or_default();
    let handled = tokio::task::spawn_blocking(move || match authorizations.recognise(&query, None) {
        Ok(recognised) => (true, authorizations.complete(recognised)),
        Err(failure) => (false, Err(failure)),
    });
    let (awaited, result) = handled
        .await
        .unwrap_or_else(|_| (true, Err(Failure::internal("The callback could not be handled."))));
    let page = page::connected(&result);
    if awaited {
        let _ = endpoint.done.send(result).await;
    }
    page
}
