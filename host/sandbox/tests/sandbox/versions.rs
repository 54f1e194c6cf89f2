use serde_json::{Value, json};

use crate::support::{GRANULAR, WIDE, World, draft, id, update};

#[test]
fn old_versions_are_listed_newest_first_and_read_with_the_bodies_they_had() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("One", "<p>one</p>");
    let path = format!("/pages/{}", id(&page));
    assert_eq!(api.put(&path, update(&page, 2, "Two", "<p>two</p>")).status, 200);
    assert_eq!(api.column(&format!("{path}/versions"), "number"), ["2", "1"]);
    assert_eq!(api.column(&format!("{path}/versions?sort=modified-date"), "number"), ["1", "2"]);
    let list = api.get(&format!("{path}/versions?body-format=storage")).json();
    let newest = &list["results"][0];
    assert_eq!(newest["message"], "a change");
    assert_eq!(newest["minorEdit"], false);
    assert_eq!(newest["page"]["title"], "Two");
    assert_eq!(newest["page"]["body"]["storage"]["value"], "<p>two</p>");
    let old = api.get(&format!("{path}?version=1&body-format=storage")).json();
    assert_eq!((&old["title"], &old["body"]["storage"]["value"]), (&json!("One"), &json!("<p>one</p>")));
    assert_eq!(api.get(&format!("{path}?version=3")).status, 404);

    let details = api.get(&format!("{path}/versions/1")).json();
    assert_eq!((&details["prevVersion"], &details["nextVersion"]), (&Value::Null, &json!(2)));
    assert_eq!(api.get(&format!("{path}/versions/9")).status, 404);
    assert_eq!(api.get(&format!("{path}/versions/x")).status, 400);
}

#[test]
fn versions_with_bodies_come_fifty_at_a_time_whatever_the_limit() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Often", "<p>1</p>");
    let path = format!("/pages/{}", id(&page));
    for number in 2..=60 {
        assert_eq!(api.put(&path, update(&page, number, "Often", "<p>n</p>")).status, 200);
    }
    let list = api.get(&format!("{path}/versions?limit=250&body-format=storage")).json();
    assert_eq!(list["results"].as_array().unwrap().len(), 50);
    assert!(list["_links"]["next"].is_string());
    assert_eq!(api.column(&format!("{path}/versions?limit=250"), "number").len(), 60);
}

#[test]
fn a_title_alone_is_changed_as_a_new_version() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page("Before", "<p>kept</p>");
    let path = format!("/pages/{}/title", id(&page));
    let changed = api.put(&path, json!({"status": "current", "title": "After"}));
    assert_eq!(changed.status, 200, "{}", changed.text);
    let changed = changed.json();
    assert_eq!((&changed["title"], &changed["version"]["number"]), (&json!("After"), &json!(2)));
    assert_eq!(changed["body"]["storage"]["value"], "<p>kept</p>");
    for (wrong, what) in [
        (json!({"title": "x"}), "no status"),
        (json!({"status": "current"}), "no title"),
        (json!({"status": "current", "title": " "}), "a blank title"),
        (json!({"status": "archived", "title": "x"}), "another status"),
        (json!({"status": "draft", "title": "x"}), "a draft that is not there"),
        (json!({"status": "current", "title": "Getting started"}), "a taken title"),
    ] {
        assert_eq!(api.put(&path, wrong).status, 400, "{what}");
    }
    let unpublished = api.post("/pages", json!({"spaceId": api.space("DOCS"), "status": "draft"})).json();
    let path = format!("/pages/{}/title", id(&unpublished));
    let named = api.put(&path, json!({"status": "draft", "title": "Named"})).json();
    assert_eq!((&named["title"], &named["version"]["number"]), (&json!("Named"), &json!(1)));
}

#[test]
fn blog_posts_have_versions_too() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let post = api.post("/blogposts", draft(&api.space("TEAM"), "News", "<p>x</p>")).json();
    let path = format!("/blogposts/{}/versions", id(&post));
    assert_eq!(
        api.get(&format!("{path}?body-format=storage")).json()["results"][0]["blogpost"]["title"],
        "News"
    );
    assert_eq!(api.get(&format!("{path}/1")).json()["number"], 1);
    assert_eq!(api.get(&format!("/pages/{}/versions", id(&post))).status, 404);
}

#[test]
fn an_answer_includes_what_is_asked_for_and_at_most_fifty_of_it() {
    let world = World::start();
    let api = world.api(WIDE);
    let parent = api.page("Parent", "");
    let all = api.get(&format!(
        "/pages/{}?include-labels=true&include-versions=true&include-operations=true&include-direct-children=true&include-likes=true",
        id(&parent)
    ));
    let all = all.json();
    assert_eq!(all["versions"]["results"][0]["number"], 1);
    assert_eq!(
        all["labels"],
        json!({
            "results": [], "meta": {"hasMore": false},
            "_links": {"self": format!("/wiki/api/v2/pages/{}/labels", id(&parent))},
        })
    );
    assert_eq!(all["operations"]["results"][1]["operation"], "update");
    assert_eq!(all["directChildren"]["results"], json!([]));
    for number in 0..51 {
        api.page_below(&parent, &format!("Child {number}"));
    }
    let children =
        &api.get(&format!("/pages/{}?include-direct-children=true", id(&parent))).json()["directChildren"];
    assert_eq!(children["results"].as_array().unwrap().len(), 50);
    assert_eq!(children["meta"]["hasMore"], true);
    let bare = api.get(&format!("/pages/{}?include-version=false", id(&parent))).json();
    assert!(bare.get("version").is_none() && bare.get("labels").is_none());
}

#[test]
fn live_pages_are_told_apart() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let mut body = draft(&api.space("DOCS"), "Alive", "");
    body["subtype"] = json!("live");
    assert_eq!(api.post("/pages", body.clone()).json()["subtype"], "live");
    assert_eq!(api.column("/pages?subtype=live", "title"), ["Alive"]);
    assert!(!api.column("/pages?subtype=page&limit=250", "title").contains(&"Alive".to_owned()));
    body["subtype"] = json!("page");
    assert_eq!(api.post("/pages", body).status, 400);
}
