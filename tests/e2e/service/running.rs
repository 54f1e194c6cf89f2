//! Runs: what is done, and what is known of it.

use actionbay::service::Settings;
use actionbay::service::keys::Scope;
use serde_json::{Value, json};

use super::office::{Client, Office, run_of};

fn last_run(client: &Client) -> Value {
    client.get("/runs?limit=1").done()["items"][0].clone()
}

#[test]
fn a_template_is_run_and_its_record_says_what_it_took_and_not_what_was_in_it() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let input = json!({"space": "DOCS", "title": "Over HTTP", "body": "a secret of theirs"});
    let done = client.post(&run_of("create-content"), json!({"input": input})).done();
    assert_eq!(done["replayed"], false);
    let page = office.world.control.page(done["output"]["id"].as_str().unwrap()).unwrap();
    assert_eq!(page["title"], "Over HTTP");

    let record = client.get(&format!("/runs/{}", done["run"].as_str().unwrap()));
    assert!(!record.text.contains("secret of theirs") && !record.text.contains("Over HTTP"), "{record:?}");
    let record = record.done();
    assert_eq!(record["state"], "succeeded");
    assert_eq!(record["template"], "create-content");
    assert_eq!(record["connection"], done["connection"]);
    assert_eq!(record["requests"], done["requests"]);
    assert_eq!(record["may_have_effect"], true);
    assert_eq!(last_run(&client), record);
}

#[test]
fn a_run_that_fails_says_why_and_whether_something_may_have_come_of_it() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let cut = json!({"cut": "before", "after_effect": true});
    office.world.fault("POST", "/wiki/api/v2/pages", 1, cut);
    let failed = client.post(&run_of("create-content"), json!({"input": {"space": "DOCS", "title": "Lost"}}));
    assert!(failed.status >= 500, "{failed:?}");
    let problem = failed.json();
    assert_eq!(problem["request_sent"], true, "{problem}");
    let record = client.get(&format!("/runs/{}", problem["run"].as_str().unwrap())).done();
    assert_eq!((&record["state"], &record["may_have_effect"]), (&json!("failed"), &json!(true)));
    assert_eq!(record["failure"]["code"], problem["code"]);

    let failed = client.post(&run_of("list-pages"), json!({"input": {"space": "NOWHERE"}}));
    let problem = failed.refused(404, "space-not-found");
    let record = client.get(&format!("/runs/{}", problem["run"].as_str().unwrap())).done();
    assert_eq!((&record["state"], &record["may_have_effect"]), (&json!("failed"), &json!(false)));
}

#[test]
fn a_run_that_lacks_a_connection_comes_with_the_link_for_its_person() {
    let office = Office::new();
    let client = office.client(&[Scope::Run]);
    let body = json!({"input": {"space": "DOCS"}, "user": "ann"});
    let problem = client.post(&run_of("list-pages"), body.clone()).refused(403, "not-authorized");
    let link = problem["authorization"]["connect_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/connect/", office.public)), "{problem}");
    assert_eq!(office.decide(link, atlassian_sandbox::consent::Decision::Allow).status, 200);
    client.post(&run_of("list-pages"), body).done();
}

#[test]
fn a_run_that_nobody_waits_for_goes_on_and_its_name_gives_its_output() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let body = json!({"input": {"space": "DOCS", "title": "Later"}});
    let headers = [("Prefer", "respond-async"), ("Idempotency-Key", "k-1")];
    let begun = client.send("POST", &run_of("create-content"), &headers, Some(body.clone()));
    assert_eq!(begun.status, 202, "{begun:?}");
    let location = begun.header("location").to_owned();
    let id = begun.done()["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("{}/v1/runs/{id}", office.public));
    let record =
        until(|| Some(client.get(&format!("/runs/{id}")).done()).filter(|run| run["state"] != "running"));
    assert_eq!(record["state"], "succeeded", "{record}");
    let again = client.post_once(&run_of("create-content"), "k-1", body).done();
    assert_eq!((&again["replayed"], &again["run"]), (&json!(true), &json!(id)));
    assert_eq!(office.created(), 1);
}

#[test]
fn a_run_goes_on_when_whoever_asked_for_it_goes_away() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run, Scope::Read]);
    office.world.fault("POST", "/wiki/api/v2/pages", 1, json!({"delay_ms": 2_000}));
    let body = json!({"input": {"space": "DOCS", "title": "Nobody waits"}});
    let sent = client.sent(&run_of("create-content"), "k", &body);
    until(|| (office.created() == 1).then_some(()));
    drop(sent);
    let record = until(|| Some(last_run(&client)).filter(|run| run["ended_at"].is_string()));
    assert_eq!(record["state"], "succeeded", "{record}");
    let again = client.post_once(&run_of("create-content"), "k", body).done();
    assert_eq!((&again["run"], &again["replayed"]), (&record["id"], &json!(true)));
    assert_eq!(office.created(), 1);
}

#[test]
fn more_than_the_service_can_attend_to_is_told_to_come_again() {
    let mut settings = Settings::default();
    settings.concurrent_requests = 1;
    let office = Office::connected_with(settings);
    let client = office.client(&[Scope::Run, Scope::Read]);
    office.world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"delay_ms": 4_000}));
    let slow = {
        let client = client.clone();
        std::thread::spawn(move || client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})))
    };
    // It has the place once its request is at the vendor.
    until(|| (!office.world.received("/api/v2/spaces").is_empty()).then_some(()));
    let refused = client.get("/connections");
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(429, "service-busy");
    slow.join().unwrap().done();
    client.get("/connections").done();
}

#[test]
fn runs_are_kept_for_as_long_as_the_operator_says() {
    let mut settings = Settings::default();
    settings.keep_runs_days = 2;
    let office = Office::connected_with(settings);
    let client = office.client(&[Scope::Run, Scope::Read]);
    let run = || {
        let done = client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
        done["run"].as_str().unwrap().to_owned()
    };
    let first = run();
    office.world.clock.advance(36 * 60 * 60);
    let second = run();
    office.service.tidy();
    assert_eq!(client.get("/runs").done()["items"].as_array().unwrap().len(), 2);
    office.world.clock.advance(13 * 60 * 60);
    office.service.tidy();
    client.get(&format!("/runs/{first}")).refused(404, "unknown-run");
    client.get(&format!("/runs/{second}")).done();
}

/// What comes of asking again and again.
pub(super) fn until<T>(ask: impl Fn() -> Option<T>) -> T {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(std::time::Instant::now() < end, "it did not come about within a minute");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
