//! Serving over HTTP, without a runtime of the caller's.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::failure::{Failure, FailureKind, Result};

/// How long what is being answered may take once the server is to end.
pub(super) const LAST_ANSWER: Duration = Duration::from_secs(5);

/// How often it is looked whether all is done once the server is to end.
const LOOKS_AGAIN: Duration = Duration::from_millis(10);

/// How long a connection may wait for a request, or for more of one. Whoever sends slower is let go.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// How long an answer may take: more than what is behind it may. It is a bound for what nobody thought of.
const LONGEST_ANSWER: Duration = Duration::from_secs(60 * 60);

/// How many connections are open at a time.
const MOST_CONNECTIONS: usize = 512;

/// Ports that are taken and not yet served.
#[derive(Debug)]
pub(super) struct Sockets {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    patience: Duration,
}

impl Sockets {
    /// Takes a port; 0: any. On 127.0.0.1 it is taken on `::1` too, where there is one: `localhost` is both, and nobody
    /// else may get what is sent to the other one.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let first = listen(address)?;
        let address = first.local_addr()?;
        let mut listeners = vec![first];
        if address.ip() == IpAddr::from(Ipv4Addr::LOCALHOST) {
            match listen((Ipv6Addr::LOCALHOST, address.port()).into()) {
                Ok(second) => listeners.push(second),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
                Err(_) => {}
            }
        }
        Ok(Self { listeners, address, patience: LONGEST_WAIT })
    }

    /// Where they are.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop.
    pub(super) fn serve(
        self,
        app: &Router,
        stopped: &watch::Receiver<()>,
    ) -> Result<JoinSet<io::Result<()>>> {
        let app = app
            .clone()
            .layer(axum::middleware::from_fn(attended))
            .into_make_service_with_connect_info::<Lease>();
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut servers = JoinSet::new();
        for listener in self.listeners {
            let inner = tokio::net::TcpListener::from_std(listener)
                .map_err(|error| Failure::internal(format!("The port cannot be served: {error}.")))?;
            let door = Door { inner, room: Arc::clone(&room), patience: self.patience };
            let (app, mut stopped) = (app.clone(), stopped.clone());
            servers.spawn(async move {
                let end = async move {
                    let _ = stopped.changed().await;
                };
                axum::serve(door, app).with_graceful_shutdown(end).await
            });
        }
        Ok(servers)
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Pages are small and few, so that a connection need not wait for a second request.
pub(super) async fn one_request(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Lets a connection last while its request is attended to, and wait for the next one.
async fn attended(ConnectInfo(lease): ConnectInfo<Lease>, request: Request, next: Next) -> Response {
    lease.extend(LONGEST_ANSWER);
    let response = next.run(request).await;
    lease.extend(lease.patience);
    response
}

/// Until when a connection may last, which its requests extend.
#[derive(Debug, Clone)]
struct Lease {
    until: Arc<Mutex<Instant>>,
    /// How long it may wait for a request.
    patience: Duration,
}

impl Lease {
    fn new(patience: Duration) -> Self {
        Self { until: Arc::new(Mutex::new(Instant::now() + patience)), patience }
    }

    fn extend(&self, time: Duration) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + time;
    }

    fn end(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Door>> for Lease {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().lease.clone()
    }
}

/// Lets in as many connections as there is room for, for as long as one may last.
struct Door {
    inner: tokio::net::TcpListener,
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.inner).await;
        let lease = Lease::new(self.patience);
        let end = Box::pin(sleep_until(lease.end()));
        (Guest { stream, lease, end, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A connection that ends in time.
struct Guest {
    stream: TcpStream,
    lease: Lease,
    end: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Guest {
    /// What a pending read or write is: over, once the time is.
    fn waiting<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        while self.end.as_mut().poll(context).is_ready() {
            let end = self.lease.end();
            if end <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.end.as_mut().reset(end);
        }
        Poll::Pending
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.waiting(context),
            ready => ready,
        }
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.waiting(context),
            ready => ready,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A server that has its port and does not answer yet: its address may have to be known first.
#[derive(Debug)]
pub struct Server(Sockets);

impl Server {
    /// Takes a port; 0: any.
    ///
    /// # Errors
    /// `Unreachable` where it cannot be had.
    pub fn bind(address: SocketAddr) -> Result<Self> {
        Sockets::bind(address).map(Self).map_err(|error| {
            Failure::new(
                FailureKind::Unreachable,
                "port-taken",
                format!("Nothing can be served at {address}: {error}."),
            )
            .hint("End what uses the port, or give another address.")
        })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The same, where a connection may wait for a request, or for more of one, for so long.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.0.patience = time;
        self
    }

    /// Begins to answer, on threads of its own.
    ///
    /// # Errors
    /// `Internal` where the threads cannot be made.
    pub fn start(self, app: &Router) -> Result<Serving> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("actionbay-service")
            .enable_all()
            .build()
            .map_err(|error| Failure::internal(format!("Nothing can be served: {error}.")))?;
        let (stop, stopped) = watch::channel(());
        let entered = runtime.enter();
        let servers = self.0.serve(app, &stopped)?;
        drop(entered);
        Ok(Serving { runtime: Some(runtime), servers, stop })
    }
}

/// A server that answers, until it is stopped or dropped.
#[derive(Debug)]
pub struct Serving {
    runtime: Option<Runtime>,
    servers: JoinSet<io::Result<()>>,
    stop: watch::Sender<()>,
}

impl Serving {
    /// Takes no more requests, and ends what is being answered.
    pub fn stop(self) {
        self.stop_within(LAST_ANSWER);
    }

    /// The same, where what is being answered may take so long.
    pub fn stop_within(mut self, time: Duration) {
        if let Some(runtime) = self.runtime.take() {
            let (until, running) = (Instant::now() + time, runtime.metrics());
            let servers = std::mem::take(&mut self.servers);
            runtime.block_on(async {
                ended(&self.stop, servers, time).await;
                // What goes on without anybody who waits for its answer is a task, and then a thread.
                while running.num_alive_tasks() > 0 && Instant::now() < until {
                    tokio::time::sleep(LOOKS_AGAIN).await;
                }
            });
            runtime.shutdown_timeout(until.saturating_duration_since(Instant::now()));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Has servers take no more requests, and waits for what they are answering.
pub(super) async fn ended(stop: &watch::Sender<()>, servers: JoinSet<io::Result<()>>, time: Duration) {
    let _ = stop.send(());
    let _ = tokio::time::timeout(time, servers.join_all()).await;
}
