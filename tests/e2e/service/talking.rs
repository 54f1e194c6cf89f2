//! Templates that are run by talking, over HTTP.

use std::time::{Duration, Instant};

use actionbay::authorization::AuthorizationMode;
use actionbay::service::keys::Scope;
use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};

use super::office::{Client, Office, run_of};
use crate::support::{integration, workspace};

pub(super) const ALL: &str = "type: page, space: DOCS, title: Mine, body: Words";

/// A connected office with the dialog, and its platform.
fn talking() -> (Office, Client) {
    let office = Office::connected();
    let client = office.admin();
    install(&client);
    (office, client)
}

/// An office in which each user connects an account of their own, with the dialog.
fn talking_per_user() -> (Office, Client) {
    let office = Office::new();
    let mode = Some(AuthorizationMode::PerUser);
    office.world.host.enable(&workspace(), &integration(), mode, None).unwrap();
    let client = office.admin();
    install(&client);
    (office, client)
}

pub(super) fn install(client: &Client) {
    let path = "/integrations/confluence/templates/create-content/installation";
    client.send("PUT", path, &[], None).done();
}

pub(super) fn start(client: &Client, body: Value) -> Value {
    client.post("/dialogs/createContent/conversations", body).done()
}

fn last(turn: &Value) -> &str {
    turn["replies"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap()
}

fn at(turn: &Value) -> String {
    format!("/conversations/{}", turn["id"].as_str().unwrap())
}

#[test]
fn a_page_is_created_by_a_conversation_and_the_run_has_its_record() {
    let (office, admin) = talking();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let started = client.post("/dialogs/createContent/conversations", json!({"text": "space: DOCS"}));
    assert_eq!(started.status, 201, "{started:?}");
    let turn = started.done();
    assert_eq!(turn["status"], "awaiting-answer");
    assert_eq!(turn["replies"][0]["choices"], json!(["page", "blogpost"]));
    assert_eq!(turn["replies"][0]["asks_for"], "list");
    let at = at(&turn);
    let say = |text: &str| client.post(&format!("{at}/messages"), json!({"text": text})).done();
    assert_eq!(last(&say("page")), "What is the title?");
    say("By HTTP");
    assert_eq!(office.created(), 0);
    let turn = say("# Hello");
    assert_eq!((&turn["status"], last(&turn)), (&json!("done"), "By HTTP has been created."));
    assert_eq!(office.created(), 1);
    let input = json!({"input": {"space": "DOCS", "title": "By HTTP"}});
    let page = client.post(&run_of("view-content"), input).done();
    assert_eq!(page["output"]["body"]["value"], "# Hello\n");
    assert_eq!(turn["replies"][0]["button"]["url"], page["output"]["url"]);

    let told = client.get(&format!("{at}?since=2")).done();
    assert_eq!(told["conversation"]["said"], 8);
    let lines = told["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 6, "{told}");
    assert_eq!((&lines[0]["by_user"], &lines[0]["said"]["text"]), (&json!(true), &json!("page")));
    let runs = client.get("/runs").done()["items"].clone();
    let run = runs.as_array().unwrap().iter().find(|run| run["template"] == "create-content").unwrap();
    assert_eq!((&run["state"], &run["conversation"]), (&json!("succeeded"), &turn["id"]));
    assert!(run.get("key").is_none(), "{run}");
    let audit = admin.get("/audit").done().to_string();
    assert!(audit.contains(&format!("conversation:{}", turn["id"].as_str().unwrap())), "{audit}");
    assert!(!audit.contains("Hello"), "{audit}");
}

#[test]
fn a_conversation_begun_twice_under_one_name_is_one() {
    let (office, client) = talking();
    let begin = || client.post_once("/dialogs/createContent/conversations", "k", json!({"text": ALL})).done();
    let first = begin();
    assert_eq!(begin(), first);
    assert_eq!(office.created(), 1);
    assert_eq!(client.get("/conversations").done()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn whoever_waits_is_told_when_the_person_connected_and_the_page_is_there() {
    let (office, admin) = talking_per_user();
    let client = office.client(&[Scope::Run, Scope::Read]);
    let turn = start(&client, json!({"user": "ann", "text": ALL}));
    assert_eq!(turn["status"], "awaiting-authorization");
    let session = admin.post("/connect/sessions", json!({"integration": "confluence", "user": "bob"})).done();
    let until = session["expires_at"].as_str().unwrap();
    assert!(last(&turn).ends_with(&format!(" The link is good until {until}.")), "{turn}");
    let link = turn["replies"][0]["button"]["url"].as_str().unwrap().to_owned();
    let path = format!("{}?wait=55&since={}", at(&turn), turn["said"]);
    for scopes in [&[Scope::Run, Scope::Read][..], &[Scope::Read]] {
        let client = office.client(scopes);
        let told = client.get(&path.replace("wait=55", "wait=0")).done();
        assert_eq!(told["lines"], json!([]), "{told}");
    }
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || client.get(&path).done()
    });
    let began = Instant::now();
    assert_eq!(office.decide(&link, Decision::Allow).status, 200);
    let told = waiting.join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(30), "it waited on");
    let said: Vec<_> = told["lines"].as_array().unwrap().iter().map(|line| &line["said"]["text"]).collect();
    assert!(said.contains(&&json!("Thank you, your Confluence account is connected.")), "{said:?}");
    let done = crate::service::running::until(|| {
        let told = admin.get(&at(&turn)).done();
        (told["conversation"]["status"] == "done").then_some(told)
    });
    assert_eq!(done["lines"].as_array().unwrap().last().unwrap()["said"]["text"], "Mine has been created.");
    assert_eq!(office.created(), 1);
    admin.get(&format!("{}?wait=56", at(&turn))).refused(400, "bad-wait");
}

#[test]
fn one_end_users_conversations_and_runs_are_erased_and_nobody_elses() {
    let (office, client) = talking_per_user();
    for user in ["ann", "bob"] {
        let turn = start(&client, json!({"user": user, "text": ALL.replace("Mine", user)}));
        let link = turn["replies"][0]["button"]["url"].as_str().unwrap();
        assert_eq!(office.decide(link, Decision::Allow).status, 200);
    }
    let users = |path: &str| -> Vec<String> {
        let items = client.get(path).done()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["user"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(users("/conversations").len(), 2);
    let runs = users("/runs");
    let erased = client.send("DELETE", "/users/ann/data", &[], None).done();
    let of_ann = runs.iter().filter(|user| *user == "ann").count();
    assert!(of_ann > 0, "{runs:?}");
    assert_eq!(erased, json!({"connections": 1, "conversations": 1, "runs": of_ann, "files": 0}));
    assert_eq!(users("/conversations"), ["bob"]);
    assert!(users("/runs").iter().all(|user| user == "bob"));
    assert_eq!(users("/connections"), ["bob"]);
}

#[test]
fn conversations_that_are_kept_no_longer_are_forgotten() {
    let (office, client) = talking();
    let turn = start(&client, json!({}));
    office.world.clock.advance(29 * 24 * 60 * 60);
    office.service.tidy();
    client.get(&at(&turn)).done();
    office.world.clock.advance(2 * 24 * 60 * 60);
    office.service.tidy();
    client.get(&at(&turn)).refused(404, "unknown-conversation");
}

#[test]
fn a_dialog_is_changed_by_version_and_made_anew_when_that_is_said() {
    let (_office, client) = talking();
    let listed = client.get("/dialogs").done();
    assert_eq!(listed["items"][0]["name"], "createContent");
    assert!(listed["items"][0].get("nodes").is_none(), "{listed}");
    let shown = client.get("/dialogs/createContent").done();
    let mut nodes = shown["nodes"].clone();
    let title = nodes.as_array_mut().unwrap().iter_mut().find(|node| node["prompt"] == "What is the title?");
    title.unwrap()["prompt"] = json!("How shall it be called?");
    let wanted = json!({"title": "Write", "version": 1, "nodes": nodes});
    let put = |body: &Value| client.send("PUT", "/dialogs/createContent", &[], Some(body.clone()));
    let changed = put(&wanted).done();
    assert_eq!((&changed["version"], &changed["edited"]), (&json!(2), &json!(true)));
    put(&wanted).refused(409, "dialog-changed");
    let turn = start(&client, json!({"text": "type: page, space: DOCS"}));
    assert_eq!(last(&turn), "How shall it be called?");
    let broken =
        json!({"title": "Write", "version": 2, "nodes": [{"node": "message", "name": "1", "text": "{{"}]});
    assert_eq!(put(&broken).status, 400);
    client.post("/dialogs/createContent/update", json!({})).refused(409, "dialog-edited");
    let anew = client.post("/dialogs/createContent/update", json!({"overwrite": true})).done();
    assert_eq!(anew["nodes"], shown["nodes"]);
    assert_eq!((&anew["version"], &anew["edited"]), (&json!(3), &json!(false)));
    client.get("/dialogs/none").refused(404, "unknown-dialog");
}

/// Row 46: a service takes 20 seconds where nothing is said, and 1 to 60 where something is. Row 31: an entity names the node
/// to go on with.
#[test]
fn the_time_of_a_service_and_the_way_on_are_set_within_their_bounds() {
    let (_office, client) = talking();
    let shown = client.get("/dialogs/createContent").done();
    let is_service = |node: &&Value| node["node"] == "service";
    let services: Vec<&Value> = shown["nodes"].as_array().unwrap().iter().filter(is_service).collect();
    assert!(services.len() == 2 && services.iter().all(|node| node["timeout_seconds"] == 20), "{shown}");
    let put = |version: u64, pointer: &str, value: Value| {
        let mut nodes = shown["nodes"].clone();
        let (node, field) = pointer.rsplit_once('/').unwrap();
        let node = nodes.pointer_mut(node).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            node.remove(field);
        } else {
            node.insert(field.to_owned(), value);
        }
        let body = json!({"title": "Write", "version": version, "nodes": nodes});
        client.send("PUT", "/dialogs/createContent", &[], Some(body))
    };
    let seconds = "/6/timeout_seconds";
    for wrong in [0, 61, 255] {
        put(1, seconds, json!(wrong)).refused(400, "invalid-dialog");
    }
    for wrong in [json!(256), json!(-1), json!(1.5), json!("20")] {
        assert_eq!(put(1, seconds, wrong.clone()).status, 400, "{wrong}");
    }
    assert_eq!(put(1, seconds, json!(1)).done()["nodes"][6]["timeout_seconds"], 1);
    assert_eq!(put(2, seconds, json!(60)).done()["nodes"][6]["timeout_seconds"], 60);
    assert_eq!(put(3, seconds, Value::Null).done()["nodes"][6]["timeout_seconds"], 20);
    let way = "/3/on_failure";
    put(4, way, json!("contentType")).refused(400, "invalid-dialog");
    assert_eq!(
        put(4, way, json!("createContentMessage")).done()["nodes"][3]["on_failure"],
        "createContentMessage"
    );
    assert!(put(5, way, Value::Null).done()["nodes"][3].get("on_failure").is_none());
}

#[test]
fn one_dialog_is_deleted_and_another_workspaces_is_not_there() {
    let (office, client) = talking();
    let delete = |client: &Client| client.send("DELETE", "/dialogs/createContent", &[], None);
    delete(&office.client(&[Scope::Read, Scope::Run])).refused(403, "key-lacks-scope");
    delete(&office.stranger()).refused(404, "unknown-dialog");
    assert_eq!(delete(&client).status, 204);
    delete(&client).refused(404, "unknown-dialog");
    assert_eq!(client.get("/dialogs").done()["items"], json!([]));
    let audit = client.get("/audit").done().to_string();
    assert!(audit.contains("delete_dialog"), "{audit}");
    install(&client);
    client.get("/dialogs/createContent").done();
}

#[test]
fn dialogs_are_taken_to_another_workspace_with_profiles_to_make_and_no_secret() {
    let (office, client) = talking();
    let export = client.get("/dialog-export").done();
    let stranger = office.stranger();
    let imported = stranger.post("/dialog-import?how=full", export.clone()).done();
    assert_eq!(imported["added"], json!(["createContent"]));
    assert_eq!(imported["profiles_to_make"], json!(["app"]));
    assert_eq!(stranger.get("/dialogs").done()["items"].as_array().unwrap().len(), 1);
    let again = stranger.post("/dialog-import", export).done();
    assert_eq!(again["replaced"], json!(["createContent"]));
    stranger.post("/dialog-import", json!({"format": "other"})).refused(400, "bad-export");
}

#[test]
fn a_workspace_says_what_it_wants_to_say() {
    let (_office, client) = talking();
    let set = |text: &str| client.send("PUT", "/responses/en/ended", &[], Some(json!({ "text": text })));
    let before = client.get("/responses/en/ended").done();
    assert_eq!(set("That was it.").done()["text"], "That was it.");
    let turn = start(&client, json!({"text": ALL}));
    let said = client.post(&format!("{}/messages", at(&turn)), json!({"text": "and?"})).done();
    assert_eq!(last(&said), "That was it.");
    assert_eq!(client.send("DELETE", "/responses/en/ended", &[], None).done(), before);
    set("{{").refused(400, "bad-text");
    client.get("/responses/en/none").refused(404, "unknown-response");
    assert!(client.get("/responses/de").done().as_array().unwrap().len() > 10);
}
