//! What becomes of each connection is noted and told, whoever did it and by what way.

use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::office::{Client, Office};
use super::talking;
use super::telling::{Receiver, office_of, told};
use crate::support::connected;

/// A user connects an account; the connection.
fn connect(office: &Office, client: &Client, session: Value) -> String {
    let session = client.post("/connect/sessions", session).done();
    assert_eq!(office.decide(session["connect_link"].as_str().unwrap(), Decision::Allow).status, 200);
    let shown = client.get(&format!("/connect/sessions/{}", session["id"].as_str().unwrap())).done();
    shown["connection"].as_str().unwrap().to_owned()
}

fn connect_user(office: &Office, client: &Client, user: &str) -> String {
    connect(office, client, json!({"integration": "confluence", "user": user}))
}

/// The entries about a connection, the last one first: who, what, outcome.
fn entries_of(client: &Client, connection: &str) -> Vec<[String; 3]> {
    let log = client.get(&format!("/audit?connection={connection}")).done();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |entry: &Value| [&entry["by"], &entry["action"], &entry["outcome"]].map(text);
    log["items"].as_array().unwrap().iter().map(entry).collect()
}

/// The last entry about a connection.
fn last_of(client: &Client, connection: &str) -> Value {
    client.get(&format!("/audit?connection={connection}&limit=1")).done()["items"][0].clone()
}

#[test]
fn that_somebody_connected_again_is_noted_and_told_whether_it_still_worked_or_not() {
    let receiver = Receiver::new();
    let office = office_of(&[&receiver]);
    let client = office.admin();
    let id = connect_user(&office, &client, "ann");
    let events = ["connection.created", "connection.reauthorized", "connection.needs_reauthorization"];
    told(&client, &receiver, &events);
    let last_told = || {
        office.service.deliver().unwrap();
        receiver.messages().last().unwrap().json()
    };
    assert_eq!(connect(&office, &client, json!({"connection": id})), id);
    let message = last_told();
    assert_eq!(message["type"], "connection.reauthorized");
    assert_eq!((&message["data"]["connection"], &message["data"]["user"]), (&json!(id), &json!("ann")));
    assert_eq!(entries_of(&client, &id)[0], ["user:ann", "connection.reauthorized", "active"]);

    office.world.control.revoke(None).unwrap();
    client.post(&format!("/connections/{id}/check"), json!({}));
    assert_eq!(last_told()["type"], "connection.needs_reauthorization");
    assert_eq!(connect(&office, &client, json!({"connection": id})), id);
    assert_eq!(last_told()["type"], "connection.reauthorized");
    assert_eq!(entries_of(&client, &id)[0], ["user:ann", "connection.reauthorized", "active"]);

    // What nobody consented to is no new authorization.
    client.post(&format!("/connections/{id}/refresh"), json!({})).done();
    client.post(&format!("/connections/{id}/check"), json!({})).done();
    office.service.deliver().unwrap();
    assert_eq!(receiver.messages().len(), 3, "{:?}", receiver.messages());
}

#[test]
fn that_the_vendor_knows_the_app_no_more_is_told_where_nobody_talks() {
    let receiver = Receiver::new();
    let office = office_of(&[&receiver]);
    let client = office.admin();
    let id = connect_user(&office, &client, "ann");
    told(&client, &receiver, &["connection.bad_client_credentials"]);
    office.world.put_profile(&[], "not-the-secret-of-this-app");
    for _ in 0..2 {
        assert_eq!(client.post(&format!("/connections/{id}/refresh"), json!({})).status, 502);
    }
    office.service.deliver().unwrap();
    let messages = receiver.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    let message = message.json();
    assert_eq!(message["type"], "connection.bad_client_credentials");
    assert_eq!(
        (&message["data"]["connection"], &message["data"]["status"]),
        (&json!(id), &json!("bad-client-credentials"))
    );
    let entries = entries_of(&client, &id);
    let noted = ["user:ann", "connection.bad_client_credentials", "bad-client-credentials"];
    assert!(entries.iter().any(|entry| *entry == noted), "{entries:?}");
}

#[test]
fn an_account_that_its_person_disconnects_in_a_conversation_is_named() {
    let office = Office::new();
    let client = office.admin();
    let id = connect_user(&office, &client, "ann");
    talking::install(&client);
    let turn = talking::start(&client, json!({"user": "ann", "text": "space: DOCS"}));
    let at = format!("/conversations/{}", turn["id"].as_str().unwrap());
    client.post(&format!("{at}/messages"), json!({"text": "delete account"})).done();
    client.post(&format!("{at}/messages"), json!({"text": "1"})).done();
    client.get(&format!("/connections/{id}")).refused(404, "unknown-connection");
    let entry = last_of(&client, &id);
    assert_eq!((&entry["action"], &entry["outcome"]), (&json!("delete_connection"), &json!("done")));
    assert_eq!(entry["by"], format!("conversation:{}", turn["id"].as_str().unwrap()));
    assert_eq!((&entry["integration"], &entry["conversation"]), (&json!("confluence"), &turn["id"]));
}

#[test]
fn each_connection_that_goes_with_something_else_is_named_with_who_had_it_deleted() {
    let office = Office::new();
    let client = office.admin();
    let deletions = [
        ("/users/ann/data", "erase_user"),
        ("/profiles/app?with_connections=true", "delete_profile"),
        ("/integrations/confluence", "delete_integration"),
    ];
    for (path, action) in deletions {
        office.world.put_profile(&[], &office.world.client.client_secret);
        let mut gone = vec![connect_user(&office, &client, "ann")];
        if action != "erase_user" {
            gone.push(connect_user(&office, &client, "bob"));
        }
        let deleted = client.send("DELETE", path, &[], None);
        let request = deleted.header("x-request-id").to_owned();
        deleted.done();
        let whole = client.get(&format!("/audit?action={action}")).done()["items"][0].clone();
        for id in gone {
            let entry = last_of(&client, &id);
            assert_eq!(entry["action"], "delete_connection", "{action}: {entry}");
            assert_eq!((&entry["by"], &entry["request_id"]), (&whole["by"], &json!(request)), "{entry}");
        }
    }
}

#[test]
fn what_goes_by_the_command_is_named_too() {
    for what in ["profiles", "integrations"] {
        let (home, _sandbox) = connected();
        let connection = home.run(&["--json", "connections", "list"]).json()[0].clone();
        let profile = connection["profile"].as_str().unwrap();
        let name = if what == "profiles" { profile } else { "confluence" };
        home.run(&[what, "delete", name, "--yes"]).ok();
        let log = home.run(&["--json", "audit", "--connection", connection["id"].as_str().unwrap()]);
        let log = log.ok().json();
        assert_eq!(
            (&log[0]["by"], &log[0]["action"], &log[0]["subject"]["profile"]),
            (&json!("command"), &json!("delete_connection"), &json!(profile)),
            "{what}: {log}"
        );
    }
}
