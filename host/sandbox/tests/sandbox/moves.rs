use serde_json::{Value, json};

use crate::support::{Answer, Api, WIDE, World, draft, id};

fn task(api: &Api<'_>, accepted: &Answer) -> Value {
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let accepted = accepted.json();
    let status = accepted["links"]["status"].as_str().unwrap();
    assert_eq!(status, format!("/rest/api/longtask/{}", id(&accepted)));
    let path = status.strip_prefix("/rest/api").unwrap();
    assert_eq!(api.v1("GET", path, None).json()["finished"], false, "the first look finds it running");
    api.v1("GET", path, None).json()
}

fn children(api: &Api<'_>, page: &Value) -> Vec<String> {
    api.column(&format!("/pages/{}/direct-children", id(page)), "title")
}

#[test]
fn a_page_moves_before_after_and_below_another() {
    let world = World::start();
    let api = world.api(WIDE);
    let parent = api.page("Parent", "");
    let [a, b, c] = ["A", "B", "C"].map(|title| api.page_below(&parent, title));
    let go = |page: &Value, position: &str, target: &Value| {
        api.v1("PUT", &format!("/content/{}/move/{position}/{}", id(page), id(target)), None)
    };
    assert_eq!(go(&c, "before", &a).json(), json!({"pageId": c["id"]}));
    assert_eq!(children(&api, &parent), ["C", "A", "B"]);
    assert_eq!(go(&c, "after", &a).status, 200);
    assert_eq!(children(&api, &parent), ["A", "C", "B"]);
    assert_eq!(go(&c, "append", &b).status, 200);
    assert_eq!(children(&api, &parent), ["A", "B"]);
    assert_eq!(children(&api, &b), ["C"]);
    assert_eq!(go(&b, "append", &c).status, 400);
    assert_eq!(go(&b, "beside", &a).status, 400);
    assert_eq!(go(&b, "append", &json!({"id": "7"})).status, 404);
}

#[test]
fn a_page_moves_to_another_space_with_all_below_it_unless_a_title_is_taken_there() {
    let world = World::start();
    let api = world.api(WIDE);
    let team = api.space("TEAM");
    let target = api.post("/pages", draft(&team, "Target", "")).json();
    let page = api.page("Mover", "");
    let child = api.page_below(&page, "Meeting notes");
    let go = || api.v1("PUT", &format!("/content/{}/move/append/{}", id(&page), id(&target)), None);
    assert_eq!(go().status, 400, "TEAM has meeting notes");
    let title = json!({"status": "current", "title": "Other notes"});
    assert_eq!(api.put(&format!("/pages/{}/title", id(&child)), title).status, 200);
    assert_eq!(go().status, 200);
    assert_eq!(api.get(&format!("/pages/{}", id(&child))).json()["spaceId"], team);
}

#[test]
fn a_copy_takes_labels_and_files_along_when_told_to() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Original", "<p>text</p>");
    api.attach(&page, "a.txt", b"x");
    api.v1(
        "POST",
        &format!("/content/{}/label", id(&page)),
        Some(&json!([{"prefix": "global", "name": "x"}])),
    );
    let path = format!("/content/{}/copy", id(&page));
    let copy = |body: Value| api.v1("POST", &path, Some(&body));
    let home = page["parentId"].clone();
    let destination = json!({"type": "parent_page", "value": home});
    assert_eq!(copy(json!({"destination": destination})).status, 400, "the title is taken");
    assert_eq!(copy(json!({})).status, 400);
    assert_eq!(copy(json!({"destination": {"type": "moon", "value": "1"}})).status, 400);
    assert_eq!(copy(json!({"destination": {"type": "space", "value": "NONE"}})).status, 404);
    let made = copy(json!({
        "destination": destination, "pageTitle": "Copy", "copyLabels": true, "copyAttachments": true,
    }));
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["type"], &made["space"]["key"], &made["version"]["number"]),
        (&json!("page"), &json!("DOCS"), &json!(1))
    );
    let read = api.get(&format!("/pages/{}?body-format=storage&include-labels=true", id(&made))).json();
    assert_eq!(read["body"]["storage"]["value"], "<p>text</p>");
    assert_eq!(read["labels"]["results"][0]["name"], "x");
    assert_eq!(api.column(&format!("/pages/{}/attachments", id(&made)), "title"), ["a.txt"]);
    let root = copy(json!({"destination": {"type": "space", "value": "TEAM"}})).json();
    assert_eq!(api.get(&format!("/pages/{}", id(&root))).json()["parentId"], Value::Null);
    let over =
        copy(json!({"destination": {"type": "existing_page", "value": root["id"]}, "pageTitle": "Over"}));
    assert_eq!((&over.json()["id"], &over.json()["version"]["number"]), (&root["id"], &json!(2)));
}

#[test]
fn pages_are_archived_together_or_not_at_all() {
    let world = World::start();
    let api = world.api(WIDE);
    let (a, b) = (api.page("A", ""), api.page("B", ""));
    let archive = |pages: Value| api.v1("POST", "/content/archive", Some(&json!({"pages": pages})));
    let number = |page: &Value| id(page).parse::<u64>().unwrap();
    assert_eq!(archive(json!([{"id": number(&a)}, {"id": 7}])).status, 400);
    assert_eq!(archive(json!([])).status, 400);
    let done = task(&api, &archive(json!([{"id": number(&a)}, {"id": number(&b)}])));
    assert_eq!((&done["successful"], &done["percentageComplete"]), (&json!(true), &json!(100)));
    assert_eq!(api.get(&format!("/pages/{}", id(&a))).json()["status"], "archived");
    assert_eq!(archive(json!([{"id": number(&a)}])).status, 400, "it is archived already");
}

#[test]
fn a_page_tree_goes_to_the_trash_as_a_whole() {
    let world = World::start();
    let api = world.api(WIDE);
    let top = api.page("Top", "");
    let below = api.page_below(&top, "Below");
    let path = format!("/content/{}/pageTree", id(&top));
    task(&api, &api.v1("DELETE", &path, None));
    assert_eq!(api.column("/pages?status=trashed", "id"), [id(&top), id(&below)]);
    assert_eq!(api.v1("DELETE", &path, None).status, 400);
    assert_eq!(api.v1("GET", "/longtask/7", None).status, 404);
}
