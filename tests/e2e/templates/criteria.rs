//! What the vendor's documents ask for and no other test here is about: drafts, images, formats, counts of requests.

use actionbay::FailureKind;
use serde_json::json;

use super::{able, create, only, page, sent_storage, stored};
use crate::support::World;

/// API-3
#[test]
fn a_draft_is_created_without_a_title() {
    let world = World::authorized();
    let draft = create(&world, json!({"space": "DOCS", "status": "draft", "body": "not yet"}));
    let sent = only(&world, "POST", "/api/v2/pages")["body"].clone();
    assert_eq!((&sent["status"], sent.get("title")), (&json!("draft"), None));
    assert_eq!(stored(&world, &draft["id"])["status"], "draft");
}

/// API-11
#[test]
fn a_draft_is_updated_as_version_1_and_stays_a_draft() {
    let world = World::authorized();
    let draft = create(&world, json!({"space": "DOCS", "title": "Soon", "status": "draft", "body": "Fish"}));
    for body in ["Chips", "Chips and salt"] {
        world.control.clear_requests().unwrap();
        world.run("update-content", json!({"id": draft["id"], "draft": true, "body": body})).unwrap();
        let put = only(&world, "PUT", "/api/v2/pages/")["body"].clone();
        assert_eq!((&put["status"], &put["version"]["number"]), (&json!("draft"), &json!(1)));
    }
    assert_eq!(stored(&world, &draft["id"])["status"], "draft");
}

/// BODY-4
#[test]
fn an_image_by_its_file_name_is_one_attached_to_the_page() {
    let world = World::authorized();
    create(&world, json!({"space": "DOCS", "title": "Images", "body": "![Plan](plan.png)"}));
    let storage = sent_storage(&world);
    assert!(
        storage.contains("<ri:attachment ri:filename=\"plan.png\"") && !storage.contains("<img"),
        "{storage}"
    );
}

/// BODY-5
#[test]
fn an_atlassian_document_is_sent_as_a_text_of_json_and_anything_else_is_refused_before() {
    let world = World::authorized();
    let document = r#"{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"Hi"}]}]}"#;
    let adf = |body: &str| json!({"space": "DOCS", "title": "Document", "format": "adf", "body": body});
    for broken in ["{", "[]", "7", r#"{"type":"page"}"#] {
        let failure = world.run("create-content", adf(broken)).unwrap_err();
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::InvalidInput, false), "{broken}");
    }
    assert!(world.received("/api/v2/pages").is_empty());
    create(&world, adf(document));
    let sent = only(&world, "POST", "/api/v2/pages")["body"]["body"].clone();
    assert_eq!((&sent["representation"], &sent["value"]), (&json!("atlas_doc_format"), &json!(document)));
}

#[test]
fn no_template_sends_more_requests_than_it_must() {
    let world = able();
    let plan = page(&world, "Plan", "Fish");
    let id = &plan["id"];
    for (template, input, most) in [
        ("create-content", json!({"space": "DOCS", "title": "One"}), 2),
        ("create-content", json!({"space": plan["space"]["id"], "title": "By id"}), 3),
        ("view-content", json!({"id": id}), 1),
        ("view-content", json!({"url": plan["url"]}), 1),
        ("view-content", json!({"space": "DOCS", "title": "Plan"}), 3),
        ("update-content", json!({"id": id, "body": "Chips"}), 2),
        ("update-content", json!({"id": id, "title": "Menu", "message": "New"}), 2),
        ("add-labels", json!({"id": id, "labels": ["a", "b"]}), 1),
        ("add-comment", json!({"id": id, "type": "page", "body": "Nice"}), 2),
        ("list-pages", json!({"space": "DOCS"}), 2),
        ("list-children", json!({"id": id}), 1),
        ("search-content", json!({"text": "fish"}), 1),
        ("delete-content", json!({"id": id}), 1),
    ] {
        world.wire.forget();
        let outcome = world.outcome(template, input.clone()).unwrap();
        let sent = world.wire.seen().len();
        assert!(sent <= most, "{template} {input}: {sent}");
        assert_eq!(serde_json::to_value(&outcome).unwrap()["requests"], json!(sent), "{template} {input}");
    }
}
