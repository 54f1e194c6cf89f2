//! The service as a process: how it ends, and what is known after it was killed.

#![cfg(unix)]

use std::sync::atomic::Ordering;

use atlassian_sandbox::control::Control;
use serde_json::{Value, json};

use super::office::{Client, run_of};
use super::running::until;
use super::telling::Receiver;
use crate::serving::Service;
use crate::support::{Home, connected};

pub(super) fn admin(home: &Home, service: &Service) -> Client {
    let key = home.run(&["--json", "keys", "create", "platform", "--scope", "admin"]).ok().json();
    Client::new(service.told["public-url"].as_str().unwrap(), Some(key["key"].as_str().unwrap()))
}

/// Sends a run and does not wait for it.
pub(super) fn begin(
    client: &Client,
    template: &str,
    name: &str,
    input: Value,
) -> std::thread::JoinHandle<Option<u16>> {
    let (client, path, name) = (client.clone(), run_of(template), name.to_owned());
    std::thread::spawn(move || {
        client.try_post_once(&path, &name, json!({"input": input})).map(|reply| reply.status)
    })
}

/// Holds the next such request up.
pub(super) fn hold_up(control: &Control, method: &str, path: &str, milliseconds: u64) {
    control.faults(json!({"match": {"method": method, "path": path}, "delay_ms": milliseconds})).unwrap();
}

pub(super) fn received(control: &Control, method: &str, part: &str) -> usize {
    let requests = control.requests().unwrap();
    let fits = |request: &&Value| {
        request["method"] == method && request["path"].as_str().unwrap_or_default().contains(part)
    };
    requests.iter().filter(fits).count()
}

#[test]
fn runs_of_a_process_that_was_killed_end_as_interrupted_with_what_is_known_and_are_not_done_twice() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    let mut service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    hold_up(&control, "POST", "/wiki/api/v2/pages", 4_000);
    let creating = begin(&client, "create-content", "k-create", json!({"space": "DOCS", "title": "Cut off"}));
    until(|| (received(&control, "POST", "/api/v2/pages") == 1).then_some(()));
    hold_up(&control, "GET", "/wiki/api/v2/spaces", 4_000);
    let listing = begin(&client, "list-pages", "k-list", json!({"space": "DOCS"}));
    let running = until(|| {
        let runs = client.get("/runs").done()["items"].as_array().unwrap().clone();
        (runs.len() == 2 && runs.iter().all(|run| run["state"] == "running")).then_some(runs)
    });
    service.process.kill().unwrap();
    service.process.wait().unwrap();
    assert_eq!((creating.join().unwrap(), listing.join().unwrap()), (None, None), "nobody was answered");

    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    for run in running {
        let path = format!("/runs/{}", run["id"].as_str().unwrap());
        let record = until(|| Some(client.get(&path).done()).filter(|record| record["state"] != "running"));
        assert_eq!(record["state"], "interrupted", "{record}");
        let changes = run["template"] == "create-content";
        assert_eq!(record["may_have_effect"], changes, "{record}");
        let known = if changes { "not known" } else { "nothing can have come of it" };
        assert!(record["known"].as_str().unwrap().contains(known), "{record}");
    }
    let again = json!({"input": {"space": "DOCS", "title": "Cut off"}});
    client.post_once(&run_of("create-content"), "k-create", again).refused(409, "unknown-outcome");
    assert_eq!(received(&control, "POST", "/api/v2/pages"), 1, "and it was not sent again");
    let again = json!({"input": {"space": "DOCS"}});
    client.post_once(&run_of("list-pages"), "k-list", again).done();
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_service_that_is_told_to_end_finishes_what_runs_and_answers_whoever_waits() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    let session = client.post("/connect/sessions", json!({"integration": "confluence"})).done();
    let waiting = {
        let (client, id) = (client.clone(), session["id"].as_str().unwrap().to_owned());
        std::thread::spawn(move || client.get(&format!("/connect/sessions/{id}?wait=55")).done())
    };
    hold_up(&control, "POST", "/wiki/api/v2/pages", 7_000);
    let creating = begin(&client, "create-content", "k", json!({"space": "DOCS", "title": "To its end"}));
    until(|| (received(&control, "POST", "/api/v2/pages") == 1).then_some(()));
    assert_eq!(service.end(), Some(0));
    assert_eq!(creating.join().unwrap(), Some(200));
    assert_eq!(waiting.join().unwrap()["state"], "waiting");
}

#[test]
fn nothing_is_served_to_other_machines_in_the_clear() {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    let config = |text: &str| std::fs::write(home.data().join("config.toml"), text).unwrap();
    config("public-url = \"https://a.example\"\n");
    home.run(&["serve", "--bind", "0.0.0.0:0"]).fails_with(2, "proxy ends TLS");
    config("public-url = \"http://localhost:8978\"\nbehind-tls-proxy = true\n");
    home.run(&["serve", "--bind", "0.0.0.0:0"]).fails_with(2, "not https");
    config("public-url = \"https://a.example\"\nbehind-tls-proxy = true\n");
    let service = Service::start(&home, "0.0.0.0:0");
    assert_eq!(service.told["public-url"], "https://a.example");
    assert_eq!(service.end(), Some(0));
    config("[service]\nrequests-per-hour = 1\n");
    home.run(&["serve", "--bind", "127.0.0.1:0"]).fails_with(2, "line 2");
}

#[test]
fn behind_a_proxy_that_ends_tls_cookies_are_for_tls_alone_and_measures_need_a_key() {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    let config = "public-url = \"https://a.example/below\"\nbehind-tls-proxy = true\n";
    std::fs::write(home.data().join("config.toml"), config).unwrap();
    let service = Service::start(&home, "0.0.0.0:0");
    let address = service.told["address"].as_str().unwrap().to_owned();
    let key = |scope: &str| {
        let key = home.run(&["--json", "keys", "create", scope, "--scope", scope]).ok().json();
        key["key"].as_str().unwrap().to_owned()
    };
    let through_proxy = |key: Option<&str>, method: &str, path: &str, body: String| {
        let at = format!("http://127.0.0.1:{}/below", address.rsplit(':').next().unwrap());
        let headers = [
            ("Host", "a.example"),
            ("Origin", "https://a.example"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        Client::new(&at, key).send_text(method, path, &headers, body)
    };
    let admin = key("admin");
    let measured = |key: Option<&str>| through_proxy(key, "GET", "/metrics", String::new()).status;
    assert_eq!((measured(None), measured(Some(&key("read"))), measured(Some(&admin))), (401, 403, 200));

    let entered = through_proxy(None, "POST", "/console/login", format!("key={admin}"));
    assert_eq!((entered.status, entered.header("location")), (303, "/below/console/actions"));
    let cookie = entered.header("set-cookie");
    for part in ["__Host-actionbay-console=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;"] {
        assert!(cookie.contains(part), "no {part} in {cookie}");
    }
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_line_of_the_log_says_what_was_answered_to_whom_and_holds_no_key() {
    let (home, _sandbox) = connected();
    let log = home.path().join("log");
    let mut command = home.command(&["--json", "--log", "info", "serve", "--bind", "127.0.0.1:0"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let service = Service::of(command);
    let client = admin(&home, &service);
    let reply = client.send("GET", "/connections/c-x", &[("X-Request-Id", "trace-7")], None);
    reply.refused(404, "unknown-connection");
    client.get("/connections").done();
    let public = service.told["public-url"].as_str().unwrap().to_owned();
    assert_eq!(service.end(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    let line = log.lines().find(|line| line.contains("trace-7")).unwrap();
    for part in ["/connections/{connection}", "404", "unknown-connection", "key="] {
        assert!(line.contains(part), "no {part} in {line}");
    }
    assert!(!log.contains("ab_") && !public.is_empty(), "{log}");
}

#[test]
fn a_conversation_whose_process_was_killed_says_that_it_was_interrupted_and_nothing_is_done_twice() {
    let (home, sandbox) = connected();
    let control = Control::new(sandbox.url());
    home.run(&["templates", "install", "confluence", "create-content"]).ok();
    let mut service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    hold_up(&control, "POST", "/wiki/api/v2/pages", 4_000);
    let talking = std::thread::spawn({
        let client = client.clone();
        let text = "type: page, space: DOCS, title: Cut off, body: Words";
        move || client.try_post_once("/dialogs/createContent/conversations", "k", json!({"text": text}))
    });
    until(|| (received(&control, "POST", "/api/v2/pages") == 1).then_some(()));
    let conversation = client.get("/conversations").done()["items"][0].clone();
    assert_eq!(conversation["status"], "running");
    service.process.kill().unwrap();
    service.process.wait().unwrap();
    assert!(talking.join().unwrap().is_none(), "nobody was answered");

    let service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    let run = until(|| {
        let run = client.get("/runs").done()["items"][0].clone();
        (run["state"] != "running").then_some(run)
    });
    assert_eq!((&run["state"], &run["conversation"]), (&json!("interrupted"), &conversation["id"]));
    assert_eq!(run["may_have_effect"], true);
    let at = format!("/conversations/{}", conversation["id"].as_str().unwrap());
    let told = client.get(&at).done();
    assert_eq!(told["conversation"]["status"], "failed", "{told}");
    let last = told["lines"].as_array().unwrap().last().unwrap();
    assert!(last["said"]["text"].as_str().unwrap().starts_with("I was interrupted"), "{told}");
    assert_eq!(received(&control, "POST", "/api/v2/pages"), 1, "and it was not sent again");
    assert_eq!(service.end(), Some(0));
}

#[test]
fn what_a_webhook_is_to_be_told_survives_the_process() {
    let (home, _sandbox) = connected();
    let receiver = Receiver::new();
    let config = std::fs::read_to_string(home.data().join("config.toml")).unwrap();
    let config = format!("{config}\n[policy]\nallowed-origins = [\"{}\"]\n", receiver.origin);
    std::fs::write(home.data().join("config.toml"), config).unwrap();
    receiver.status.store(503, Ordering::SeqCst);
    let mut service = Service::start(&home, "127.0.0.1:0");
    let client = admin(&home, &service);
    client.post("/webhooks", json!({"url": receiver.origin, "events": ["run.finished"]})).done();
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    until(|| receiver.messages().pop());
    service.process.kill().unwrap();
    service.process.wait().unwrap();
    let before = receiver.messages().len();
    receiver.status.store(204, Ordering::SeqCst);
    let service = Service::start(&home, "127.0.0.1:0");
    let again = until(|| receiver.messages().get(before).cloned());
    let first = &receiver.messages()[0];
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    assert_eq!(service.end(), Some(0));
}
