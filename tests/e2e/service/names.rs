//! What has a name is done once.

use actionbay::service::keys::Scope;
use serde_json::json;

use super::office::{Office, run_of};

#[test]
fn a_run_that_is_sent_twice_under_its_name_creates_one_page() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let body = json!({"input": {"space": "DOCS", "title": "Once"}});
    let first = client.post_once(&run_of("create-content"), "k", body.clone()).done();
    let again = client.post_once(&run_of("create-content"), "k", body).done();
    assert_eq!(
        (&again["output"], &again["run"], &again["replayed"]),
        (&first["output"], &first["run"], &json!(true))
    );
    assert_eq!(office.created(), 1);
    assert_eq!(client.get("/runs").done()["items"].as_array().unwrap().len(), 1);

    let other = json!({"input": {"space": "DOCS", "title": "Other"}});
    client.post_once(&run_of("create-content"), "k", other).refused(422, "idempotency-key-reused");
    assert_eq!(office.created(), 1);
}

#[test]
fn what_is_made_under_a_name_is_made_once_and_answered_as_before() {
    let office = Office::new();
    let client = office.admin();
    let body = json!({"integration": "confluence", "user": "ann"});
    let first = client.post_once("/connect/sessions", "k", body.clone());
    let again = client.post_once("/connect/sessions", "k", body);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));

    let other = json!({"integration": "confluence", "user": "bob"});
    client.post_once("/connect/sessions", "k", other.clone()).refused(422, "idempotency-key-reused");
    let stranger = office.stranger();
    stranger.post_once("/connect/sessions", "k", other.clone()).refused(400, "profile-unclear");
    client.post_once("/connect/sessions", "", other.clone()).refused(400, "bad-idempotency-key");

    office.world.clock.advance(24 * 60 * 60);
    client.post_once("/connect/sessions", "k", other).done();
}

#[test]
fn what_failed_under_a_name_may_be_tried_again() {
    let office = Office::connected();
    let client = office.admin();
    client.post_once("/integrations/confluence/enable", "k", json!({})).refused(409, "already-enabled");
    client.post("/integrations/confluence/disable", json!({})).done();
    client.post_once("/integrations/confluence/enable", "k", json!({})).done();
    assert_eq!(client.get("/integrations/confluence").done()["state"], "enabled");
}
