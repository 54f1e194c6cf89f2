use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use crate::support::{Answer, Api, CLASSIC, WIDE, World, column, draft, id};

fn encode(cql: &str) -> String {
    url::form_urlencoded::byte_serialize(cql.as_bytes()).collect()
}

fn search(api: &Api<'_>, cql: &str, more: &str) -> Answer {
    api.v1("GET", &format!("/search?cql={}{more}", encode(cql)), None)
}

/// The titles that a query finds in `/content/search`, in its order.
fn titles(api: &Api<'_>, cql: &str) -> Vec<String> {
    let answer = api.v1("GET", &format!("/content/search?limit=100&cql={}", encode(cql)), None);
    assert_eq!(answer.status, 200, "{cql}: {}", answer.text);
    column(&answer.json(), "title")
}

#[test]
fn clauses_find_by_type_space_title_text_label_and_place() {
    let world = World::start();
    let api = world.api(WIDE);
    assert_eq!(titles(&api, "type = blogpost"), ["We shipped"]);
    assert_eq!(
        titles(&api, "space = TEAM and type = page order by title"),
        ["Meeting notes", "On call", "Team Home"]
    );
    assert_eq!(titles(&api, "title = \"release notes\""), ["Release notes"]);
    assert_eq!(
        titles(&api, "title ~ \"release\" ORDER BY title DESC"),
        ["Release notes (archive)", "Release notes"]
    );
    assert_eq!(titles(&api, "text ~ \"robin\" AND space IN (TEAM, DOCS)"), ["On call"]);
    assert_eq!(
        titles(&api, "space = TEAM and not (type = blogpost or title ~ team) order by title"),
        ["Meeting notes", "On call"]
    );
    let start = titles(&api, "title = \"Getting started\"");
    assert_eq!(start, ["Getting started"]);
    let found = search(&api, "title = \"Getting started\"", "").json();
    let page = found["results"][0]["content"]["id"].as_str().unwrap();
    assert_eq!(titles(&api, &format!("parent = {page}")), ["First steps"]);
    assert_eq!(
        titles(&api, &format!("ancestor = {page} or id = {page} order by id")),
        ["Getting started", "First steps"]
    );
    api.v1("POST", &format!("/content/{page}/label"), Some(&json!([{"prefix": "global", "name": "x"}])));
    assert_eq!(titles(&api, "label = x"), ["Getting started"]);
    assert_eq!(
        titles(&api, "creator = currentUser() and created >= startOfDay(\"-1d\") and type = blogpost"),
        ["We shipped"]
    );
    assert!(titles(&api, "created < now(\"-1y\")").is_empty());
    assert!(titles(&api, "creator != currentUser()").is_empty());
    let ada = world.api_of(2, WIDE);
    assert!(titles(&ada, "contributor = currentUser()").is_empty());
}

#[test]
fn the_results_of_a_search_carry_excerpts_with_markers() {
    let world = World::start();
    let api = world.api(WIDE);
    let result = |more: &str| search(&api, "text ~ \"robin\"", more).json()["results"][0].clone();
    let found = result("");
    assert_eq!((&found["entityType"], &found["content"]["type"]), (&json!("content"), &json!("page")));
    assert_eq!(found["excerpt"], "Week 47: @@@hl@@@Robin@@@endhl@@@ Week 48: Ada");
    assert_eq!(found["resultGlobalContainer"]["title"], "Team");
    assert!(found["url"].as_str().unwrap().starts_with("/spaces/TEAM/pages/"));
    assert_eq!(result("&excerpt=none")["excerpt"], "");
    assert_eq!(result("&excerpt=indexed")["excerpt"], "Week 47: Robin Week 48: Ada");
    assert_eq!(result("&expand=content.space")["content"]["space"]["key"], "TEAM");
    assert_eq!(search(&api, "text ~ x", "&excerpt=loud").status, 400);
    let space = search(&api, "type = space and title ~ documentation", "").json();
    assert_eq!(space["results"][0]["space"]["key"], "DOCS");
    let expanded = format!("/content/search?expand=body.storage,space&cql={}", encode("title = \"On call\""));
    let content = &api.v1("GET", &expanded, None).json()["results"][0];
    assert_eq!(content["space"]["key"], "TEAM");
    assert!(content["body"]["storage"]["value"].as_str().unwrap().contains("Robin"));
}

#[test]
fn a_search_is_paged_by_a_link_of_another_base_and_start_is_not_honoured() {
    let world = World::start();
    let api = world.api(WIDE);
    world.control.seed(json!({"pages": {"space": "TEAM", "count": 60, "title_prefix": "Note"}})).unwrap();
    let all = search(&api, "title ~ Note", "&start=1000").json();
    assert_eq!((&all["size"], &all["totalSize"], &all["limit"]), (&json!(25), &json!(60), &json!(25)));
    assert_eq!(all["cqlQuery"], "title ~ Note");
    assert_eq!(all["_links"]["base"], world.url("/wiki"));
    let mut seen = column(&all, "title");
    let mut next = all["_links"]["next"].clone();
    while let Some(link) = next.as_str() {
        assert!(link.starts_with("/rest/api/search?"), "{link}");
        let page = api.send("GET", &format!("/wiki{link}"), None).json();
        seen.extend(column(&page, "title"));
        next = page["_links"]["next"].clone();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
    assert_eq!(search(&api, "title ~ Note", "&limit=500").json()["limit"], 250);
    assert_eq!(search(&api, "title ~ Note", "&limit=0").json()["results"], json!([]));
    assert_eq!(search(&api, "title ~ Note", "&cursor=nonsense").status, 400);
    assert_eq!(search(&api, "title ~ Note", "&limit=x").status, 400);
}

#[test]
fn a_query_that_cannot_be_read_is_refused_in_v1s_shape() {
    let world = World::start();
    let api = world.api(WIDE);
    let refused = |cql: &str| {
        let answer = search(&api, cql, "");
        assert_eq!(answer.status, 400, "{cql}");
        assert_eq!(answer.json()["statusCode"], 400);
        answer.json()["data"]["errors"][0]["message"]["translation"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("text ~ two words"), "No field exists with the name: words");
    assert_eq!(refused("(type = page"), "Could not parse cql : (type = page");
    assert_eq!(refused("title = \"a\" or space = \"b"), "Could not parse cql : title = \"a\" or space = \"b");
    refused("");
    assert_eq!(search(&api, "type = page", "&cqlcontext=x").status, 400);
}

#[test]
fn escaped_quotes_stay_inside_of_a_text() {
    let world = World::start();
    let api = world.api(WIDE);
    api.page("A \"quoted\" \\ title", "");
    world.advance(21);
    assert_eq!(titles(&api, r#"title = "A \"quoted\" \\ title""#), ["A \"quoted\" \\ title"]);
    assert!(titles(&api, r#"title = "x\" or type = \"page""#).is_empty());
}

#[test]
fn the_index_lags_behind_what_is_made_and_what_is_deleted() {
    let world = World::start();
    let api = world.api(WIDE);
    let lag = |seconds| {
        let change = SettingsChange { search_lag: Some(seconds), ..Default::default() };
        world.control.settings(&change).unwrap();
    };
    lag(3600);
    let page = api.page("Freshly made", "<p>x</p>");
    assert!(titles(&api, "title ~ freshly").is_empty());
    world.advance(3600);
    let api = world.api(WIDE);
    assert_eq!(titles(&api, "title ~ freshly"), ["Freshly made"]);
    let path = format!("/pages/{}", id(&page));
    assert_eq!(api.delete(&path).status, 204);
    assert_eq!(api.delete(&format!("{path}?purge=true")).status, 204);
    assert_eq!(titles(&api, "title ~ freshly"), ["Freshly made"], "a deleted page lingers");
    world.advance(3600);
    let api = world.api(WIDE);
    assert!(titles(&api, "title ~ freshly").is_empty());
    lag(0);
    api.page("Freshly made again", "");
    assert_eq!(titles(&api, "title ~ freshly"), ["Freshly made again"]);
}

#[test]
fn archived_pages_comments_and_attachments_are_found_where_they_are_looked_for() {
    let world = World::start();
    let api = world.api(WIDE);
    assert!(titles(&api, "title ~ roadmap").is_empty());
    let statuses = encode(&json!({"contentStatuses": ["archived"]}).to_string());
    let archived = search(&api, "title ~ roadmap", &format!("&cqlcontext={statuses}")).json();
    assert_eq!(archived["results"][0]["content"]["status"], "archived");
    let page = api.page("Host", "");
    api.attach(&page, "plan.txt", b"x");
    let body = json!({"pageId": page["id"], "body": {"representation": "storage", "value": "<p>zebra</p>"}});
    api.post("/footer-comments", body);
    world.advance(21);
    assert_eq!(titles(&api, "type = attachment"), ["plan.txt"]);
    assert_eq!(titles(&api, "type = comment and text ~ zebra"), ["Re: Host"]);
    assert_eq!(
        titles(&api, &format!("type in (attachment, comment) and space = DOCS and parent = {}", id(&page)))
            .len(),
        2
    );
}

#[test]
fn nothing_is_found_that_may_not_be_seen() {
    let world = World::start();
    let (robin, ada) = (world.api_of(1, WIDE), world.api_of(2, WIDE));
    ada.post("/pages?private=true", draft(&ada.space("DOCS"), "My diary", ""));
    world.advance(21);
    assert_eq!(titles(&ada, "title ~ diary"), ["My diary"]);
    assert!(titles(&robin, "title ~ diary").is_empty());
}

#[test]
fn a_search_takes_its_own_classic_scope_and_no_other() {
    let world = World::start();
    assert_eq!(search(&world.api("search:confluence"), "type = page", "").status, 200);
    assert_eq!(search(&world.api(CLASSIC), "type = page", "").status, 401);
}

#[test]
fn people_are_found_by_their_names() {
    let world = World::start();
    let api = world.api(WIDE);
    let find = |cql: &str| api.v1("GET", &format!("/search/user?cql={}", encode(cql)), None);
    let found: Value = find("user.fullname ~ \"ada\"").json();
    assert_eq!(found["results"][0]["user"]["displayName"], "Ada Lindqvist");
    assert_eq!(find("type = user").json()["totalSize"], 5);
    assert_eq!(find("space = DOCS").status, 400);
    assert_eq!(search(&api, "user.fullname ~ Ada", "").status, 400);
}
