//! Platforms are told what happened, at an address of theirs.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actionbay::egress::{
    OperatorPolicy, Origin, OutboundRequest, RawResponse, Transport, TransportError, UreqTransport,
};
use actionbay::service::{Settings, Webhooks};
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::office::{Client, Office, run_of};
use super::talking;
use crate::support::{Setup, Wire, World};

/// A message as it came in.
#[derive(Debug, Clone)]
pub(super) struct Message {
    head: String,
    pub(super) body: String,
}

impl Message {
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let header = self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        });
        header.unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it is signed with this secret, by RFC 2104 as it is written there.
    fn is_signed_with(&self, secret: &str) -> bool {
        let mut key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        key.resize(64, 0);
        let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let content = format!("{id}.{at}.{}", self.body);
        let inner = Sha256::digest([pad(0x36), content.into_bytes()].concat());
        let tag = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(tag))
    }
}

/// A platform's address, which answers as it is set.
#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) origin: String,
    pub(super) status: Arc<AtomicU16>,
    /// How long it takes to answer, in milliseconds.
    pub(super) takes: Arc<AtomicU64>,
    /// What is in messages that it refuses.
    refused: Arc<Mutex<Option<String>>>,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            status: Arc::new(AtomicU16::new(204)),
            takes: Arc::default(),
            refused: Arc::default(),
            messages: Arc::default(),
        };
        let taking = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let taking = taking.clone();
                std::thread::spawn(move || taking.take(stream));
            }
        });
        receiver
    }

    fn take(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0u8; 1];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body)?;
        let body = String::from_utf8(body).unwrap();
        let is_refused = self.refused.lock().unwrap().as_ref().is_some_and(|refused| body.contains(refused));
        self.messages.lock().unwrap().push(Message { head, body });
        std::thread::sleep(Duration::from_millis(self.takes.load(Ordering::SeqCst)));
        let status = if is_refused { 400 } else { self.status.load(Ordering::SeqCst) };
        write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// Refuses messages with this in them, and takes all others in.
    pub(super) fn refuses(&self, part: &str) {
        *self.refused.lock().unwrap() = Some(part.to_owned());
    }

    pub(super) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

/// What goes to this machine goes there, and all else to the sandbox.
struct Forked(Wire, UreqTransport);

impl Transport for Forked {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        match request.url.host_str() {
            Some("127.0.0.1" | "localhost") => self.1.round_trip(request),
            _ => self.0.round_trip(request),
        }
    }
}

/// An office whose operator lets this address be called.
fn office(receiver: &Receiver) -> Office {
    office_of(&[receiver])
}

/// The same of several addresses.
pub(super) fn office_of(receivers: &[&Receiver]) -> Office {
    let origins = receivers.iter().map(|receiver| Origin::parse(&receiver.origin).unwrap());
    let policy = origins.fold(OperatorPolicy::every_public_host(), OperatorPolicy::allow);
    Office::of("", Settings::default(), |setup| {
        let fork = |wire| Arc::new(Forked(wire, UreqTransport::new())) as Arc<dyn Transport>;
        World::with(Setup { transport: Some(fork), ..setup }, |builder| builder.policy(policy))
    })
}

pub(super) fn connected(receiver: &Receiver) -> Office {
    let office = office(receiver);
    office.world.authorize().unwrap();
    office
}

/// Has the address be told of these; the webhook, with its secret.
pub(super) fn told(client: &Client, receiver: &Receiver, events: &[&str]) -> Value {
    client.post("/webhooks", json!({"url": format!("{}/hook", receiver.origin), "events": events})).done()
}

pub(super) fn run(client: &Client) -> String {
    let run = client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    run["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_that_is_over_is_told_once_with_a_signature_and_without_content() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let webhook = told(&client, &receiver, &["run.finished"]);
    let secret = webhook["secret"].as_str().unwrap();
    let id = run(&client);
    assert!(receiver.messages().is_empty());
    assert_eq!(office.service.deliver().unwrap(), 1);
    assert_eq!(office.service.deliver().unwrap(), 0);
    let messages = receiver.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert!(message.head.starts_with("POST /hook HTTP/1.1\r\n"), "{message:?}");
    assert_eq!(message.header("content-type"), "application/json");
    assert!(message.is_signed_with(secret), "{message:?}");
    assert!(!message.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let body = message.json();
    assert_eq!(body["type"], "run.finished");
    assert_eq!((&body["data"]["run"], &body["data"]["state"]), (&json!(id), &json!("succeeded")));
    assert!(!message.body.contains("DOCS"), "{message:?}");
}

#[test]
fn the_secret_is_told_once_and_a_webhook_that_is_gone_is_told_nothing() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let webhook = told(&client, &receiver, &["run.finished"]);
    let at = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
    for shown in [client.get("/webhooks").done()["items"][0].clone(), client.get(&at).done()] {
        assert!(shown.get("secret").is_none(), "{shown}");
        assert_eq!((&shown["url"], &shown["disabled"]), (&webhook["url"], &json!(false)));
    }
    run(&client);
    assert_eq!(client.send("DELETE", &at, &[], None).status, 204);
    office.service.deliver().unwrap();
    assert!(receiver.messages().is_empty());
    client.get(&at).refused(404, "unknown-webhook");
}

#[test]
fn a_message_that_is_not_taken_in_comes_again_after_growing_pauses_with_its_id() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let webhook = told(&client, &receiver, &["run.finished"]);
    receiver.answers(503);
    run(&client);
    for (pause, count) in [(0, 1), (4, 1), (1, 2), (299, 2), (1, 3), (30 * 60, 4)] {
        office.world.clock.advance(pause);
        assert_eq!(office.service.deliver().unwrap(), 0);
        assert_eq!(receiver.messages().len(), count, "{pause} seconds later");
    }
    receiver.answers(200);
    office.world.clock.advance(2 * 60 * 60);
    assert_eq!(office.service.deliver().unwrap(), 1);
    let messages = receiver.messages();
    assert!(messages.iter().all(|m| m.header("webhook-id") == messages[0].header("webhook-id")));
    assert!(messages.iter().all(|m| m.body == messages[0].body));
    assert!(messages.iter().all(|m| m.is_signed_with(webhook["secret"].as_str().unwrap())));
    let shown = client.get(&format!("/webhooks/{}", webhook["id"].as_str().unwrap())).done();
    assert!(shown.get("failing_since").is_none(), "{shown}");
}

#[test]
fn an_address_that_fails_for_days_or_is_gone_is_told_nothing_any_more() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let webhook = told(&client, &receiver, &["run.finished"]);
    let at = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
    receiver.answers(500);
    run(&client);
    for _ in 0..9 {
        office.service.deliver().unwrap();
        office.world.clock.advance(24 * 60 * 60);
    }
    assert_eq!(client.get(&at).done()["disabled"], true);
    let before = receiver.messages().len();
    run(&client);
    office.service.deliver().unwrap();
    assert_eq!(receiver.messages().len(), before);

    let gone = told(&client, &receiver, &["run.finished"]);
    receiver.answers(410);
    run(&client);
    office.service.deliver().unwrap();
    let gone = client.get(&format!("/webhooks/{}", gone["id"].as_str().unwrap())).done();
    assert_eq!(gone["disabled"], true);
}

#[test]
fn of_several_processes_one_sends_a_message() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    told(&client, &receiver, &["run.finished"]);
    for _ in 0..3 {
        run(&client);
    }
    let taken_in: usize = std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..4).map(|_| scope.spawn(|| Webhooks::of(&office.world.host).deliver().unwrap())).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    assert_eq!(taken_in, 3);
    assert_eq!(receiver.messages().len(), 3);
}

#[test]
fn connections_that_come_and_end_are_told_to_their_workspace_alone() {
    let receiver = Receiver::new();
    let office = office(&receiver);
    let client = office.admin();
    let events = ["connection.created", "connection.needs_reauthorization"];
    told(&client, &receiver, &events);
    told(&office.stranger(), &receiver, &events);
    let link = client.post("/connect/sessions", json!({"integration": "confluence", "user": "ann"})).done();
    office.decide(link["connect_link"].as_str().unwrap(), Decision::Allow);
    office.service.deliver().unwrap();
    let messages = receiver.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    let created = message.json();
    assert_eq!((&created["type"], &created["data"]["user"]), (&json!("connection.created"), &json!("ann")));

    let connection = created["data"]["connection"].as_str().unwrap();
    office.world.control.revoke(None).unwrap();
    client.post(&format!("/connections/{connection}/check"), json!({}));
    office.service.deliver().unwrap();
    let ended = receiver.messages().last().unwrap().json();
    assert_eq!(ended["type"], "connection.needs_reauthorization");
    assert_eq!(ended["data"]["connection"], connection);
    assert_eq!(receiver.messages().len(), 2);
}

/// Rows 44 and 45: the admin is told by a webhook and in the audit log, and the person sees no internals.
#[test]
fn an_admin_is_told_of_what_only_they_can_mend() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    talking::install(&client);
    told(&client, &receiver, &["admin.needed"]);
    office.world.control.revoke(None).unwrap();
    let words = "type: page, space: DOCS, title: Mine, body: Words";
    let turn = talking::start(&client, json!({"user": "ann", "text": words}));
    assert_eq!(turn["replies"][0]["text"], "Something went wrong. Please try again later.");
    office.service.deliver().unwrap();
    let messages = receiver.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    let body = message.json();
    assert_eq!((&body["type"], &body["data"]["integration"]), (&json!("admin.needed"), &json!("confluence")));
    assert!(!message.body.contains("Mine"), "{message:?}");

    let log = client.get("/audit").done();
    let entries = log["items"].as_array().unwrap();
    let find = |action: &str| {
        entries.iter().find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("no {action}: {log}"))
    };
    let needed = find("admin.needed");
    assert_eq!(needed["outcome"], body["data"]["failure"]["code"], "{log}");
    assert_eq!(needed["by"], format!("conversation:{}", turn["id"].as_str().unwrap()));
    let ended = find("connection.needs_reauthorization");
    assert_eq!((&ended["by"], &ended["integration"]), (&json!("authorization"), &json!("confluence")));
}

/// Rows 44 and 45: nor which of several connections is to serve everybody.
#[test]
fn an_admin_is_told_that_several_connections_could_serve_everybody() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    talking::install(&client);
    told(&client, &receiver, &["admin.needed"]);
    let signed_in = SettingsChange { account: Some(2), ..SettingsChange::default() };
    office.world.control.settings(&signed_in).unwrap();
    office.world.authorize().unwrap();
    let words = "type: page, space: DOCS, title: Mine, body: Words";
    let turn = talking::start(&client, json!({"user": "ann", "text": words}));
    assert_eq!(turn["replies"], json!([{"text": "Something went wrong. Please try again later."}]));
    office.service.deliver().unwrap();
    let [message] = &receiver.messages()[..] else { panic!("{:?}", receiver.messages()) };
    assert_eq!(message.json()["data"]["failure"]["code"], "several-connections");
    let log = client.get("/audit").done();
    let is_told = |entry: &&Value| entry["action"] == "admin.needed";
    let needed = log["items"].as_array().unwrap().iter().find(is_told).unwrap();
    assert_eq!(needed["outcome"], "several-connections");
}

/// Row 47: a service that fails or takes too long ends the conversation, which is told, unless it goes on elsewhere. No dialog
/// keeps it from being told.
#[test]
fn a_conversation_that_fails_is_told_unless_it_goes_on_elsewhere() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    talking::install(&client);
    told(&client, &receiver, &["conversation.failed"]);
    let words = "type: page, space: DOCS, title: Mine, body: Words";
    let begin = || talking::start(&client, json!({"user": "ann", "text": words}));
    let break_once = |answer: Value| {
        office.world.control.clear_faults().unwrap();
        office.world.fault("POST", "/wiki/api/v2/pages", 1, answer);
    };
    assert_eq!(begin()["status"], "done");
    office.service.deliver().unwrap();
    assert!(receiver.messages().is_empty(), "what is done is no failure");
    let edit = |change: &dyn Fn(&mut Value)| {
        let mut dialog = client.get("/dialogs/createContent").done();
        change(&mut dialog["nodes"]);
        let body = json!({"title": "Write", "version": dialog["version"], "nodes": dialog["nodes"]});
        client.send("PUT", "/dialogs/createContent", &[], Some(body)).done();
    };
    edit(&|nodes| nodes[6]["timeout_seconds"] = json!(1));
    for (told, answer) in [(1, json!({"status": 403, "body": "canary"})), (2, json!({"delay_ms": 3_000}))] {
        break_once(answer);
        let turn = begin();
        assert_eq!(turn["status"], "failed", "{turn}");
        office.service.deliver().unwrap();
        let messages = receiver.messages();
        assert_eq!(messages.len(), told, "{messages:?}");
        let body = messages[told - 1].json();
        assert_eq!(
            (&body["type"], &body["data"]["conversation"]),
            (&json!("conversation.failed"), &turn["id"])
        );
        assert_eq!(
            (&body["data"]["dialog"], &body["data"]["user"]),
            (&json!("createContent"), &json!("ann"))
        );
        assert!(body["data"]["failure"]["code"].is_string(), "{body}");
        assert!(!messages[told - 1].body.contains("canary") && !messages[told - 1].body.contains("Mine"));
    }
    edit(&|nodes| nodes[6]["on_failure"] = json!("createContentMessage"));
    for answer in [json!({"status": 403}), json!({"delay_ms": 3_000})] {
        break_once(answer);
        let turn = begin();
        assert_eq!(turn["status"], "done", "{turn}");
        office.service.deliver().unwrap();
        assert_eq!(receiver.messages().len(), 2, "it went on elsewhere");
    }
}

#[test]
fn what_the_operator_does_not_let_be_called_is_told_nothing() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let refused = |url: &str| {
        let reply = client.post("/webhooks", json!({"url": url, "events": ["run.finished"]}));
        (reply.status, reply.json()["code"].as_str().unwrap().to_owned())
    };
    let here = receiver.origin.replace("http://127.0.0.1", "https://localhost");
    for url in [&here, "http://127.0.0.1:1/", "https://10.0.0.1/", "https://[::1]/", "http://example.com/"] {
        assert_eq!(refused(url).0, 403, "{url}");
    }
    assert_eq!(refused("https://ann:secret@example.com/"), (403, "endpoint-refused".to_owned()));
    assert_eq!(refused("nothing").0, 400);
    let nothing = json!({"url": receiver.origin, "events": []});
    client.post("/webhooks", nothing).refused(400, "events-missing");

    assert!(receiver.messages().is_empty());
}
