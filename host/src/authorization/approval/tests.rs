use super::*;

/// A manifest with one of everything that decides about what a component can do.
fn everything() -> Value {
    let lookup = |query: Value, path: &str| {
        json!({"audience": "api", "path": path, "query": query,
               "names": [{"pointer": "/id", "what": "container-id"}, {"pointer": "/key", "what": "container-key"}]})
    };
    let schema = |field: &str, more: Value| {
        let mut properties = json!({"name": {"type": "string"}});
        properties[field] = more;
        json!({"type": "object", "properties": properties}).to_string()
    };
    json!({
        "id": "wiki", "title": "Wiki", "version": "1.0.0", "summary": "Pages.",
        "authorization": [
            {
                "kind": "oauth2", "issuer": "https://auth.example.com",
                "authorization-url": "https://auth.example.com/authorize",
                "authorization-parameters": [["audience", "wiki"]],
                "token-url": "https://auth.example.com/token",
                "refresh-url": "https://auth.example.com/refresh",
                "token-request-encoding": "json", "client-authentication": "request-body", "pkce": "s256",
                "default-scopes": ["read"], "offline-scope": "offline", "account-scopes": [],
                "token-errors": [], "scope-mismatches": [], "refresh-token-leeway": 0,
                "refresh-token-idle-lifetime": null
            },
            {
                "kind": "basic", "id": "key", "title": "Key", "username-label": "Mail", "secret-label": "Key",
                "site-url": "https://{tenant}.example.com",
                "audiences": [{"name": "api", "origin": "https://{tenant}.example.com", "path-prefix": "/wiki"}]
            }
        ],
        "probes": [{"audience": "api", "path": "/me", "query": [], "scopes": ["read"],
                    "account-id": "/id", "account-name": null}],
        "excluded-editions": [],
        "audiences": [
            {"name": "api", "origin": "https://api.example.com", "path-prefix": "/v1", "authorization-only": false},
            {"name": "accounts", "origin": "https://id.example.com", "path-prefix": "", "authorization-only": true}
        ],
        "container": {
            "name": "space", "by-id": lookup(json!([]), "/spaces/{id}"),
            "by-key": lookup(json!([["key", "{id}"]]), "/spaces"), "items": []
        },
        "templates": [{
            "id": "view", "title": "View", "summary": "Shows one.", "effect": "read", "repeatable": false,
            "scopes": ["read"],
            "input-schema": schema("space", json!({"type": "string", "x-container": "key"})),
            "output-schema": schema("more", json!({"type": "string"})),
            "prompts": [], "utterances": [],
            "requests": [
                {"audience": "api", "method": "GET", "path": "/pages/{page}",
                 "subjects": [{"place": {"answer": "/spaceId"}, "what": "container-id"}], "keeps": ["/next"]},
                {"audience": "api", "method": "GET", "path": "/me"}
            ]
        }]
    })
}

fn manifest(json: Value) -> Manifest {
    serde_json::from_value(json).unwrap()
}

fn approved(json: Value) -> Approval {
    let manifest = manifest(json);
    Approval {
        integration: manifest.id.clone(),
        digest: "first".to_owned(),
        declarations: declarations(&manifest),
        since: 0,
    }
}

/// How the same component with another value in one place differs from the approved one.
fn after(place: &str, value: Value) -> Difference {
    let mut changed = everything();
    let (parent, last) = place.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
        Value::Object(object) => drop(object.insert(last.to_owned(), value)),
        other => panic!("{place} is in {other}"),
    }
    Difference::between(Some(&approved(everything())), &manifest(changed), "second")
}

#[test]
fn whatever_a_component_declares_more_is_said_and_needs_approval() {
    let (oauth2, basic, template) = ("/authorization/0", "/authorization/1", "/templates/0");
    let file = r#"{"type":"object","properties":{"plan":{"type":"string","format":"file"}}}"#;
    let by_id = r#"{"type":"object","properties":{"space":{"type":"string","x-container":"id"}}}"#;
    let container = r#"{"type":"object","properties":{"home":{"type":"string","x-container":"key"}}}"#;
    let mut other = everything()["templates"][0].clone();
    other["id"] = json!("remove");
    let audience = |name: &str| json!({"name": name, "origin": "https://else.example", "path-prefix": "", "authorization-only": false});
    for (place, value, line, words) in [
        (
            "/audiences/0/origin".to_owned(),
            json!("https://else.example"),
            "audience ",
            "https://else.example",
        ),
        ("/audiences/0/path-prefix".to_owned(), json!("/v2"), "audience ", "/v2"),
        ("/audiences/1/authorization-only".to_owned(), json!(false), "audience ", "false"),
        ("/audiences/-".to_owned(), audience("third"), "audience ", "third"),
        (
            "/audiences/0/cost".to_owned(),
            json!({"request": 1, "object": 1, "budget": 9, "window": 60}),
            "audience ",
            "budget",
        ),
        ("/excluded-editions".to_owned(), json!(["trial"]), "excluded-editions ", "trial"),
        (format!("{oauth2}/issuer"), json!(null), "authorization ", "null"),
        (
            format!("{oauth2}/authorization-url"),
            json!("https://else.example/a"),
            "authorization ",
            "else.example",
        ),
        (format!("{oauth2}/token-url"), json!("https://else.example/t"), "authorization ", "else.example"),
        (format!("{oauth2}/refresh-url"), json!("https://else.example/r"), "authorization ", "else.example"),
        (
            format!("{oauth2}/authorization-parameters"),
            json!([["prompt", "none"]]),
            "authorization ",
            "prompt",
        ),
        (format!("{oauth2}/pkce"), json!("unsupported"), "authorization ", "unsupported"),
        (format!("{oauth2}/client-authentication"), json!("basic"), "authorization ", "basic"),
        (format!("{oauth2}/default-scopes/-"), json!("admin"), "authorization ", "admin"),
        (format!("{basic}/site-url"), json!("https://else.example"), "authorization ", "else.example"),
        (
            format!("{basic}/audiences/0/origin"),
            json!("https://else.example"),
            "authorization ",
            "else.example",
        ),
        (format!("{basic}/audiences/0/path-prefix"), json!("/admin"), "authorization ", "/admin"),
        ("/probes/0/path".to_owned(), json!("/all"), "probe ", "/all"),
        ("/container/name".to_owned(), json!("folder"), "container ", "folder"),
        ("/container/by-id/path".to_owned(), json!("/folders/{id}"), "container ", "/folders/{id}"),
        ("/templates/-".to_owned(), other, "template ", "remove"),
        (format!("{template}/effect"), json!("delete"), "template ", "delete"),
        (format!("{template}/repeatable"), json!(true), "template ", "true"),
        (format!("{template}/scopes/-"), json!("admin"), "scope ", "admin"),
        (format!("{template}/requests/0/audience"), json!("accounts"), "request ", "accounts"),
        (format!("{template}/requests/0/method"), json!("DELETE"), "request ", "DELETE"),
        (format!("{template}/requests/0/path"), json!("/people/{any}"), "request ", "/people/{any}"),
        (format!("{template}/requests/0/subjects"), json!(null), "request ", "/pages/{page}"),
        (format!("{template}/requests/0/keeps/-"), json!("/total"), "request ", "/total"),
        (
            format!("{template}/requests/-"),
            json!({"audience": "api", "method": "PUT", "path": "/x"}),
            "request ",
            "PUT",
        ),
        (format!("{template}/input-schema"), json!(container), "container-field ", "home"),
        (format!("{template}/input-schema"), json!(by_id), "container-field ", r#""id""#),
        (format!("{template}/input-schema"), json!(file), "opens-file ", "plan"),
        (format!("{template}/output-schema"), json!(file), "makes-file ", "plan"),
    ] {
        let difference = after(&place, value);
        let said = difference.more.iter().any(|more| more.starts_with(line) && more.contains(words));
        assert!(said, "{place}: {:?}", difference.more);
        assert!(difference.needs_approval(), "{place}");
        let refused = not_approved(difference);
        assert!(refused.message.contains(words), "{place}: {refused}");
    }
    // The first rule that fits counts: another order of the same ones is more.
    let mut rules = everything()["templates"][0]["requests"].as_array().unwrap().clone();
    rules.reverse();
    assert!(after("/templates/0/requests", json!(rules)).needs_approval());
}

#[test]
fn what_is_only_said_otherwise_or_declared_no_more_needs_approval_unless_it_came_with_the_program() {
    for (place, value, less) in [
        ("/title", json!("Other"), 0),
        ("/summary", json!("Other."), 0),
        ("/templates/0/title", json!("Other"), 0),
        ("/probes", json!([]), 1),
        ("/templates/0/scopes", json!([]), 1),
    ] {
        let difference = after(place, value);
        assert_eq!((difference.more.len(), difference.less.len()), (0, less), "{place}");
        assert!(difference.needs_approval(), "{place}: its code is another");
        assert!(not_approved(difference.clone()).message.ends_with("declares nothing more."));
        assert!(!Difference { built_in: true, ..difference }.needs_approval(), "{place}");
    }
    let more = after("/templates/0/scopes/-", json!("admin"));
    assert!(Difference { built_in: true, ..more }.needs_approval());
    let first = Difference::between(None, &manifest(everything()), "first");
    assert!(!first.needs_approval(), "nothing was approved before it");
    let same = Difference::between(Some(&approved(everything())), &manifest(everything()), "first");
    assert!(!same.needs_approval(), "it is the approved one: {same:?}");
}
