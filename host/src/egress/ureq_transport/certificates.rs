//! Whom a connection is trusted to lead to: whoever has a certificate of a known authority for the very name that was asked for.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd, string,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::{Certificate, RootCerts};

use super::tests::get;
use super::*;

const NAME: &str = "auth.example";

/// Says of itself that it is an authority.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name.
fn naming(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// Somebody with a certificate, how many requests came through, and on how many connections that went on with what an
/// earlier one had agreed on.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    resumed: Arc<AtomicUsize>,
}

impl Server {
    fn new(params: CertificateParams, issuer: &CertifiedIssuer<'static, KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap().der().clone();
        Self::with(vec![certificate], &key)
    }

    fn with(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Self {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let resumed = Arc::new(AtomicUsize::new(0));
        let (count, again) = (Arc::clone(&requests), Arc::clone(&resumed));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                if stream.read(&mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {
                    count.fetch_add(1, Ordering::SeqCst);
                    let is_resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
                    again.fetch_add(usize::from(is_resumed), Ordering::SeqCst);
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                }
            }
        });
        Self { address, requests, resumed }
    }

    /// A transport for which every name leads here, and that knows this authority.
    fn transport(&self, known: &CertifiedIssuer<'static, KeyPair>) -> UreqTransport {
        let address = self.address;
        let names: Arc<NameService> = Arc::new(move |_: &str| vec![address]);
        let roots = RootCerts::new_with_certs(&[Certificate::from_der(known.der()).to_owned()]);
        UreqTransport::resolving(
            || Given(Arc::clone(&names)),
            |address| address.is_loopback(),
            TlsConfig::builder().root_certs(roots).build(),
        )
    }

    /// What a request to the name ends with.
    fn asked(
        &self,
        url: &str,
        reach: Reach,
        known: &CertifiedIssuer<'static, KeyPair>,
    ) -> Result<u16, TransportError> {
        self.transport(known).round_trip(to(url, reach)).map(|answer| answer.status)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn to(url: &str, reach: Reach) -> OutboundRequest {
    OutboundRequest {
        method: ureq::http::Method::POST,
        body: b"secret".to_vec().into(),
        timeout: Duration::from_secs(20),
        ..get(url, reach)
    }
}

/// Only one that has the same configuration can.
#[test]
fn every_connection_of_a_transport_has_the_tls_configuration_of_the_first() {
    let known = authority();
    for reach in [Reach::PublicOnly, Reach::Listed] {
        let server = Server::new(naming(NAME), &known);
        let transport = server.transport(&known);
        for _ in 0..4 {
            transport.round_trip(to("https://auth.example/token", reach)).unwrap();
        }
        assert_eq!((server.requests(), server.resumed.load(Ordering::SeqCst)), (4, 3));
    }
}

#[test]
fn a_request_goes_to_whoever_has_a_certificate_of_a_known_authority_for_the_name() {
    let known = authority();
    for reach in [Reach::PublicOnly, Reach::Listed] {
        let server = Server::new(naming(NAME), &known);
        assert_eq!(server.asked("https://auth.example/token", reach, &known).unwrap(), 204);
        let any = Server::new(naming("*.auth.example"), &known);
        assert_eq!(any.asked("https://one.auth.example/token", reach, &known).unwrap(), 204);
        assert_eq!((server.requests(), any.requests()), (1, 1));
    }
}

#[test]
fn whoever_cannot_show_that_it_is_who_was_asked_for_gets_nothing() {
    let (known, unknown) = (authority(), authority());
    let mut expired = naming(NAME);
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let mut not_yet = naming(NAME);
    not_yet.not_before = date_time_ymd(4000, 1, 1);
    let mut address = CertificateParams::default();
    address.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
    let mut common = CertificateParams::default();
    common.distinguished_name.push(rcgen::DnType::CommonName, NAME);
    let mut many = naming("a.auth.example");
    many.subject_alt_names.push(SanType::DnsName(string::Ia5String::try_from("*.auth.example").unwrap()));
    let own = KeyPair::generate().unwrap();
    let self_signed = naming(NAME).self_signed(&own).unwrap().der().clone();
    let servers = [
        ("an authority that nobody knows", Server::new(naming(NAME), &unknown)),
        ("itself", Server::with(vec![self_signed], &own)),
        ("another name", Server::new(naming("else.example"), &known)),
        ("names below it", Server::new(many, &known)),
        ("the address that the name leads to", Server::new(address, &known)),
        ("its common name alone", Server::new(common, &known)),
        ("the past", Server::new(expired, &known)),
        ("the future", Server::new(not_yet, &known)),
    ];
    for (what, server) in &servers {
        for reach in [Reach::PublicOnly, Reach::Listed] {
            let error = server.asked("https://auth.example/token", reach, &known).unwrap_err();
            assert_eq!(
                (error.kind, error.request_sent),
                (TransportErrorKind::Untrusted, false),
                "a certificate of {what}: {error}"
            );
        }
        assert_eq!(server.requests(), 0, "{what}");
    }
}

/// The authorities that everybody knows are those that a transport knows.
#[test]
fn an_authority_of_ones_own_is_not_known_by_itself() {
    let own = authority();
    let server = Server::new(naming(NAME), &own);
    let address = server.address;
    let transport = UreqTransport::with_names(move |_| vec![address], |address| address.is_loopback());
    let request = to("https://auth.example/", Reach::PublicOnly);
    assert_eq!(transport.round_trip(request).unwrap_err().kind, TransportErrorKind::Untrusted);
    assert_eq!(server.requests(), 0);
}
