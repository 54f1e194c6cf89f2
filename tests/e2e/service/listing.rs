//! Lists come in pages.

use actionbay::service::keys::Scope;
use serde_json::{Value, json};

use super::office::{Client, Office, run_of};

/// Every item of a list, by its pages.
fn all(client: &Client, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = client.get(&format!("{path}{separator}limit=2{cursor}")).done();
        let of_page = page["items"].as_array().unwrap();
        assert!(of_page.len() <= 2, "{page}");
        items.extend(of_page.iter().map(|item| item["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[test]
fn every_item_is_on_one_page_and_the_last_page_says_so() {
    let office = Office::connected();
    let client = office.client(&[Scope::Read, Scope::Run]);
    let templates = all(&client, "/integrations/confluence/templates");
    let whole = client.get("/integrations/confluence/templates?limit=200").done();
    assert_eq!(templates.len(), whole["items"].as_array().unwrap().len());
    assert!(templates.len() > 20 && whole.get("next_cursor").is_none());

    let run =
        |_| client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done()["run"].clone();
    let mut runs: Vec<Value> = (0..5).map(run).collect();
    runs.reverse();
    assert_eq!(all(&client, "/runs"), runs, "the last one first");
    assert_eq!(all(&client, "/integrations"), ["confluence"]);
    assert_eq!(all(&client, "/profiles"), ["app"]);
    assert_eq!(all(&client, "/connections").len(), 1);
    assert_eq!(all(&client, "/connections?user=nobody"), [] as [Value; 0]);
    assert_eq!(all(&client, "/connections?integration=confluence").len(), 1);
}

/// What is made here is more than one page of each.
#[test]
fn what_people_made_and_did_comes_in_pages_too() {
    let office = Office::new();
    let client = office.admin();
    for user in ["ann", "bob", "eve", "zoe"] {
        let made =
            client.post("/connect/sessions", json!({"integration": "confluence", "user": user})).done();
        let link = made["connect_link"].as_str().unwrap();
        assert_eq!(office.decide(link, atlassian_sandbox::consent::Decision::Allow).status, 200);
    }
    for template in ["create-content", "list-pages", "view-content"] {
        let path = format!("/integrations/confluence/templates/{template}/installation");
        client.send("PUT", &path, &[], None).done();
    }
    for number in 0..5 {
        let said = json!({"user": "ann", "text": format!("{number}")});
        client.post("/dialogs/createContent/conversations", said).done();
        let hook = json!({"url": format!("https://platform.example/{number}"), "events": ["run.finished"]});
        client.post("/webhooks", hook).done();
    }
    for (path, count) in
        [("/dialogs", 3), ("/conversations", 5), ("/webhooks", 5), ("/connections", 4), ("/audit", 17)]
    {
        let whole = client.get(&format!("{path}?limit=200")).done();
        assert!(whole.get("next_cursor").is_none(), "{path}: {whole}");
        let whole = whole["items"].as_array().unwrap().clone();
        assert!(whole.len() >= count, "{path}: {whole:?}");
        let (mut items, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = client.get(&format!("{path}?limit=2{cursor}")).done();
            items.extend(page["items"].as_array().unwrap().clone());
            pages += 1;
            let Some(next) = page["next_cursor"].as_str() else { break };
            assert_eq!(page["items"].as_array().unwrap().len(), 2, "{path}");
            cursor = format!("&cursor={next}");
        }
        assert_eq!((&items, pages), (&whole, whole.len().div_ceil(2)), "{path}");
    }
}

#[test]
fn a_page_that_cannot_be_is_refused() {
    let office = Office::new();
    let client = office.client(&[Scope::Read]);
    for query in ["limit=0", "limit=201"] {
        client.get(&format!("/runs?{query}")).refused(400, "bad-limit");
    }
    for query in ["limit=x", "limit=-1", "other=1", "limit=1&limit=2"] {
        client.get(&format!("/runs?{query}")).refused(400, "bad-query");
    }
    client.get("/runs?cursor=%21").refused(400, "bad-cursor");
}
