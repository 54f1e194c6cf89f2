//! What has a name is done once, by whatever route it is asked for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::office::{Client, Office, Reply};
use super::routes::{Route, body, owned, routes};

/// All that a POST of the API can change.
fn state(office: &Office, client: &Client) -> Value {
    let items = |path: &str| client.get(&format!("{path}?limit=200")).done()["items"].clone();
    let lists = ["/profiles", "/connections", "/dialogs", "/conversations", "/webhooks", "/runs"].map(items);
    json!({
        "sent": office.world.wire.seen().len(),
        "lists": lists.to_vec(),
        "integration": client.get("/integrations/confluence").done(),
        "dialog": client.get("/dialogs/createContent").done(),
        "requests": office.world.control.requests().unwrap().len(),
    })
}

/// A body that has the route do something.
fn doing(client: &Client, route: &Route, ids: &BTreeMap<&str, String>) -> Option<Value> {
    match route.path.as_str() {
        "/dialogs/{dialog}/update" => Some(json!({"overwrite": true})),
        "/dialog-import" => Some(client.get("/dialog-export").done()),
        _ => body(route, ids),
    }
}

/// Sends this to the route under a name.
fn send(client: &Client, route: &Route, path: &str, name: &str, body: &Option<Value>) -> Reply {
    match route.path.as_str() {
        "/files" => client.upload("name=a.txt", &[("Idempotency-Key", name)], b"a"),
        _ => client.send("POST", path, &[("Idempotency-Key", name)], body.clone()),
    }
}

#[test]
fn whatever_is_posted_twice_under_one_name_is_done_once_and_answered_alike() {
    let office = Office::connected();
    let client = office.admin();
    let mut ids = owned(&office);
    let mut posts: Vec<Route> = routes(&office).into_iter().filter(|route| route.method == "POST").collect();
    assert!(posts.len() > 14, "{posts:?}");
    // What turns it off comes last, and then what turns it on.
    let order = |route: &Route| match route.path.as_str() {
        path if path.ends_with("/disable") => 1,
        path if path.ends_with("/enable") => 2,
        _ => 0,
    };
    posts.sort_by_key(order);
    for (number, route) in posts.iter().enumerate() {
        let name = format!("k-{number}");
        let before = state(&office, &client);
        let (path, body) = (route.at(&ids), doing(&client, route, &ids));
        let first = send(&client, route, &path, &name, &body);
        assert!((200..300).contains(&first.status), "{route:?}: {first:?}");
        let after = state(&office, &client);
        // A session, a file and an import of what is there already are in none of the lists.
        let is_seen = !["/connect/sessions", "/connect/sessions/{session}/reconnect", "/files"]
            .contains(&route.path.as_str());
        assert!(!is_seen || before != after, "{route:?} did nothing: {first:?}");
        let again = send(&client, route, &path, &name, &body);
        assert_eq!(again.status, first.status, "{route:?}: {again:?}");
        let (mut told, mut told_again) = (first.json(), again.json());
        if route.path.ends_with("/run") {
            assert_eq!(
                (&told["replayed"], &told_again["replayed"]),
                (&json!(false), &json!(true)),
                "{route:?}"
            );
            for told in [&mut told, &mut told_again] {
                told.as_object_mut().unwrap().remove("replayed");
            }
        } else {
            assert_eq!(again.header("idempotent-replayed"), "true", "{route:?}: {again:?}");
        }
        assert_eq!(told_again, told, "{route:?}");
        assert_eq!(state(&office, &client), after, "{route:?} did it twice");
        let other = client.send("POST", &path, &[("Idempotency-Key", &name)], Some(json!({"other": 1})));
        assert_eq!(other.status / 100, 4, "{route:?}: a name is for one thing: {other:?}");
        if route.path == "/connect/sessions" {
            ids.insert("session", told["id"].as_str().unwrap().to_owned());
        }
    }
}
