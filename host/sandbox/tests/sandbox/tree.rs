use serde_json::{Value, json};

use crate::support::{GRANULAR, WIDE, World, column, draft, id};

/// A chain of pages, each below the one before.
fn chain(api: &crate::support::Api<'_>, count: usize) -> Vec<Value> {
    let mut pages = vec![api.page("Level 0", "")];
    for number in 1..count {
        pages.push(api.page_below(&pages[number - 1], &format!("Level {number}")));
    }
    pages
}

#[test]
fn direct_children_have_a_type_and_a_position_and_an_authors_drafts_are_among_them() {
    let world = World::start();
    let api = world.api(WIDE);
    let parent = api.page("Parent", "");
    let (one, two) = (api.page_below(&parent, "One"), api.page_below(&parent, "Two"));
    let unpublished = json!({"spaceId": parent["spaceId"], "status": "draft", "parentId": parent["id"]});
    api.post("/pages", unpublished);
    api.page_below(&one, "Below one");
    let path = format!("/pages/{}/direct-children", id(&parent));
    let children = api.get(&path).json();
    assert_eq!(column(&children, "id")[..2], [id(&one), id(&two)]);
    assert_eq!(column(&children, "status"), ["current", "current", "draft"]);
    assert_eq!(children["results"][1]["type"], "page");
    assert_eq!(children["results"][1]["childPosition"], 1);
    assert_eq!(api.column(&format!("{path}?sort=-title&limit=1"), "title"), ["Two"]);
    assert!(api.get(&format!("{path}?limit=2")).json()["_links"]["next"].is_string());
    let old = api.get(&format!("/pages/{}/children", id(&parent))).json();
    assert!(old["results"][0].get("type").is_none());
    assert_eq!(api.get("/pages/1/direct-children").status, 404);
    assert_eq!(world.api(GRANULAR).get(&path).status, 401, "the scopes of pages do not open the tree");
}

#[test]
fn descendants_end_silently_at_a_depth_which_is_two_unless_told_otherwise() {
    let world = World::start();
    let api = world.api(WIDE);
    let pages = chain(&api, 13);
    let path = format!("/pages/{}/descendants", id(&pages[0]));
    assert_eq!(api.column(&path, "depth"), ["1", "2"]);
    assert!(api.get(&path).json()["_links"].get("next").is_none());
    assert_eq!(api.column(&format!("{path}?depth=10"), "title").len(), 10);
    for depth in ["0", "11", "all"] {
        assert_eq!(api.get(&format!("{path}?depth={depth}")).status, 400, "{depth}");
    }
    let first = &api.get(&path).json()["results"][0];
    assert_eq!((&first["parentId"], &first["title"]), (&pages[0]["id"], &json!("Level 1")));
}

#[test]
fn ancestors_go_from_the_top_to_the_bottom_with_id_and_type_only() {
    let world = World::start();
    let api = world.api(WIDE);
    let pages = chain(&api, 4);
    let path = format!("/pages/{}/ancestors", id(&pages[3]));
    let above = api.get(&path).json();
    let home = api.get(&format!("/pages/{}", id(&pages[0]))).json()["parentId"].clone();
    assert_eq!(above["results"][0], json!({"id": home, "type": "page"}));
    assert_eq!(column(&above, "id")[1..], [id(&pages[0]), id(&pages[1]), id(&pages[2])]);
    assert_eq!(api.column(&format!("{path}?limit=2"), "id"), [id(&pages[1]), id(&pages[2])]);
    assert_eq!(api.get(&format!("{path}?cursor=x")).status, 400);
}

#[test]
fn ids_are_converted_to_types_and_what_is_not_seen_to_null() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("A page", "");
    let post = api.post("/blogposts", draft(&api.space("TEAM"), "A post", "")).json();
    let number: u64 = id(&page).parse().unwrap();
    let answer = api.post("/content/convert-ids-to-types", json!({"contentIds": [number, post["id"], "7"]}));
    assert_eq!(answer.json()["results"], json!({id(&page): "page", id(&post): "blogpost", "7": null}),);
    assert_eq!(api.post("/content/convert-ids-to-types", json!({})).status, 400);
    let many: Vec<u64> = (0..101).collect();
    assert_eq!(api.post("/content/convert-ids-to-types", json!({"contentIds": many})).status, 400);
}
