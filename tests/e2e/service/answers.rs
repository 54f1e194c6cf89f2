//! What a repeat of a request with a name gets, where the first one is over, is large, or is not known to be over.

use serde_json::json;

use super::office::{Office, run_of};
use super::running::until;
use super::talking::{ALL, install};
use crate::dialogs::created;

/// Whoever holds the claim may be dead. The clock is moved past the time that any request may take.
#[test]
fn a_request_that_may_have_been_interrupted_is_not_done_anew_under_its_name() {
    let office = Office::connected();
    let client = office.admin();
    install(&client);
    office.world.fault("POST", "/wiki/api/v2/pages", 1, json!({"delay_ms": 4_000}));
    let path = "/dialogs/createContent/conversations";
    let talk = || client.post_once(path, "k-1", json!({"text": ALL}));
    std::thread::scope(|scope| {
        let first = scope.spawn(talk);
        until(|| (created(&office.world).len() == 1).then_some(()));
        talk().refused(409, "still-running");
        office.world.clock.advance(181);
        talk().refused(409, "unknown-outcome");
        let first = first.join().unwrap();
        let again = talk();
        assert_eq!((first.status, again.header("idempotent-replayed")), (201, "true"), "{first:?} {again:?}");
        assert_eq!(first.json(), again.json());
    });
    assert_eq!(created(&office.world).len(), 1, "and nothing was done twice");
    assert_eq!(client.get("/conversations").done()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn an_answer_of_more_than_a_megabyte_is_given_whole_and_given_again() {
    let office = Office::connected();
    let client = office.admin();
    let body = "A line of a long page.\n\n".repeat(50_000);
    let long = json!({"space": "DOCS", "title": "Long", "body": body});
    client.post(&run_of("create-content"), json!({ "input": long })).done();
    client.send("PUT", "/integrations/confluence/templates/view-content/installation", &[], None).done();
    let text = json!({"text": "space: DOCS, title: Long"});
    let talk = || client.post_once("/dialogs/viewContent/conversations", "k-1", text.clone());
    let first = talk();
    assert!(first.text.len() > 1 << 20, "{}", first.text.len());
    assert!(first.text.matches("A line of a long page.").count() >= 50_000);
    let again = talk();
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert!(again.text == first.text, "{} of {}", again.text.len(), first.text.len());
}
