//! Servers that answer to do harm: with more than fits, without an end, or with the credential that they were sent.

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use actionbay::{CallLimits, FailureKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::components::{ASKS_FOR_BOMBS, ECHO, WAITS_FOR_SLOW_ANSWERS};
use crate::guests::Guest;
use crate::support::{Script, TOKEN, answer, drip, gzip, peak};

/// A GiB, as `gzip` has it: about one MB.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    (0..1024).for_each(|_| encoder.write_all(&zeros).unwrap());
    encoder.finish().unwrap()
}

/// Where the server is, said to the process whose memory is looked at.
const SERVER: &str = "ACTIONBAY_TEST_BOMBS";

/// The most that the process may need: the answer's limit, as much again while it grows, and all of a host beside it.
const MOST_MEMORY: u64 = 400 << 20;

#[test]
fn an_answer_that_grows_when_it_is_unpacked_is_cut_off_at_the_limit_and_is_never_held() {
    if let Ok(origin) = std::env::var(SERVER) {
        return ask_for_bombs(&origin);
    }
    let packed = bomb();
    let server = Script::new(move |path| match path {
        "/v1/bomb-0" => answer("200 OK", &[("Content-Encoding", "gzip")], &packed),
        "/v1/bomb-1" => {
            let mut bytes = b"HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Encoding: gzip\r\n".to_vec();
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in packed.chunks(1000) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            [&bytes[..], b"0\r\n\r\n"].concat()
        }
        // A head is held before it is read.
        _ => answer("200 OK", &[("X-Long", &"x".repeat(64 << 20))], b""),
    });
    let mut alone = Command::new(std::env::current_exe().unwrap());
    // This test once more, in a process of its own.
    alone.args(["--exact", "--nocapture", std::thread::current().name().unwrap()]);
    let (finished, most) = peak({
        alone.env(SERVER, &server.origin);
        alone
    });
    assert!(finished.code == 0 && finished.stdout.contains("1 passed"), "{finished:?}");
    assert!(most > 0 && most < MOST_MEMORY, "{} MiB", most >> 20);
}

fn ask_for_bombs(origin: &str) {
    let guest = Guest::at_origin(ASKS_FOR_BOMBS, origin, CallLimits::default());
    let told = guest.run("run", json!({})).unwrap();
    assert_eq!(
        told["attempts"],
        json!(["response-too-large", "response-too-large", "connection-broken"]),
        "{told}"
    );
    guest.works_as_before();
}

#[test]
fn an_answer_that_is_too_large_names_the_limit_and_the_setting() {
    let body = gzip(&vec![b' '; 3 << 20]);
    let server = Script::new(move |_| answer("200 OK", &[("Content-Encoding", "gzip")], &body));
    let guest = Guest::facing(ECHO, &server, CallLimits::default().response_bytes(1 << 20));
    let failure = fetched(&guest, "/x").unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "response-too-large"));
    assert!(failure.message.contains("1048576") && failure.hint.unwrap().contains("response-bytes"));
    guest.works_as_before();
}

#[test]
fn an_answer_that_comes_a_byte_at_a_time_ends_with_the_time_of_the_call() {
    let server = Script::writing(|path, stream| match path {
        "/v1/head" => drip(stream, b"HTTP/1.1 200 OK\r\nX-Slow: "),
        "/v1/body" => drip(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        "/v1/chunk" => drip(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"),
        "/v1/gzip" => {
            let packed = gzip(&[b'a'; 100]);
            drip(stream, &[b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", &packed[..12]].concat())
        }
        _ => drip(stream, b""),
    });
    let limits = CallLimits::default().wall_clock(Duration::from_millis(300));
    let guest = Guest::facing(WAITS_FOR_SLOW_ANSWERS, &server, limits);
    for path in ["/nothing", "/head", "/body", "/chunk", "/gzip"] {
        let started = Instant::now();
        let failure = guest.run("run", json!({"path": path})).unwrap_err();
        assert_eq!(
            (&failure.kind, failure.code.as_ref()),
            (&FailureKind::TimedOut, "call-timed-out"),
            "{path}: {failure:?}"
        );
        assert!(failure.hint.unwrap().contains("wall-clock"));
        assert!(started.elapsed() < Duration::from_secs(10), "{path}: {:?}", started.elapsed());
        guest.works_as_before();
    }
    // One that gives up says which limit it was.
    let guest = Guest::facing(ECHO, &server, limits);
    let failure = fetched(&guest, "/body").unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut, "{failure:?}");
    assert!(failure.hint.unwrap().ends_with("raise the limit wall-clock, which is 0.3 seconds."));
    guest.works_as_before();
}

/// API-25
#[test]
fn an_answer_in_an_encoding_that_nobody_looked_into_is_refused_whole() {
    let body = format!("{{\"you-sent\": \"{TOKEN}\"}}").into_bytes();
    let packed = gzip(&body);
    for (encoding, bytes) in [
        ("x-gzip", packed.clone()),
        ("GZIP", packed.clone()),
        ("gzip, gzip", gzip(&packed)),
        ("gzip, identity", packed.clone()),
        ("deflate", body.clone()),
        ("br", body.clone()),
        ("zstd", body.clone()),
    ] {
        let server = Script::new(move |path| match path {
            "/v1/error" => answer("500 Oh", &[("Content-Encoding", encoding)], &bytes),
            _ => answer("200 OK", &[("Content-Encoding", encoding)], &bytes),
        });
        let guest = Guest::facing(ECHO, &server, CallLimits::default());
        for path in ["/x", "/error"] {
            let failure = fetched(&guest, path).unwrap_err();
            assert_eq!(
                (&failure.kind, failure.code.as_ref()),
                (&FailureKind::Upstream, "encoding-refused"),
                "{encoding}: {failure:?}"
            );
        }
        guest.works_as_before();
    }
    let plain = Script::new(|_| answer("200 OK", &[("Content-Encoding", "identity")], b"plain"));
    let guest = Guest::facing(ECHO, &plain, CallLimits::default());
    assert_eq!(fetched(&guest, "/x").unwrap()["body"], "plain");
}

fn fetched(guest: &Guest, path: &str) -> Result<Value, actionbay::Failure> {
    guest.run("fetch", json!({"audience": "api", "path": path}))
}

/// The ways to write the token that the host knows.
fn forms() -> Vec<String> {
    let each = |form: fn(u8) -> String| TOKEN.bytes().map(form).collect::<String>();
    let mut forms = vec![
        TOKEN.to_owned(),
        format!("Bearer {TOKEN}"),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
        TOKEN.replace('-', "%2D"),
        each(|byte| format!("\\u{byte:04x}")),
        each(|byte| format!("\\u{byte:04X}")),
        TOKEN.replace('-', "\\u002d"),
    ];
    for before in ["", "a", "ab"] {
        forms.push(STANDARD.encode(format!("{before}{TOKEN}")));
        forms.push(STANDARD.encode(format!("{before}{TOKEN}~and what follows")));
        forms.push(URL_SAFE_NO_PAD.encode(format!("{before}{TOKEN}?>")));
    }
    forms
}

/// An answer in chunks of so many bytes.
fn in_chunks(body: &[u8], size: usize, headers: &str) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{headers}\r\n")
            .into_bytes();
    for chunk in body.chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    [&bytes[..], b"0\r\n\r\n"].concat()
}

#[test]
fn a_component_never_sees_an_answer_in_which_the_credential_comes_back() {
    for form in forms() {
        let body = format!("{{\"you-sent\": \"{form}\"}}").into_bytes();
        let echoed = form.clone();
        let server = Script::new(move |path| match path {
            "/v1/plain" => answer("200 OK", &[], &body),
            "/v1/error" => answer("404 Not Found", &[], &body),
            "/v1/header" => answer("200 OK", &[("X-You-Sent", &echoed)], b"{}"),
            "/v1/gzip" => answer("200 OK", &[("Content-Encoding", "gzip")], &gzip(&body)),
            "/v1/chunks" => in_chunks(&body, 7, ""),
            "/v1/bytes" => in_chunks(&gzip(&body), 1, "Content-Encoding: gzip\r\n"),
            _ => answer("302 Found", &[("Location", &format!("https://api.example.com/?{echoed}"))], b""),
        });
        let guest = Guest::facing(ECHO, &server, CallLimits::default());
        for path in ["/plain", "/error", "/header", "/gzip", "/chunks", "/bytes", "/redirect"] {
            let failure = fetched(&guest, path).unwrap_err();
            assert_eq!(
                (&failure.kind, failure.code.as_ref()),
                (&FailureKind::Denied, "credential-in-answer"),
                "{path}: {form}"
            );
            assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
        }
        assert!(server.heads().iter().all(|head| head.contains(&format!("bearer {TOKEN}"))));
        guest.works_as_before();
    }
}
