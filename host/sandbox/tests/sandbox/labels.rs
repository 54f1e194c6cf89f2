use serde_json::{Value, json};

use crate::support::{CLASSIC, WIDE, World, column, id};

fn label(name: &str) -> Value {
    json!({"prefix": "global", "name": name})
}

#[test]
fn labels_are_added_by_v1_and_read_by_v2() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Labelled", "");
    let path = format!("/content/{}/label", id(&page));
    let added = api.v1("POST", &path, Some(&json!([label("Red"), label("blue")])));
    assert_eq!(added.status, 200, "{}", added.text);
    assert_eq!(column(&added.json(), "label"), ["red", "blue"]);
    assert_eq!(api.v1("POST", &path, Some(&label("green"))).json()["size"], 3);
    let read = format!("/pages/{}/labels", id(&page));
    assert_eq!(api.column(&format!("{read}?sort=name"), "name"), ["blue", "green", "red"]);
    assert!(api.column(&format!("{read}?prefix=my"), "name").is_empty());
    let red = &api.get("/labels").json()["results"][0];
    assert_eq!((&red["name"], &red["prefix"]), (&json!("red"), &json!("global")));
    assert_eq!(api.column(&format!("/labels/{}/pages", id(red)), "title"), ["Labelled"]);
    assert!(api.column(&format!("/labels/{}/blogposts", id(red)), "title").is_empty());
    assert_eq!(api.get("/labels/1/pages").status, 404);
    let included = api.get(&format!("/pages/{}?include-labels=true", id(&page))).json();
    assert_eq!(column(&included["labels"], "name"), ["red", "blue", "green"]);
}

#[test]
fn a_label_is_removed_by_its_name_in_the_query() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Labelled", "");
    let path = format!("/content/{}/label", id(&page));
    api.v1("POST", &path, Some(&json!([label("a/b"), label("c")])));
    for _ in 0..2 {
        assert_eq!(api.v1("DELETE", &format!("{path}?name=a%2Fb"), None).status, 204);
    }
    assert_eq!(api.v1("DELETE", &format!("{path}/x%2Fy"), None).status, 400);
    assert_eq!(api.v1("DELETE", &format!("{path}/c"), None).status, 204);
    assert_eq!(api.v1("DELETE", &path, None).status, 400);
    assert!(api.column(&format!("/pages/{}/labels", id(&page)), "name").is_empty());
}

#[test]
fn labels_that_cannot_be_read_are_refused_in_v1s_words() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Labelled", "");
    let path = format!("/content/{}/label", id(&page));
    for wrong in [json!([{"prefix": "global"}]), json!([{"name": "x"}]), json!(["x"]), json!("x")] {
        let answer = api.v1("POST", &path, Some(&wrong));
        assert_eq!(answer.status, 400, "{wrong}");
        assert_eq!(answer.json()["data"]["errors"][0]["message"]["translation"], "Could not parse Labels");
    }
    for wrong in ["two words", "", "what?", &"x".repeat(256)] {
        assert_eq!(api.v1("POST", &path, Some(&json!([label(wrong)]))).status, 400, "{wrong}");
    }
    let answer = api.v1("POST", "/content/7/label", Some(&json!([label("x")])));
    assert_eq!((answer.status, &answer.json()["statusCode"]), (404, &json!(404)));
}

#[test]
fn a_classic_scope_labels_and_half_of_the_granular_ones_does_not() {
    let world = World::start();
    let page = world.api(WIDE).page("Labelled", "");
    let path = format!("/content/{}/label", id(&page));
    let body = json!([label("x")]);
    assert_eq!(world.api(CLASSIC).v1("POST", &path, Some(&body)).status, 200);
    assert_eq!(world.api("write:label:confluence").v1("POST", &path, Some(&body)).status, 401);
}

#[test]
fn ten_thousand_labels_are_no_burden() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Labelled", "");
    let many: Vec<Value> = (0..10_000).map(|number| label(&format!("label-{number}"))).collect();
    assert_eq!(api.v1("POST", &format!("/content/{}/label", id(&page)), Some(&json!(many))).status, 200);
    let list = api.get(&format!("/pages/{}/labels?limit=250", id(&page))).json();
    assert_eq!(list["results"].as_array().unwrap().len(), 250);
    assert!(list["_links"]["next"].is_string());
}
