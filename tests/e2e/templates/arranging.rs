//! The tree of a space: reading it, and changing it.

use actionbay::FailureKind;
use serde_json::{Value, json};

use super::{able, all, create, only, page, stored};
use crate::support::World;

/// A page, two below it, and one below the first of these.
fn family(world: &World) -> [Value; 4] {
    let top = page(world, "Top", "");
    let child = |title: &str, parent: &Value| {
        create(world, json!({"space": "DOCS", "title": title, "parent": parent["id"]}))
    };
    let (first, second) = (child("First", &top), child("Second", &top));
    let deep = child("Deep", &first);
    [top, first, second, deep]
}

/// API-26, API-27, API-28
#[test]
fn what_is_above_and_below_a_page_is_listed() {
    let world = able();
    let [top, first, second, deep] = family(&world);
    let below = |template: &str, input: Value| world.run(template, input).unwrap()["items"].clone();
    let children = below("list-children", json!({"id": top["id"]}));
    assert_eq!(all(&children, "id"), [first["id"].as_str().unwrap(), second["id"].as_str().unwrap()]);
    assert!(
        below("list-children", json!({"id": top["id"], "type": "folder"})).as_array().unwrap().is_empty()
    );
    let everything = below("list-descendants", json!({"id": top["id"]}));
    assert!(all(&everything, "id").contains(&deep["id"].as_str().unwrap()));
    assert_eq!(below("list-descendants", json!({"id": top["id"], "depth": 1})).as_array().unwrap().len(), 2);
    let above = world.run("list-ancestors", json!({"space": "DOCS", "title": "Deep"})).unwrap();
    let ids = all(&above["ancestors"], "id");
    assert_eq!(ids[ids.len() - 2..], [top["id"].as_str().unwrap(), first["id"].as_str().unwrap()]);
    assert!(world.received("/descendants")[0].to_string().contains("depth"), "the depth is always said");
}

/// API-10
#[test]
fn a_page_is_moved_under_another_and_beside_another() {
    let world = able();
    let [top, first, second, deep] = family(&world);
    world.run("move-content", json!({"id": deep["id"], "parent": second["id"]})).unwrap();
    assert_eq!(stored(&world, &deep["id"])["parentId"], second["id"]);
    assert_eq!(only(&world, "PUT", "/api/v2/pages/")["body"]["version"]["number"], 2);

    world.run("move-content", json!({"id": second["id"], "before": first["url"]})).unwrap();
    let children = world.run("list-children", json!({"id": top["id"]})).unwrap();
    assert_eq!(all(&children["items"], "title"), ["Second", "First"]);
    let path = format!("/move/before/{}", first["id"].as_str().unwrap());
    only(&world, "PUT", &path);
    let sent = world.wire.seen().into_iter().find(|request| request.url.path().contains("/move/")).unwrap();
    assert_eq!(sent.headers.get("x-atlassian-token").unwrap(), "no-check");
}

#[test]
fn a_page_is_copied_once() {
    let world = able();
    let [top, first, ..] = family(&world);
    let copy = json!({"id": first["id"], "to-parent": top["id"], "new-title": "Third"});
    let copied = world.run("copy-content", copy).unwrap();
    assert_eq!(copied["copied-from"], first["id"]);
    let there = stored(&world, &copied["id"]);
    assert_eq!((&there["title"], &there["parentId"]), (&json!("Third"), &top["id"]));
    assert_eq!(only(&world, "POST", "/copy")["body"]["destination"]["type"], "parent_page");
    let nowhere = json!({"id": "999999999", "to-parent": top["id"]});
    assert_eq!(world.run("copy-content", nowhere).unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn a_page_is_archived() {
    let world = able();
    let page = page(&world, "Old", "");
    let archived = world.run("archive-content", json!({"id": page["id"]})).unwrap();
    assert_eq!(archived["outcome"], "archiving");
    let id: u64 = page["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(only(&world, "POST", "/content/archive")["body"], json!({"pages": [{"id": id}]}));
    world.control.advance_clock(std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(stored(&world, &page["id"])["status"], "archived");
}
