use actionbay_confluence::platform::FailureKind;
use serde_json::{Value, json};

use crate::support::{Host, answer, missing, no_content, ok, page};

fn stored(status: &str, title: &str, number: u64) -> Value {
    let mut stored = page("131075", title, "<p>text</p>");
    stored["status"] = json!(status);
    stored["version"]["number"] = json!(number);
    stored
}

/// API-11
#[test]
fn a_draft_that_was_never_published_is_published_as_version_1() {
    let host = Host::with([ok(&stored("draft", "Hello", 1)), missing(), ok(&stored("current", "Hello", 1))]);
    let output = host.run("publish-draft", &json!({"id": "131075", "type": "page"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/131075?body-format=storage&get-draft=true",
            "GET confluence/api/v2/pages/131075?body-format=storage",
            "PUT confluence/api/v2/pages/131075",
        ]
    );
    assert_eq!(
        host.last_body(),
        json!({
            "id": "131075", "status": "current", "title": "Hello",
            "body": {"representation": "storage", "value": "<p>text</p>"}, "version": {"number": 1},
        })
    );
    assert_eq!((&output["status"], &output["version"]), (&json!("current"), &json!(1)));
}

#[test]
fn a_draft_of_published_content_becomes_its_next_version() {
    let host = Host::with([
        ok(&stored("draft", "Hello", 1)),
        ok(&stored("current", "Hello", 4)),
        ok(&stored("current", "New", 5)),
    ]);
    let input = json!({"id": "131075", "new-title": "New", "message": "Ready"});
    host.run("publish-draft", &input).unwrap();
    let body = host.last_body();
    assert_eq!(
        (&body["title"], &body["version"]),
        (&json!("New"), &json!({"number": 5, "message": "Ready"}))
    );
}

#[test]
fn nothing_is_published_without_a_draft_a_title_or_a_body() {
    let fail = |draft: Value| Host::with([ok(&draft)]).fail("publish-draft", &json!({"id": "131075"}));
    assert_eq!(fail(stored("current", "Hello", 2)).code, "no-draft");
    assert_eq!(fail(stored("draft", "", 1)).code, "title-required");
    let mut bodiless = stored("draft", "Hello", 1);
    bodiless["body"] = json!({});
    assert_eq!(fail(bodiless).code, "unreadable-answer");
}

/// API-14
#[test]
fn purge_and_draft_are_sent_only_when_asked_for() {
    for (extra, query, outcome) in [
        (json!({}), "", "trashed"),
        (json!({"purge": true}), "?purge=true", "purged"),
        (json!({"draft": true}), "?draft=true", "draft-discarded"),
    ] {
        let mut input = json!({"id": "5"});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let host = Host::with([no_content()]);
        let output = host.run("delete-content", &input).unwrap();
        assert_eq!(output, json!({"id": "5", "type": "page", "outcome": outcome}));
        assert_eq!(host.requests(), [format!("DELETE confluence/api/v2/pages/5{query}")]);
    }
    let both = json!({"id": "5", "purge": true, "draft": true});
    assert_eq!(Host::with([]).fail("delete-content", &both).code, "invalid-input");
}

/// API-14
#[test]
fn trouble_with_deleting_is_never_taken_for_another_kind() {
    let host = Host::with([answer(500, "")]);
    assert_eq!(host.fail("delete-content", &json!({"id": "5"})).kind, FailureKind::Upstream);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn content_comes_back_from_the_trash_with_the_next_number() {
    let host = Host::with([ok(&stored("trashed", "Hello", 3)), ok(&stored("current", "Hello", 4))]);
    let output = host.run("restore-content", &json!({"id": "131075"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/131075?body-format=storage&status=trashed",
            "PUT confluence/api/v2/pages/131075",
        ]
    );
    let body = host.last_body();
    assert_eq!((&body["status"], &body["version"]["number"]), (&json!("current"), &json!(4)));
    assert_eq!(output["status"], "current");
}

#[test]
fn an_earlier_version_comes_back_as_a_new_one() {
    let mut old = stored("historical", "Old", 2);
    old["body"]["storage"]["value"] = json!("<p>old</p>");
    let host = Host::with([ok(&stored("current", "Hello", 5)), ok(&old), ok(&stored("current", "Old", 6))]);
    host.run("restore-content", &json!({"id": "131075", "version": 2})).unwrap();
    assert_eq!(host.requests()[1], "GET confluence/api/v2/pages/131075?body-format=storage&version=2");
    let body = host.last_body();
    assert_eq!((&body["title"], &body["body"]["value"]), (&json!("Old"), &json!("<p>old</p>")));
    assert_eq!(body["version"]["number"], 6);

    let host = Host::with([ok(&stored("current", "Hello", 5))]);
    assert_eq!(
        host.fail("restore-content", &json!({"id": "131075", "version": 5})).code,
        "no-earlier-version"
    );
}

/// API-12
#[test]
fn a_change_in_between_is_a_conflict_and_nothing_is_sent_again() {
    let body = r#"{"errors":[{"status":"409","code":"CONFLICT","title":"Version must be incremented when updating a page. Current Version: [3]. Provided version: [3]","detail":null}]}"#;
    let host = Host::with([ok(&stored("trashed", "Hello", 2)), answer(409, body)]);
    let failure = host.fail("restore-content", &json!({"id": "131075"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "version-conflict"));
    assert!(failure.message.contains("Current Version: [3]"), "{failure:?}");
    assert_eq!(host.requests().len(), 2);
}

#[test]
fn an_earlier_version_of_what_is_archived_or_trashed_does_not_bring_it_back() {
    for status in ["archived", "trashed"] {
        let host = Host::with([ok(&stored(status, "Hello", 5))]);
        let failure = host.fail("restore-content", &json!({"id": "131075", "version": 2}));
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "not-editable"));
        assert_eq!(host.requests().len(), 1);
    }
}
