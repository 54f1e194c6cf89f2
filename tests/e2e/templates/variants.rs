//! Each way of asking once: what the sandbox received of it.

use std::time::Duration;

use actionbay::egress::{OutboundRequest, Reach, Transport as _};
use serde_json::{Value, json};

use super::{able, all, create, only, page, stored};
use crate::support::World;

/// A body with two headings, as Confluence stores it.
const STORED: &str = "<h2>A</h2><p local-id=\"1\">a</p><h2>B</h2><p>b</p>";

/// The one request that a run makes of this method, to a path with this in it.
fn sent(world: &World, (template, input): (&str, Value), (method, part): (&str, &str)) -> Value {
    world.control.clear_requests().unwrap();
    if let Err(failure) = world.run(template, input.clone()) {
        panic!("{template} {input}: {failure:?}");
    }
    only(world, method, part)
}

/// A page whose second version says `Chips`, and whose first said `Fish`.
fn changed(world: &World) -> Value {
    let page = page(world, "Plan", "Fish");
    world.run("update-content", json!({"id": page["id"], "body": "Chips", "message": "Menu"})).unwrap();
    page
}

/// Keeps a draft of changes to a published page, as a person does in the editor.
fn keep_draft(world: &World, page: &Value, storage: &str) {
    let last = world.wire.seen().pop().unwrap();
    let (prefix, _) = last.url.path().split_once("/wiki/").unwrap();
    let mut url = last.url.clone();
    url.set_path(&format!("{prefix}/wiki/api/v2/pages/{}", page["id"].as_str().unwrap()));
    url.set_query(None);
    let draft = json!({
        "id": page["id"], "status": "draft", "title": page["title"], "version": {"number": 1},
        "body": {"representation": "storage", "value": storage},
    });
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", last.authorization.unwrap().parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    let request = OutboundRequest {
        method: http::Method::PUT,
        url,
        reach: Reach::Listed,
        headers,
        body: draft.to_string().into_bytes().into(),
        timeout: Duration::from_secs(10),
        max_response_bytes: 1 << 20,
    };
    let answer = world.wire.round_trip(request).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[test]
fn a_body_goes_above_below_under_a_heading_or_in_the_place_of_all() {
    let world = able();
    for (number, (edit, expected)) in [
        (json!({"mode": "prepend", "body": "x"}), format!("<p>x</p>{STORED}")),
        (json!({"mode": "append", "body": "x"}), format!("{STORED}<p>x</p>")),
        (
            json!({"mode": "replace-section", "section": "B", "body": "x"}),
            STORED.replace("<p>b</p>", "<p>x</p>"),
        ),
        (json!({"format": "storage", "body": "<p >x</p>"}), "<p >x</p>".to_owned()),
        (json!({"mode": "append", "format": "storage", "body": "<p >x</p>"}), format!("{STORED}<p >x</p>")),
    ]
    .into_iter()
    .enumerate()
    {
        let title = format!("Page {number}");
        let page =
            create(&world, json!({"space": "DOCS", "title": title, "format": "storage", "body": STORED}));
        let mut input = edit.clone();
        input["space"] = json!("DOCS");
        input["page"] = json!(title);
        let put = sent(&world, ("update-content", input), ("PUT", "/api/v2/pages/"));
        assert_eq!(put["body"]["body"], json!({"representation": "storage", "value": expected}), "{edit}");
        assert_eq!(
            (&put["body"]["id"], &put["body"]["version"]["number"]),
            (&page["id"], &json!(2)),
            "{edit}"
        );
    }
}

/// API-10
#[test]
fn an_update_moves_a_page_under_another_and_leaves_its_body() {
    let world = able();
    let (parent, child) = (page(&world, "Parent", ""), page(&world, "Child", "Fish"));
    let input = json!({"id": child["id"], "parent": parent["url"]});
    let put = sent(&world, ("update-content", input), ("PUT", "/api/v2/pages/"));
    assert_eq!(
        (&put["body"]["parentId"], &put["body"]["body"]["value"]),
        (&parent["id"], &json!("<p>Fish</p>"))
    );
    assert_eq!(stored(&world, &child["id"])["parentId"], parent["id"]);
}

/// API-11
#[test]
fn a_draft_of_published_content_is_edited_as_a_draft_and_published_as_the_next_version() {
    let world = able();
    let page = page(&world, "Plan", "Fish");
    let edit = json!({"id": page["id"], "draft": true, "body": "Chips and salt"});
    assert_eq!(world.run("update-content", edit.clone()).unwrap_err().code, "no-draft");
    assert_eq!(stored(&world, &page["id"])["body"]["value"], "<p>Fish</p>");

    keep_draft(&world, &page, "<p>Chips</p>");
    let put = sent(&world, ("update-content", edit), ("PUT", "/api/v2/pages/"));
    assert_eq!((&put["body"]["status"], &put["body"]["version"]["number"]), (&json!("draft"), &json!(1)));
    assert_eq!(stored(&world, &page["id"])["body"]["value"], "<p>Fish</p>");

    let put = sent(&world, ("publish-draft", json!({"id": page["id"]})), ("PUT", "/api/v2/pages/"));
    assert_eq!((&put["body"]["status"], &put["body"]["version"]["number"]), (&json!("current"), &json!(2)));
    assert_eq!(stored(&world, &page["id"])["body"]["value"], "<p>Chips and salt</p>");
}

#[test]
fn an_archived_page_is_neither_moved_under_another_nor_set_back_to_an_earlier_version() {
    let world = able();
    let (parent, plan) = (page(&world, "Parent", ""), changed(&world));
    world.run("archive-content", json!({"id": plan["id"]})).unwrap();
    world.clock.advance(60);
    world.control.advance_clock(Duration::from_secs(60)).unwrap();
    for (template, input) in [
        ("move-content", json!({"id": plan["id"], "parent": parent["id"]})),
        ("restore-content", json!({"id": plan["id"], "version": 1})),
    ] {
        assert_eq!(world.run(template, input).unwrap_err().code, "not-editable", "{template}");
    }
    assert_eq!(stored(&world, &plan["id"])["status"], "archived");
}

#[test]
fn a_live_page_is_created_as_one() {
    let world = able();
    let input = json!({"space": "DOCS", "title": "Live", "live": true});
    assert_eq!(sent(&world, ("create-content", input), ("POST", "/api/v2/pages"))["body"]["subtype"], "live");
}

#[test]
fn earlier_versions_are_shown_compared_and_brought_back() {
    let world = able();
    let page = changed(&world);
    let input = json!({"id": page["id"], "type": "page", "version": 1});
    let get = sent(&world, ("view-content", input.clone()), ("GET", "/api/v2/pages/"));
    assert_eq!(get["query"]["version"], "1");
    assert_eq!(world.run("view-content", input).unwrap()["body"]["value"], "Fish\n");

    world.control.clear_requests().unwrap();
    let compared = json!({"id": page["id"], "type": "page", "from": 1, "to": 2});
    assert_eq!(world.run("compare-versions", compared).unwrap()["same"], false);
    let asked = world.received("/api/v2/pages/");
    let asked: Vec<&str> = asked.iter().map(|get| get["query"]["version"].as_str().unwrap()).collect();
    assert_eq!(asked, ["2", "1"]);

    let input = json!({"id": page["id"], "version": 1, "message": "Back"});
    let put = sent(&world, ("restore-content", input), ("PUT", "/api/v2/pages/"));
    assert_eq!(put["body"]["version"], json!({"number": 3, "message": "Back"}));
    assert_eq!(put["body"]["body"]["value"], "<p>Fish</p>");
}

#[test]
fn what_is_in_the_trash_is_asked_for_there_and_written_as_current() {
    let world = able();
    let page = page(&world, "Plan", "Fish");
    world.run("delete-content", json!({"id": page["id"]})).unwrap();
    let put = sent(&world, ("restore-content", json!({"id": page["id"]})), ("PUT", "/api/v2/pages/"));
    assert_eq!((&put["body"]["status"], &put["body"]["version"]["number"]), (&json!("current"), &json!(2)));
    assert_eq!(only(&world, "GET", "/api/v2/pages/")["query"]["status"], "trashed");
}

/// API-23, API-26, API-28
#[test]
fn every_list_and_view_asks_in_confluences_words() {
    let world = able();
    let page = page(&world, "Plan", "Fish");
    let id = &page["id"];
    for (template, input, path, query) in [
        (
            "list-pages",
            json!({"space": "DOCS", "depth": "root", "status": "archived"}),
            "/pages",
            json!({"depth": "root", "status": "archived", "limit": "250"}),
        ),
        ("list-children", json!({"id": id}), "/direct-children", json!({"limit": "250"})),
        ("list-ancestors", json!({"id": id}), "/ancestors", json!({"limit": "250"})),
        (
            "list-spaces",
            json!({"type": "global", "status": "current", "limit": 5}),
            "/api/v2/spaces",
            json!({"type": "global", "status": "current", "limit": "5"}),
        ),
        (
            "view-space",
            json!({"space": "DOCS"}),
            "/api/v2/spaces",
            json!({"keys": "DOCS", "description-format": "plain"}),
        ),
        (
            "list-comments",
            json!({"id": id, "type": "page", "kind": "footer"}),
            "/footer-comments",
            json!({"body-format": "storage", "limit": "250"}),
        ),
        (
            "list-comments",
            json!({"id": id, "type": "page", "resolution": "open", "format": "adf"}),
            "/inline-comments",
            json!({"body-format": "atlas_doc_format", "resolution-status": "open", "limit": "250"}),
        ),
        ("list-labels", json!({"id": id, "type": "page"}), "/labels", json!({"limit": "250"})),
    ] {
        let get = sent(&world, (template, input.clone()), ("GET", path));
        assert_eq!(get["query"], query, "{template} {input}");
    }
}

/// API-20
#[test]
fn a_search_by_label_and_day_says_both_and_finds_what_has_both() {
    let world = able();
    let page = page(&world, "Plan", "Fish");
    world.run("add-labels", json!({"id": page["id"], "labels": ["release"]})).unwrap();
    world.clock.advance(60);
    world.control.advance_clock(Duration::from_secs(60)).unwrap();
    for (since, found) in [("2020-01-31", vec![page["id"].as_str().unwrap()]), ("2999-01-31", vec![])] {
        let input = json!({"label": "release", "since": since});
        let get = sent(&world, ("search-content", input.clone()), ("GET", "/rest/api/search"));
        let query = format!(
            "type in (\"page\", \"blogpost\") and label = \"release\" and lastmodified >= \"{since}\""
        );
        assert_eq!(get["query"]["cql"], query);
        assert_eq!(all(&world.run("search-content", input).unwrap()["results"], "id"), found, "{since}");
    }
}

#[test]
fn a_page_is_copied_into_a_space() {
    let world = able();
    world.control.seed(json!({"spaces": [{"key": "CREW", "name": "The crew"}]})).unwrap();
    let page = page(&world, "Plan", "Fish");
    let input = json!({"id": page["id"], "to-space": "CREW", "labels": true});
    let body = sent(&world, ("copy-content", input), ("POST", "/copy"))["body"].clone();
    assert_eq!(body["destination"], json!({"type": "space", "value": "CREW"}));
    assert_eq!((&body["copyLabels"], &body["copyAttachments"]), (&json!(true), &json!(false)));
    let listed = world.run("list-pages", json!({"space": "CREW", "title": "Plan"})).unwrap();
    assert_eq!(listed["count"], 1);
}

/// API-22
#[test]
fn a_comment_is_replaced_as_its_next_version_resolved_with_its_body_and_deleted() {
    let world = able();
    let page = page(&world, "Plan", "Fish and chips");
    let comment = world.run("add-comment", json!({"id": page["id"], "body": "Good"})).unwrap();
    let input = json!({"comment": comment["id"], "body": "Very *good*", "message": "Better"});
    let put = sent(&world, ("update-comment", input), ("PUT", "/footer-comments/"));
    assert_eq!(
        put["body"],
        json!({
            "version": {"number": 2, "message": "Better"},
            "body": {"representation": "storage", "value": "<p>Very <em>good</em></p>"},
        })
    );

    let inline = json!({"id": page["id"], "body": "Which?", "selection": "chips"});
    let inline = world.run("add-comment", inline).unwrap();
    let input = json!({"comment": inline["id"]});
    let put = sent(&world, ("resolve-comment", input), ("PUT", "/inline-comments/"));
    assert_eq!(
        put["body"],
        json!({
            "version": {"number": 2}, "resolved": true,
            "body": {"representation": "storage", "value": "<p>Which?</p>"},
        })
    );

    let input = json!({"comment": comment["id"], "kind": "footer"});
    let delete = sent(&world, ("delete-comment", input), ("DELETE", "/footer-comments/"));
    assert!(delete["path"].as_str().unwrap().ends_with(comment["id"].as_str().unwrap()), "{delete}");
    assert_eq!(delete["body"], Value::Null);
}
