//! The endpoint that people come back to from the consent page.
//!
//! It shows a plain page that says what happened and what to do next. The page has no script and no secret in
//! it, and asks that its address, which holds the code, be neither kept nor passed on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::authorization::Connection;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;

/// The path of the endpoint.
const PATH: &str = "/callback";

/// How long a page that is being sent may take once all is done.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// A port of this machine that takes callbacks.
#[derive(Debug)]
pub struct Listener {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Listener {
    /// Takes a port of the loopback interface; 0: any.
    ///
    /// # Errors
    /// `Unreachable` where it is taken.
    pub fn bind(port: u16) -> Result<Self> {
        let bind = || {
            let first = listen(Ipv4Addr::LOCALHOST.into(), port)?;
            let port = first.local_addr()?.port();
            // `localhost` is both addresses: nobody else may take the callback at the other one.
            let second = match listen(Ipv6Addr::LOCALHOST.into(), port) {
                Ok(second) => Some(second),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(error),
                Err(_) => None,
            };
            Ok(Self { listeners: std::iter::once(first).chain(second).collect(), port })
        };
        bind().map_err(|error: std::io::Error| {
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
        format!("http://localhost:{}{PATH}", self.port)
    }
}

fn listen(address: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from((address, port)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
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
    let app = Router::new().route(PATH, get(callback)).with_state(Arc::new(Endpoint { host, done }));
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    for listener in listener.listeners {
        let listener = tokio::net::TcpListener::from_std(listener)
            .map_err(|error| Failure::internal(format!("The callback cannot be served: {error}.")))?;
        let (app, mut stopped) = (app.clone(), stopped.clone());
        servers.spawn(async move {
            let end = async move {
                let _ = stopped.changed().await;
            };
            axum::serve(listener, app).with_graceful_shutdown(end).await
        });
    }
    let result = tokio::time::timeout(patience, taken.recv()).await;
    let _ = stop.send(());
    let _ = tokio::time::timeout(LAST_PAGE, servers.join_all()).await;
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
    let page = page(&result);
    if awaited {
        let _ = endpoint.done.send(result).await;
    }
    page
}

fn page(result: &Result<Connection>) -> Response {
    let (status, title, text, next) = match result {
        Ok(connection) => (
            StatusCode::OK,
            "Connected",
            match &connection.site {
                Some(site) => {
                    format!("{} is connected to {} ({}).", connection.integration, site.name, site.url)
                }
                None => format!("{} is connected.", connection.integration),
            },
            "You can close this page.".to_owned(),
        ),
        Err(failure) => (
            StatusCode::BAD_REQUEST,
            if failure.kind == FailureKind::AccessDenied { "Not connected" } else { "This did not work" },
            failure.message.clone(),
            failure.hint.clone().unwrap_or_else(|| "Begin the authorization again.".to_owned()),
        ),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, markup(title, &text, &next).into_string()).into_response()
}

fn markup(title: &str, text: &str, next: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}" }
            }
            body {
                main {
                    h1 { (title) }
                    p { (text) }
                    p { (next) }
                }
            }
        }
    }
}
