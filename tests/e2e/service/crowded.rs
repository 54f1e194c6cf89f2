//! More comes than there is room for, or slower than anybody waits.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use actionbay::service::keys::Scope;
use actionbay::service::{Server, Settings};
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::office::{Client, Office};
use super::running::until;

#[test]
fn more_that_wait_than_there_is_room_for_are_told_to_come_again() {
    let mut settings = Settings::default();
    settings.waiting_requests = 1;
    let office = Office::with(settings);
    let client = office.client(&[Scope::Connect, Scope::Read]);
    let session =
        client.post("/connect/sessions", json!({"integration": "confluence", "user": "ann"})).done();
    let path = format!("/connect/sessions/{}", session["id"].as_str().unwrap());
    let ask = |wait: u8| client.get(&format!("{path}?wait={wait}"));
    let not_full = |wait: u8| until(|| Some(ask(wait)).filter(|answer| answer.status != 429));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| not_full(55).done());
        // It has the place once another one finds none.
        let refused = until(|| Some(ask(1)).filter(|answer| answer.status == 429));
        assert_eq!(refused.header("retry-after"), "1");
        refused.refused(429, "service-busy");
        assert_eq!(ask(0).done()["state"], "waiting", "whoever does not wait needs no place");
        office.decide(session["connect_link"].as_str().unwrap(), Decision::Allow);
        assert_eq!(waiting.join().unwrap()["state"], "connected");
    });
    assert_eq!(not_full(1).done()["state"], "connected", "the place is free again");
}

/// The beginning of a request with a body of two bytes, of which one is sent.
fn begun(office: &Office, key: &str, target: &str, media_type: &str) -> TcpStream {
    let at = url::Url::parse(office.public.as_str()).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", at.port().unwrap())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /v1{target} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: {media_type}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{",
        at.port().unwrap()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// All that comes until the connection ends.
fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn more_files_at_a_time_than_memory_is_meant_for_are_told_to_come_again() {
    let office = Office::new();
    let key = crate::console::desk::key(&office, &crate::support::workspace(), &[Scope::Run]);
    let client: Client = office.client_with(&key);
    let upload = || client.upload("name=a.txt", &[], b"a");
    let (slow, refused) = until(|| {
        let slow: Vec<TcpStream> = (0..8)
            .map(|_| begun(&office, &key, "/files?name=slow.bin", "application/octet-stream"))
            .collect();
        // The first of these may come before the last of those, and take its place.
        let refused = (0..100).map(|_| upload()).find(|answer| answer.status == 429)?;
        Some((slow, refused))
    });
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(429, "service-busy");
    for mut stream in slow {
        stream.write_all(b"}").unwrap();
        assert!(rest(stream).starts_with("HTTP/1.1 201 "));
    }
    upload().done();
}

#[test]
fn a_body_of_which_the_rest_does_not_come_is_not_waited_for() {
    let mut settings = Settings::default();
    assert_eq!(settings.longest_body, Duration::from_secs(30));
    settings.longest_body = Duration::from_millis(200);
    let office = Office::with(settings);
    let key = crate::console::desk::key(&office, &crate::support::workspace(), &[Scope::Admin]);
    for (target, media_type) in [
        ("/profiles", "application/json"),
        ("/files?name=a", "text/plain"),
        ("/integrations/confluence/templates/list-pages/run", "application/json"),
    ] {
        let answer = rest(begun(&office, &key, target, media_type));
        assert!(answer.starts_with("HTTP/1.1 408 "), "{target}: {answer}");
        assert!(answer.contains("\"code\":\"body-too-slow\""), "{target}: {answer}");
    }
    assert!(office.world.wire.seen().is_empty());
}

#[test]
fn a_connection_on_which_nothing_comes_is_ended_and_one_that_still_has_time_is_not() {
    let office = Office::new();
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap().patience(Duration::from_millis(200));
    let port = server.address().port();
    let _serving = server.start(&office.service.router()).unwrap();
    let at = url::Url::parse(office.public.as_str()).unwrap();
    let mut patient = TcpStream::connect(("127.0.0.1", at.port().unwrap())).unwrap();
    let connect = || {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    };
    let silent = connect();
    let mut half = connect();
    half.write_all(b"GET /v1/openapi.json HTTP/1.1\r\nHost: loc").unwrap();
    let mut kept = connect();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!((rest(silent), rest(half)), (String::new(), String::new()));
    let answered = rest(kept);
    assert!(answered.starts_with("HTTP/1.1 200 ") && answered.ends_with("alive\n"), "{answered}");
    patient.set_nonblocking(true).unwrap();
    assert_eq!(patient.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
