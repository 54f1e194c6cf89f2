use serde_json::{Value, json};

use crate::support::{GRANULAR, World, draft, id, update};

#[test]
fn a_created_page_is_answered_whole_with_200() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let answer = api.post("/pages", draft(&space, "Plan & <more>", "<p>one</p>"));
    assert_eq!(answer.status, 200);
    let page = answer.json();
    for name in ["id", "spaceId", "parentId", "authorId", "ownerId", "createdAt"] {
        assert!(page[name].is_string(), "{name}: {}", page[name]);
    }
    assert_eq!(page["status"], "current");
    assert_eq!(page["parentType"], "page");
    assert_eq!(page["version"]["number"], 1);
    assert_eq!(page["body"]["storage"]["value"], "<p>one</p>");
    assert_eq!(page["_links"]["base"], world.url("/wiki"));
    let webui = page["_links"]["webui"].as_str().unwrap();
    assert_eq!(webui, format!("/spaces/DOCS/pages/{}/Plan+%26+%3Cmore%3E", id(&page)));
}

#[test]
fn a_body_is_empty_unless_its_format_is_asked_for() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Formats", "<p>a &amp; b</p>");
    let body = |query: &str| api.get(&format!("/pages/{}{query}", id(&page))).json()["body"].clone();
    assert_eq!(body(""), json!({}));
    assert_eq!(body("?body-format=storage")["storage"]["value"], "<p>a &amp; b</p>");
    assert_eq!(body("?body-format=view")["view"]["value"], "<p>a &amp; b</p>");
    let adf: Value = serde_json::from_str(
        body("?body-format=atlas_doc_format")["atlas_doc_format"]["value"].as_str().unwrap(),
    )
    .unwrap();
    assert_eq!(adf["content"][0]["content"][0]["text"], "a & b");
    assert_eq!(api.get(&format!("/pages/{}?body-format=markdown", id(&page))).status, 400);
}

#[test]
fn a_body_may_be_nested_or_in_another_representation() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let create = |title: &str, body: Value| {
        api.post("/pages", json!({"spaceId": space, "title": title, "body": body}))
    };
    let nested = create("Nested", json!({"storage": {"representation": "storage", "value": "<p>x</p>"}}));
    assert_eq!(nested.status, 200, "{}", nested.text);
    let document = json!({"type": "doc", "version": 1, "content": []}).to_string();
    let adf = json!({"representation": "atlas_doc_format", "value": document});
    assert_eq!(create("Adf", adf).status, 200);
    assert_eq!(create("Wiki", json!({"representation": "wiki", "value": "h1. x"})).status, 200);
    for wrong in [
        json!({"representation": "atlas_doc_format", "value": "{}"}),
        json!({"representation": "markdown", "value": "x"}),
        json!({"representation": "storage"}),
        json!({"representation": "storage", "value": {"a": 1}}),
        json!({"storage": {"value": ""}, "wiki": {"value": ""}}),
        json!("text"),
    ] {
        assert_eq!(create("Wrong", wrong.clone()).status, 400, "{wrong}");
    }
}

#[test]
fn a_body_that_is_not_well_formed_is_refused_with_its_place() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let refused = |storage: &str| {
        let answer = api.post("/pages", draft(&space, "Broken", storage));
        assert_eq!(answer.status, 400, "{storage}");
        answer.title()
    };
    assert_eq!(
        refused("<p>a &nbsp; b</p>"),
        "Error parsing xhtml: Undeclared general entity \"nbsp\"\n at [row,col {unknown-source}]: [1,6]"
    );
    assert!(refused("<p>one<br>two</p>").starts_with("Error parsing xhtml: Unexpected close tag </p>"));
    assert!(refused("AT&T").contains("[row,col"));
}

#[test]
fn the_fields_of_a_new_page_are_strict() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    for (what, body) in [
        ("spaceId as a number", json!({"spaceId": 98305, "title": "a"})),
        ("a key as spaceId", json!({"spaceId": "DOCS", "title": "a"})),
        ("no spaceId", json!({"title": "a"})),
        ("no title", json!({"spaceId": space})),
        ("a blank title", json!({"spaceId": space, "title": "  "})),
        ("an unknown field", json!({"spaceId": space, "title": "a", "type": "page"})),
        ("an unknown status", json!({"spaceId": space, "title": "a", "status": "published"})),
        ("an unknown parent", json!({"spaceId": space, "title": "a", "parentId": "1"})),
        ("no object", json!([])),
    ] {
        let answer = api.post("/pages", body);
        assert_eq!(answer.status, 400, "{what}");
        assert_eq!(answer.json()["errors"][0]["status"], 400, "{what}");
    }
    let answer = api.post("/pages", json!({"spaceId": "1", "title": "a"}));
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["errors"][0]["code"], "NOT_FOUND");
    assert_eq!(api.post("/pages?root-level=yes", draft(&space, "a", "")).status, 400);
}

#[test]
fn a_root_page_has_no_parent_and_may_not_name_one() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let root = api.post("/pages?root-level=true", draft(&space, "A root", "")).json();
    assert_eq!(root["parentId"], Value::Null);
    let mut body = draft(&space, "Another", "");
    body["parentId"] = root["id"].clone();
    assert_eq!(api.post("/pages?root-level=true", body.clone()).status, 400);
    assert_eq!(api.post("/pages", body).json()["parentId"], root["id"]);
}

#[test]
fn a_title_is_taken_once_per_space_also_by_archived_pages_and_whatever_its_case() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let (docs, team) = (api.space("DOCS"), api.space("TEAM"));
    let text =
        "A page with this title already exists: A page already exists with the same TITLE in this space";
    for title in ["Getting started", "GETTING STARTED", "Roadmap 2024"] {
        let answer = api.post("/pages", draft(&docs, title, ""));
        assert_eq!((answer.status, answer.title()), (400, text.to_owned()));
    }
    assert_eq!(api.post("/pages", draft(&team, "Getting started", "")).status, 200);
    let page = api.page("Short-lived", "");
    assert_eq!(api.delete(&format!("/pages/{}", id(&page))).status, 204);
    api.page("Short-lived", "");
}

#[test]
fn bodies_over_five_megabytes_are_too_large() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let storage = format!("<p>{}</p>", "x".repeat(5 * 1024 * 1024));
    let answer = api.post("/pages", draft(&space, "Large", &storage));
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["errors"][0]["status"], 413);
}

#[test]
fn a_draft_may_lack_a_title_and_is_read_only_as_a_draft() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.post("/pages", json!({"spaceId": api.space("DOCS"), "status": "draft"})).json();
    assert_eq!(page["status"], "draft");
    let path = format!("/pages/{}", id(&page));
    assert_eq!(api.get(&path).status, 404);
    assert_eq!(api.get(&format!("{path}?get-draft=true")).json()["status"], "draft");
    assert_eq!(api.delete(&path).status, 404);
    assert_eq!(api.delete(&format!("{path}?draft=true")).status, 204);
    assert_eq!(api.get(&format!("{path}?get-draft=true")).status, 404);
}

#[test]
fn an_update_needs_the_next_version_number() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Versions", "<p>1</p>");
    let path = format!("/pages/{}", id(&page));
    let second = api.put(&path, update(&page, 2, "Versions", "<p>2</p>"));
    assert_eq!(second.status, 200, "{}", second.text);
    assert_eq!(second.json()["version"]["message"], "a change");
    let stale = api.put(&path, update(&page, 2, "Versions", "<p>other</p>"));
    assert_eq!(stale.status, 409);
    assert_eq!(
        stale.json(),
        json!({"errors": [{
            "status": "409",
            "code": "CONFLICT",
            "title": "Version must be incremented when updating a page. Current Version: [2]. Provided version: [2]",
            "detail": null,
        }]})
    );
    let first = api.get(&format!("{path}?version=1&body-format=storage")).json();
    assert_eq!(first["body"]["storage"]["value"], "<p>1</p>");
}

#[test]
fn an_update_needs_all_its_fields_and_the_same_id() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Strict", "");
    let path = format!("/pages/{}", id(&page));
    for name in ["id", "status", "title", "body", "version"] {
        let mut body = update(&page, 2, "Strict", "");
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(api.put(&path, body).status, 400, "{name}");
    }
    let mut other = update(&page, 2, "Strict", "");
    other["id"] = json!("131073");
    assert_eq!(api.put(&path, other).status, 400);
    let mut own_parent = update(&page, 2, "Strict", "");
    own_parent["parentId"] = page["id"].clone();
    assert_eq!(api.put(&path, own_parent).status, 400);
    assert_eq!(api.put(&path, update(&page, 2, "Getting started", "")).status, 400);
    assert_eq!(api.put("/pages/1", json!({"id": "1"})).status, 400);
}

#[test]
fn a_draft_of_a_published_page_has_version_1_and_is_dropped_by_an_update() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Drafted", "<p>published</p>");
    let path = format!("/pages/{}", id(&page));
    let mut body = update(&page, 2, "Drafted", "<p>draft</p>");
    body["status"] = json!("draft");
    assert_eq!(api.put(&path, body.clone()).status, 400);
    body["version"]["number"] = json!(1);
    assert_eq!(api.put(&path, body).json()["status"], "draft");
    let read = |query: &str| {
        api.get(&format!("{path}?body-format=storage{query}")).json()["body"]["storage"]["value"].clone()
    };
    assert_eq!(read(""), "<p>published</p>");
    assert_eq!(read("&get-draft=true"), "<p>draft</p>");
    assert_eq!(api.put(&path, update(&page, 2, "Drafted", "<p>new</p>")).status, 200);
    assert_eq!(read("&get-draft=true"), "<p>new</p>");
}

#[test]
fn a_draft_is_published_by_an_update() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.post("/pages", json!({"spaceId": api.space("DOCS"), "status": "draft"})).json();
    let path = format!("/pages/{}", id(&page));
    assert_eq!(api.put(&path, update(&page, 1, "", "")).status, 400);
    let published = api.put(&path, update(&page, 1, "Published", "<p>x</p>"));
    assert_eq!(published.json()["status"], "current");
    assert_eq!(api.get(&path).status, 200);
}

#[test]
fn a_deleted_page_goes_to_the_trash_and_comes_back_as_it_was() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Trash me", "<p>kept</p>");
    let path = format!("/pages/{}", id(&page));
    assert_eq!(api.delete(&format!("{path}?purge=true")).status, 400);
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.delete(&path).status, 404);
    assert_eq!(api.get("/pages?title=Trash%20me").json()["results"], json!([]));
    let mut as_draft = update(&page, 1, "Trash me", "");
    as_draft["status"] = json!("draft");
    assert_eq!(api.put(&path, as_draft).status, 400);
    let restored = api.put(&path, update(&page, 2, "Another title", "<p>ignored</p>")).json();
    assert_eq!(restored["title"], "Trash me");
    assert_eq!(restored["body"]["storage"]["value"], "<p>kept</p>");
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.delete(&format!("{path}?purge=true")).status, 204);
    assert_eq!(api.get(&path).status, 404);
}

#[test]
fn blog_posts_have_no_parent_and_their_own_titles() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("TEAM");
    let post = api.post("/blogposts", draft(&space, "News", "<p>x</p>"));
    assert_eq!(post.status, 200, "{}", post.text);
    let post = post.json();
    assert!(post.get("parentId").is_none());
    assert!(post["_links"]["webui"].as_str().unwrap().starts_with("/spaces/TEAM/blog/20"));
    let again = api.post("/blogposts", draft(&space, "News", ""));
    assert_eq!(again.status, 400);
    assert!(again.title().starts_with("A blog post with this title already exists"));
    let mut with_parent = draft(&space, "Other", "");
    with_parent["parentId"] = json!("131073");
    assert_eq!(api.post("/blogposts", with_parent).status, 400);
    let mut dated = draft(&space, "Dated", "");
    dated["createdAt"] = json!("yesterday");
    assert_eq!(api.post("/blogposts", dated).status, 400);

    assert_eq!(api.get(&format!("/blogposts/{}", id(&post))).status, 200);
    assert_eq!(api.get(&format!("/pages/{}", id(&post))).status, 404);
    let listed = api.get(&format!("/spaces/{space}/blogposts?title=News")).json();
    assert_eq!(listed["results"][0]["id"], post["id"]);
    assert_eq!(api.put(&format!("/blogposts/{}", id(&post)), update(&post, 2, "News!", "")).status, 200);
    assert_eq!(api.delete(&format!("/blogposts/{}", id(&post))).status, 204);
}

#[test]
fn the_children_of_a_deleted_page_move_up() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let parent = api.page("A parent", "");
    let mut body = draft(&space, "A child", "");
    body["parentId"] = parent["id"].clone();
    let child = api.post("/pages", body).json();
    assert_eq!(child["parentId"], parent["id"]);
    assert_eq!(api.delete(&format!("/pages/{}", id(&parent))).status, 204);
    let child = api.get(&format!("/pages/{}", id(&child))).json();
    assert_eq!(child["parentId"], parent["parentId"]);
}

#[test]
fn a_page_moves_below_another_but_not_below_its_own_child() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let (upper, lower) = (api.page("Upper", ""), api.page("Lower", ""));
    let mut down = update(&lower, 2, "Lower", "");
    down["parentId"] = upper["id"].clone();
    assert_eq!(api.put(&format!("/pages/{}", id(&lower)), down).json()["parentId"], upper["id"]);
    let mut cycle = update(&upper, 2, "Upper", "");
    cycle["parentId"] = lower["id"].clone();
    assert_eq!(api.put(&format!("/pages/{}", id(&upper)), cycle).status, 400);
    let mut nowhere = update(&upper, 2, "Upper", "");
    nowhere["parentId"] = json!("7");
    assert_eq!(api.put(&format!("/pages/{}", id(&upper)), nowhere).status, 404);
    let mut other_space = update(&upper, 2, "Upper", "");
    other_space["spaceId"] = json!(api.space("TEAM"));
    assert_eq!(api.put(&format!("/pages/{}", id(&upper)), other_space).status, 400);
}
