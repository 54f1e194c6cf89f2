//! Whether the service is well, and what it does.

use actionbay::service::Settings;
use actionbay::service::keys::Scope;
use serde_json::json;

use super::office::{Office, run_of};

#[test]
fn whoever_asks_is_told_whether_it_is_alive_and_ready_by_whatever_name_they_ask() {
    let office = Office::new();
    let ask = |path: &str| {
        let reply = office.nobody().send_text("GET", path, &[("Host", "10.0.0.7")], String::new());
        (reply.status, reply.text)
    };
    assert_eq!(ask("/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(ask("/readyz"), (200, "ready\n".to_owned()));
    office.service.end();
    assert_eq!(ask("/readyz"), (503, "ending\n".to_owned()));
    assert_eq!(ask("/healthz").0, 200);
}

#[test]
fn requests_and_runs_are_counted_by_route_and_never_by_what_is_in_a_path() {
    let office = Office::connected();
    let client = office.client(&[Scope::Read, Scope::Run]);
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    client.get("/connections/c-canary").refused(404, "unknown-connection");
    client.get("/canary").refused(404, "not-found");
    let measured =
        |headers: &[(&str, &str)]| office.nobody().send_text("GET", "/metrics", headers, String::new());
    let text = measured(&[]).text;
    for line in [
        "actionbay_http_requests_total{method=\"GET\",route=\"/connections/{connection}\",status=\"404\"} 1",
        "actionbay_http_requests_total{method=\"other\",route=\"\",status=\"404\"} 1",
        "actionbay_runs_total{integration=\"confluence\",template=\"list-pages\",state=\"succeeded\"} 1",
        "actionbay_runs_running 0",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert!(
        !text.contains("canary") && text.contains("actionbay_http_request_duration_seconds_bucket"),
        "{text}"
    );
    assert_eq!(measured(&[("Host", "evil.example")]).status, 421);
}

/// A run is counted whoever asked for it.
#[test]
fn runs_of_conversations_are_counted_too() {
    let office = Office::connected();
    let client = office.admin();
    super::talking::install(&client);
    let words = "type: page, space: DOCS, title: Mine, body: Words";
    assert_eq!(super::talking::start(&client, json!({"text": words}))["status"], "done");
    let text = office.nobody().send_text("GET", "/metrics", &[], String::new()).text;
    let counted =
        "actionbay_runs_total{integration=\"confluence\",template=\"create-content\",state=\"succeeded\"} 1";
    assert!(text.contains(counted) && text.contains("actionbay_runs_running 0"), "{text}");
}

#[test]
fn all_of_it_lies_below_the_path_of_the_public_url() {
    let office = Office::below("/below/here", Settings::default());
    let client = office.client(&[Scope::Connect]);
    let made = client.post("/connect/sessions", json!({"integration": "confluence"})).done();
    let link = made["connect_link"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("{}/connect/", office.public)) && link.contains("/below/here/"),
        "{link}"
    );
    assert_eq!(office.decide(link, atlassian_sandbox::consent::Decision::Allow).status, 200);
    let shown = client.get(&format!("/connect/sessions/{}", made["id"].as_str().unwrap())).done();
    assert_eq!(shown["state"], "connected");
    client.get("/connections").refused(403, "key-lacks-scope");
    assert_eq!(office.nobody().send_text("GET", "/healthz", &[], String::new()).status, 200);
    let document = office.nobody().get("/openapi.json").done();
    assert_eq!(document["servers"][0]["url"], format!("{}/v1", office.public));
}
