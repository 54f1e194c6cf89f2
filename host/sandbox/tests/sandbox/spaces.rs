use serde_json::json;

use crate::support::{GRANULAR, WIDE, World, draft, id, update};

#[test]
fn a_personal_space_is_its_owners_and_has_a_key_of_its_kind() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let made = world.control.seed(json!({"spaces": [{"name": "Ada Lindqvist", "owner": 2}]})).unwrap();
    let key = made["spaces"][0]["key"].as_str().unwrap();
    assert_eq!(key, "~7120200e8d3f176b2c4c19a5d491c7a2f36e08");
    let spaces = api.get("/spaces?type=personal").json();
    assert_eq!(
        (&spaces["results"][0]["key"], &spaces["results"][0]["type"]),
        (&json!(key), &json!("personal"))
    );
    assert_eq!(api.column("/spaces?type=global", "key"), ["DOCS", "TEAM"]);
    assert_eq!(api.column(&format!("/spaces?keys={}", key.replace('~', "%7E")), "key"), [key]);
    assert!(world.control.seed(json!({"spaces": [{"key": "ADA", "name": "x", "owner": 2}]})).is_err());
}

#[test]
fn a_space_that_is_hidden_from_an_account_is_not_there_for_it() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, WIDE), world.api_of(2, WIDE));
    let space = robin.space("TEAM");
    let page = robin.post("/pages", draft(&space, "Inside", "")).json();
    world.control.change_space(json!({"key": "TEAM", "hidden_from": [2]})).unwrap();
    assert_eq!(ada.column("/spaces", "key"), ["DOCS"]);
    for path in
        [format!("/spaces/{space}"), format!("/spaces/{space}/pages"), format!("/pages/{}", id(&page))]
    {
        assert_eq!(ada.get(&path).status, 404, "{path}");
        assert_eq!(robin.get(&path).status, 200, "{path}");
    }
    assert!(ada.column("/pages?title=Inside", "id").is_empty());
    assert_eq!(ada.post("/pages", draft(&space, "Other", "")).status, 404);
    world.control.change_space(json!({"key": "TEAM", "hidden_from": [], "archived": true})).unwrap();
    assert_eq!(ada.column("/spaces?status=archived", "key"), ["TEAM"]);
    assert!(world.control.change_space(json!({"key": "NONE"})).is_err());
    assert!(world.control.change_space(json!({"key": "TEAM", "hidden_from": [9]})).is_err());
}

#[test]
fn a_page_that_may_not_be_viewed_is_masked_with_all_below_it() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, WIDE), world.api_of(2, WIDE));
    let page = robin.page("Secret", "<p>x</p>");
    let below = robin.page_below(&page, "Below the secret");
    world.control.restrict(&id(&page), Some(&[1]), None).unwrap();
    for hidden in [&page, &below] {
        assert_eq!(ada.get(&format!("/pages/{}", id(hidden))).status, 404);
        assert_eq!(robin.get(&format!("/pages/{}", id(hidden))).status, 200);
    }
    assert!(ada.column("/pages?title=secret", "id").is_empty());
    let home = format!("/pages/{}/direct-children?limit=250", page["parentId"].as_str().unwrap());
    assert!(!ada.column(&home, "title").contains(&"Secret".to_owned()));
    world.control.restrict(&id(&page), None, None).unwrap();
    assert_eq!(ada.get(&format!("/pages/{}", id(&below))).status, 200);
    assert!(world.control.restrict("7", None, None).is_err());
}

#[test]
fn a_page_that_may_only_be_viewed_is_masked_by_v2_and_refused_by_v1() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, WIDE), world.api_of(2, WIDE));
    let page = robin.page("Fixed", "<p>x</p>");
    let path = format!("/pages/{}", id(&page));
    world.control.restrict(&id(&page), None, Some(&[1])).unwrap();
    assert_eq!(ada.get(&path).status, 200);
    assert_eq!(ada.put(&path, update(&page, 2, "Fixed", "")).status, 404);
    assert_eq!(ada.delete(&path).status, 404);
    let label = json!([{"prefix": "global", "name": "x"}]);
    assert_eq!(ada.v1("POST", &format!("/content/{}/label", id(&page)), Some(&label)).status, 403);
    assert_eq!(robin.put(&path, update(&page, 2, "Fixed", "")).status, 200);
}
