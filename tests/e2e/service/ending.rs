//! What is being done when the service ends, and what is told of it when it was killed.

#![cfg(unix)]

use atlassian_sandbox::control::Control;
use serde_json::{Value, json};

use super::office::run_of;
use super::processes::{admin, begin, hold_up, received};
use super::running::until;
use super::telling::Receiver;
use crate::serving::Service;
use crate::support::connected;

#[test]
fn a_service_that_is_told_to_end_finishes_also_what_nobody_waits_for() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    home.run(&["templates", "install", "confluence", "create-content"]).ok();
    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);

    hold_up(&control, "POST", "/wiki/api/v2/pages", 4_000);
    let headers = [("Prefer", "respond-async")];
    let body = json!({"input": {"space": "DOCS", "title": "Nobody waits"}});
    let begun = client.send("POST", &run_of("create-content"), &headers, Some(body));
    assert_eq!(begun.status, 202, "{begun:?}");
    until(|| (received(&control, "POST", "/api/v2/pages") == 1).then_some(()));

    hold_up(&control, "POST", "/wiki/api/v2/pages", 4_000);
    let words = json!({"text": "type: page, space: DOCS, title: Left alone, body: Words"});
    let conversations = "/dialogs/createContent/conversations";
    let sent = client.sent(conversations, "k", &words);
    until(|| (received(&control, "POST", "/api/v2/pages") == 2).then_some(()));
    drop(sent);
    assert_eq!(service.end(), Some(0));

    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    let run = client.get(&format!("/runs/{}", begun.done()["id"].as_str().unwrap())).done();
    assert_eq!(run["state"], "succeeded", "{run}");
    let again = client.post_once(conversations, "k", words);
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"), "{again:?}");
    let conversation = again.done()["id"].clone();
    assert_eq!(received(&control, "POST", "/api/v2/pages"), 2, "and nothing was done twice");
    let log = client.get("/audit?action=start_conversation").done();
    assert_eq!(log["items"][0]["conversation"], conversation, "{log}");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn of_a_run_whose_process_was_killed_log_webhook_and_measures_tell_what_is_known() {
    let (home, sandbox) = connected();
    let (control, receiver) = (Control::new(sandbox.url()), Receiver::new());
    let config = std::fs::read_to_string(home.data().join("config.toml")).unwrap();
    let config = format!("{config}\n[policy]\nallowed-origins = [\"{}\"]\n", receiver.origin);
    std::fs::write(home.data().join("config.toml"), config).unwrap();
    let mut service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    client.post("/webhooks", json!({"url": receiver.origin, "events": ["run.finished"]})).done();
    let page = client.post(&run_of("create-content"), json!({"input": {"space": "DOCS", "title": "Before"}}));
    let page = page.done()["output"]["id"].clone();
    until(|| receiver.messages().pop());
    let path = format!("/wiki/api/v2/pages/{}", page.as_str().unwrap());
    hold_up(&control, "PUT", &path, 4_000);
    let updating = begin(&client, "update-content", "k", json!({"id": page, "title": "After"}));
    until(|| (received(&control, "PUT", "/api/v2/pages/") == 1).then_some(()));
    let running = client.get("/runs").done()["items"][0].clone();
    service.process.kill().unwrap();
    service.process.wait().unwrap();
    assert_eq!(updating.join().unwrap(), None, "nobody was answered");

    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    let message: Value = until(|| receiver.messages().get(1).cloned()).json();
    let connection = client.get("/connections").done()["items"][0]["id"].clone();
    let data = &message["data"];
    assert_eq!((&data["run"], &data["state"]), (&running["id"], &json!("interrupted")), "{message}");
    assert_eq!((&data["may_have_effect"], &data["connection"]), (&json!(true), &connection), "{message}");
    let log = client.get(&format!("/audit?content={}", page.as_str().unwrap())).done();
    let entry = &log["items"][0];
    assert_eq!(
        (&entry["action"], &entry["outcome"]),
        (&json!("run_template"), &json!("interrupted")),
        "{log}"
    );
    assert_eq!((&entry["run"], &entry["connection"]), (&running["id"], &connection), "{log}");
    assert!(entry["by"].as_str().unwrap().starts_with("key:"), "{log}");
    let measured = client.send_text("GET", "/metrics", &[], String::new()).text;
    let counted = "template=\"update-content\",state=\"interrupted\"} 1";
    assert!(measured.contains(counted), "no {counted} in {measured}");
    assert_eq!(service.end(), Some(0));
}
