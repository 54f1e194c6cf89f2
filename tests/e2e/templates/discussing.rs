//! Comments.

use actionbay::FailureKind;
use serde_json::json;

use super::{able, all, create, only, page};

/// API-22
#[test]
fn a_comment_is_added_answered_listed_changed_and_deleted() {
    let world = able();
    let page = page(&world, "Hello", "Text");
    let comment = world.run("add-comment", json!({"id": page["id"], "body": "Well *done*"})).unwrap();
    assert_eq!(comment["kind"], "footer");
    let sent = only(&world, "POST", "/footer-comments")["body"].clone();
    assert_eq!((&sent["pageId"], sent.get("blogPostId")), (&page["id"], None));
    world.control.clear_requests().unwrap();

    let reply = world.run("reply-to-comment", json!({"comment": comment["id"], "body": "Thanks"})).unwrap();
    let sent = only(&world, "POST", "/footer-comments")["body"].clone();
    assert_eq!((&sent["parentCommentId"], sent.get("pageId")), (&comment["id"], None));

    world.run("update-comment", json!({"comment": comment["id"], "body": "Very well"})).unwrap();
    let listed = world.run("list-comments", json!({"space": "DOCS", "title": "Hello"})).unwrap();
    assert_eq!(all(&listed["comments"], "body"), ["Very well\n"]);
    assert_eq!(listed["comments"][0]["version"], 2);
    let replies = world.run("list-comments", json!({"replies-to": comment["id"]})).unwrap();
    assert_eq!(all(&replies["comments"], "id"), [reply["id"].as_str().unwrap()]);

    world.run("delete-comment", json!({"comment": reply["id"]})).unwrap();
    let replies = world.run("list-comments", json!({"replies-to": comment["id"]})).unwrap();
    assert_eq!(replies["count"], 0);
    let again = world.run("delete-comment", json!({"comment": reply["id"]})).unwrap_err();
    assert_eq!(again.kind, FailureKind::NotFound);
}

/// API-22
#[test]
fn a_comment_on_words_is_resolved_and_opened_again() {
    let world = able();
    let page = page(&world, "Hello", "chips & **chips**");
    let input = json!({"id": page["id"], "body": "Which?", "selection": "chips", "occurrence": 2});
    let comment = world.run("add-comment", input).unwrap();
    assert_eq!(comment["kind"], "inline");
    let sent = only(&world, "POST", "/inline-comments")["body"]["inlineCommentProperties"].clone();
    assert_eq!(
        sent,
        json!({"textSelection": "chips", "textSelectionMatchCount": 2, "textSelectionMatchIndex": 1})
    );
    for (resolved, resolution) in [(true, "resolved"), (false, "reopened")] {
        world.run("resolve-comment", json!({"comment": comment["id"], "resolved": resolved})).unwrap();
        let listed = json!({"id": page["id"], "resolution": resolution, "format": "plain"});
        let listed = world.run("list-comments", listed).unwrap();
        assert_eq!(all(&listed["comments"], "body"), ["Which?\n"], "{resolution}");
    }
    let absent = json!({"id": page["id"], "body": "x", "selection": "salt"});
    assert_eq!(world.run("add-comment", absent).unwrap_err().code, "selection-not-found");
}

#[test]
fn a_blog_post_is_commented_as_a_blog_post() {
    let world = able();
    let post = create(&world, json!({"type": "blogpost", "space": "DOCS", "title": "News"}));
    world.run("add-comment", json!({"id": post["id"], "body": "Nice"})).unwrap();
    assert_eq!(only(&world, "POST", "/footer-comments")["body"]["blogPostId"], post["id"]);
}
