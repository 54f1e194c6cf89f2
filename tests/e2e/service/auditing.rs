//! Who did what.

use actionbay::service::Settings;
use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::office::{Office, run_of};
use crate::support::connected;

#[test]
fn whatever_changes_something_is_noted_with_who_asked_and_what_came_of_it() {
    let office = Office::connected();
    let client = office.admin();
    let id = office.world.connections()[0].id.to_string();
    client.get("/connections").done();
    let refreshed = client.send("POST", &format!("/connections/{id}/refresh"), &[], None);
    let request = refreshed.header("x-request-id").to_owned();
    refreshed.done();
    let run =
        client.post(&run_of("create-content"), json!({"input": {"space": "DOCS", "title": "Theirs"}})).done();
    client.post("/integrations/confluence/enable", json!({})).refused(409, "already-enabled");
    let profile = json!({"id": "mine", "integration": "confluence", "client_id": "x", "client_secret": "secret-of-mine"});
    client.post("/profiles", profile).done();

    let log = client.get("/audit");
    assert!(!log.text.contains("Theirs") && !log.text.contains("secret-of-mine"), "{log:?}");
    let log = log.done();
    let entries = log["items"].as_array().unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("create_profile", "done"),
            ("enable_integration", "already-enabled"),
            ("run_template", "done"),
            ("refresh_connection", "done"),
            ("connection.created", "active"),
        ]
    );
    assert_eq!(entries[0]["profile"], "mine");
    assert_eq!(entries[1]["integration"], "confluence");
    assert_eq!((&entries[2]["run"], &entries[2]["template"]), (&run["run"], &json!("create-content")));
    assert_eq!((&entries[3]["connection"], &entries[3]["request_id"]), (&json!(id), &json!(request)));
    let by: Vec<_> = entries.iter().map(|entry| entry["by"].as_str().unwrap()).collect();
    assert!(by[..4].iter().all(|by| by.starts_with("key:")) && by[4] == "authorization", "{log}");
    assert_eq!(office.stranger().get("/audit").done()["items"], json!([]));
}

/// Row 58: who authorized is noted when they did, beside who gave them the link.
#[test]
fn an_account_that_is_connected_by_a_link_is_noted_with_whose_it_is() {
    let office = Office::new();
    let client = office.admin();
    let session = json!({"integration": "confluence", "user": "ann"});
    let session = client.post("/connect/sessions", session).done();
    let decide = |decision| office.decide(session["connect_link"].as_str().unwrap(), decision);
    decide(Decision::Allow);
    let shown = client.get(&format!("/connect/sessions/{}", session["id"].as_str().unwrap())).done();
    let log = client.get("/audit").done();
    let entries = log["items"].as_array().unwrap();
    let by: Vec<_> = entries.iter().map(|entry| entry["by"].as_str().unwrap()).collect();
    assert!(by.len() == 2 && by[0] == "user:ann" && by[1].starts_with("key:"), "{log}");
    assert_eq!(
        (&entries[0]["action"], &entries[0]["outcome"]),
        (&json!("connection.created"), &json!("active"))
    );
    assert_eq!(entries[0]["connection"], shown["connection"], "{log}");
}

#[test]
fn what_a_run_concerned_is_noted_by_the_vendors_id_and_entries_are_found_by_it() {
    let office = Office::connected();
    let client = office.admin();
    let create = |title: &str| {
        let input = json!({"input": {"space": "DOCS", "title": title}});
        client.post(&run_of("create-content"), input).done()["output"]["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (create("One"), create("Two"));
    client.post(&run_of("view-content"), json!({"input": {"id": first, "type": "page"}})).done();
    let gone = json!({"input": {"id": "999999999", "body": "New"}});
    client.post(&run_of("update-content"), gone).refused(404, "content-not-found");
    office.world.clock.advance(2 * 24 * 60 * 60);
    let change = json!({"input": {"id": second, "body": "New"}});
    client.post(&run_of("update-content"), change).done();
    let found = |query: &str| {
        let log = client.get(&format!("/audit?{query}")).done();
        let told = |entry: &Value| {
            format!("{} {}", entry["template"].as_str().unwrap(), entry["content"].as_str().unwrap())
        };
        log["items"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    let (created, changed) = (format!("create-content {second}"), format!("update-content {second}"));
    assert_eq!(found(&format!("content={second}")), [&*changed, &*created]);
    assert_eq!(found(&format!("content={second}&template=create-content")), [&*created]);
    assert_eq!(found("content=999999999"), ["update-content 999999999"], "what failed too");
    assert_eq!(found("by=key:nobody"), [""; 0]);
    let entries = client.get("/audit").done()["items"].clone();
    let by = entries[0]["by"].as_str().unwrap();
    assert_eq!(found(&format!("by={by}&action=run_template&integration=confluence")).len(), 5);
    let day = |entry: &Value| entry["at"].as_str().unwrap()[..10].to_owned();
    let (last, before) = (day(&entries[0]), day(&entries[1]));
    assert_eq!(found(&format!("action=run_template&since={last}")), [&*changed]);
    assert_eq!(found(&format!("action=run_template&until={before}")).len(), 4);
    assert_eq!(found(&format!("action=run_template&since={before}&until={before}")).len(), 4);
    for wrong in ["2026-02-30", "yesterday", "2026-1-1", "2026-01-01T00:00:00Z", ""] {
        client.get(&format!("/audit?since={wrong}")).refused(400, "bad-day");
    }
}

#[test]
fn the_log_is_read_page_by_page_and_nothing_is_twice_or_missing() {
    let office = Office::new();
    let client = office.admin();
    for name in ["a", "b", "c", "d", "e"] {
        let profile =
            json!({"id": name, "integration": "confluence", "client_id": "x", "client_secret": "y"});
        client.post("/profiles", profile).done();
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/audit?limit=2&action=create_profile{cursor}")).done();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2, "{page}");
        seen.extend(items.iter().map(|entry| entry["profile"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
}

#[test]
fn the_log_is_kept_for_as_long_as_the_operator_says() {
    let mut settings = Settings::default();
    settings.keep_audit_days = 2;
    let office = Office::connected_with(settings);
    let client = office.admin();
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    let runs = || {
        let log = client.get("/audit?action=run_template").done();
        log["items"].as_array().unwrap().len()
    };
    office.world.clock.advance(2 * 24 * 60 * 60 - 1);
    office.service.tidy();
    assert_eq!(runs(), 1);
    office.world.clock.advance(2);
    office.service.tidy();
    assert_eq!(runs(), 0);
}

#[test]
fn the_command_finds_entries_and_prints_all_of_them_a_line_each() {
    let (home, _sandbox) = connected();
    let run =
        home.run(&["--json", "run", "confluence", "create-content", "--space", "DOCS", "--title", "Mine"]);
    let id = run.ok().json()["output"]["id"].as_str().unwrap().to_owned();
    home.run(&["templates", "install", "confluence", "create-content"]).ok();
    home.run(&["dialogs", "update", "createContent"]).ok();
    let told = home.run(&["audit", "--content", &id]).ok().stdout;
    assert!(told.contains("create-content") && told.contains(&id) && told.lines().count() == 2, "{told}");
    let lines = home.run(&["audit", "--export"]).ok().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<_> = lines.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["dialogs update", "templates install", "run", "authorize"]);
    assert_eq!(lines[0]["subject"]["dialog"], "createContent");
    assert_eq!(lines[2]["subject"]["content"], id);
    home.run(&["audit", "--export", "--until", "1999-12-31"]).ok();
    assert_eq!(home.run(&["audit", "--since", "soon"]).code, 2);
}

#[test]
fn what_the_command_changes_is_noted_and_what_it_only_looks_at_is_not() {
    let (home, _sandbox) = connected();
    let id = home.run(&["--json", "connections", "list"]).json()[0]["id"].as_str().unwrap().to_owned();
    home.run(&["connections", "refresh", &id]).ok();
    home.run(&["connections", "refresh", "c-none"]).fails_with(2, "no connection");
    home.run(&["integrations", "policy", "confluence"]).ok();
    home.run(&["integrations", "policy", "confluence", "--template", "delete-content=deny"]).ok();
    home.run(&["run", "confluence", "create-content", "--space", "DOCS", "--title", "Theirs"]).ok();
    let log = home.run(&["--json", "audit"]).ok().json();
    let told: Vec<String> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {} {}", entry["by"], entry["action"], entry["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "command run done",
            "command integrations policy done",
            "command connections refresh unknown-connection",
            "command connections refresh done",
            "command authorize done",
        ]
    );
    assert_eq!(log[3]["subject"]["connection"], id);
    assert_eq!(log[0]["subject"]["template"], "create-content");
    assert!(!log.to_string().contains("Theirs"), "{log}");
    assert!(home.run(&["audit", "--limit", "1"]).ok().stdout.contains("create-content"));
    assert_eq!(home.run(&["--json", "--workspace", "elsewhere", "audit"]).ok().json(), json!([]));
}
