use actionbay_confluence::platform::{FailureKind, Response};
use serde_json::{Value, json};

use crate::support::{Host, answer, assert_well_formed, docs, missing, ok, page};

const TEMPLATE: &str = "update-content";
const GET: &str = "GET confluence/api/v2/pages/131075?body-format=storage";
const PUT: &str = "PUT confluence/api/v2/pages/131075";

const STATUS: &str = "<ac:structured-macro ac:name=\"status\" ac:macro-id=\"m1\"><ac:parameter ac:name=\"title\">OK</ac:parameter></ac:structured-macro>";

fn stored(storage: &str) -> Response {
    ok(&page("131075", "Hello", storage))
}

fn updated() -> Response {
    let mut page = page("131075", "Hello", "");
    page["version"]["number"] = json!(4);
    ok(&page)
}

fn viewed(storage: &str) -> String {
    actionbay_confluence::content::view(storage).unwrap().markdown
}

fn sent(host: &Host) -> String {
    host.last_body()["body"]["value"].as_str().unwrap().to_owned()
}

/// Runs against a page that is never written.
fn refused(storage: &str, input: &Value) -> actionbay_confluence::platform::Failure {
    let host = Host::with([stored(storage)]);
    let failure = host.fail(TEMPLATE, input);
    assert_well_formed(&failure);
    assert!(!failure.request_sent, "{failure:?}");
    assert!(host.requests().iter().all(|request| !request.starts_with("PUT")), "{:?}", host.requests());
    failure
}

#[test]
fn an_edit_reads_once_writes_once_and_changes_nothing_else() {
    let storage = format!("<p local-id=\"1\">State:&nbsp;{STATUS}, says the wiki</p>");
    let host = Host::with([stored(&storage), updated()]);
    let body = viewed(&storage).replace("wiki", "page");
    let input = json!({
        "id": "131075", "body": body, "expected-version": 3, "message": "Better",
        "title": "Hello you", "parent": "7",
    });
    let output = host.run(TEMPLATE, &input).unwrap();
    assert_eq!(host.requests(), [GET, PUT]);
    assert_eq!(
        host.last_body(),
        json!({
            "id": "131075", "status": "current", "title": "Hello you", "parentId": "7",
            "body": {"representation": "storage", "value": storage.replace("wiki", "page")},
            "version": {"number": 4, "message": "Better"},
        })
    );
    assert_eq!(output["updated"], true);
    assert_eq!((&output["previous-version"], &output["version"]), (&json!(3), &json!(4)));
    assert_eq!((&output["restored"], &output["lost"]), (&json!(1), &json!([])));
}

#[test]
fn content_is_found_by_space_and_title_too() {
    let list = ok(&json!({"results": [page("131075", "Hello", "")]}));
    let host = Host::with([docs(), list, stored("<p>a</p>"), updated()]);
    host.run(TEMPLATE, &json!({"space": "DOCS", "page": "Hello", "body": "b"})).unwrap();
    assert_eq!(host.requests().last().map(String::as_str), Some(PUT));
}

#[test]
fn an_edit_that_would_lose_a_macro_is_refused_and_lists_it() {
    let storage = format!("<p>State: {STATUS}</p>");
    let failure = refused(&storage, &json!({"id": "131075", "body": "State: fine"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "would-lose-content"));
    assert!(failure.message.contains("macro: status: OK"), "{failure:?}");
    let host = Host::with([stored(&storage), updated()]);
    let output =
        host.run(TEMPLATE, &json!({"id": "131075", "body": "State: fine", "allow-loss": true})).unwrap();
    assert_eq!(sent(&host), "<p>State: fine</p>");
    assert_eq!(output["lost"][0]["what"], "macro: status: OK");
}

#[test]
fn a_marker_of_another_version_is_refused_by_name() {
    let input = json!({"id": "131075", "body": "[macro: jira: X](confluence:macro/jira?abcdef)"});
    let failure = refused("<p>a</p>", &input);
    assert_eq!(failure.code, "unknown-marker");
    assert!(failure.message.contains("abcdef"), "{failure:?}");
}

#[test]
fn a_version_that_is_not_the_expected_one_is_refused_before_anything_is_written() {
    let failure = refused("<p>a</p>", &json!({"id": "131075", "body": "b", "expected-version": 2}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "version-conflict"));
    assert!(failure.message.contains("at version 3, and version 2"), "{failure:?}");
}

#[test]
fn a_conflict_names_both_versions_and_nothing_is_tried_again() {
    let conflict = r#"{"errors":[{"status":"409","code":"CONFLICT","title":"Version must be incremented when updating a page. Current Version: [5]. Provided version: [4]","detail":null}]}"#;
    let host = Host::with([stored("<p>a</p>"), answer(409, conflict)]);
    let failure = host.fail(TEMPLATE, &json!({"id": "131075", "body": "b"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "version-conflict"));
    assert!(failure.message.contains("at version 5, and version 4 was sent"), "{failure:?}");
    assert_eq!(host.requests(), [GET, PUT]);
}

#[test]
fn a_title_alone_leaves_the_body_byte_for_byte() {
    let storage = "<p >a&nbsp;</p>\n<!-- b -->";
    let host = Host::with([stored(storage), updated()]);
    host.run(TEMPLATE, &json!({"id": "131075", "title": "New"})).unwrap();
    assert_eq!(sent(&host), storage);
    assert_eq!(host.last_body()["title"], "New");
}

#[test]
fn what_is_as_asked_for_already_is_not_written() {
    let host = Host::with([stored("<p>a</p>")]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "body": "a", "title": "Hello"})).unwrap();
    assert_eq!(host.requests(), [GET]);
    assert_eq!((&output["updated"], &output["version"]), (&json!(false), &json!(3)));
}

#[test]
fn a_draft_stays_at_version_one() {
    let mut draft = page("131075", "Hello", "<p>a</p>");
    draft["status"] = json!("draft");
    let host = Host::with([ok(&draft), ok(&draft)]);
    host.run(TEMPLATE, &json!({"id": "131075", "body": "b", "draft": true})).unwrap();
    assert_eq!(host.requests(), [&format!("{GET}&get-draft=true"), PUT]);
    let body = host.last_body();
    assert_eq!((&body["status"], &body["version"]["number"]), (&json!("draft"), &json!(1)));
}

#[test]
fn trashed_content_is_not_written() {
    let mut trashed = page("131075", "Hello", "<p>a</p>");
    trashed["status"] = json!("trashed");
    let host = Host::with([ok(&trashed)]);
    assert_eq!(host.fail(TEMPLATE, &json!({"id": "131075", "body": "b"})).code, "not-editable");
}

#[test]
fn the_body_goes_above_below_or_under_a_heading() {
    let storage = "<h2>A</h2><p local-id=\"1\">a&nbsp;</p><h2>B</h2><p>b</p>";
    for (input, expected) in [
        (json!({"mode": "append", "body": "x"}), format!("{storage}<p>x</p>")),
        (json!({"mode": "prepend", "body": "x"}), format!("<p>x</p>{storage}")),
        (json!({"mode": "append", "body": "<p >x</p>", "format": "storage"}), format!("{storage}<p >x</p>")),
        (
            json!({"mode": "replace-section", "section": "B", "body": "x"}),
            storage.replace("<p>b</p>", "<p>x</p>"),
        ),
    ] {
        let host = Host::with([stored(storage), updated()]);
        let mut input = input;
        input["id"] = json!("131075");
        host.run(TEMPLATE, &input).unwrap();
        assert_eq!(sent(&host), expected, "{input}");
    }
    let failure =
        refused(storage, &json!({"id": "131075", "mode": "replace-section", "section": "C", "body": "x"}));
    assert_eq!(failure.code, "section-not-found");
    assert!(failure.message.contains("A; B"), "{failure:?}");
}

#[test]
fn other_formats_are_sent_as_they_are() {
    let adf = r#"{"type":"doc","version":1,"content":[]}"#;
    for (format, body, representation, value) in [
        ("adf", adf, "atlas_doc_format", adf),
        ("wiki", "h1. x", "wiki", "h1. x"),
        ("storage", "<p >x</p>", "storage", "<p >x</p>"),
        ("plain", "a & b", "storage", "<p>a &amp; b</p>"),
    ] {
        let host = Host::with([stored("<p>a</p>"), updated()]);
        host.run(TEMPLATE, &json!({"id": "131075", "format": format, "body": body})).unwrap();
        let sent = &host.last_body()["body"];
        assert_eq!(sent, &json!({"representation": representation, "value": value}));
    }
    let host = Host::with([]);
    assert_eq!(host.fail(TEMPLATE, &json!({"id": "1", "format": "adf", "body": "{}"})).code, "body-invalid");
}

#[test]
fn a_dry_run_writes_nothing_and_shows_what_would_change() {
    let host = Host::with([stored("<p>a</p><p>b</p>")]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "body": "a\n\nc", "dry-run": true})).unwrap();
    assert_eq!(host.requests(), [GET]);
    assert_eq!(output["diff"], "@@ -1,3 +1,3 @@\n a\n \n-b\n+c\n");
    assert_eq!((&output["updated"], &output["version"]), (&json!(false), &json!(4)));
}

#[test]
fn what_makes_no_sense_is_refused_before_any_request() {
    for input in [
        json!({"id": "1"}),
        json!({"body": "x"}),
        json!({"id": "1", "mode": "append"}),
        json!({"id": "1", "body": "x", "mode": "replace-section"}),
        json!({"id": "1", "body": "x", "section": "y"}),
        json!({"id": "1", "body": "h1. x", "format": "wiki", "mode": "append"}),
        json!({"id": "1", "type": "blogpost", "parent": "2"}),
        json!({"id": "1", "body": "<p>", "format": "storage"}),
        json!({"id": "1", "title": " "}),
    ] {
        let host = Host::with([]);
        let failure = host.fail(TEMPLATE, &input);
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{input}");
        assert!(host.requests().is_empty(), "{input}");
    }
}

#[test]
fn an_edit_of_a_draft_that_is_not_there_changes_nothing() {
    for dry_run in [false, true] {
        let input = json!({"id": "131075", "body": "b", "draft": true, "dry-run": dry_run});
        let failure = refused("<p>a</p>", &input);
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "no-draft"));
    }
}

#[test]
fn a_blog_post_is_found_by_its_address_and_where_no_page_has_its_id() {
    let post = || {
        let mut post = page("131075", "News", "<p>a</p>");
        post.as_object_mut().unwrap().shift_remove("parentId");
        ok(&post)
    };
    let url = "https://acme.atlassian.net/wiki/spaces/DOCS/blog/2026/11/21/131075/News";
    for (named, answers, sent) in [
        (json!({"url": url, "body": "b"}), vec![post(), post()], 2),
        (json!({"id": "131075", "body": "b"}), vec![missing(), post(), post()], 3),
    ] {
        let host = Host::with(answers);
        let output = host.run(TEMPLATE, &named).unwrap();
        assert_eq!((&output["type"], output.get("parent")), (&json!("blogpost"), None));
        let requests = host.requests();
        assert_eq!(requests.len(), sent);
        assert_eq!(requests.last().unwrap(), "PUT confluence/api/v2/blogposts/131075");
    }
    let failure = Host::with([]).fail(TEMPLATE, &json!({"url": url, "parent": "9"}));
    assert_eq!(failure.code, "wrong-type");
}

#[test]
fn a_parent_is_a_page_or_a_folder_and_a_dry_run_tells_it() {
    let folder = "https://acme.atlassian.net/wiki/spaces/DOCS/folder/77";
    let host = Host::with([stored("<p>a</p>"), updated()]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "parent": folder})).unwrap();
    assert_eq!((&host.last_body()["parentId"], &output["parent"]), (&json!("77"), &json!("77")));

    let host = Host::with([stored("<p>a</p>")]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "parent": folder, "dry-run": true})).unwrap();
    assert_eq!((host.requests(), &output["parent"]), (vec![GET.to_owned()], &json!("77")));
    let host = Host::with([stored("<p>a</p>")]);
    let output = host.run(TEMPLATE, &json!({"id": "131075", "body": "b", "dry-run": true})).unwrap();
    assert_eq!(output["parent"], "131072", "it stays where it is");
}
