//! What platforms are told goes where the operator lets it, and to no private address: not by a name that moved, not by a
//! redirect, and not once it was forbidden.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use actionbay::Host;
use actionbay::authorization::FixedCallback;
use actionbay::egress::{
    OperatorPolicy, Origin, OutboundRequest, RawResponse, Transport, TransportError, UreqTransport,
};
use actionbay::service::{Settings, Webhooks};
use actionbay::vault::{KeySource, SqliteStore};
use serde_json::json;

use super::office::{Client, Office, run_of};
use super::telling::Receiver;
use crate::support::{MASTER_KEY, REDIRECT_URI, Script, Setup, Wire, World, answer, listening};

/// What goes to the names of the tests is sent by a transport of theirs, and all else to the sandbox.
struct Named(Wire, UreqTransport);

impl Transport for Named {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        match request.url.host_str() {
            Some("moves.example.com" | "127.0.0.1" | "127.0.0.2") => self.1.round_trip(request),
            _ => self.0.round_trip(request),
        }
    }
}

/// In the place of a public address stands one of this machine that nobody else uses.
const PUBLIC: &str = "127.0.0.2";

/// Where the name leads, by how often it was asked for: to the public address first, and to the private one from then on.
struct Names {
    public: (SocketAddr, Arc<AtomicUsize>),
    private: (SocketAddr, Arc<AtomicUsize>),
    asked: AtomicUsize,
}

fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| Names {
        public: listening(PUBLIC),
        private: listening("127.0.0.1"),
        asked: AtomicUsize::new(0),
    })
}

fn run(client: &Client) {
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
}

fn told(client: &Client, url: &str) -> String {
    let made = client.post("/webhooks", json!({"url": url, "events": ["run.finished"]})).done();
    format!("/webhooks/{}", made["id"].as_str().unwrap())
}

#[test]
fn a_name_that_leads_to_a_private_address_by_the_time_it_is_told_something_is_not_called() {
    let office = Office::of("", Settings::default(), |setup| {
        let by_name = |wire| {
            let known = names();
            let find = move |_: &str| match known.asked.fetch_add(1, Ordering::SeqCst) {
                0 => vec![known.public.0],
                1 => vec![known.private.0],
                _ => vec![known.public.0, known.private.0],
            };
            let is_public = |address: IpAddr| address.to_string() == PUBLIC;
            Arc::new(Named(wire, UreqTransport::with_names(find, is_public))) as Arc<dyn Transport>
        };
        World::new(Setup { transport: Some(by_name), ..setup })
    });
    office.world.authorize().unwrap();
    let client = office.admin();
    let at = told(&client, "https://moves.example.com/hook");
    run(&client);
    let known = names();
    for (time, reached) in [(1, 1), (2, 1), (3, 1)] {
        assert_eq!(office.service.deliver().unwrap(), 0);
        assert_eq!(known.asked.load(Ordering::SeqCst), time, "it is looked up each time");
        assert_eq!(known.public.1.load(Ordering::SeqCst), reached);
        office.world.clock.advance(60 * 60);
    }
    assert_eq!(known.private.1.load(Ordering::SeqCst), 0);
    assert!(client.get(&at).done()["failing_since"].is_string());
}

#[test]
fn an_address_that_leads_on_to_a_private_one_is_not_followed() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (private, attacked) = listening("127.0.0.1");
        let location = format!("http://{private}/hook");
        let server = Script::new(move |_| answer(status, &[("Location", &location)], b""));
        let policy = OperatorPolicy::every_public_host().allow(Origin::parse(&server.origin).unwrap());
        let office = Office::of("", Settings::default(), |setup| {
            let fork = |wire| Arc::new(Named(wire, UreqTransport::new())) as Arc<dyn Transport>;
            World::with(Setup { transport: Some(fork), ..setup }, |builder| builder.policy(policy))
        });
        office.world.authorize().unwrap();
        let client = office.admin();
        told(&client, &format!("{}/hook", server.origin));
        run(&client);
        assert_eq!(office.service.deliver().unwrap(), 0, "{status}: it was not taken in");
        assert_eq!((server.heads().len(), attacked.load(Ordering::SeqCst)), (1, 0), "{status}");
    }
}

#[test]
fn an_address_that_the_operator_forbids_meanwhile_is_told_nothing() {
    let receiver = Receiver::new();
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let key = KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap();
        (SqliteStore::open(&folder.path().join("store.db")).unwrap(), key)
    };
    let policy = OperatorPolicy::every_public_host().allow(Origin::parse(&receiver.origin).unwrap());
    let office = Office::of("", Settings::default(), |setup| {
        let fork = |wire| Arc::new(Named(wire, UreqTransport::new())) as Arc<dyn Transport>;
        let setup = Setup { transport: Some(fork), ..setup };
        World::with(setup, |builder| builder.store(open().0, open().1).policy(policy))
    });
    office.world.authorize().unwrap();
    let client = office.admin();
    told(&client, &format!("{}/hook", receiver.origin));
    run(&client);
    // The process was begun anew, with another policy.
    let stricter = Host::builder()
        .transport(UreqTransport::new())
        .store(open().0, open().1)
        .clock(office.world.clock.clone())
        .callbacks(FixedCallback(REDIRECT_URI.to_owned()))
        .policy(OperatorPolicy::every_public_host())
        .build()
        .unwrap();
    assert_eq!(Webhooks::of(&stricter).deliver().unwrap(), 0);
    assert!(receiver.messages().is_empty());
    office.world.clock.advance(60);
    assert_eq!(office.service.deliver().unwrap(), 1, "it waited, and is sent by whoever may");
    assert_eq!(receiver.messages().len(), 1);
}
