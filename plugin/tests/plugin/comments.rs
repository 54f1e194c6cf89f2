use serde_json::{Value, json};

use crate::support::{Host, answer, list, missing, no_content, ok, page, unreachable};

fn comment(id: u64, kind: &str) -> Value {
    let mut comment = json!({
        "id": id.to_string(), "status": "current", "title": "Re: Hello", "pageId": "5",
        "version": {"number": 2, "authorId": "5b10", "createdAt": "T"},
        "body": {"storage": {"representation": "storage", "value": "<p>Really?</p>"}},
        "_links": {"webui": "/spaces/DOCS/pages/5?focusedCommentId=9"},
    });
    if kind == "inline" {
        comment["resolutionStatus"] = json!("open");
        comment["properties"] = json!({"inlineOriginalSelection": "chips"});
    }
    comment
}

fn created(kind: &str) -> actionbay_confluence::platform::Response {
    answer(201, &comment(9, kind).to_string())
}

/// API-22
#[test]
fn a_comment_names_exactly_one_owner() {
    let host = Host::with([ok(&page("5", "Hello", "")), created("footer")]);
    let output = host.run("add-comment", &json!({"id": "5", "body": "Well *done*"})).unwrap();
    assert_eq!(
        host.requests(),
        ["GET confluence/api/v2/pages/5?body-format=storage", "POST confluence/api/v2/footer-comments"]
    );
    let body = json!({"representation": "storage", "value": "<p>Well <em>done</em></p>"});
    assert_eq!(host.last_body(), json!({"pageId": "5", "body": body}));
    assert_eq!(
        output,
        json!({
            "id": "9", "kind": "footer", "status": "current", "author": "5b10", "changed": "T", "version": 2,
            "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/5?focusedCommentId=9",
        })
    );
    let host = Host::with([missing(), ok(&page("5", "Hello", "")), created("footer")]);
    host.run("add-comment", &json!({"id": "5", "body": "x"})).unwrap();
    assert_eq!(
        host.last_body(),
        json!({"blogPostId": "5", "body": {"representation": "storage", "value": "<p>x</p>"}})
    );
}

/// API-22
#[test]
fn the_place_of_words_is_counted_in_the_words_of_the_page_alone() {
    let stored = "<ol><li>1 x</li><li>y</li></ol><ac:task-list><ac:task><ac:task-status>complete</ac:task-status>\
        <ac:task-body>press [x] 1</ac:task-body></ac:task></ac:task-list><p><ac:image ac:alt=\"fox 1\">\
        <ri:url ri:value=\"https://e.example/1\"/></ac:image><ac:structured-macro ac:name=\"status\">\
        <ac:parameter ac:name=\"title\">fox</ac:parameter></ac:structured-macro></p>\
        <p>a f<b>o</b>x, <code>fox</code>, <a href=\"#1\">fox&nbsp;1</a> and fox 1</p>";
    let place = |selection: &str, occurrence: u32| {
        let host = Host::with([ok(&page("5", "Hello", stored)), created("inline")]);
        let input = json!({"id": "5", "body": "x", "selection": selection, "occurrence": occurrence});
        host.run("add-comment", &input).unwrap();
        host.last_body()["inlineCommentProperties"].clone()
    };
    let expected = |selection: &str, count: u32, index: u32| {
        json!({
            "textSelection": selection, "textSelectionMatchCount": count, "textSelectionMatchIndex": index,
        })
    };
    assert_eq!(place("1", 2), expected("1", 4, 1));
    assert_eq!(place("[x]", 1), expected("[x]", 1, 0));
    assert_eq!(place("fox", 3), expected("fox", 4, 2));
    // A space that does not break looks like any other, and is sent as the page has it.
    assert_eq!(place("fox 1", 1), expected("fox\u{a0}1", 1, 0));
    assert_eq!(place("fox\u{a0}1", 2), expected("fox 1", 1, 0));
}

/// API-22
#[test]
fn a_comment_on_words_counts_their_places_as_people_see_them() {
    let stored = "<p>chips &amp; <strong>chips</strong></p><p>fish</p>";
    let host = Host::with([ok(&page("5", "Hello", stored)), created("inline")]);
    let input = json!({"id": "5", "body": "x", "selection": "chips", "occurrence": 2});
    let output = host.run("add-comment", &input).unwrap();
    assert_eq!(host.requests()[1], "POST confluence/api/v2/inline-comments");
    assert_eq!(
        host.last_body()["inlineCommentProperties"],
        json!({"textSelection": "chips", "textSelectionMatchCount": 2, "textSelectionMatchIndex": 1})
    );
    assert_eq!((&output["resolution"], &output["selection"]), (&json!("open"), &json!("chips")));

    for (selection, occurrence) in [("chips", 3), ("salt", 1), ("&amp;", 1)] {
        let input = json!({"id": "5", "body": "x", "selection": selection, "occurrence": occurrence});
        let host = Host::with([ok(&page("5", "Hello", stored))]);
        assert_eq!(host.fail("add-comment", &input).code, "selection-not-found");
    }
}

/// API-22
#[test]
fn a_reply_names_only_the_comment_it_answers() {
    let host = Host::with([missing(), ok(&comment(9, "inline")), created("inline")]);
    host.run("reply-to-comment", &json!({"comment": "9", "body": "Yes"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/footer-comments/9?body-format=storage",
            "GET confluence/api/v2/inline-comments/9?body-format=storage",
            "POST confluence/api/v2/inline-comments",
        ]
    );
    let body = json!({"representation": "storage", "value": "<p>Yes</p>"});
    assert_eq!(host.last_body(), json!({"parentCommentId": "9", "body": body}));

    let host = Host::with([created("footer")]);
    host.run("reply-to-comment", &json!({"comment": "9", "kind": "footer", "body": "Yes"})).unwrap();
    assert_eq!(host.requests(), ["POST confluence/api/v2/footer-comments"]);
}

/// RATE-3
#[test]
fn a_comment_whose_answer_is_lost_is_not_written_again() {
    let host = Host::failing_after([], unreachable());
    let input = json!({"comment": "9", "kind": "footer", "body": "Yes"});
    let failure = host.fail("reply-to-comment", &input);
    assert_eq!((failure.code.as_str(), host.requests().len()), ("unknown-outcome", 1));
    assert!(failure.hint.unwrap().contains("list-comments"));
}

#[test]
fn comments_of_both_kinds_are_listed_one_after_the_other_and_gone_on_with() {
    let both =
        || [list(&[comment(1, "footer"), comment(2, "footer")], None), list(&[comment(3, "inline")], None)];
    let host = Host::with(both());
    let output = host.run("list-comments", &json!({"id": "5"})).unwrap();
    let query = "body-format=storage&limit=250";
    assert_eq!(
        host.requests(),
        [
            format!("GET confluence/api/v2/pages/5/footer-comments?{query}"),
            format!("GET confluence/api/v2/pages/5/inline-comments?{query}"),
        ]
    );
    assert_eq!(output["count"], 3);
    assert_eq!(output["comments"][2]["kind"], "inline");
    assert_eq!(output["comments"][2]["body"], "Really?\n");

    let [footer, inline] = both();
    let first = Host::with([footer]).run("list-comments", &json!({"id": "5", "limit": 2})).unwrap();
    assert_eq!((&first["count"], &first["complete"]), (&json!(2), &json!(false)));
    let host = Host::with([inline]);
    let rest = host.run("list-comments", &json!({"id": "5", "limit": 2, "cursor": first["cursor"]})).unwrap();
    assert_eq!((&rest["comments"][0]["id"], &rest["complete"]), (&json!("3"), &json!(true)));
    assert_eq!(
        host.requests(),
        ["GET confluence/api/v2/pages/5/inline-comments?body-format=storage&limit=2"]
    );
}

#[test]
fn a_resolution_is_for_comments_on_the_text_and_replies_belong_to_a_comment() {
    let host = Host::with([list(&[comment(3, "inline")], None)]);
    host.run("list-comments", &json!({"id": "5", "resolution": "open", "format": "adf"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/5/inline-comments?body-format=atlas_doc_format&resolution-status=open&limit=250"
        ]
    );
    let host = Host::with([ok(&comment(9, "footer")), list(&[comment(10, "footer")], None)]);
    let output = host.run("list-comments", &json!({"replies-to": "9"})).unwrap();
    assert_eq!(
        host.requests()[1],
        "GET confluence/api/v2/footer-comments/9/children?body-format=storage&limit=250"
    );
    assert_eq!(output["replies-to"], "9");
    for bad in
        [json!({"id": "5", "kind": "footer", "resolution": "open"}), json!({"id": "5", "replies-to": "9"})]
    {
        assert_eq!(Host::with([]).fail("list-comments", &bad).code, "invalid-input");
    }
}

/// API-12
#[test]
fn resolving_sends_what_the_comment_says_along_with_the_next_number() {
    for resolved in [true, false] {
        let host = Host::with([ok(&comment(9, "inline")), ok(&comment(9, "inline"))]);
        host.run("resolve-comment", &json!({"comment": "9", "resolved": resolved})).unwrap();
        assert_eq!(
            host.requests(),
            [
                "GET confluence/api/v2/inline-comments/9?body-format=storage",
                "PUT confluence/api/v2/inline-comments/9",
            ]
        );
        assert_eq!(
            host.last_body(),
            json!({
                "version": {"number": 3}, "resolved": resolved,
                "body": {"representation": "storage", "value": "<p>Really?</p>"},
            })
        );
    }
    let failure = Host::with([missing()]).fail("resolve-comment", &json!({"comment": "9"}));
    assert!(failure.hint.unwrap().contains("not those below the page"));
}

#[test]
fn a_comment_is_replaced_where_it_is() {
    let host = Host::with([missing(), ok(&comment(9, "inline")), ok(&comment(9, "inline"))]);
    host.run("update-comment", &json!({"comment": "9", "body": "New", "message": "Typo"})).unwrap();
    assert_eq!(host.requests()[2], "PUT confluence/api/v2/inline-comments/9");
    assert_eq!(
        host.last_body(),
        json!({
            "version": {"number": 3, "message": "Typo"},
            "body": {"representation": "storage", "value": "<p>New</p>"},
        })
    );
}

#[test]
fn a_comment_is_deleted_where_it_is() {
    let host = Host::with([missing(), no_content()]);
    let output = host.run("delete-comment", &json!({"comment": "9"})).unwrap();
    assert_eq!(
        host.requests(),
        ["DELETE confluence/api/v2/footer-comments/9", "DELETE confluence/api/v2/inline-comments/9"]
    );
    assert_eq!(output, json!({"id": "9", "type": "inline", "outcome": "deleted"}));
}

#[test]
fn a_comment_says_something() {
    for (template, input) in [
        ("add-comment", json!({"id": "5", "body": " "})),
        ("reply-to-comment", json!({"comment": "9", "body": ""})),
        ("update-comment", json!({"comment": "9", "body": "\n"})),
    ] {
        assert_eq!(Host::with([]).fail(template, &input).code, "body-required");
    }
}

#[test]
fn a_comment_that_cannot_be_shown_hides_no_other() {
    let mut broken = comment(2, "footer");
    broken["body"]["storage"]["value"] = json!("<p>never closed");
    let host = Host::with([list(&[comment(1, "footer"), broken, comment(3, "footer")], None)]);
    let output = host.run("list-comments", &json!({"id": "5", "kind": "footer"})).unwrap();
    let comments = output["comments"].as_array().unwrap();
    let bodies: Vec<_> = comments.iter().map(|comment| comment.get("body").and_then(Value::as_str)).collect();
    assert_eq!(bodies, [Some("Really?\n"), None, Some("Really?\n")]);
    let trouble = comments[1]["trouble"].as_str().unwrap();
    assert!(trouble.contains("comment 2 cannot be turned into Markdown"), "{trouble}");
}
