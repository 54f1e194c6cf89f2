use atlassian_sandbox::SandboxConfig;
use serde_json::json;

use crate::support::{Api, GRANULAR, World, id};

/// Follows `next` as a careful client does: the cursor is taken out, and put into the first address.
fn titles(api: &Api<'_>, first: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut address = first.to_owned();
    for _ in 0..50 {
        let answer = api.get(&address);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        titles.extend(body["results"].as_array().unwrap().iter().map(|page| page["title"].to_string()));
        let Some(next) = body["_links"]["next"].as_str() else { return titles };
        assert!(next.starts_with("/wiki/api/v2/"), "{next}");
        let cursor = next.split_once("cursor=").unwrap().1.split('&').next().unwrap();
        assert!(cursor.contains('='));
        address = format!("{first}&cursor={cursor}");
    }
    panic!("the list has no end")
}

#[test]
fn a_list_is_paged_to_its_end_without_loss_or_repeat() {
    let world = World::start();
    let api = world.api(GRANULAR);
    world.control.seed(json!({"pages": {"space": "TEAM", "count": 600, "title_prefix": "Note"}})).unwrap();
    let all = titles(&api, &format!("/spaces/{}/pages?limit=250", api.space("TEAM")));
    assert_eq!(all.len(), 603);
    let mut unique = all.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len());
}

#[test]
fn the_next_link_stands_in_the_body_and_in_the_link_header_and_neither_at_the_end() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let part = api.get("/pages?limit=2&title=e");
    let next = part.json()["_links"]["next"].as_str().unwrap().to_owned();
    assert!(next.contains("limit=2") && next.contains("title=e"));
    let base = world.url("/wiki");
    assert_eq!(part.headers["link"], format!("<{next}>; rel=\"next\", <{base}>; rel=\"base\""));
    assert_eq!(part.json()["_links"]["base"], base);
    let whole = api.get("/pages?limit=250");
    assert!(whole.json()["_links"].get("next").is_none());
    assert_eq!(whole.headers["link"], format!("<{base}>; rel=\"base\""));
}

#[test]
fn a_whole_url_as_cursor_is_refused() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let answer = api.get("/pages?cursor=%2Fwiki%2Fapi%2Fv2%2Fpages%3Fcursor%3Dabc");
    assert_eq!(answer.status, 400);
    let error = &answer.json()["errors"][0];
    assert_eq!(error["status"], 400);
    assert_eq!(error["code"], "INVALID_REQUEST_PARAMETER");
    assert_eq!(
        error["title"],
        "Provided value for 'cursor' is not the correct type. Expected type is Cursor."
    );
    assert!(error["detail"].as_str().unwrap().starts_with("The provided cursor was not valid."));
}

#[test]
fn limits_outside_1_to_250_and_unknown_parameters_are_refused() {
    let world = World::start();
    let api = world.api(GRANULAR);
    for query in [
        "limit=0",
        "limit=251",
        "limit=ten",
        "limit=5&limit=6",
        "nonsense=1",
        "body-format=view",
        "sort=name",
        "status=draft",
        "space-id=DOCS",
    ] {
        assert_eq!(api.get(&format!("/pages?{query}")).status, 400, "{query}");
    }
}

#[test]
fn a_title_filter_matches_parts_so_that_callers_must_compare() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let found = api.get(&format!("/spaces/{}/pages?title=release%20NOTES", api.space("DOCS")));
    assert_eq!(found.json()["results"].as_array().unwrap().len(), 2);
}

#[test]
fn lists_show_current_and_archived_pages_unless_told_otherwise() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let statuses = |query: &str| {
        let body = api.get(&format!("/pages?limit=250{query}")).json();
        let mut all: Vec<_> =
            body["results"].as_array().unwrap().iter().map(|page| page["status"].to_string()).collect();
        all.sort();
        all.dedup();
        all.join(",")
    };
    assert_eq!(statuses(""), "\"archived\",\"current\"");
    assert_eq!(statuses("&status=archived"), "\"archived\"");
    assert_eq!(statuses("&status=current&status=trashed"), "\"current\"");
}

#[test]
fn lists_sort_filter_and_give_bodies_only_when_asked() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let space = api.space("DOCS");
    let list = |query: &str| api.get(&format!("/spaces/{space}/pages?{query}")).json()["results"].clone();
    assert_eq!(list("sort=-title")[0]["title"], "Roadmap 2024");
    assert_eq!(list("depth=root").as_array().unwrap().len(), 1);
    assert_eq!(list("title=First")[0]["body"], json!({}));
    let page = &list("title=First&body-format=storage")[0];
    assert!(page["body"]["storage"]["value"].as_str().unwrap().contains("<ac:task-list>"));
    assert!(page["_links"].get("base").is_none(), "the base stands on the list");
    let some = api.get(&format!("/pages?id={},{}", id(page), id(&list("depth=root")[0]))).json();
    assert_eq!(some["results"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/spaces/1/pages").status, 404);
}

#[test]
fn spaces_are_found_by_key_and_by_id() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let both = api.get("/spaces?keys=DOCS,TEAM&sort=-key").json();
    assert_eq!(both["results"][0]["key"], "TEAM");
    assert_eq!(both["results"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/spaces?keys=NONE").json()["results"], json!([]));
    let space = api.get(&format!("/spaces/{}?description-format=plain", api.space("DOCS"))).json();
    assert_eq!(space["name"], "Documentation");
    assert_eq!(space["description"]["plain"]["value"], "The space Documentation");
    assert!(space["homepageId"].is_string());
    assert_eq!(space["_links"]["base"], world.url("/wiki"));
    assert_eq!(api.get("/spaces/99").status, 404);
    assert_eq!(api.get("/spaces/DOCS").status, 400);
}

#[test]
fn sites_are_apart() {
    let world = World::with(SandboxConfig { sites: 2, ..Default::default() });
    let first = world.api(GRANULAR);
    let sites =
        world.send("GET", "/oauth/token/accessible-resources", Some(&first.tokens.access), None).json();
    let second = Api { cloud_id: id(&sites[1]), ..world.api(GRANULAR) };
    let page = first.page("Only here", "<p>x</p>");
    assert_eq!(second.get(&format!("/pages/{}", id(&page))).status, 404);
    assert_eq!(second.get("/pages?title=Only").json()["results"], json!([]));
    let page = second.page("There", "<p>there</p>");
    assert_eq!(page["_links"]["base"], world.url("/site/2/wiki"));
    let human = format!("/site/2/wiki{}", page["_links"]["webui"].as_str().unwrap());
    assert!(world.get(&human).text.contains("<p>there</p>"));
}
