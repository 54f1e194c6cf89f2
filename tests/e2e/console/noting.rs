//! What an admin does at the console is noted with whose key it was.

use serde_json::json;

use super::desk::Desk;

/// An admin can talk as any user: it stands in the log whose key it was.
#[test]
fn who_talks_at_the_console_is_noted() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let begun = desk.talk("createContent", "ann", "space: DOCS");
    let conversation = begun.at.path().rsplit('/').next().unwrap().to_owned();
    let key = desk.key.clone();
    let said = desk.submit(begun.form(&format!("/conversations/{conversation}")).with("text", "page"));
    assert_eq!(said.answer.status, 200, "{said:?}");
    let log = desk.office.admin().get("/audit?limit=2").done();
    let entries = log["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["say", "start_conversation"], "{log}");
    for entry in entries {
        let by = entry["by"].as_str().unwrap().strip_prefix("key:").unwrap();
        assert!(key.contains(by), "{log}");
        assert_eq!((&entry["conversation"], &entry["outcome"]), (&json!(conversation), &json!("done")));
        assert!(entry["request_id"].as_str().unwrap().starts_with("q-"), "{log}");
    }
    assert_eq!(entries[1]["dialog"], "createContent");
}

#[test]
fn each_connection_that_goes_with_something_else_is_named() {
    for action in ["delete_integration", "delete_profile"] {
        let mut desk = Desk::new().configured();
        let id = desk.office.world.connections()[0].id.to_string();
        match action {
            "delete_profile" => desk.press("/profiles/app/delete", "/profiles/app/delete"),
            _ => desk.press("/actions/confluence/delete", "/actions/confluence/delete"),
        };
        assert!(desk.office.world.connections().is_empty());
        let client = desk.office.admin();
        let whole = client.get(&format!("/audit?action={action}")).done()["items"][0].clone();
        let log = client.get(&format!("/audit?connection={id}&limit=1")).done();
        let entry = &log["items"][0];
        assert_eq!((&entry["action"], &entry["by"]), (&json!("delete_connection"), &whole["by"]), "{log}");
        assert_eq!(entry["request_id"], whole["request_id"], "{log}");
    }
}
