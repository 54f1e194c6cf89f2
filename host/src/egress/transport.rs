//! The wire, as embedders may replace it.

use std::fmt;
use std::io::{Cursor, Read};
use std::time::Duration;

use http::{HeaderMap, Method};
use url::Url;
use zeroize::Zeroizing;

use super::Origin;
use super::address::Reach;
use super::source::unreadable;
use crate::failure::{Failure, FailureKind};

/// A request that has passed every check, credential included.
///
/// Printing it shows method and URL only, without the query, which may open what it leads to. Whoever implements [`Transport`] holds secrets in its hands: the
/// `authorization` header, and the body of a token request.
pub struct OutboundRequest {
    /// The method.
    pub method: Method,
    /// Where it goes, in full.
    pub url: Url,
    /// Which addresses its host may have.
    pub reach: Reach,
    /// Its headers; `authorization` is marked sensitive.
    pub headers: HeaderMap,
    /// Its body.
    pub body: OutboundBody,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// How large the response's body may be once decompressed.
    pub max_response_bytes: u64,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, Origin::of(&self.url), self.url.path())
    }
}

/// What a request carries.
pub enum OutboundBody {
    /// Bytes, zeroed when dropped.
    Bytes(Zeroizing<Vec<u8>>),
    /// A stream, to be read once and sent with its length (no chunked coding).
    Stream {
        /// Gives exactly as many bytes as there are, or fails.
        reader: Box<dyn Read + Send>,
        /// How many there are.
        length: u64,
    },
}

impl OutboundBody {
    /// The bytes, where they are held; of a stream, none.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Stream { .. } => &[],
        }
    }
}

impl From<Vec<u8>> for OutboundBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for OutboundBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Stream { length, .. } => write!(f, "{length} bytes, streamed"),
        }
    }
}

/// An answer whose body is still to be read, decompressed.
pub struct StreamedResponse {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body. What it fails of holds a [`TransportError`].
    pub body: Box<dyn Read + Send>,
}

impl fmt::Debug for StreamedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (streamed)", self.status)
    }
}

impl From<RawResponse> for StreamedResponse {
    fn from(answer: RawResponse) -> Self {
        Self { status: answer.status, headers: answer.headers, body: Box::new(Cursor::new(answer.body)) }
    }
}

/// An answer as it came in, decompressed.
#[derive(Clone)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Nothing may be sent by this transport.
    Denied,
    /// The name leads to an address that is not public.
    NotPublic,
    /// The name has no address.
    UnknownHost,
    /// There was no connection.
    Refused,
    /// The other side is not who it should be (TLS).
    Untrusted,
    /// There was no connection for longer than is waited for one.
    NotConnected,
    /// The time was over.
    TimedOut,
    /// The body is encoded in a way that is not read.
    Encoded,
    /// The connection broke.
    Broken,
    /// The response is larger than allowed.
    TooLarge,
    /// What was to be sent cannot be read, and the request ended before it was whole.
    Unreadable,
}

/// Why there is no answer, and whether the request may have arrived.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    /// For matching on.
    pub kind: TransportErrorKind,
    /// Whether the request may have reached the other side.
    pub request_sent: bool,
    /// For people; holds no secret.
    pub detail: String,
}

impl TransportError {
    /// An error of a kind, with a detail for people.
    pub fn new(kind: TransportErrorKind, request_sent: bool, detail: impl Into<String>) -> Self {
        Self { kind, request_sent, detail: detail.into() }
    }

    /// As the caller is told it.
    pub(super) fn into_failure(self, has_effect: bool) -> Failure {
        if self.kind == TransportErrorKind::Unreadable {
            return unreadable();
        }
        let (kind, code, hint) = match self.kind {
            TransportErrorKind::Denied => {
                (FailureKind::Denied, "no-transport", "Give the host a transport, such as UreqTransport.")
            }
            TransportErrorKind::NotPublic => {
                (FailureKind::Denied, "address-not-public", "The operator can list the very origin.")
            }
            TransportErrorKind::Unreadable | TransportErrorKind::UnknownHost => (
                FailureKind::Unreachable,
                "unknown-host",
                "Check the address and the network's name service.",
            ),
            TransportErrorKind::Refused => (
                FailureKind::Unreachable,
                "connection-refused",
                "Check that it runs and that the network lets you reach it.",
            ),
            TransportErrorKind::Untrusted => (
                FailureKind::Unreachable,
                "untrusted-server",
                "Its certificate does not fit its name, or nobody known vouches for it.",
            ),
            TransportErrorKind::NotConnected => (
                FailureKind::TimedOut,
                "connect-timed-out",
                "Check that it runs and that the network lets you reach it: nobody waits longer, whatever the limits.",
            ),
            TransportErrorKind::Encoded => (
                FailureKind::Upstream,
                "encoding-refused",
                "The vendor answers otherwise than it was asked to. Nothing of it was taken.",
            ),
            TransportErrorKind::TimedOut => {
                let hint = "Try again, or raise the limit wall-clock, for files the limit transfer.";
                (FailureKind::TimedOut, "timed-out", hint)
            }
            TransportErrorKind::Broken => (FailureKind::Unreachable, "connection-broken", "Try again later."),
            TransportErrorKind::TooLarge => (
                FailureKind::LimitExceeded,
                "response-too-large",
                "Ask for less, or raise the limit response-bytes.",
            ),
        };
        Failure::new(kind, code, self.detail).hint(hint).sent(self.request_sent && has_effect)
    }
}

/// Carries one request to one server and brings the answer back.
///
/// An implementation follows no redirects, ignores proxies of the environment, keeps no cookies, verifies TLS for
/// the URL's host, undoes the encoding of the content and takes its header away, and keeps to the request's [`Reach`]: it connects to the very addresses that it checked. [`UreqTransport`](super::UreqTransport) does.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the whole answer, of any status.
    ///
    /// # Errors
    /// A [`TransportError`] where there is no answer.
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError>;

    /// Sends the request and waits for the head of the answer only. Whoever reads the body bounds it.
    ///
    /// An implementation that has no way to do so holds the answer as a whole.
    ///
    /// # Errors
    /// A [`TransportError`] where there is no answer.
    fn open(&self, request: OutboundRequest) -> Result<StreamedResponse, TransportError> {
        self.round_trip(request).map(StreamedResponse::from)
    }
}

/// The transport of a host that was given none: nothing leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyTransport;

impl Transport for DenyTransport {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        Err(TransportError::new(
            TransportErrorKind::Denied,
            false,
            format!("This host has no transport, so nothing was sent to {}.", Origin::of(&request.url)),
        ))
    }
}
