use actionbay_confluence::platform::FailureKind;
use serde_json::{Value, json};

use crate::support::{Host, answer, assert_well_formed, docs, missing, nothing, ok, page};

const TEMPLATE: &str = "view-content";
const TITLE_QUERY: &str = "title=Hello&limit=250";

fn titled(items: &[(&str, &str, &str)], next: Option<&str>) -> actionbay_confluence::platform::Response {
    let results: Vec<Value> = items
        .iter()
        .map(|(id, title, status)| json!({"id": id, "title": title, "status": status, "spaceId": "131073"}))
        .collect();
    let mut answer = json!({"results": results, "_links": {"base": "https://acme.atlassian.net/wiki"}});
    if let Some(next) = next {
        answer["_links"]["next"] = json!(next);
    }
    ok(&answer)
}

/// API-8
#[test]
fn a_page_is_shown_by_id_as_markdown_with_one_request() {
    let host = Host::with([ok(&page("131075", "Hello", "<p>Fish &amp; <strong>chips</strong></p>"))]);
    let output = host.run(TEMPLATE, &json!({"id": "131075"})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075?body-format=storage"]);
    assert_eq!(
        output,
        json!({
            "id": "131075", "type": "page", "status": "current", "title": "Hello", "space": {"id": "131073"},
            "parent": "131072", "version": {"number": 3, "created": "2026-11-21T10:00:00.000Z"},
            "body": {"format": "markdown", "value": "Fish & **chips**\n", "complete": true},
            "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/131075",
        })
    );
}

/// API-8, BODY-6
#[test]
fn storage_format_and_html_are_given_as_they_come() {
    let stored = "<p>a&nbsp;<br/> b</p>";
    let host = Host::with([ok(&page("131075", "Hello", stored))]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "format": "storage"})).unwrap();
    assert_eq!(output["body"], json!({"format": "storage", "value": stored, "complete": true}));

    let mut viewed = page("131075", "Hello", "");
    viewed["body"] = json!({"view": {"representation": "view", "value": "<p>shown<br></p>"}});
    let host = Host::with([ok(&viewed)]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "format": "view"})).unwrap();
    assert_eq!(output["body"], json!({"format": "view", "value": "<p>shown<br></p>", "complete": true}));
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075?body-format=view"]);
}

#[test]
fn an_id_that_is_no_page_is_tried_as_a_blog_post() {
    let host = Host::with([missing(), ok(&page("131075", "Hello", "<p>x</p>"))]);
    let output = host.run(TEMPLATE, &json!({"id": "131075"})).unwrap();
    assert_eq!(output["type"], "blogpost");
    assert_eq!(host.requests()[1], "GET confluence/api/v2/blogposts/131075?body-format=storage");
}

#[test]
fn a_type_that_is_given_is_the_only_one_tried() {
    let host = Host::with([missing()]);
    let failure = host.fail(TEMPLATE, &json!({"id": "131075", "type": "blogpost"}));
    assert_eq!(failure.code, "content-not-found");
    assert!(failure.message.contains("no blog post with the id 131075"), "{failure:?}");
    assert_eq!(host.requests(), ["GET confluence/api/v2/blogposts/131075?body-format=storage"]);
}

/// API-30
#[test]
fn an_id_that_is_nothing_is_not_found_and_keeps_the_vendors_request_id() {
    let failure = Host::with([missing(), missing()]).fail(TEMPLATE, &json!({"id": "131075"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::NotFound, "content-not-found"));
    assert_eq!((failure.upstream_status, failure.upstream_request_id.as_deref()), (Some(404), Some("req-1")));
    assert!(failure.hint.as_deref().unwrap().contains("draft"));
    assert_well_formed(&failure);
}

#[test]
fn trouble_with_a_page_is_not_taken_for_its_absence() {
    let host = Host::with([answer(500, "")]);
    assert_eq!(host.fail(TEMPLATE, &json!({"id": "131075"})).kind, FailureKind::Upstream);
    assert_eq!(host.requests().len(), 1);
}

/// API-9
#[test]
fn a_draft_is_asked_for_as_a_draft() {
    let mut draft = page("131075", "", "<p>x</p>");
    draft["status"] = json!("draft");
    draft["title"] = Value::Null;
    let host = Host::with([ok(&draft)]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "type": "page", "draft": true})).unwrap();
    assert_eq!((&output["status"], &output["title"]), (&json!("draft"), &json!("")));
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075?body-format=storage&get-draft=true"]);
}

#[test]
fn titles_are_compared_whole_and_over_every_page_of_results() {
    let host = Host::with([
        docs(),
        titled(
            &[("1", "Hello world", "current"), ("2", "hello", "current")],
            Some("/wiki/api/v2/x?cursor=c2"),
        ),
        titled(&[("3", "Hello", "current")], None),
        ok(&page("3", "Hello", "<p>x</p>")),
    ]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"})).unwrap();
    assert_eq!(output["id"], "3");
    assert_eq!(output["space"], json!({"id": "131073", "key": "DOCS", "name": "Documentation"}));
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/spaces?keys=DOCS".to_owned(),
            format!("GET confluence/api/v2/spaces/131073/pages?{TITLE_QUERY}"),
            format!("GET confluence/api/v2/spaces/131073/pages?{TITLE_QUERY}&cursor=c2"),
            "GET confluence/api/v2/pages/3?body-format=storage".to_owned(),
        ]
    );
}

#[test]
fn published_content_is_preferred_to_archived_content_of_the_same_title() {
    let host = Host::with([
        docs(),
        titled(&[("1", "Hello", "archived"), ("2", "Hello", "current")], None),
        ok(&page("2", "Hello", "<p>x</p>")),
    ]);
    assert_eq!(host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"})).unwrap()["id"], "2");
}

#[test]
fn a_title_that_is_no_page_is_looked_for_among_the_blog_posts() {
    let host = Host::with([
        docs(),
        nothing(),
        titled(&[("7", "Hello", "current")], None),
        ok(&page("7", "Hello", "<p>x</p>")),
    ]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"})).unwrap();
    assert_eq!((&output["id"], &output["type"]), (&json!("7"), &json!("blogpost")));
    assert_eq!(host.requests()[2], format!("GET confluence/api/v2/spaces/131073/blogposts?{TITLE_QUERY}"));
}

#[test]
fn a_title_that_is_nothing_is_not_found() {
    let host = Host::with([docs(), titled(&[("1", "Hello world", "current")], None), nothing()]);
    let failure = host.fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::NotFound, "content-not-found"));
    assert!(failure.message.contains("\"Hello\" in the space DOCS"), "{failure:?}");
}

#[test]
fn content_is_named_by_id_or_by_space_and_title() {
    for input in [
        json!({}),
        json!({"space": "DOCS"}),
        json!({"title": "Hello"}),
        json!({"id": "1", "space": "DOCS"}),
        json!({"id": "1", "space": "DOCS", "title": "Hello"}),
    ] {
        assert_eq!(Host::with([]).fail(TEMPLATE, &input).code, "invalid-input", "{input}");
    }
    for bad in ["../1", "1/2", "", "%2e%2e", "1?x"] {
        assert_eq!(Host::with([]).fail(TEMPLATE, &json!({"id": bad})).code, "invalid-id", "{bad:?}");
    }
    assert_eq!(Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "title": " "})).code, "title-required");
}

/// API-30
#[test]
fn a_body_that_cannot_be_read_is_said_and_not_guessed() {
    let host = Host::with([ok(&page("131075", "Hello", "<p>a<br></p>"))]);
    let failure = host.fail(TEMPLATE, &json!({"id": "131075"}));
    assert_eq!(failure.code, "body-not-readable");
    assert!(failure.hint.unwrap().contains("storage"));

    let mut empty = page("131075", "Hello", "");
    empty["body"] = json!({});
    assert_eq!(Host::with([ok(&empty)]).fail(TEMPLATE, &json!({"id": "131075"})).code, "unreadable-answer");
}

#[test]
fn labels_and_children_come_with_the_same_request() {
    let mut whole = page("131075", "Hello", "<p>x</p>");
    whole["labels"] = json!({"results": [{"id": "1", "name": "release", "prefix": "global"}]});
    whole["directChildren"] =
        json!({"results": [{"id": "7", "type": "folder", "title": "Old", "status": "draft"}]});
    let host = Host::with([ok(&whole)]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "labels": true, "children": true})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/131075?body-format=storage&include-labels=true&include-direct-children=true"
        ]
    );
    assert_eq!(output["labels"], json!(["release"]));
    assert_eq!(output["children"], json!([{"id": "7", "type": "folder", "title": "Old", "status": "draft"}]));
}

#[test]
fn an_earlier_version_is_asked_for_by_its_number() {
    let host = Host::with([ok(&page("131075", "Hello", "<p>x</p>"))]);
    host.run(TEMPLATE, &json!({"id": "131075", "version": 2})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075?body-format=storage&version=2"]);
    for bad in [json!({"id": "1", "version": 0}), json!({"id": "1", "version": 1, "draft": true})] {
        assert_eq!(Host::with([]).fail(TEMPLATE, &bad).code, "invalid-input");
    }
}

/// BODY-5
#[test]
fn plain_text_and_atlassian_documents_are_formats_too() {
    let stored = page("131075", "Hello", "<h1>Fish</h1><p>&amp; <strong>chips</strong></p>");
    let host = Host::with([ok(&stored)]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "format": "plain"})).unwrap();
    assert_eq!(output["body"], json!({"format": "plain", "value": "Fish\n& chips\n", "complete": true}));

    let document = "{\"type\":\"doc\",\"version\":1,\"content\":[]}";
    let mut stored = page("131075", "Hello", "");
    stored["body"] = json!({"atlas_doc_format": {"representation": "atlas_doc_format", "value": document}});
    let host = Host::with([ok(&stored)]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "format": "adf"})).unwrap();
    assert_eq!(output["body"], json!({"format": "adf", "value": document, "complete": true}));
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075?body-format=atlas_doc_format"]);
}

#[test]
fn a_long_body_is_cut_at_a_line_and_goes_on_in_the_same_version() {
    let paragraphs: String = (0..300).map(|n| format!("<p>Paragraph {n}</p>")).collect();
    let stored = page("131075", "Hello", &paragraphs);
    let number = stored["version"]["number"].as_u64().unwrap();
    let whole = Host::with([ok(&stored)]).run(TEMPLATE, &json!({"id": "131075"})).unwrap();
    assert_eq!((&whole["body"]["complete"], whole["body"].get("cursor")), (&json!(true), None));

    let (mut input, mut body) = (json!({"id": "131075", "max-bytes": 1_000}), String::new());
    loop {
        let host = Host::with([ok(&stored)]);
        let part = host.run(TEMPLATE, &input).unwrap();
        let text = part["body"]["value"].as_str().unwrap();
        assert!(text.len() <= 1_000 && text.ends_with('\n'));
        let of_version = format!("&version={number}");
        assert_eq!(host.requests()[0].ends_with(&of_version), !body.is_empty());
        body += text;
        let Some(cursor) = part["body"].get("cursor") else { break };
        assert_eq!(part["body"]["complete"], false);
        input["cursor"] = cursor.clone();
    }
    assert_eq!(Value::from(body), whole["body"]["value"]);
    let failure = Host::with([]).fail(TEMPLATE, &json!({"id": "131075", "cursor": "next"}));
    assert_eq!(failure.code, "invalid-cursor");
}
