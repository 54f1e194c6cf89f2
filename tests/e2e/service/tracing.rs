//! What a collector of traces and a reader of logs are told.

#![cfg(unix)]

use std::process::Stdio;

use serde_json::{Value, json};

use super::office::{Client, run_of};
use super::telling::Receiver;
use crate::serving::Service;
use crate::support::{Home, connected};

/// A trace that somebody else began (W3C *Trace Context*, section 3.2).
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn client(home: &Home, service: &Service) -> Client {
    let key = home.run(&["--json", "keys", "create", "platform", "--scope", "run"]).ok().json();
    Client::new(service.told["public-url"].as_str().unwrap(), Some(key["key"].as_str().unwrap()))
}

/// The spans that a collector was sent, each with its attributes as an object.
fn spans(collector: &Receiver) -> Vec<Value> {
    let mut spans = Vec::new();
    for message in collector.messages() {
        assert!(message.head().starts_with("POST /v1/traces "), "{message:?}");
        let body: Value = serde_json::from_str(&message.body).unwrap();
        for resource in body["resourceSpans"].as_array().unwrap() {
            let of_resource = attributes(&resource["resource"]);
            assert_eq!(of_resource["service.name"], "actionbay", "{of_resource}");
            for scope in resource["scopeSpans"].as_array().unwrap() {
                spans.extend(scope["spans"].as_array().unwrap().iter().cloned().map(|mut span| {
                    span["attributes"] = attributes(&span);
                    span
                }));
            }
        }
    }
    spans
}

fn attributes(of: &Value) -> Value {
    let pair = |attribute: &Value| {
        let value = attribute["value"].as_object().unwrap().values().next().unwrap().clone();
        (attribute["key"].as_str().unwrap().to_owned(), value)
    };
    of["attributes"].as_array().unwrap().iter().map(pair).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_collector_is_told_of_a_request_its_run_and_what_left_for_the_vendor_as_one_trace() {
    let (home, _sandbox) = connected();
    let collector = Receiver::new();
    collector.answers(200);
    let mut serve = home.command(&["--json", "serve", "--bind", "127.0.0.1:0"]);
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.origin);
    serve.env("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=open");
    let service = Service::of(serve);
    let client = client(&home, &service);
    let body = json!({"input": {"space": "DOCS", "title": "Canary title", "body": "Canary body"}});
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    client.send("POST", &run_of("create-content"), &[("traceparent", &traceparent)], Some(body)).done();
    assert_eq!(service.end(), Some(0), "and what was not told yet is told at the end");

    assert_eq!(collector.messages()[0].header("x-collector-key"), "open");
    let spans = spans(&collector);
    let named = |name: &str| {
        spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name}: {spans:#?}"))
    };
    let request = named("POST /integrations/{integration}/templates/{template}/run");
    assert_eq!((&request["traceId"], &request["parentSpanId"]), (&json!(TRACE), &json!(PARENT)));
    assert_eq!(request["attributes"]["http.response.status_code"], "200", "{request}");
    assert_eq!(request["kind"], 2, "a server's: {request}");
    let run = named("run");
    assert_eq!((&run["traceId"], &run["parentSpanId"]), (&json!(TRACE), &request["spanId"]));
    assert_eq!(run["attributes"]["template"], "create-content", "{run}");
    let sent = named("POST confluence");
    assert_eq!((&sent["traceId"], &sent["parentSpanId"]), (&json!(TRACE), &run["spanId"]));
    assert_eq!((&sent["kind"], &sent["attributes"]["url.path"]), (&json!(3), &json!("/api/v2/pages")));
    let nanoseconds = |of: &str| sent[of].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanoseconds("startTimeUnixNano") < nanoseconds("endTimeUnixNano"), "{sent}");
    let all: String = collector.messages().iter().map(|message| message.body.clone()).collect();
    assert!(!all.contains("Canary"), "{all}");
}

#[test]
fn a_collector_that_does_not_answer_holds_nothing_up() {
    let (home, _sandbox) = connected();
    let mut serve = home.command(&["--json", "serve", "--bind", "127.0.0.1:0"]);
    serve.env(
        "ACTIONBAY_TELEMETRY__OTLP_ENDPOINT",
        format!("http://127.0.0.1:{}", crate::support::port_of_nobody(3)),
    );
    serve.stderr(Stdio::piped());
    let mut service = Service::of(serve);
    let log = service.process.stderr.take().unwrap();
    client(&home, &service).post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    assert_eq!(service.end(), Some(0));
    let log = std::io::read_to_string(log).unwrap();
    assert_eq!(log.matches("the collector does not take traces").count(), 1, "{log}");
}

#[test]
fn lines_of_the_log_can_be_objects_with_the_id_of_the_request_that_they_are_about() {
    let (home, _sandbox) = connected();
    let mut serve =
        home.command(&["--json", "--log", "info", "--log-format", "json", "serve", "--bind", "127.0.0.1:0"]);
    serve.stderr(Stdio::piped());
    let mut service = Service::of(serve);
    let log = service.process.stderr.take().unwrap();
    let client = client(&home, &service);
    let body = json!({"input": {"space": "DOCS"}});
    client.send("POST", &run_of("list-pages"), &[("X-Request-Id", "given-id")], Some(body)).done();
    assert_eq!(service.end(), Some(0));

    let log = std::io::read_to_string(log).unwrap();
    let lines =
        log.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let of_request = |line: &&Value| {
        line["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["id"] == "given-id"))
    };
    let told: Vec<&Value> = lines.iter().filter(of_request).collect();
    let answered = told.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!((&answered["level"], &answered["status"]), (&json!("INFO"), &json!(200)), "{log}");
    let sent = told.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!(sent["audience"], "confluence", "{log}");
    assert!(sent["spans"].as_array().unwrap().iter().any(|span| span["template"] == "list-pages"), "{log}");
    // No collector, no names that only a collector needs.
    assert!(!log.contains("otel."), "{log}");
}
