//! What a workspace does with an integration, over HTTP.

use actionbay::service::keys::Scope;
use serde_json::json;

use super::office::Office;

#[test]
fn an_integration_is_enabled_changed_disabled_and_deleted() {
    let office = Office::new();
    let client = office.admin();
    let integration = "/integrations/confluence";
    assert_eq!(client.get(integration).done()["state"], "available");
    client.send("PATCH", integration, &[], Some(json!({"mode": "per-user"}))).refused(404, "not-configured");
    let enabled = client.send("POST", &format!("{integration}/enable"), &[], None).done();
    assert_eq!((&enabled["state"], &enabled["mode"]), (&json!("enabled"), &json!("pre-authorized")));
    let edited =
        client.send("PATCH", integration, &[], Some(json!({"mode": "per-user", "profile": "app"}))).done();
    assert_eq!((&edited["mode"], &edited["profile"]), (&json!("per-user"), &json!("app")));
    let disabled = client.send("POST", &format!("{integration}/disable"), &[], None).done();
    assert_eq!(disabled["state"], "disabled");
    let deleted = client.send("DELETE", integration, &[], None).done();
    assert_eq!(deleted["profiles"], json!(["app"]));
    assert_eq!(client.get(integration).done()["state"], "available");
    client.get("/profiles/app").refused(404, "unknown-profile");
}

#[test]
fn a_template_is_shown_with_its_schema_installed_and_taken_away() {
    let office = Office::connected();
    let client = office.admin();
    let template = "/integrations/confluence/templates/delete-content";
    let shown = client.get(template).done();
    assert_eq!((&shown["effect"], &shown["installed"]), (&json!("delete"), &json!(false)));
    assert_eq!(shown["input_schema"]["type"], "object");
    let installation = format!("{template}/installation");
    let installed = client.send("PUT", &installation, &[], None).done();
    let connection = office.world.connections()[0].id.to_string();
    assert_eq!(installed["lacking_connections"], json!([connection]));
    assert_eq!(client.send("PUT", &installation, &[], None).done(), installed, "again is the same");
    assert_eq!(client.get(template).done()["installed"], true);
    let lacking = client.get(&format!("/connections/{connection}")).done();
    assert_eq!(lacking["status"], "insufficient-scope");
    assert_eq!(lacking["missing"][0]["template"], "delete-content");
    client.send("DELETE", &installation, &[], None).done();
    client.send("DELETE", &installation, &[], None).refused(404, "unknown-template");
    assert_eq!(client.get(&format!("/connections/{connection}")).done()["status"], "active");
}

#[test]
fn a_profile_is_made_changed_tested_and_deleted_and_its_secret_is_in_no_answer() {
    let office = Office::new();
    let client = office.admin();
    let app = &office.world.client;
    let body = json!({
        "id": "mine", "integration": "confluence", "client_id": app.client_id, "client_secret": app.client_secret,
        "scopes": ["read:page:confluence"], "additional_fields": [{"key": "Ask", "value": "IT"}],
    });
    let made = client.post("/profiles", body.clone());
    assert!(!made.text.contains(&app.client_secret), "{made:?}");
    assert_eq!(made.status, 201);
    let made = made.done();
    assert_eq!(made["callback_url"], office.public.callback_url());
    assert!(made["token_url"].as_str().unwrap().starts_with("https://auth.atlassian.com/"), "{made}");
    client.post("/profiles", body).refused(409, "profile-exists");
    client.send("POST", "/profiles/mine/test", &[], None).done();

    let wrong = json!({"client_secret": "wrong-secret-of-mine"});
    let edited = client.send("PATCH", "/profiles/mine", &[], Some(wrong)).done();
    assert_eq!(edited["additional_fields"], made["additional_fields"], "what is not said stays");
    let failed = client.send("POST", "/profiles/mine/test", &[], None);
    assert!(!failed.text.contains("wrong-secret-of-mine"), "{failed:?}");
    failed.refused(502, "client-refused");
    let shown = client.get("/profiles/mine");
    assert!(!shown.text.contains("secret"), "{shown:?}");
    client.send("DELETE", "/profiles/mine", &[], None).done();
    client.get("/profiles/mine").refused(404, "unknown-profile");
}

#[test]
fn a_body_with_a_mistake_in_it_is_refused_and_every_mistake_is_told() {
    let office = Office::new();
    let client = office.admin();
    let unknown = json!({"id": "mine", "integration": "confluence", "client-id": "x"});
    client.post("/profiles", unknown).refused(400, "bad-body");
    let body = json!({"id": "mine", "integration": "confluence", "client_id": "", "token_url": "ftp://x"});
    let problem = client.post("/profiles", body).refused(400, "bad-profile");
    let pointers: Vec<_> =
        problem["violations"].as_array().unwrap().iter().map(|v| v["pointer"].clone()).collect();
    assert!(
        pointers.contains(&json!("/client-id")) && pointers.contains(&json!("/client-secret")),
        "{problem}"
    );
    client
        .send("POST", "/profiles", &[("Content-Type", "text/plain")], Some(json!({})))
        .refused(415, "no-json");
    let huge = json!({"id": "x".repeat(600_000)});
    client.post("/profiles", huge).refused(413, "body-too-large");
}

#[test]
fn a_connection_is_checked_renewed_and_forgotten() {
    let office = Office::connected();
    let client = office.client(&[Scope::Connect, Scope::Read]);
    let id = office.world.connections()[0].id.to_string();
    let path = format!("/connections/{id}");
    let shown = client.get(&path).done();
    assert_eq!((&shown["works"], &shown["refresh_token"]["state"]), (&json!(true), &json!("good")));
    client.send("POST", &format!("{path}/refresh"), &[], None).done();
    assert_eq!(office.world.grants("refresh_token"), 1);
    office.world.control.revoke(None).unwrap();
    let checked = client.send("POST", &format!("{path}/check"), &[], None);
    assert!([200, 403].contains(&checked.status), "{checked:?}");
    assert_eq!(client.get(&path).done()["status"], "needs-reauthorization");
    let gone = client.send("DELETE", &path, &[], None);
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    client.get(&path).refused(404, "unknown-connection");
    assert!(office.world.connections().is_empty());
}
