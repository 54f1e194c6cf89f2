use serde_json::{Value, json};

use crate::support::{Api, GRANULAR, WIDE, World, draft, id};

fn text(storage: &str) -> Value {
    json!({"representation": "storage", "value": storage})
}

fn footer(api: &Api<'_>, page: &Value, storage: &str) -> Value {
    let answer = api.post("/footer-comments", json!({"pageId": page["id"], "body": text(storage)}));
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

#[test]
fn a_comment_is_made_with_201_and_told_where_it_is() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Discussed", "<p>x</p>");
    let answer = api.post("/footer-comments", json!({"pageId": page["id"], "body": text("<p>hm</p>")}));
    assert_eq!(answer.status, 201);
    let comment = answer.json();
    assert_eq!(answer.headers["location"], format!("/wiki/api/v2/footer-comments/{}", id(&comment)));
    assert_eq!((&comment["pageId"], &comment["version"]["number"]), (&page["id"], &json!(1)));
    assert_eq!(comment["title"], "Re: Discussed");
    let path = format!("/footer-comments/{}", id(&comment));
    assert_eq!(api.get(&path).json()["body"], json!({}));
    assert_eq!(api.get(&format!("{path}?body-format=view")).json()["body"]["view"]["value"], "<p>hm</p>");
    assert_eq!(api.get(&format!("/inline-comments/{}", id(&comment))).status, 404);
    assert_eq!(world.api(GRANULAR).get(&path).status, 401);
}

#[test]
fn a_comment_has_exactly_one_target() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Discussed", "");
    let comment = footer(&api, &page, "<p>x</p>");
    for (status, body) in [
        (400, json!({"body": text("")})),
        (400, json!({"pageId": page["id"], "parentCommentId": comment["id"], "body": text("")})),
        (400, json!({"pageId": page["id"]})),
        (400, json!({"pageId": 7, "body": text("")})),
        (400, json!({"pageId": page["id"], "body": text("<p>")})),
        (404, json!({"pageId": "7", "body": text("")})),
        (404, json!({"blogPostId": page["id"], "body": text("")})),
        (404, json!({"customContentId": "7", "body": text("")})),
    ] {
        assert_eq!(api.post("/footer-comments", body.clone()).status, status, "{body}");
    }
}

#[test]
fn a_pages_comments_are_the_roots_and_answers_are_their_children() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Discussed", "");
    let (first, second) = (footer(&api, &page, "<p>1</p>"), footer(&api, &page, "<p>2</p>"));
    let reply =
        api.post("/footer-comments", json!({"parentCommentId": first["id"], "body": text("<p>3</p>")}));
    assert_eq!(reply.json()["parentCommentId"], first["id"]);
    let of_page = format!("/pages/{}/footer-comments", id(&page));
    assert_eq!(api.column(&of_page, "id"), [id(&first), id(&second)]);
    let with_bodies = api.get(&format!("{of_page}?body-format=storage&sort=-created-date&limit=1")).json();
    assert_eq!(with_bodies["results"][0]["body"]["storage"]["value"], "<p>2</p>");
    assert_eq!(api.get(&format!("{of_page}?body-format=view")).status, 400);
    let children = format!("/footer-comments/{}/children", id(&first));
    assert_eq!(api.column(&children, "parentCommentId"), [id(&first)]);
    assert_eq!(api.column("/footer-comments", "id").len(), 3);

    assert_eq!(api.delete(&format!("/footer-comments/{}", id(&first))).status, 204);
    assert_eq!(api.get(&children).status, 404);
    assert_eq!(api.column("/footer-comments", "id"), [id(&second)]);
}

#[test]
fn a_comment_is_changed_by_its_next_version() {
    let world = World::start();
    let api = world.api(WIDE);
    let comment = footer(&api, &api.page("Discussed", ""), "<p>one</p>");
    let path = format!("/footer-comments/{}", id(&comment));
    let change = |number: u32| json!({"version": {"number": number}, "body": text("<p>two</p>")});
    assert_eq!(api.put(&path, change(1)).status, 409);
    assert_eq!(api.put(&path, json!({"version": {"number": 2}})).status, 400);
    assert_eq!(api.put(&path, change(2)).json()["body"]["storage"]["value"], "<p>two</p>");
    let old = api.get(&format!("{path}?version=1&body-format=storage")).json();
    assert_eq!(old["body"]["storage"]["value"], "<p>one</p>");
}

#[test]
fn an_inline_comment_marks_text_that_is_in_the_page() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Marked", "<p>one <strong>tw</strong>o one</p>");
    let make = |selection: &str, count: u32, index: u32| {
        let mark = json!({
            "textSelection": selection, "textSelectionMatchCount": count, "textSelectionMatchIndex": index,
        });
        let body = json!({"pageId": page["id"], "body": text("<p>?</p>"), "inlineCommentProperties": mark});
        api.post("/inline-comments", body)
    };
    let comment = make("one", 2, 1);
    assert_eq!(comment.status, 201, "{}", comment.text);
    assert_eq!(make("two", 1, 0).status, 201);
    for (selection, count, index) in
        [("one", 1, 0), ("one", 2, 2), ("three", 1, 0), ("", 1, 0), ("three", 0, 0)]
    {
        assert_eq!(make(selection, count, index).status, 400, "{selection} {count} {index}");
    }
    let unmarked = json!({"pageId": page["id"], "body": text("")});
    assert_eq!(api.post("/inline-comments", unmarked).status, 400);

    let comment = comment.json();
    assert_eq!(comment["resolutionStatus"], "open");
    assert_eq!(comment["properties"]["inlineOriginalSelection"], "one");
    let path = format!("/inline-comments/{}", id(&comment));
    let resolved = api.put(&path, json!({"version": {"number": 2}, "resolved": true})).json();
    assert_eq!(
        (&resolved["resolutionStatus"], &resolved["body"]["storage"]["value"]),
        (&json!("resolved"), &json!("<p>?</p>"))
    );
    let of_page = format!("/pages/{}/inline-comments", id(&page));
    assert_eq!(api.column(&format!("{of_page}?resolution-status=resolved"), "id"), [id(&comment)]);
    let reply = json!({"parentCommentId": comment["id"], "body": text("<p>!</p>")});
    assert_eq!(api.post("/inline-comments", reply).status, 201);
    assert_eq!(api.column(&of_page, "id").len(), 2);
    let reopened = api.put(&path, json!({"version": {"number": 3}, "resolved": false})).json();
    assert_eq!(reopened["resolutionStatus"], "reopened");
}

#[test]
fn blog_posts_and_attachments_have_comments_too() {
    let world = World::start();
    let api = world.api(WIDE);
    let post = api.post("/blogposts", draft(&api.space("TEAM"), "News", "")).json();
    let comment =
        api.post("/footer-comments", json!({"blogPostId": post["id"], "body": text("<p>x</p>")})).json();
    assert_eq!(comment["blogPostId"], post["id"]);
    assert_eq!(api.column(&format!("/blogposts/{}/footer-comments", id(&post)), "id"), [id(&comment)]);
    let file = api.attach(&post, "a.txt", b"x");
    let comment = api.post("/footer-comments", json!({"attachmentId": file["id"], "body": text("<p>x</p>")}));
    assert_eq!(comment.json()["attachmentId"], file["id"], "{}", comment.text);
}
