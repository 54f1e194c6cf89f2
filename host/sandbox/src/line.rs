//! The connections of the server, which can be cut.
//!
//! A handler cannot end its connection: the server writes whatever answer it gives. It can leave last words with
//! the connection, though, which are then sent instead of the answer, and are the end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections that can be cut.
pub(crate) struct Lines(pub(crate) TcpListener);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Small answers in several writes would otherwise wait for the peer's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        (Line { stream, scissors: Scissors::default() }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Cuts one connection.
#[derive(Clone, Default)]
pub(crate) struct Scissors {
    last_words: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Scissors {
    /// Ends the connection after these bytes; the server's answer is not sent.
    pub(crate) fn cut_after(&self, last_words: Vec<u8>) {
        *self.last_words() = Some(last_words);
    }

    fn last_words(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Lines>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().scissors.clone()
    }
}

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    scissors: Scissors,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, scissors } = self.get_mut();
        let mut last_words = scissors.last_words();
        let Some(words) = last_words.as_mut() else {
            return Pin::new(stream).poll_write(context, buffer);
        };
        while !words.is_empty() {
            match ready!(Pin::new(&mut *stream).poll_write(context, words))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(words.drain(..written)),
            }
        }
        // The server drops a connection that fails.
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
