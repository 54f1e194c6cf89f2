//! The server on its own thread: start, address, end.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, future::IntoFuture as _, io, thread};

use axum::Router;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::client::ClientRegistration;
use crate::clock::Clock;
use crate::door::{self, Entrance};
use crate::faults::Faults;
use crate::line::{Lines, Scissors};
use crate::media::Media;
use crate::oauth::Authorizations;
use crate::rates::Quotas;
use crate::recorder::Recorder;
use crate::site::Ids;
use crate::state::{App, Counters, Settings, State};

/// What a sandbox is started with.
///
/// ```
/// use atlassian_sandbox::SandboxConfig;
///
/// let config = SandboxConfig { sites: 2, ..SandboxConfig::default() };
/// assert_eq!(config.token_lifetime.as_secs(), 3600);
/// ```
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The port on 127.0.0.1; 0, the default, takes a free one. The media host takes the port after it, or another
    /// one where that is not free.
    pub port: u16,
    /// The lifetime of access tokens. The default is one hour, as Atlassian's staff give it.
    pub token_lifetime: Duration,
    /// How many sites a grant reaches; at least one, which is the default.
    pub sites: usize,
    /// The callback URL of the first app, matched exactly. The default is `http://localhost:8976/callback`.
    pub redirect_uri: String,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            port: 0,
            token_lifetime: Duration::from_secs(3600),
            sites: 1,
            redirect_uri: "http://localhost:8976/callback".to_owned(),
        }
    }
}

/// Whether the server has ended, for those who wait for it.
type Ended = Arc<(Mutex<bool>, Condvar)>;

/// A running sandbox. It ends when this is dropped, without waiting for open connections.
pub struct Sandbox {
    url: String,
    media_url: String,
    client: ClientRegistration,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
    ended: Ended,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1 with its own thread, and returns once its port is open.
    ///
    /// # Errors
    ///
    /// When the port is taken, or the thread cannot be made.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let files = media_listener(config.port)?;
        files.set_nonblocking(true)?;
        let media_url = format!("http://127.0.0.1:{}", files.local_addr()?.port());
        let media = Media::new(media_url.clone());
        let mut state = State {
            origin: url.clone(),
            clock: Clock::default(),
            settings: Settings::new(config.token_lifetime),
            authorizations: Authorizations::default(),
            sites: Vec::new(),
            ids: Ids::default(),
            recorder: Recorder::default(),
            counters: Counters::default(),
            faults: Faults::default(),
            media,
            quotas: Quotas::default(),
        };
        state.set_sites(config.sites);
        let client = state.authorizations.register(config.redirect_uri, None);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let ended = Ended::default();
        let tell = EndedOnDrop(Arc::clone(&ended));
        let thread = thread::Builder::new().name("atlassian-sandbox".to_owned()).spawn(move || {
            let _tell = tell;
            run(runtime, listener, files, Arc::new(App::new(state)), &stopped);
        })?;
        Ok(Self { url, media_url, client, stop, thread: Some(thread), ended })
    }

    /// Where the sandbox answers: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the media host answers, which downloads of attachments lead to: another port, without a slash at the
    /// end.
    pub fn media_url(&self) -> &str {
        &self.media_url
    }

    /// The registration of the first app, which has every scope that the sandbox knows.
    pub fn client(&self) -> &ClientRegistration {
        &self.client
    }

    /// Ends the server, without waiting for open connections; [`wait`](Self::wait) returns then.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Blocks until the server ends.
    pub fn wait(&self) {
        let (ended, changed) = &*self.ended;
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !*ended {
            ended = changed.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The media host listens on the port after the sandbox's own where that is a fixed one and it is free, else on
/// any.
fn media_listener(port: u16) -> io::Result<TcpListener> {
    let wanted = if port == 0 { 0 } else { port.checked_add(1).unwrap_or_default() };
    TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
}

struct EndedOnDrop(Ended);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        let (ended, changed) = &*self.0;
        *ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }
}

fn run(runtime: Runtime, main: TcpListener, files: TcpListener, app: Arc<App>, stopped: &Notify) {
    runtime.block_on(async {
        tokio::select! {
            () = serve(main, Arc::clone(&app), Entrance::Main) => {}
            () = serve(files, app, Entrance::Media) => {}
            () = stopped.notified() => {}
        }
    });
    // Not a graceful end: connections that are kept alive would hold it up.
    runtime.shutdown_background();
}

async fn serve(listener: TcpListener, app: Arc<App>, entrance: Entrance) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let router = Router::new().fallback(door::serve).with_state((app, entrance));
    let service = router.into_make_service_with_connect_info::<Scissors>();
    let _ = axum::serve(Lines(listener), service).into_future().await;
}
