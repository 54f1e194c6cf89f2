//! What holds for every route, taken from the document that the service gives of itself.

use std::collections::BTreeMap;

use actionbay::service::keys::Scope;
use serde_json::{Value, json};

use super::office::{Client, Office, run_of};

/// A route, as the document has it.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) method: String,
    pub(super) path: String,
    scope: Option<String>,
}

impl Route {
    /// Its path, with these in the place of names.
    pub(super) fn at(&self, ids: &BTreeMap<&str, String>) -> String {
        ids.iter().fold(self.path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
    }

    /// Whether there is something of a workspace in its path.
    fn names_what_is_owned(&self) -> bool {
        let owned = [
            "{profile}",
            "{connection}",
            "{session}",
            "{run}",
            "{dialog}",
            "{conversation}",
            "{file}",
            "{webhook}",
        ];
        owned.iter().any(|name| self.path.contains(name))
    }

    /// Whether a stranger does something to their own workspace with it.
    fn is_of_nobody(&self) -> bool {
        ["/profiles", "/webhooks", "/dialog-import", "/responses/{language}/{response}"]
            .contains(&self.path.as_str())
    }
}

pub(super) fn routes(office: &Office) -> Vec<Route> {
    let document = office.nobody().get("/openapi.json").done();
    assert_eq!(document["openapi"], "3.1.0");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["key"][0].as_str().map(str::to_owned);
            routes.push(Route { method: method.to_uppercase(), path: path.clone(), scope });
        }
    }
    assert!(routes.len() > 25, "{routes:?}");
    routes
}

/// A body that would be taken where one is needed.
pub(super) fn body(route: &Route, ids: &BTreeMap<&str, String>) -> Option<Value> {
    let body = match (route.method.as_str(), route.path.as_str()) {
        ("POST", "/profiles") => {
            json!({"id": "new", "integration": "confluence", "client_id": "x", "client_secret": "secret-of-new"})
        }
        ("POST", "/connect/sessions") => json!({"connection": ids["connection"]}),
        ("POST", path) if path.ends_with("/run") => {
            json!({"input": {"space": "DOCS", "title": "T"}, "connection": ids["connection"]})
        }
        ("POST" | "PATCH", path) if path.starts_with("/integrations") => json!({"profile": ids["profile"]}),
        ("PATCH", _) => json!({"description": "theirs"}),
        ("PUT", "/dialogs/{dialog}") => json!({"title": "theirs", "version": 1, "nodes": []}),
        ("PUT", "/responses/{language}/{response}") => json!({"text": "theirs"}),
        ("POST", "/webhooks") => json!({"url": "https://elsewhere.example/", "events": ["run.finished"]}),
        ("POST", "/dialog-import") => json!({"format": "actionbay-dialogs/1", "dialogs": []}),
        ("POST", "/dialogs/{dialog}/conversations") => json!({}),
        ("POST", "/conversations/{conversation}/messages") => json!({"text": "DOCS"}),
        _ => return None,
    };
    Some(body)
}

fn send(client: &Client, route: &Route, ids: &BTreeMap<&str, String>) -> super::office::Reply {
    client.send(&route.method, &route.at(ids), &[], body(route, ids))
}

/// One of everything that a workspace owns.
pub(super) fn owned(office: &Office) -> BTreeMap<&'static str, String> {
    let client = office.admin();
    let session = client.post("/connect/sessions", json!({"integration": "confluence"})).done();
    let run = client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    client.send("PUT", "/integrations/confluence/templates/create-content/installation", &[], None).done();
    let talk = client.post("/dialogs/createContent/conversations", json!({"user": "ann"})).done();
    let file = client.upload("name=theirs.txt", &[], b"theirs").done();
    let hook = json!({"url": "https://platform.example/hook", "events": ["run.finished"]});
    let webhook = client.post("/webhooks", hook).done();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    BTreeMap::from([
        ("integration", "confluence".to_owned()),
        ("template", "create-content".to_owned()),
        ("profile", "app".to_owned()),
        ("connection", text(&run["connection"])),
        ("run", text(&run["run"])),
        ("session", text(&session["id"])),
        ("file", text(&file["id"])),
        ("webhook", text(&webhook["id"])),
        ("dialog", "createContent".to_owned()),
        ("conversation", text(&talk["id"])),
        ("user", "ann".to_owned()),
        ("language", "en".to_owned()),
        ("response", "ended".to_owned()),
    ])
}

#[test]
fn no_route_answers_without_a_key_or_with_one_of_another_scope() {
    let office = Office::connected();
    let ids = owned(&office);
    let clients: Vec<(Scope, Client)> = Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::Admin)
        .map(|s| (s, office.client(&[s])))
        .collect();
    let routes = routes(&office);
    for route in routes.iter().filter(|route| route.scope.is_some()) {
        send(&office.nobody(), route, &ids).refused(401, "key-missing");
        for (scope, client) in &clients {
            if route.scope.as_deref() != Some(scope.as_str()) {
                send(client, route, &ids).refused(403, "key-lacks-scope");
            }
        }
    }
    let open: Vec<&str> =
        routes.iter().filter(|route| route.scope.is_none()).map(|route| route.path.as_str()).collect();
    assert_eq!(open.len(), 2, "{open:?}");
    assert_eq!(office.created(), 0);
    assert_eq!(office.world.connections().len(), 1);
}

#[test]
fn what_another_workspace_owns_is_not_there_on_any_route() {
    let office = Office::connected();
    let ids = owned(&office);
    let before = office.world.connections();
    let stranger = office.stranger();
    for route in routes(&office).iter().filter(|route| route.scope.is_some()) {
        let reply = send(&stranger, route, &ids);
        let text = reply.text.clone();
        if route.names_what_is_owned() {
            assert_eq!(reply.status, 404, "{route:?}: {reply:?}");
        } else if body(route, &ids).is_some() && !route.is_of_nobody() {
            assert!([403, 404].contains(&reply.status), "{route:?}: {reply:?}");
        } else {
            assert!(reply.status < 500, "{route:?}: {reply:?}");
        }
        // What was asked for may be said again, and nothing else.
        for name in ["connection", "run", "session", "conversation", "file", "webhook"] {
            let is_asked_for = route.path.contains(&format!("{{{name}}}")) || body(route, &ids).is_some();
            assert!(is_asked_for || !text.contains(&ids[name]), "{route:?} tells of {name}: {text}");
        }
    }
    assert_eq!(office.world.connections(), before);
    assert_eq!(office.created(), 0);
    let own = office.admin();
    let shown = own.get("/profiles/app").done();
    assert_eq!(shown["description"], "");
    assert_eq!(own.get("/integrations/confluence").done()["state"], "enabled");
    assert_eq!(own.get("/integrations/confluence/templates/create-content").done()["installed"], true);
    own.get(&format!("/runs/{}", ids["run"])).done();
    own.get(&format!("/webhooks/{}", ids["webhook"])).done();
    assert_eq!(own.get(&format!("/files/{}", ids["file"])).text, "theirs");
    let said = own.get(&format!("/conversations/{}", ids["conversation"])).done();
    assert_eq!(said["conversation"]["said"], 1, "{said}");
    assert_eq!(own.get("/dialogs/createContent").done()["version"], 1);
    assert_ne!(own.get("/responses/en/ended").done()["text"], "theirs");
    assert_eq!(own.get(&format!("/connect/sessions/{}", ids["session"])).done()["state"], "waiting");
}

#[test]
fn every_route_is_documented_for_people_on_a_page_that_needs_nothing_else() {
    let office = Office::new();
    let page = office.nobody().get("/docs");
    assert_eq!(page.status, 200);
    for route in routes(&office) {
        assert!(page.text.contains(&format!("<code>{}</code>", route.path)), "{route:?}");
    }
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    for outside in ["<script", "<link", "<img", "@import", "src="] {
        assert!(!page.text.contains(outside), "{outside}");
    }
}
