//! People connect their accounts, and the platform is told.

use std::time::{Duration, Instant};

use actionbay::service::keys::Scope;
use actionbay::service::{Server, Service, Settings};
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::office::{Client, Office, run_of};
use crate::support::Visitor;

fn session(client: &Client, user: &str) -> (String, String) {
    let body = json!({"integration": "confluence", "user": user});
    let made = client.post("/connect/sessions", body).done();
    let link = made["connect_link"].as_str().unwrap();
    assert!(link.ends_with(made["token"].as_str().unwrap()), "{made}");
    assert!(made["scopes"].as_array().unwrap().contains(&json!("read:page:confluence")), "{made}");
    (made["id"].as_str().unwrap().to_owned(), link.to_owned())
}

#[test]
fn whoever_waits_for_a_session_is_told_when_the_person_consents() {
    let office = Office::new();
    let client = office.client(&[Scope::Connect, Scope::Read, Scope::Run]);
    let (id, link) = session(&client, "ann");
    assert_eq!(client.get(&format!("/connect/sessions/{id}")).done()["state"], "waiting");
    let waiting = {
        let (client, id) = (client.clone(), id.clone());
        std::thread::spawn(move || client.get(&format!("/connect/sessions/{id}?wait=55")).done())
    };
    let began = Instant::now();
    assert_eq!(office.decide(&link, Decision::Allow).status, 200);
    let told = waiting.join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(30), "it waited on");
    assert_eq!((&told["state"], &told["user"]), (&json!("connected"), &json!("ann")));
    let connection = client.get(&format!("/connections/{}", told["connection"].as_str().unwrap())).done();
    assert_eq!((&connection["status"], &connection["user"]), (&json!("active"), &json!("ann")));
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}, "user": "ann"})).done();
}

#[test]
fn whoever_waits_is_told_too_when_another_process_of_the_store_takes_the_callback() {
    let office = Office::new();
    let client = office.client(&[Scope::Connect]);
    let (id, link) = session(&client, "ann");
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = server.address().port();
    let other = Service::new(&office.world.host, &office.public, Settings::default()).unwrap();
    let _serving = server.start(&other.router()).unwrap();
    let waiting = std::thread::spawn(move || client.get(&format!("/connect/sessions/{id}?wait=55")).done());
    let mut visitor = Visitor::new();
    visitor.port = Some(port);
    let query = office.world.consent(&visitor.post(&link).location(), Decision::Allow);
    assert_eq!(visitor.get(&format!("{}?{query}", office.public.callback_url())).status, 200);
    assert_eq!(waiting.join().unwrap()["state"], "connected");
}

#[test]
fn a_session_says_that_it_was_opened_refused_or_too_late() {
    let office = Office::new();
    let client = office.client(&[Scope::Connect]);
    let (id, link) = session(&client, "ann");
    let path = format!("/connect/sessions/{id}");
    let mut visitor = Visitor::new();
    let opened = visitor.post(&link);
    assert_eq!(client.get(&path).done()["state"], "opened");
    let query = office.world.consent(&opened.location(), Decision::Deny);
    visitor.get(&format!("{}?{query}", office.public.callback_url()));
    let told = client.get(&format!("{path}?wait=5")).done();
    assert_eq!((&told["state"], &told["failure"]["code"]), (&json!("failed"), &json!("consent-denied")));
    assert!(told.get("connection").is_none(), "{told}");

    let (id, _) = session(&client, "bob");
    office.world.clock.advance(31 * 60);
    assert_eq!(client.get(&format!("/connect/sessions/{id}?wait=5")).done()["state"], "expired");
    client.get(&format!("{path}?wait=56")).refused(400, "bad-wait");
}

#[test]
fn a_session_is_made_anew_for_the_connection_that_came_of_it_which_keeps_its_id() {
    let office = Office::new();
    let client = office.client(&[Scope::Connect]);
    let (first, link) = session(&client, "ann");
    let anew = |id: &str| {
        let made = client.send("POST", &format!("/connect/sessions/{id}/reconnect"), &[], None).done();
        (made["id"].as_str().unwrap().to_owned(), made["connect_link"].as_str().unwrap().to_owned())
    };
    let (second, again) = anew(&first);
    assert_ne!((&first, &link), (&second, &again));
    office.decide(&again, Decision::Allow);
    let shown = |id: &str| client.get(&format!("/connect/sessions/{id}")).done();
    let connection = shown(&second)["connection"].clone();
    assert!(connection.is_string());

    let (third, link) = anew(&second);
    assert!(Visitor::new().get(&link).body.contains("Reconnect"));
    office.decide(&link, Decision::Allow);
    assert_eq!(shown(&third)["connection"], connection);
    let renewed = client.post("/connect/sessions", json!({"connection": connection})).done();
    office.decide(renewed["connect_link"].as_str().unwrap(), Decision::Allow);
    assert_eq!(shown(renewed["id"].as_str().unwrap())["connection"], connection);
    assert_eq!(office.world.connections().len(), 1);
}
