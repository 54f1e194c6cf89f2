//! Finding content, spaces and people.

use actionbay::FailureKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::{able, all, create, only, page};
use crate::support::World;

/// The short link of a page, as Confluence makes it.
fn short_link(world: &World, id: &Value) -> String {
    let id: u64 = id.as_str().unwrap().parse().unwrap();
    let encoded = STANDARD_NO_PAD.encode(id.to_le_bytes()).replace('/', "-").replace('+', "_");
    format!("{}/wiki/x/{}", world.sandbox.url(), encoded.trim_end_matches('A'))
}

#[test]
fn a_page_is_shown_by_its_address_and_by_its_short_link_with_one_request() {
    let world = World::authorized();
    let created = page(&world, "Hello", "Hi");
    for url in [created["url"].as_str().unwrap().to_owned(), short_link(&world, &created["id"])] {
        world.wire.forget();
        let shown = world.run("view-content", json!({"url": url})).unwrap();
        assert_eq!((&shown["id"], world.wire.seen().len()), (&created["id"], 1), "{url}");
    }
    let failure = world
        .run("view-content", json!({"url": "https://evil.example/wiki/spaces/DOCS/pages/1"}))
        .unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::InvalidInput, "other-site"));
}

#[test]
fn content_is_changed_by_its_short_link_and_a_blog_post_by_its_address() {
    let world = World::authorized();
    let plan = page(&world, "Plan", "Fish");
    let news = create(&world, json!({"type": "blogpost", "space": "DOCS", "title": "News", "body": "Fish"}));
    for (content, url, path) in [
        (&plan, json!(short_link(&world, &plan["id"])), "/pages/"),
        (&news, news["url"].clone(), "/blogposts/"),
    ] {
        world.wire.forget();
        world.run("update-content", json!({"url": url, "body": "Chips"})).unwrap();
        let put = only(&world, "PUT", path);
        assert_eq!(
            (&put["body"]["id"], &put["body"]["body"]["value"]),
            (&content["id"], &json!("<p>Chips</p>"))
        );
    }
}

#[test]
fn a_blog_post_is_shown_by_its_address() {
    let world = World::authorized();
    let post = create(&world, json!({"type": "blogpost", "space": "DOCS", "title": "News"}));
    world.wire.forget();
    let shown = world.run("view-content", json!({"url": post["url"]})).unwrap();
    assert_eq!((&shown["id"], &shown["type"], world.wire.seen().len()), (&post["id"], &json!("blogpost"), 1));
}

#[test]
fn labels_children_and_plain_text_are_shown_with_one_request() {
    let world = able();
    let parent = page(&world, "Parent", "# Title\n\nFish & *chips*");
    let child = create(&world, json!({"space": "DOCS", "title": "Child", "parent": parent["url"]}));
    world.run("add-labels", json!({"id": parent["id"], "labels": ["release"]})).unwrap();
    world.wire.forget();
    let input = json!({"id": parent["id"], "labels": true, "children": true, "format": "plain"});
    let shown = world.run("view-content", input).unwrap();
    assert_eq!(world.wire.seen().len(), 1);
    assert_eq!(shown["labels"], json!(["release"]));
    assert_eq!(all(&shown["children"], "id"), [child["id"].as_str().unwrap()]);
    assert_eq!(shown["body"], json!({"format": "plain", "value": "Title\nFish & chips\n", "complete": true}));
}

/// API-15
#[test]
fn a_list_of_pages_goes_on_where_it_ended() {
    let world = World::authorized();
    let seed = json!({"spaces": [{"key": "BIG", "name": "Big"}], "pages": {"space": "BIG", "count": 300, "title_prefix": "Page"}});
    world.control.seed(seed).unwrap();
    let first = world.run("list-pages", json!({"space": "BIG", "limit": 260, "sort": "oldest"})).unwrap();
    let rest = json!({"space": "BIG", "limit": 260, "sort": "oldest", "cursor": first["cursor"]});
    let rest = world.run("list-pages", rest).unwrap();
    let mut ids = all(&first["pages"], "id");
    assert_eq!((ids.len(), &first["complete"], &rest["complete"]), (260, &json!(false), &json!(true)));
    ids.extend(all(&rest["pages"], "id"));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((count, ids.len()), (301, 301), "the home page and 300 more, each once");
}

/// API-15
#[test]
fn a_list_that_is_cut_at_a_size_goes_on_until_all_pages_were_given() {
    let world = World::authorized();
    let seed = json!({"spaces": [{"key": "BIG", "name": "Big"}], "pages": {"space": "BIG", "count": 20, "title_prefix": "Page"}});
    world.control.seed(seed).unwrap();
    let mut input = json!({"space": "BIG", "all": true, "max-bytes": 1_000});
    let (mut ids, mut answers) = (Vec::new(), 0);
    loop {
        let listed = world.run("list-pages", input.clone()).unwrap();
        ids.extend(all(&listed["pages"], "id").into_iter().map(str::to_owned));
        answers += 1;
        if listed["complete"] == true {
            break;
        }
        input["cursor"] = listed["cursor"].clone();
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((count, ids.len()), (21, 21), "the home page and 20 more, each once");
    assert!(answers > 2, "{answers}");
}

#[test]
fn blog_posts_are_listed_the_newest_first() {
    let world = World::authorized();
    for title in ["One", "Two"] {
        create(&world, json!({"type": "blogpost", "space": "DOCS", "title": title}));
    }
    let listed = world.run("list-blogposts", json!({"space": "DOCS", "sort": "newest", "limit": 1})).unwrap();
    assert_eq!((&listed["count"], &listed["complete"]), (&json!(1), &json!(false)));
    let request = only(&world, "GET", "/blogposts");
    assert!(request.to_string().contains("-created-date"), "{request}");
    let titled = world.run("list-blogposts", json!({"space": "DOCS", "title": "One"})).unwrap();
    assert_eq!(all(&titled["blogposts"], "title"), ["One"]);
}

#[test]
fn spaces_are_listed_and_shown() {
    let world = World::authorized();
    world.control.seed(json!({"spaces": [{"key": "CREW", "name": "The crew"}]})).unwrap();
    let listed = world.run("list-spaces", json!({})).unwrap();
    let keys = all(&listed["spaces"], "key");
    assert!(keys.contains(&"DOCS") && keys.contains(&"CREW"), "{keys:?}");
    let shown = world.run("view-space", json!({"space": "The crew"})).unwrap();
    assert_eq!(shown["key"], "CREW");
    assert!(shown["homepage"].is_string() && shown["url"].as_str().unwrap().ends_with("/wiki/spaces/CREW"));
    assert_eq!(
        world.run("view-space", json!({"space": "No such crew"})).unwrap_err().kind,
        FailureKind::NotFound
    );
}

#[test]
fn the_current_user_is_told() {
    let world = able();
    let user = world.run("current-user", json!({})).unwrap();
    assert!(user["id"].is_string() && user["name"].is_string(), "{user}");
    only(&world, "GET", "/rest/api/user/current");
}

/// API-17, API-20
#[test]
fn a_search_finds_every_page_of_results() {
    let world = able();
    world
        .control
        .seed(json!({"pages": {"space": "DOCS", "count": 260, "title_prefix": "Quarterly plan"}}))
        .unwrap();
    world.clock.advance(60);
    world.control.advance_clock(std::time::Duration::from_secs(60)).unwrap();
    let input = json!({"title": "Quarterly", "space": "DOCS", "type": "page"});
    let found = world.run("search-content", input).unwrap();
    assert_eq!((&found["count"], &found["complete"]), (&json!(260), &json!(true)));
    let requests: Vec<_> =
        world.wire.seen().into_iter().filter(|request| request.url.path().ends_with("/search")).collect();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.url.path().contains("/wiki/rest/api/search")));
    assert!(requests.iter().all(|request| !request.url.query_pairs().any(|(name, _)| name == "start")));
}

#[test]
fn a_search_and_a_copy_find_the_space_by_a_name_of_one_word() {
    let world = able();
    world.control.seed(json!({"spaces": [{"key": "CREW", "name": "Sailors"}]})).unwrap();
    let plan = page(&world, "Plan", "Fish");
    let copied = world.run("copy-content", json!({"id": plan["id"], "to-space": "Sailors"})).unwrap();
    world.clock.advance(60);
    world.control.advance_clock(std::time::Duration::from_secs(60)).unwrap();
    let found = world.run("search-content", json!({"title": "Plan", "space": "Sailors"})).unwrap();
    assert_eq!(all(&found["results"], "id"), [copied["id"].as_str().unwrap()]);
    assert_eq!(
        world.run("search-content", json!({"title": "Plan", "space": "Pirates"})).unwrap_err().kind,
        FailureKind::NotFound
    );
}

/// API-28
#[test]
fn ancestors_go_on_upwards_from_where_a_limit_ended_them() {
    let world = able();
    let (mut parent, mut above) = (Value::Null, Vec::new());
    for title in ["One", "Two", "Three", "Four"] {
        let made = json!({"space": "DOCS", "title": title, "parent": parent});
        let made = match parent {
            Value::Null => create(&world, json!({"space": "DOCS", "title": title})),
            _ => create(&world, made),
        };
        parent = made["id"].clone();
        above.push(parent.as_str().unwrap().to_owned());
    }
    let whole = world.run("list-ancestors", json!({"id": parent, "all": true})).unwrap();
    assert_eq!(whole["complete"], true);
    let (mut input, mut seen) = (json!({"id": parent, "limit": 1}), Vec::new());
    loop {
        let part = world.run("list-ancestors", input.clone()).unwrap();
        seen.extend(all(&part["ancestors"], "id").into_iter().map(ToOwned::to_owned));
        let Some(cursor) = part.get("cursor") else { break };
        input["cursor"] = cursor.clone();
    }
    seen.reverse();
    assert_eq!(seen, all(&whole["ancestors"], "id"));
    assert!(seen.ends_with(&above[..3]), "{seen:?}");
}

/// API-20, API-21
#[test]
fn words_cannot_break_out_of_a_search_and_a_bad_query_is_said() {
    let world = able();
    let secret = page(&world, "Secret plan", "zebra");
    world.clock.advance(60);
    world.control.advance_clock(std::time::Duration::from_secs(60)).unwrap();
    let found = world.run("search-content", json!({"text": "zebra"})).unwrap();
    assert_eq!(all(&found["results"], "id"), [secret["id"].as_str().unwrap()]);
    let found = world.run("search-content", json!({"text": "zzz\" or type = \"page"})).unwrap();
    assert_eq!(found["count"], 0, "{found}");
    let failure = world.run("search-content", json!({"cql": "title ~ two words"})).unwrap_err();
    assert_eq!((failure.kind, failure.upstream_status), (FailureKind::Upstream, Some(400)));
}
