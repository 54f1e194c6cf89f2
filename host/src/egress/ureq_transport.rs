//! The transport that opens sockets.

use std::io::{self, Read};
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Request, Response};

use super::Origin;
use super::transport::{OutboundRequest, RawResponse, Transport, TransportError, TransportErrorKind};

/// How many idle connections are kept for one host, so that a run of requests pays for one handshake.
const IDLE_PER_HOST: usize = 8;

/// How long finding an address may take, and connecting to it.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// HTTP/1.1 over TCP and TLS, by `ureq`.
///
/// Follows no redirects, ignores proxies of the environment, keeps no cookies.
#[derive(Debug, Clone)]
pub struct UreqTransport {
    agent: Agent,
}

impl UreqTransport {
    /// A transport with a pool of connections of its own.
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            // A time-out of their own tells a request that was not sent from one that was.
            .timeout_resolve(Some(LONGEST_CONNECT))
            .timeout_connect(Some(LONGEST_CONNECT))
            .max_idle_connections_per_host(IDLE_PER_HOST)
            .build();
        Self { agent: config.new_agent() }
    }
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for UreqTransport {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let origin = Origin::of(&request.url);
        refuse_if_logged()?;
        let limit = request.max_response_bytes;
        let response = self.send(request).map_err(|error| describe(error, &origin, false))?;
        let (parts, body) = response.into_parts();
        Ok(RawResponse {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: read(body, limit).map_err(|error| describe(error, &origin, true))?,
        })
    }
}

impl UreqTransport {
    fn send(&self, request: OutboundRequest) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut builder = Request::builder().method(request.method).uri(request.url.as_str());
        if let Some(headers) = builder.headers_mut() {
            *headers = request.headers;
        }
        let timeout = Some(request.timeout);
        if request.body.is_empty() {
            let request = builder.body(()).map_err(ureq::Error::from)?;
            self.agent.run(self.agent.configure_request(request).timeout_global(timeout).build())
        } else {
            let request = builder.body(request.body.as_slice()).map_err(ureq::Error::from)?;
            self.agent.run(self.agent.configure_request(request).timeout_global(timeout).build())
        }
    }
}

/// At its finest level the HTTP library logs every byte that goes out, credentials among them.
fn refuse_if_logged() -> Result<(), TransportError> {
    if !log::log_enabled!(target: "ureq_proto::util", log::Level::Trace) {
        return Ok(());
    }
    Err(TransportError::new(
        TransportErrorKind::Denied,
        false,
        "Nothing is sent while the log takes the bytes on the wire: set the level of ureq_proto above trace.",
    ))
}

/// The body, decompressed, if it is within the limit.
fn read(body: ureq::Body, limit: u64) -> Result<Vec<u8>, ureq::Error> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a body that fits from one that does not.
    body.into_reader().take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(as_ureq)?;
    if bytes.len() as u64 > limit { Err(ureq::Error::BodyExceedsLimit(limit)) } else { Ok(bytes) }
}

/// The reader wraps ureq's own errors, a time-out among them, in an I/O error.
fn as_ureq(error: io::Error) -> ureq::Error {
    match error.downcast::<ureq::Error>() {
        Ok(inner) => inner,
        Err(error) => ureq::Error::Io(error),
    }
}

/// Says what happened in a sentence that names the origin. The error's own text is not taken over: it may hold
/// what was sent. `answered`: the head of an answer was there, so the request arrived.
fn describe(error: ureq::Error, origin: &Origin, answered: bool) -> TransportError {
    use TransportErrorKind::{Broken, Refused, TimedOut, TooLarge, UnknownHost, Untrusted};
    let (kind, request_sent, detail) = match error {
        ureq::Error::HostNotFound => (UnknownHost, false, format!("There is no address for {origin}.")),
        ureq::Error::ConnectionFailed => (Refused, false, format!("{origin} took no connection.")),
        ureq::Error::Io(io) => of_io(&io, origin),
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            (TimedOut, false, format!("{origin} took no connection in time."))
        }
        ureq::Error::Timeout(_) => (TimedOut, true, format!("{origin} did not answer in time.")),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            (Broken, false, format!("The request to {origin} cannot be written."))
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            (Untrusted, false, format!("There is no trusted connection to {origin}."))
        }
        ureq::Error::BodyExceedsLimit(limit) => {
            (TooLarge, true, format!("The answer of {origin} is larger than {limit} bytes."))
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            (Broken, true, format!("{origin} answered with something that is not HTTP."))
        }
        _ => (Broken, true, format!("The exchange with {origin} failed.")),
    };
    TransportError::new(kind, request_sent || answered, detail)
}

fn of_io(error: &io::Error, origin: &Origin) -> (TransportErrorKind, bool, String) {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => {
            (TransportErrorKind::Refused, false, format!("{origin} took no connection."))
        }
        io::ErrorKind::TimedOut => {
            (TransportErrorKind::TimedOut, true, format!("{origin} did not answer in time."))
        }
        // Before the handshake is over it is the certificate; after it, anything.
        io::ErrorKind::InvalidData => {
            let sent = !error.to_string().contains("certificate");
            (TransportErrorKind::Untrusted, sent, format!("There is no trusted connection to {origin}."))
        }
        _ => (
            TransportErrorKind::Broken,
            true,
            format!("The connection to {origin} broke before there was an answer."),
        ),
    }
}
