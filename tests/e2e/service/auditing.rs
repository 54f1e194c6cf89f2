//! Who did what.

use serde_json::json;

use super::office::{Office, run_of};

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
        ]
    );
    assert_eq!(entries[0]["profile"], "mine");
    assert_eq!(entries[1]["integration"], "confluence");
    assert_eq!((&entries[2]["run"], &entries[2]["template"]), (&run["run"], &json!("create-content")));
    assert_eq!((&entries[3]["connection"], &entries[3]["request_id"]), (&json!(id), &json!(request)));
    assert!(entries.iter().all(|entry| entry["by"].as_str().unwrap().starts_with("key:")), "{log}");
    assert_eq!(office.stranger().get("/audit").done()["items"], json!([]));
}
