//! `actionbay serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::home::{Home, HostSettings};
use super::output::{Output, facts};
use crate::authorization::PublicUrl;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::service::{LAST_RUNS, Server, Service};

/// How often idle connections are looked for: vendors drop them after weeks.
const KEEP_ALIVE: Duration = Duration::from_secs(60 * 60);

/// How often it is looked what webhooks are to be told.
const DELIVERS: Duration = Duration::from_secs(1);

/// Serve the HTTP API, and the pages at which people connect their accounts
///
/// The API is under /v1, its description at /v1/docs; make a key for it with `actionbay keys create`. A run that lacks a
/// connection gives a link. The link leads here, and from here to the vendor and back. Meanwhile connections that nobody
/// uses are kept alive.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay serve
  actionbay serve --bind 127.0.0.1:8978 --public-url https://connect.example.com

Set the public URL once, as public-url in config.toml or as ACTIONBAY_PUBLIC_URL, so that the links of the other verbs
lead there too. To listen elsewhere than on this machine, put a proxy that ends TLS before it, and say so with
behind-tls-proxy = true in config.toml (every setting: actionbay config example). Register the callback URL that is printed as that of your app at the vendor.")]
pub(super) struct Serve {
    /// The address to listen at; port 0: any
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8978")]
    bind: SocketAddr,
    /// Where people reach it, as through a proxy that ends TLS [default: as configured, or http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// Where it is served.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Served {
    address: SocketAddr,
    public_url: String,
    callback_url: String,
}

impl Serve {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        home.check_configuration()?;
        let configuration = home.configuration()?;
        let configured = match &self.public_url {
            Some(text) => Some(PublicUrl::new(text)?),
            None => configuration.public_url(),
        };
        if !self.bind.ip().is_loopback() {
            check_reachable_elsewhere(self.bind, configured.as_ref(), configuration.is_behind_tls_proxy())?;
        }
        let plugins = home.plugins()?;
        let server = Server::bind(self.bind)?;
        let address = server.address();
        let public = match configured {
            Some(public) => public,
            None => PublicUrl::new(&format!("http://localhost:{}", address.port()))?,
        };
        let mut settings = HostSettings::new(plugins, output);
        settings.public_url = Some(public.clone());
        let host = home.host(settings)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::internal(format!("Nothing can be served: {error}.")))?;
        let service = Arc::new(Service::new(&host, &public, configuration.service())?);
        let serving = server.start(&service.router())?;
        // Before the line is printed: whoever reads it may end the process at once.
        let asked = {
            let _entered = runtime.enter();
            asked_to_end()?
        };
        let served =
            Served { address, callback_url: public.callback_url(), public_url: public.as_str().to_owned() };
        output.result(&served, || {
            facts(&[
                ("listening at", served.address.to_string()),
                ("public url", served.public_url.clone()),
                ("callback url", served.callback_url.clone()),
            ])
        })?;
        output.note("It serves until you end it with Ctrl-C.");
        runtime.block_on(until(asked, host, Arc::clone(&service)));
        // What runs is finished; what waits is answered at once.
        service.end();
        let living = living(&runtime, &service);
        serving.stop_within(LAST_RUNS);
        living.abort();
        if let Err(failure) = service.ended() {
            warn!(%failure, "that this process ends could not be written");
        }
        // A renewal that is on its way has its lease: it is finished or taken up again.
        runtime.shutdown_background();
        Ok(())
    }
}

/// Keeps connections alive, and says that this process is, until it is asked to end.
async fn until(asked: oneshot::Receiver<()>, host: Host, service: Arc<Service>) {
    let hourly = {
        let service = Arc::clone(&service);
        every(KEEP_ALIVE, move || {
            keep_alive(&host);
            service.tidy();
        })
    };
    let delivering = {
        let service = Arc::clone(&service);
        every(DELIVERS, move || deliver(&service))
    };
    tokio::select! {
        _ = asked => {}
        () = hourly => {}
        () = delivering => {}
        () = every(Service::LIVES, move || live(&service)) => {}
    }
}

/// Says that this process is alive while it finishes what runs.
fn living(runtime: &Runtime, service: &Arc<Service>) -> JoinHandle<()> {
    let service = Arc::clone(service);
    runtime.spawn(every(Service::LIVES, move || live(&service)))
}

fn deliver(service: &Service) {
    if let Err(failure) = service.deliver() {
        warn!(%failure, "webhooks cannot be told what happened");
    }
}

fn live(service: &Service) {
    if let Err(failure) = service.live() {
        warn!(%failure, "that this process is alive could not be written");
    }
}

/// Does something again and again, on a thread that may wait.
async fn every(time: Duration, what: impl Fn() + Send + Sync + 'static) {
    let what = Arc::new(what);
    let mut ticks = interval(time);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let what = Arc::clone(&what);
        let _ = tokio::task::spawn_blocking(move || what()).await;
    }
}

/// Renews what has been idle in any workspace. What fails is tried again in an hour, and does not end the service.
fn keep_alive(host: &Host) {
    let workspaces = host.workspaces().unwrap_or_else(|failure| {
        warn!(%failure, "idle connections cannot be looked for");
        Vec::new()
    });
    for workspace in workspaces {
        match host.keep_alive(&workspace) {
            Ok(kept) => kept.iter().for_each(|kept| match &kept.result {
                Ok(_) => info!(%workspace, connection = %kept.id, "an idle connection was renewed"),
                Err(failure) => {
                    warn!(%workspace, connection = %kept.id, %failure, "an idle connection was not")
                }
            }),
            Err(failure) => warn!(%workspace, %failure, "idle connections cannot be looked for"),
        }
    }
}

/// Answers once the process gets the signal of Ctrl-C or the one of a service manager.
fn asked_to_end() -> Result<oneshot::Receiver<()>> {
    let failed = |error: std::io::Error| Failure::internal(format!("Signals cannot be waited for: {error}."));
    let (say, asked) = oneshot::channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let _ = say.send(());
        });
    }
    #[cfg(not(unix))]
    {
        let _ = failed;
        tokio::spawn(async move {
            let _ = tokio::signal::ctrl_c().await;
            let _ = say.send(());
        });
    }
    Ok(asked)
}

/// Whether the service may be reached from other machines: keys and links would pass in the clear where nobody ends TLS.
fn check_reachable_elsewhere(
    bind: SocketAddr,
    public: Option<&PublicUrl>,
    is_behind_proxy: bool,
) -> Result<()> {
    let Some(public) = public else { return Err(no_public_url(bind)) };
    if is_behind_proxy && public.origin().is_https() {
        return Ok(());
    }
    let why =
        if is_behind_proxy { "the public URL is not https" } else { "it is not said that a proxy ends TLS" };
    Err(Failure::new(
        FailureKind::InvalidInput,
        "no-tls",
        format!("Nothing is served at {bind}, which other machines reach: {why}."),
    )
    .hint("Put a proxy that ends TLS before it, and set behind-tls-proxy = true and an https public-url in config.toml."))
}

fn no_public_url(bind: SocketAddr) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "no-public-url",
        format!("It is not said where people reach what is served at {bind}."),
    )
    .hint("Give --public-url https://…, or set public-url in config.toml.")
}
