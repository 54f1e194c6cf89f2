//! Token endpoints of custom profiles that answer to do harm.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actionbay::authorization::{Authorize, FixedCallback, Profile, UrlTemplate};
use actionbay::egress::{OperatorPolicy, Origin, UreqTransport};
use actionbay::ids::{ConnectionId, ProfileId};
use actionbay::vault::{MasterKey, MemoryStore};
use actionbay::{CallLimits, Failure, FailureKind, Host, SystemClock};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::components::ECHO;
use crate::support::{Script, answer, drip, engine, gzip, load, workspace};

const SECRET: &str = "canary-client-secret-0123";

/// How a token endpoint answers.
type Answers = Arc<dyn Fn(&mut TcpStream) -> io::Result<()> + Send + Sync>;

/// A host with a profile whose token endpoint is a server of ours, and nothing between the two.
struct Endpoint {
    host: Host,
    server: Script,
    answers: Arc<Mutex<Answers>>,
}

impl Endpoint {
    fn new(limits: CallLimits, other: &Script) -> Self {
        let answers = Arc::new(Mutex::new(granting()));
        let current = Arc::clone(&answers);
        let server = Script::writing(move |_, stream| {
            let answers = Arc::clone(&*current.lock().unwrap());
            answers(stream)
        });
        // A redirect could lead to the other one: only that none is followed keeps the host from it.
        let allowed = [&server, other].map(|server| Origin::parse(&server.origin).unwrap());
        let policy = allowed.into_iter().fold(OperatorPolicy::every_public_host(), OperatorPolicy::allow);
        let host = Host::builder()
            .transport(UreqTransport::default())
            .store(MemoryStore::new(), MasterKey::random().unwrap())
            .clock(SystemClock)
            .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
            .policy(policy)
            .limits(limits)
            .build()
            .unwrap();
        let plugin = load(engine(), ECHO);
        let mut profile =
            Profile::custom(ProfileId::new("app").unwrap(), plugin.manifest(), "client").unwrap();
        profile.token_url = UrlTemplate::new(format!("{}/token", server.origin));
        profile.refresh_url = profile.token_url.clone();
        host.add(plugin).unwrap();
        host.put_profile(&workspace(), &profile, &SECRET.to_owned().into()).unwrap();
        Self { host, server, answers }
    }

    fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    fn authorize(&self) -> Result<ConnectionId, Failure> {
        let plugin = self.host.plugins().pop().unwrap();
        let id = plugin.manifest().id.clone();
        let begun = self.host.begin(&Authorize::new(workspace(), id, ProfileId::new("app").unwrap()))?;
        let state =
            begun.authorization_url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let callback = format!("code=canary-code-0123&state={state}");
        self.host.handle_callback(&callback, None).map(|connection| connection.id)
    }
}

/// Grants tokens that are never due.
fn granting() -> Answers {
    let body =
        br#"{"access_token":"canary-access-token","refresh_token":"canary-refresh-token","expires_in":3600}"#;
    writing(answer("200 OK", &[("Content-Type", "application/json")], body))
}

fn writing(bytes: Vec<u8>) -> Answers {
    Arc::new(move |stream: &mut TcpStream| stream.write_all(&bytes))
}

fn slowly(begin: &'static [u8]) -> Answers {
    Arc::new(move |stream: &mut TcpStream| drip(stream, begin))
}

/// Asks for tokens by a code and by a refresh token, and gives both failures.
fn refused(endpoint: &Endpoint, answers: &Answers) -> [Failure; 2] {
    endpoint.answer(granting());
    let connection = endpoint.authorize().unwrap();
    endpoint.answer(Arc::clone(answers));
    let failures =
        [endpoint.authorize().unwrap_err(), endpoint.host.refresh(&workspace(), &connection).unwrap_err()];
    for failure in &failures {
        let told = format!("{failure:?}");
        for secret in [SECRET, "canary-code", "canary-refresh", "canary-access"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
    failures
}

#[test]
fn a_token_endpoint_that_redirects_takes_neither_secret_nor_code_to_another_server() {
    let other = Script::new(|_| answer("200 OK", &[], b"{}"));
    let endpoint = Endpoint::new(CallLimits::default(), &other);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("{}/token?canary-code-0123", other.origin);
        let before = endpoint.server.heads().len();
        for failure in refused(&endpoint, &writing(answer(status, &[("Location", &location)], b""))) {
            assert_eq!(failure.upstream_status, status[..3].parse().ok(), "{failure:?}");
        }
        assert_eq!(endpoint.server.heads().len() - before, 3, "one granted and two refused, none repeated");
    }
    assert_eq!(other.heads(), [] as [&str; 0], "it received nothing");
}

#[test]
fn a_token_endpoint_that_answers_with_more_than_tokens_is_cut_off() {
    let other = Script::new(|_| answer("200 OK", &[], b"{}"));
    let endpoint = Endpoint::new(CallLimits::default(), &other);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    for failure in refused(&endpoint, &writing(answer("200 OK", &[("Content-Encoding", "gzip")], &bomb))) {
        assert_eq!((failure.kind, &*failure.code), (FailureKind::LimitExceeded, "response-too-large"));
    }
}

#[test]
fn a_token_endpoint_that_answers_a_byte_at_a_time_ends_with_the_time_of_the_call() {
    let other = Script::new(|_| answer("200 OK", &[], b"{}"));
    let limits = CallLimits::default().wall_clock(Duration::from_millis(1_500));
    let endpoint = Endpoint::new(limits, &other);
    for begin in [
        &b"HTTP/1.1 200 O"[..],
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n",
    ] {
        let started = Instant::now();
        for failure in refused(&endpoint, &slowly(begin)) {
            assert_eq!(failure.kind, FailureKind::TimedOut, "{failure:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}

/// The scopes are told to plugins and to people. The tokens beside them are good: those before them may be so no more.
#[test]
fn scopes_that_hold_a_secret_are_told_to_nobody_and_the_connection_stays_alive() {
    let other = Script::new(|_| answer("200 OK", &[], b"{}"));
    let endpoint = Endpoint::new(CallLimits::default(), &other);
    for told in [SECRET, "canary-access-token", "canary-refresh-token", &STANDARD.encode(SECRET)] {
        let body = json!({
            "access_token": "canary-access-token", "refresh_token": "canary-refresh-token",
            "scope": format!("read {told}"),
        });
        endpoint.answer(writing(answer("200 OK", &[], body.to_string().as_bytes())));
        let id = endpoint.authorize().unwrap();
        endpoint.host.refresh(&workspace(), &id).unwrap();
        let connections = endpoint.host.connections(&workspace()).unwrap();
        let connection = connections.iter().find(|connection| connection.id == id).unwrap();
        let facts = format!("{connection:?}");
        assert!(!facts.contains("canary") && !facts.contains(told), "{facts}");
        assert!(facts.contains("Active"), "{facts}");
    }
}
