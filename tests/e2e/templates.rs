//! The templates, through the compiled component: what the sandbox received, and what it holds afterwards.

mod arranging;
mod bodies;
mod criteria;
mod discussing;
mod drafts_and_trash;
mod editing;
mod files;
mod finding;
pub(crate) mod labels_and_attachments;
mod variants;

use std::collections::BTreeSet;

use actionbay::FailureKind;
use serde_json::{Value, json};

use crate::support::{Setup, World, integration};

/// A world whose connection was granted all that the templates need, and to attach files.
pub(crate) fn able() -> World {
    able_in(Setup::default())
}

/// The same, of a world that differs from the usual one.
pub(crate) fn able_in(setup: Setup) -> World {
    let world = World::new(setup);
    let plugin = world.host.plugin(&integration()).unwrap();
    let mut scopes: BTreeSet<&str> = plugin
        .manifest()
        .templates
        .iter()
        .flat_map(|template| &template.scopes)
        .map(String::as_str)
        .collect();
    scopes.extend(["write:attachment:confluence", "offline_access"]);
    world.put_profile(&scopes.into_iter().collect::<Vec<_>>(), &world.client.client_secret);
    world.authorize().unwrap();
    world.wire.forget();
    world.control.clear_requests().unwrap();
    world
}

/// The one request that the sandbox received whose path has this in it: its method, its path below the gateway's
/// prefix, and its body.
fn only(world: &World, method: &str, part: &str) -> Value {
    let requests = world.received(part);
    let mut fitting: Vec<Value> =
        requests.into_iter().filter(|request| request["method"] == method).collect();
    assert_eq!(fitting.len(), 1, "{method} {part}: {fitting:?}");
    fitting.remove(0)
}

fn page(world: &World, title: &str, body: &str) -> Value {
    create(world, json!({"space": "DOCS", "title": title, "body": body}))
}

/// The values of a field, of every item.
fn all<'v>(items: &'v Value, field: &str) -> Vec<&'v str> {
    items.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

fn create(world: &World, input: Value) -> Value {
    world.run("create-content", input).unwrap()
}

/// The page as the sandbox holds it.
fn stored(world: &World, id: &Value) -> Value {
    world.control.page(id.as_str().unwrap()).unwrap()
}

/// The storage that a create request carried.
fn sent_storage(world: &World) -> String {
    let requests = world.received("/api/v2/");
    let post = requests.iter().rfind(|request| request["method"] == "POST").unwrap();
    post["body"]["body"]["value"].as_str().unwrap().to_owned()
}

/// API-1, API-2
#[test]
fn a_page_is_created_in_the_space_of_a_key_with_two_requests() {
    let world = World::authorized();
    let input = json!({"space": "DOCS", "title": "Hello", "body": "# Hi\n\nThere & **back**"});
    let outcome = world.outcome("create-content", input).unwrap();
    assert_eq!(outcome.report.requests, 2);
    let seen = world.wire.seen();
    assert!(
        seen[0].url.path().ends_with("/wiki/api/v2/spaces")
            && seen[0].url.query().unwrap().contains("keys=DOCS")
    );
    assert_eq!((seen[1].method.as_str(), seen[1].url.path().rsplit('/').next().unwrap()), ("POST", "pages"));
    let body: Value = serde_json::from_slice(&seen[1].body).unwrap();
    assert!(body["spaceId"].is_string());
    assert_eq!(body["status"], "current");
    assert_eq!(body["body"]["representation"], "storage");
    let page = stored(&world, &outcome.output["id"]);
    assert_eq!(page["title"], "Hello");
    assert!(
        outcome.output["url"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/wiki/spaces/DOCS/pages/", world.sandbox.url()))
    );
}

/// API-2
#[test]
fn a_space_can_be_named_by_its_id_or_name_and_one_that_is_not_there_is_not_found() {
    let world = World::authorized();
    let by_key = create(&world, json!({"space": "DOCS", "title": "By key"}));
    for name in ["id", "name"] {
        let other = create(&world, json!({"space": by_key["space"][name], "title": format!("By {name}")}));
        assert_eq!(other["space"]["id"], by_key["space"]["id"]);
    }
    for (space, kind) in [
        ("NOPE", FailureKind::NotFound),
        ("999999999", FailureKind::NotFound),
        ("../../x", FailureKind::NotFound),
        ("a&keys=DOCS", FailureKind::NotFound),
        ("a\u{0}", FailureKind::InvalidInput),
    ] {
        let failure = world.run("create-content", json!({"space": space, "title": "T"})).unwrap_err();
        assert_eq!(failure.kind, kind, "{space}: {failure:?}");
        assert!(!failure.request_sent, "nothing was created");
    }
}

/// API-4
#[test]
fn a_published_page_without_a_title_is_refused_before_anything_is_sent() {
    let world = World::authorized();
    for input in [
        json!({"space": "DOCS"}),
        json!({"space": "DOCS", "title": ""}),
        json!({"space": "DOCS", "title": "  "}),
    ] {
        let failure = world.run("create-content", input).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert!(failure.violations.iter().any(|violation| violation.pointer == "/title"), "{failure:?}");
    }
    assert!(world.wire.seen().is_empty());
}

/// API-6
#[test]
fn a_blog_post_goes_to_blogposts_without_a_parent() {
    let world = World::authorized();
    let post = create(&world, json!({"type": "blogpost", "space": "DOCS", "title": "News"}));
    assert_eq!(post["type"], "blogpost");
    let requests = world.received("/api/v2/blogposts");
    assert_eq!(requests.len(), 1);
    assert!(requests[0]["body"].get("parentId").is_none());
    let input = json!({"type": "blogpost", "space": "DOCS", "title": "N", "parent": "131073"});
    assert_eq!(world.run("create-content", input).unwrap_err().kind, FailureKind::InvalidInput);
}

#[test]
fn a_page_is_created_under_its_parent() {
    let world = World::authorized();
    let parent = create(&world, json!({"space": "DOCS", "title": "Parent"}));
    let child = create(&world, json!({"space": "DOCS", "title": "Child", "parent": parent["id"]}));
    assert_eq!(stored(&world, &child["id"])["parentId"], parent["id"]);
}

/// API-8
#[test]
fn a_page_is_shown_with_one_request_that_asks_for_the_body() {
    let world = World::authorized();
    let body = "# Hi\n\n- one\n- two\n";
    let page = create(&world, json!({"space": "DOCS", "title": "Hello", "body": body}));
    world.wire.forget();
    let outcome = world.outcome("view-content", json!({"id": page["id"], "type": "page"})).unwrap();
    assert_eq!(outcome.report.requests, 1);
    assert!(world.wire.seen()[0].url.query().unwrap().contains("body-format=storage"));
    assert_eq!(outcome.output["title"], "Hello");
    assert_eq!(outcome.output["version"]["number"], 1);
    assert_eq!(outcome.output["body"], json!({"format": "markdown", "value": body, "complete": true}));
    assert_eq!(outcome.output["url"], page["url"]);
    for (format, part) in [("storage", "<h1>Hi</h1>"), ("view", "<li>")] {
        let shown = world.run("view-content", json!({"id": page["id"], "format": format})).unwrap();
        assert_eq!(shown["body"]["format"], format);
        assert!(shown["body"]["value"].as_str().unwrap().contains(part), "{shown}");
    }
}

#[test]
fn a_page_is_found_by_its_exact_title_among_those_that_only_resemble_it() {
    let world = World::authorized();
    create(&world, json!({"space": "DOCS", "title": "Plan B of the release"}));
    let plan = create(&world, json!({"space": "DOCS", "title": "Plan B"}));
    let shown = world.run("view-content", json!({"space": "DOCS", "title": "Plan B"})).unwrap();
    assert_eq!(shown["id"], plan["id"]);
    let failure = world.run("view-content", json!({"space": "DOCS", "title": "Plan"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

/// API-9
#[test]
fn a_draft_is_read_as_a_draft() {
    let world = World::authorized();
    let draft = create(&world, json!({"space": "DOCS", "status": "draft", "body": "not yet"}));
    assert_eq!(
        world.run("view-content", json!({"id": draft["id"]})).unwrap_err().kind,
        FailureKind::NotFound
    );
    world.wire.forget();
    let shown = world.run("view-content", json!({"id": draft["id"], "draft": true})).unwrap();
    assert_eq!(shown["status"], "draft");
    assert!(world.wire.seen()[0].url.query().unwrap().contains("get-draft=true"));
}

/// API-13
#[test]
fn a_title_that_is_taken_is_a_failure_of_its_own() {
    let world = World::authorized();
    create(&world, json!({"space": "DOCS", "title": "Twice"}));
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "Twice"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Conflict, "title-exists"));
    assert_eq!(failure.upstream_status, Some(400));
}

/// API-15, API-16
#[test]
fn all_six_hundred_pages_of_a_space_are_listed_once_each_and_progress_is_reported() {
    let world = World::authorized();
    let seed = json!({"spaces": [{"key": "BIG", "name": "Big"}], "pages": {"space": "BIG", "count": 600, "title_prefix": "Page"}});
    world.control.seed(seed).unwrap();
    let listed = world.run("list-pages", json!({"space": "BIG"})).unwrap();
    let pages = listed["pages"].as_array().unwrap();
    let mut ids: Vec<&str> = pages.iter().map(|page| page["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    let seeded = pages.iter().filter(|page| page["title"].as_str().unwrap().starts_with("Page")).count();
    assert_eq!((seeded, ids.len()), (600, pages.len()));
    let lists: Vec<_> =
        world.wire.seen().into_iter().filter(|request| request.url.path().ends_with("/pages")).collect();
    let paths: Vec<&str> = lists.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths.len(), 3, "250 pages of results each");
    assert!(paths.iter().all(|path| *path == paths[0] && !path.contains("/wiki/wiki")), "{paths:?}");
    assert!(lists[1].url.query().unwrap().contains("cursor="));
}

/// API-15
#[test]
fn a_list_ends_where_the_caller_says() {
    let world = World::authorized();
    world.control.seed(json!({"pages": {"space": "DOCS", "count": 30, "title_prefix": "Page"}})).unwrap();
    let listed = world.run("list-pages", json!({"space": "DOCS", "limit": 7})).unwrap();
    assert_eq!((listed["pages"].as_array().unwrap().len(), &listed["count"]), (7, &json!(7)));
    assert_eq!(
        world.run("list-pages", json!({"space": "DOCS", "limit": 0})).unwrap_err().kind,
        FailureKind::InvalidInput
    );
}

/// API-18
#[test]
fn a_next_link_to_another_host_is_not_followed_and_gets_no_token() {
    let world = World::authorized();
    let body = json!({"results": [], "_links": {"next": "https://evil.example/wiki/api/v2/spaces/1/pages?cursor=x"}});
    world.fault("GET", "/wiki/api/v2/spaces/{id}/pages", 1, json!({"status": 200, "body": body}));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Upstream, "paging-left-the-site"));
    assert_eq!(world.wire.seen().len(), 2, "the space and its first page of results");
}

/// API-19
#[test]
fn a_cursor_that_comes_again_ends_the_list_with_an_error() {
    let world = World::authorized();
    let body = json!({"results": [], "_links": {"next": "/wiki/api/v2/spaces/1/pages?cursor=same"}});
    world.fault("GET", "/wiki/api/v2/spaces/{id}/pages", 100, json!({"status": 200, "body": body}));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.code, "paging-loop");
    assert!(world.wire.seen().len() <= 4);
}

/// API-29
#[test]
fn an_endpoint_that_atlassian_removed_is_said_to_be_gone_and_not_tried_again() {
    let world = World::authorized();
    let body = json!({"statusCode": 410, "data": {"authorized": true, "successful": true}, "message":
        "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed."});
    world.fault("GET", "/wiki/api/v2/spaces", 5, json!({"status": 410, "body": body}));
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Gone);
    assert!(!failure.message.contains("com.atlassian"), "{failure}");
    assert_eq!(world.wire.seen().len(), 1);
}

/// API-30
#[test]
fn all_shapes_of_errors_keep_status_and_sentence() {
    let shapes = [
        json!({"errors": [{"status": "400", "code": "INVALID", "title": "The words of Confluence", "detail": null}]}),
        json!({"errors": [{"status": 400, "code": "INVALID", "title": "The words of Confluence", "detail": "And more"}]}),
        json!({"statusCode": 400, "data": {"errors": []}, "message": "a.b.CException: The words of Confluence"}),
        json!({"code": 400, "message": "The words of Confluence"}),
        json!({"timestamp": 1, "status": 400, "error": "The words of Confluence", "message": ""}),
    ];
    let world = World::authorized();
    for body in shapes {
        world.fault("GET", "/wiki/api/v2/spaces", 1, json!({"status": 400, "body": body}));
        let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
        assert_eq!(failure.upstream_status, Some(400));
        assert!(failure.message.contains("The words of Confluence"), "{body}: {failure}");
        assert!(failure.upstream_request_id.is_some(), "{failure:?}");
    }
    for body in ["<html><body>Bad gateway</body></html>", ""] {
        // As often as it is tried.
        world.fault("GET", "/wiki/api/v2/spaces", 4, json!({"status": 502, "body": body}));
        let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
        assert_eq!((failure.kind, failure.upstream_status), (FailureKind::Upstream, Some(502)));
    }
}

/// API-31
#[test]
fn a_404_on_create_says_not_found_or_no_permission() {
    let world = World::authorized();
    let body =
        json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]});
    world.fault("POST", "/wiki/api/v2/pages", 1, json!({"status": 404, "body": body}));
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("permission") || failure.message.contains("allowed"), "{failure}");
}

/// BODY-1
#[test]
fn markdown_that_looks_like_markup_arrives_as_well_formed_storage() {
    let world = World::authorized();
    let body = "a < b && c > \"d\" List<T> <br> <img src=x onerror=alert(1)> &nbsp; \u{1}\u{b}";
    let page = create(&world, json!({"space": "DOCS", "title": "Escapes", "body": body}));
    let storage = sent_storage(&world);
    assert!(storage.contains("List&lt;T&gt;") || storage.contains("List&lt;T>"), "{storage}");
    assert!(
        !storage.contains('\u{1}') && !storage.contains("&nbsp;") && !storage.contains("<img"),
        "{storage}"
    );
    assert_eq!(stored(&world, &page["id"])["title"], "Escapes");
}

/// BODY-2
#[test]
fn code_that_ends_a_cdata_section_comes_back_as_it_was() {
    let world = World::authorized();
    let body = "```xml\n<![CDATA[x]]> ]]]]> ]]>\n```\n";
    let page = create(&world, json!({"space": "DOCS", "title": "Code", "body": body}));
    assert!(sent_storage(&world).contains("]]]]><![CDATA[>"));
    let shown = world.run("view-content", json!({"id": page["id"]})).unwrap();
    assert_eq!(shown["body"]["value"], body);
}

/// BODY-3
#[test]
fn code_tables_lists_tasks_links_and_images_match_the_proven_mapping() {
    let world = World::authorized();
    let body = "```rust\nfn main() {}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n  1. y\n\n- [ ] todo\n- [x] done\n\n\
                [l](https://e.example/?a=1&b=2)\n\n![i](https://e.example/i.png)\n\n~~s~~ *e* **b** `c`\n";
    create(&world, json!({"space": "DOCS", "title": "Mapping", "body": body}));
    let storage = sent_storage(&world);
    for part in [
        "<ac:structured-macro ac:name=\"code\"",
        "<ac:parameter ac:name=\"language\">rust</ac:parameter>",
        "<ac:plain-text-body><![CDATA[fn main() {}",
        "<table>",
        "<li>",
        "<ol>",
        "<ac:task-status>incomplete</ac:task-status>",
        "<ac:task-status>complete</ac:task-status>",
        "href=\"https://e.example/?a=1&amp;b=2\"",
        "<ri:url ri:value=\"https://e.example/i.png\"",
        "<em>e</em>",
        "<strong>b</strong>",
        "<code>c</code>",
    ] {
        assert!(storage.contains(part), "no {part} in {storage}");
    }
}

/// BODY-6
#[test]
fn storage_is_sent_byte_for_byte_and_what_is_not_well_formed_is_refused_before() {
    let world = World::authorized();
    let body = "<p>a&#160;b</p><ac:structured-macro ac:name=\"x\"  ><ac:plain-text-body><![CDATA[ <b> ]]></ac:plain-text-body></ac:structured-macro>";
    create(&world, json!({"space": "DOCS", "title": "Raw", "body": body, "format": "storage"}));
    assert_eq!(sent_storage(&world), body);
    let broken = json!({"space": "DOCS", "title": "Broken", "body": "<p>a<br>b</p>", "format": "storage"});
    let failure = world.run("create-content", broken).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::InvalidInput, "storage-not-well-formed"));
}

/// API-5, API-7
#[test]
fn private_pages_at_the_top_are_asked_for_in_the_query() {
    let world = World::authorized();
    let input = json!({"space": "DOCS", "title": "Mine", "private": true, "root": true, "format": "plain", "body": "a < b"});
    let created = create(&world, input);
    assert_eq!(created.get("parent"), None);
    let query = world.wire.seen()[1].url.query().unwrap().to_owned();
    assert!(query.contains("private=true") && query.contains("root-level=true"), "{query}");
    assert_eq!(sent_storage(&world), "<p>a &lt; b</p>");
    let both = json!({"space": "DOCS", "title": "T", "root": true, "parent": created["id"]});
    assert_eq!(world.run("create-content", both).unwrap_err().kind, FailureKind::InvalidInput);
}

/// RATE-3
#[test]
fn a_creation_whose_answer_is_lost_says_where_to_look_and_is_sent_once() {
    let world = World::authorized();
    world.fault("POST", "/wiki/api/v2/pages", 1, json!({"status": 504, "body": ""}));
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "Maybe"})).unwrap_err();
    assert_eq!((failure.code.as_ref(), failure.request_sent), ("unknown-outcome", true));
    assert!(failure.hint.unwrap().contains("\"Maybe\""));
    assert_eq!(world.received("/api/v2/pages").len(), 1);
}
