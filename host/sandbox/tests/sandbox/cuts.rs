use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{GRANULAR, Tokens, World};

/// A request on a connection of its own, kept open by the client; everything that comes until the end.
fn raw(world: &World, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(world.sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    received
}

fn refresh(world: &World, tokens: &Tokens) -> Vec<u8> {
    let client = world.sandbox.client();
    let body = json!({
        "grant_type": "refresh_token",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "refresh_token": tokens.refresh,
    });
    raw(world, "POST", "/oauth/token", "content-type: application/json\r\n", &body.to_string())
}

fn refreshed(world: &World) -> Value {
    world.control.counters().unwrap()["token_grants"]["refresh_token"].clone()
}

/// The head and what there is of the body.
fn split(answer: &[u8]) -> (String, String) {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn promised(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    line.parse().unwrap()
}

#[test]
fn a_cut_before_the_answer_ends_the_connection_without_a_byte_and_without_the_effect() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    world.control.faults(json!({"match": {"path": "/oauth/token"}, "cut": "before"})).unwrap();
    assert!(refresh(&world, &tokens).is_empty());
    assert_eq!(refreshed(&world), 0);
    Tokens::of(&world.refresh(&tokens.refresh));
}

#[test]
fn a_cut_before_the_answer_can_lose_the_answer_of_work_that_was_done() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    let fault = json!({"match": {"path": "/oauth/token"}, "cut": "before", "after_effect": true});
    world.control.faults(fault).unwrap();
    assert!(refresh(&world, &tokens).is_empty());
    assert_eq!(refreshed(&world), 1);
    Tokens::of(&world.refresh(&tokens.refresh));
}

#[test]
fn a_cut_during_the_answer_sends_its_head_and_half_of_its_body() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    world.control.faults(json!({"match": {"path": "/oauth/token"}, "cut": "during"})).unwrap();
    let (head, body) = split(&refresh(&world, &tokens));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: application/json") && head.contains("atl-request-id: "), "{head}");
    assert!(body.starts_with("{\"access_token\":"), "{body}");
    assert_eq!(body.len(), promised(&head) / 2);
    assert_eq!(refreshed(&world), 1, "it is the real answer");
}

#[test]
fn an_ordered_answer_can_be_cut_too() {
    let world = World::start();
    let fault = |after_effect| {
        json!({
            "match": {"path": "/oauth/token"}, "status": 503, "headers": {"retry-after": "7"},
            "body": "try again later", "cut": "during", "after_effect": after_effect,
        })
    };
    for (after_effect, expected) in [(false, 0), (true, 1)] {
        let tokens = world.grant(GRANULAR);
        world.control.faults(fault(after_effect)).unwrap();
        let (head, body) = split(&refresh(&world, &tokens));
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.contains("retry-after: 7"), "{head}");
        assert_eq!((promised(&head), body.as_str()), (15, "try aga"));
        assert_eq!(refreshed(&world), expected);
    }
}

#[test]
fn of_an_answer_without_a_body_even_the_head_is_not_finished() {
    let world = World::start();
    world.control.faults(json!({"match": {"path": "/"}, "status": 204, "cut": "during"})).unwrap();
    let answer = String::from_utf8(raw(&world, "GET", "/", "", "")).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n") && !answer.contains("\r\n\r\n"), "{answer}");
}

#[test]
fn a_client_sees_a_cut_as_a_broken_connection_and_the_next_request_as_ever() {
    let world = World::start();
    for cut in ["before", "during"] {
        assert_eq!(world.get("/").status, 200);
        world.control.faults(json!({"match": {"path": "/"}, "cut": cut})).unwrap();
        let broken =
            world.agent.get(world.url("/")).call().and_then(|mut answer| answer.body_mut().read_to_string());
        assert!(broken.is_err(), "{cut}");
        assert_eq!(world.get("/").status, 200, "{cut}");
    }
}

#[test]
fn a_large_answer_is_cut_in_its_middle_as_well() {
    let world = World::start();
    let long = "x".repeat(4_000_000);
    let fault = json!({"match": {"path": "/"}, "status": 200, "body": long, "cut": "during"});
    world.control.faults(fault).unwrap();
    let (head, body) = split(&raw(&world, "GET", "/", "", ""));
    assert_eq!((promised(&head), body.len()), (4_000_000, 2_000_000));
}

#[test]
fn cut_requests_are_counted_and_recorded_with_what_their_caller_saw() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    world.control.clear_requests().unwrap();
    let before = world.control.counters().unwrap();
    for cut in ["before", "during"] {
        world.control.faults(json!({"match": {"path": "/oauth/token"}, "cut": cut})).unwrap();
        refresh(&world, &tokens);
    }
    let statuses: Vec<_> =
        world.control.requests().unwrap().iter().map(|request| request["status"].clone()).collect();
    assert_eq!(statuses, [Value::Null, json!(200)]);
    let after = world.control.counters().unwrap();
    let grown = |pointer: &str| {
        let count = |counters: &Value| counters.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        count(&after) - count(&before)
    };
    assert_eq!((grown("/answers/200"), grown("/faults")), (1, 2));
    assert_eq!(grown("/requests/POST ~1oauth~1token"), 2);
}

#[test]
fn orders_that_contradict_themselves_are_refused() {
    let world = World::start();
    for fault in [
        json!({"cut": "after"}),
        json!({"cut": "before", "status": 503}),
        json!({"cut": "before", "body": "x"}),
        json!({"cut": "during", "headers": {"a": "b"}}),
        json!({"after_effect": true, "delay_ms": 1}),
        json!({}),
    ] {
        assert!(world.control.faults(fault.clone()).is_err(), "{fault}");
    }
    assert_eq!(world.get("/_sandbox/faults").json()["left"], 0);
}
