//! The transport that opens sockets.

use std::fmt;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::header::CONTENT_LENGTH;
use ureq::http::{Request, Response, Uri};
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Agent, SendBody};

use self::connector::OneTls;
use super::Origin;
use super::address::{Checked, NotPublic, Reach, is_public};
use super::names::{Names, Remembering};
use super::source::Unreadable as SourceUnreadable;
use super::transport::{
    OutboundBody, OutboundRequest, RawResponse, StreamedResponse, Transport, TransportError,
    TransportErrorKind,
};

mod connector;

/// How many idle connections are kept, of one host and of all: as many as calls run at the same time, so that none of
/// them pays for a handshake twice. They are let go after some seconds.
const IDLE: usize = 256;

/// How long finding an address may take, and connecting to it.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// HTTP/1.1 over TCP and TLS, by `ureq`.
///
/// Follows no redirects, ignores proxies of the environment, keeps no cookies. A name is resolved once, and the
/// connection goes to the addresses that were checked. Where it led is good for some seconds, until an exchange fails.
#[derive(Clone)]
pub struct UreqTransport {
    /// Connects to public addresses only.
    public: Agent,
    /// Connects to any. It has connections of its own, so that none to an address that was not checked is used again
    /// for a request that may go to public ones only.
    listed: Agent,
    names: Names,
}

impl UreqTransport {
    /// A transport with a pool of connections of its own.
    pub fn new() -> Self {
        Self::resolving(DefaultResolver::default, is_public, trusted())
    }

    /// For tests of a whole host: a transport whose name service and whose idea of a public address are given.
    #[doc(hidden)]
    pub fn with_names(
        names: impl Fn(&str) -> Vec<SocketAddr> + Send + Sync + 'static,
        may_connect: fn(IpAddr) -> bool,
    ) -> Self {
        let names: Arc<NameService> = Arc::new(names);
        Self::resolving(|| Given(Arc::clone(&names)), may_connect, trusted())
    }

    fn resolving<R: Resolver>(
        resolver: impl Fn() -> R,
        may_connect: fn(IpAddr) -> bool,
        tls: TlsConfig,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            // A time-out of their own tells a request that was not sent from one that was.
            .timeout_resolve(Some(LONGEST_CONNECT))
            .timeout_connect(Some(LONGEST_CONNECT))
            .max_idle_connections(IDLE)
            .max_idle_connections_per_host(IDLE)
            .tls_config(tls)
            .build();
        log::debug!("an HTTP client is made, with its TLS configuration");
        let names = Names::default();
        let remembering = || Remembering { inner: resolver(), names: names.clone() };
        let checked = Checked { inner: remembering(), may_connect };
        Self {
            public: Agent::with_parts(config.clone(), OneTls::default(), checked),
            listed: Agent::with_parts(config, OneTls::default(), remembering()),
            names,
        }
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UreqTransport")
    }
}

/// Who is trusted to say that a server is who was asked for: the authorities that everybody knows.
fn trusted() -> TlsConfig {
    TlsConfig::default()
}

/// The addresses of a host.
type NameService = dyn Fn(&str) -> Vec<SocketAddr> + Send + Sync;

/// A resolver that asks somebody else.
struct Given(Arc<NameService>);

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl Resolver for Given {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        (self.0)(uri.host().unwrap_or_default()).into_iter().for_each(|address| addresses.push(address));
        Ok(addresses)
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

    fn open(&self, request: OutboundRequest) -> Result<StreamedResponse, TransportError> {
        let origin = Origin::of(&request.url);
        refuse_if_logged()?;
        let response = self.send(request).map_err(|error| describe(error, &origin, false))?;
        let (parts, body) = response.into_parts();
        let body = Described { inner: body.into_reader(), origin };
        Ok(StreamedResponse { status: parts.status.as_u16(), headers: parts.headers, body: Box::new(body) })
    }
}

/// A body whose errors say what happened.
struct Described {
    inner: ureq::BodyReader<'static>,
    origin: Origin,
}

impl Read for Described {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(describe(as_ureq(error), &self.origin, true)),
        })
    }
}

impl UreqTransport {
    fn send(&self, request: OutboundRequest) -> Result<Response<ureq::Body>, ureq::Error> {
        let uri: Uri = request
            .url
            .as_str()
            .parse()
            .map_err(|error| ureq::Error::Http(ureq::http::Error::from(error)))?;
        let sent = self.send_to(&uri, request);
        sent.inspect_err(|_| self.names.forget(&uri))
    }

    fn send_to(&self, uri: &Uri, request: OutboundRequest) -> Result<Response<ureq::Body>, ureq::Error> {
        let agent = match request.reach {
            Reach::PublicOnly => &self.public,
            Reach::Listed => &self.listed,
        };
        let mut builder = Request::builder().method(request.method).uri(uri.clone());
        if let Some(headers) = builder.headers_mut() {
            *headers = request.headers;
        }
        let timeout = Some(request.timeout);
        match request.body {
            OutboundBody::Bytes(bytes) if !bytes.is_empty() => {
                let request = builder.body(bytes.as_slice()).map_err(ureq::Error::from)?;
                agent.run(agent.configure_request(request).timeout_global(timeout).build())
            }
            OutboundBody::Stream { reader, length } if length > 0 => {
                // With a length the library does not chunk.
                let builder = builder.header(CONTENT_LENGTH, length);
                let body = SendBody::from_owned_reader(reader);
                let request = builder.body(body).map_err(ureq::Error::from)?;
                agent.run(agent.configure_request(request).timeout_global(timeout).build())
            }
            OutboundBody::Bytes(_) | OutboundBody::Stream { .. } => {
                let request = builder.body(()).map_err(ureq::Error::from)?;
                agent.run(agent.configure_request(request).timeout_global(timeout).build())
            }
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
    use TransportErrorKind::{
        Broken, NotConnected, NotPublic as Hidden, Refused, TimedOut, TooLarge, UnknownHost, Untrusted,
    };
    let (kind, request_sent, detail) = match error {
        ureq::Error::Other(other) if other.is::<NotPublic>() => {
            (Hidden, false, format!("{origin} is not at a public address."))
        }
        ureq::Error::HostNotFound => (UnknownHost, false, format!("There is no address for {origin}.")),
        ureq::Error::ConnectionFailed => (Refused, false, format!("{origin} took no connection.")),
        ureq::Error::Io(io) => of_io(&io, origin),
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            let seconds = LONGEST_CONNECT.as_secs();
            (NotConnected, false, format!("{origin} took no connection within {seconds} seconds."))
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
    if error.get_ref().is_some_and(|inner| inner.is::<SourceUnreadable>()) {
        let detail = format!("What was to be sent to {origin} cannot be read.");
        return (TransportErrorKind::Unreadable, false, detail);
    }
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
        // The system's name service has no kind of error of its own.
        _ if error.to_string().contains("failed to lookup address") => {
            (TransportErrorKind::UnknownHost, false, format!("There is no address for {origin}."))
        }
        _ => (
            TransportErrorKind::Broken,
            true,
            format!("The connection to {origin} broke before there was an answer."),
        ),
    }
}

#[cfg(test)]
mod certificates;

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use url::Url;

    use super::*;

    /// A name service whose answers change from one question to the next, and how often it was asked.
    fn names(answers: &[&[SocketAddr]]) -> (impl Fn(&str) -> Vec<SocketAddr> + use<>, Arc<AtomicUsize>) {
        let answers: Vec<Vec<SocketAddr>> = answers.iter().map(|answer| answer.to_vec()).collect();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        (move |_: &str| answers[count.fetch_add(1, Ordering::SeqCst)].clone(), asked)
    }

    /// Answers one request; counts connections.
    fn server() -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
        });
        (address, connections)
    }

    pub(super) fn get(url: &str, reach: Reach) -> OutboundRequest {
        OutboundRequest {
            method: ureq::http::Method::GET,
            url: Url::parse(url).unwrap(),
            reach,
            headers: ureq::http::HeaderMap::new(),
            body: Vec::new().into(),
            timeout: Duration::from_secs(5),
            max_response_bytes: 1000,
        }
    }

    fn status(transport: &UreqTransport, url: &str, reach: Reach) -> Result<u16, TransportErrorKind> {
        transport.round_trip(get(url, reach)).map(|answer| answer.status).map_err(|error| {
            assert!(!error.request_sent, "{error:?}");
            error.kind
        })
    }

    #[test]
    fn a_name_that_leads_to_one_address_that_is_not_public_is_refused_before_anything_is_connected() {
        let (here, connections) = server();
        let public: SocketAddr = "8.8.8.8:80".parse().unwrap();
        for answer in [vec![here], vec![public, here], vec![here, public]] {
            let transport = UreqTransport::with_names(names(&[&answer, &answer]).0, is_public);
            let result = status(&transport, "http://auth.example/", Reach::PublicOnly);
            assert_eq!(result, Err(TransportErrorKind::NotPublic), "{answer:?}");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_for_once() {
        let (here, connections) = server();
        let elsewhere: SocketAddr = "127.0.0.2:9".parse().unwrap();
        let (names, asked) = names(&[&[here], &[elsewhere]]);
        let transport = UreqTransport::with_names(names, |address| address.is_loopback());
        assert_eq!(status(&transport, "http://auth.example/", Reach::PublicOnly), Ok(204));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_name_is_asked_for_again_after_nothing_was_reached_where_it_led() {
        let (here, connections) = server();
        let nowhere: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let (names, asked) = names(&[&[nowhere], &[here]]);
        let transport = UreqTransport::with_names(names, |address| address.is_loopback());
        let to_nowhere = status(&transport, "http://auth.example/", Reach::PublicOnly);
        assert_eq!(to_nowhere, Err(TransportErrorKind::Refused));
        for _ in 0..2 {
            assert_eq!(status(&transport, "http://auth.example/", Reach::PublicOnly), Ok(204));
        }
        assert_eq!((asked.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (2, 2));
    }

    #[test]
    fn what_a_listed_name_led_to_is_checked_before_it_is_used_for_one_that_is_not() {
        let (here, connections) = server();
        let (names, _) = names(&[&[here], &[here]]);
        let transport = UreqTransport::with_names(names, is_public);
        assert_eq!(status(&transport, "http://auth.example/", Reach::Listed), Ok(204));
        let public = status(&transport, "http://auth.example/", Reach::PublicOnly);
        assert_eq!(public, Err(TransportErrorKind::NotPublic));
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_listed_origin_is_reached_wherever_it_is_and_lends_its_connections_to_nobody() {
        let (here, _) = server();
        let transport = UreqTransport::new();
        let url = format!("http://localhost:{}/", here.port());
        assert_eq!(status(&transport, &url, Reach::Listed), Ok(204));
        assert_eq!(status(&transport, &url, Reach::PublicOnly), Err(TransportErrorKind::NotPublic));
        let literal = format!("http://{here}/");
        assert_eq!(status(&transport, &literal, Reach::PublicOnly), Err(TransportErrorKind::NotPublic));
    }

    /// Whatever the limits are, nobody waits longer for a connection.
    #[test]
    fn a_server_that_takes_no_connection_in_time_is_said_to_be_that_and_no_limit_is_named() {
        let origin = Origin::parse("https://auth.example").unwrap();
        for phase in [ureq::Timeout::Resolve, ureq::Timeout::Connect] {
            let failure = describe(ureq::Error::Timeout(phase), &origin, false).into_failure(true);
            assert_eq!((&*failure.code, failure.request_sent), ("connect-timed-out", false));
            assert!(failure.message.ends_with("took no connection within 10 seconds."), "{failure}");
            assert!(!failure.hint.unwrap().contains("wall-clock"));
        }
        let answer = describe(ureq::Error::Timeout(ureq::Timeout::Global), &origin, false).into_failure(true);
        assert_eq!((&*answer.code, answer.request_sent), ("timed-out", true));
    }

    #[test]
    fn a_name_without_an_address_is_said_to_be_that_and_nothing_was_sent() {
        let request = OutboundRequest {
            method: http::Method::POST,
            url: url::Url::parse("https://no-such-host.invalid/").unwrap(),
            headers: http::HeaderMap::new(),
            body: Vec::new().into(),
            timeout: Duration::from_secs(5),
            max_response_bytes: 1,
            reach: Reach::PublicOnly,
        };
        let error = UreqTransport::new().round_trip(request).unwrap_err();
        assert_eq!((error.kind, error.request_sent), (TransportErrorKind::UnknownHost, false), "{error}");
    }
}
