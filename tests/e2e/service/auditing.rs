//! Who did what.

use atlassian_sandbox::consent::Decision;
use serde_json::json;

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
