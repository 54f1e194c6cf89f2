//! Drafts, the trash and versions.

use actionbay::FailureKind;
use serde_json::json;

use super::{able, create, only, page, stored};
use crate::support::World;

#[test]
fn a_draft_is_published_as_what_it_said() {
    let world = World::authorized();
    let draft = create(&world, json!({"space": "DOCS", "title": "Soon", "status": "draft", "body": "Text"}));
    let published = world.run("publish-draft", json!({"id": draft["id"]})).unwrap();
    assert_eq!((&published["status"], &published["version"]), (&json!("current"), &json!(1)));
    let put = only(&world, "PUT", "/api/v2/pages/");
    assert_eq!((&put["body"]["version"]["number"], &put["body"]["title"]), (&json!(1), &json!("Soon")));
    let shown = world.run("view-content", json!({"id": draft["id"]})).unwrap();
    assert_eq!(shown["body"]["value"], "Text\n");
    assert_eq!(world.run("publish-draft", json!({"id": draft["id"]})).unwrap_err().code, "no-draft");
}

#[test]
fn a_draft_without_a_title_is_published_under_a_new_one() {
    let world = World::authorized();
    let draft = create(&world, json!({"space": "DOCS", "status": "draft", "body": "Text"}));
    assert_eq!(world.run("publish-draft", json!({"id": draft["id"]})).unwrap_err().code, "title-required");
    world.run("publish-draft", json!({"id": draft["id"], "new-title": "At last"})).unwrap();
    assert_eq!(stored(&world, &draft["id"])["title"], "At last");
}

/// API-14
#[test]
fn content_goes_to_the_trash_comes_back_and_is_purged() {
    let world = able();
    let page = page(&world, "Old", "x");
    let deleted = world.run("delete-content", json!({"space": "DOCS", "title": "Old"})).unwrap();
    assert_eq!(deleted, json!({"id": page["id"], "type": "page", "outcome": "trashed"}));
    assert_eq!(stored(&world, &page["id"])["status"], "trashed");

    let restored = world.run("restore-content", json!({"id": page["id"]})).unwrap();
    assert_eq!((&restored["status"], &restored["version"]), (&json!("current"), &json!(2)));

    let failure = world.run("delete-content", json!({"id": page["id"], "purge": true})).unwrap_err();
    assert_eq!(failure.upstream_status, Some(400), "what is not in the trash is not purged");
    world.run("delete-content", json!({"id": page["id"]})).unwrap();
    world.run("delete-content", json!({"id": page["id"], "purge": true})).unwrap();
    assert!(world.control.page(page["id"].as_str().unwrap()).is_err());
    let failure = world.run("delete-content", json!({"id": page["id"]})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

/// API-14
#[test]
fn a_blog_post_and_a_draft_are_deleted_by_their_ids_alone() {
    let world = able();
    let post = create(&world, json!({"type": "blogpost", "space": "DOCS", "title": "News"}));
    let deleted = world.run("delete-content", json!({"id": post["id"]})).unwrap();
    assert_eq!(deleted["type"], "blogpost");
    let draft = create(&world, json!({"space": "DOCS", "status": "draft"}));
    let deleted = world.run("delete-content", json!({"id": draft["id"], "draft": true})).unwrap();
    assert_eq!(deleted["outcome"], "draft-discarded");
    assert!(world.control.page(draft["id"].as_str().unwrap()).is_err());
}

#[test]
fn versions_are_listed_compared_and_brought_back() {
    let world = able();
    let parent = page(&world, "Parent", "");
    let page = page(&world, "Plan", "Fish\n\nEnd");
    world.run("move-content", json!({"id": page["id"], "parent": parent["id"]})).unwrap();
    let listed = world.run("list-versions", json!({"id": page["id"]})).unwrap();
    assert_eq!((&listed["count"], &listed["versions"][0]["number"]), (&json!(2), &json!(2)));
    only(&world, "GET", "/versions");

    let compared = world.run("compare-versions", json!({"id": page["id"]})).unwrap();
    assert_eq!((&compared["same"], &compared["diff"]), (&json!(true), &json!("")));

    let restored =
        world.run("restore-content", json!({"id": page["id"], "version": 1, "message": "Back"})).unwrap();
    assert_eq!(restored["version"], 3);
    let again = world.run("restore-content", json!({"id": page["id"], "version": 3})).unwrap_err();
    assert_eq!(again.code, "no-earlier-version");
}

/// API-10
#[test]
fn content_is_updated_by_its_address_as_its_next_version() {
    let world = World::authorized();
    let page = page(&world, "Plan", "Fish\n\nEnd");
    let input = json!({"url": page["url"], "body": "Chips\n\nEnd", "message": "Menu"});
    let updated = world.run("update-content", input).unwrap();
    assert_eq!((&updated["updated"], &updated["version"]), (&json!(true), &json!(2)));
    let put = only(&world, "PUT", "/api/v2/pages/");
    assert_eq!((&put["body"]["title"], &put["body"]["version"]["message"]), (&json!("Plan"), &json!("Menu")));
    let compared = world.run("compare-versions", json!({"id": page["id"], "context": 0})).unwrap();
    assert_eq!(compared["diff"], "--- Plan (version 1)\n+++ Plan (version 2)\n@@ -1 +1 @@\n-Fish\n+Chips\n");
}
