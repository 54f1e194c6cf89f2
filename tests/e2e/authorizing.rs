//! From the consent page to a connection, against the sandbox.

use std::collections::BTreeMap;

use actionbay::authorization::{Authorize, ConnectionStatus};
use actionbay::{FailureKind, Run};
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use crate::support::{REDIRECT_URI, Setup, World, integration, profile, workspace};

fn with_sites(sites: usize) -> World {
    let sandbox = SandboxConfig { sites, redirect_uri: REDIRECT_URI.to_owned(), ..SandboxConfig::default() };
    World::new(Setup { sandbox, ..Setup::default() })
}

/// AUTH-1, AUTH-2
#[test]
fn the_person_is_sent_to_atlassian_with_every_documented_parameter_encoded_once() {
    let world = World::new(Setup::default());
    let url = world.begin(None);
    assert_eq!(url.origin().ascii_serialization(), "https://auth.atlassian.com");
    assert_eq!(url.path(), "/authorize");
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let names: Vec<&str> = query.keys().map(String::as_str).collect();
    assert_eq!(names, ["audience", "client_id", "prompt", "redirect_uri", "response_type", "scope", "state"]);
    assert_eq!(url.query_pairs().count(), names.len());
    assert_eq!(query["audience"], "api.atlassian.com");
    assert_eq!(query["client_id"], world.client.client_id);
    assert_eq!(query["prompt"], "consent");
    assert_eq!(query["redirect_uri"], REDIRECT_URI);
    assert_eq!(query["response_type"], "code");
    assert!(query["state"].len() >= 43);
    let scopes: Vec<&str> = query["scope"].split(' ').collect();
    assert!(scopes.contains(&"offline_access") && scopes.contains(&"write:page:confluence"), "{scopes:?}");
    let raw = url.query().unwrap();
    assert!(raw.contains("%20") && !raw.contains('+'), "{raw}");
    assert!(raw.contains("redirect_uri=http%3A%2F%2Flocalhost%3A8976%2Fcallback"), "{raw}");
}

/// AUTH-2
#[test]
fn a_profile_says_which_scopes_are_asked_for_and_offline_access_is_added() {
    let world = World::new(Setup::default());
    world.put_profile(&["read:page:confluence"], &world.client.client_secret);
    let url = world.begin(None);
    let scope = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert_eq!(scope, "read:page:confluence offline_access");
}

/// AUTH-3
#[test]
fn a_callback_with_a_missing_wrong_or_used_state_is_refused_before_any_token_request() {
    let world = World::new(Setup::default());
    let url = world.begin(None);
    let query = world.consent(&url, Decision::Allow);
    for (callback, code) in [
        ("code=abc".to_owned(), "state-missing"),
        ("code=abc&state=".to_owned(), "state-missing"),
        ("code=abc&state=guessed".to_owned(), "state-unknown"),
        (format!("{query}&state=other"), "callback-ambiguous"),
    ] {
        let failure = world.host.handle_callback(&callback, None).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::AuthorizationRequired, code));
    }
    assert!(world.wire.seen().is_empty(), "nothing was sent");
    world.host.handle_callback(&query, None).unwrap();
    world.wire.forget();
    assert_eq!(world.host.handle_callback(&query, None).unwrap_err().code, "state-unknown");
    assert!(world.wire.seen().is_empty(), "a state is good once");
}

/// AUTH-3
#[test]
fn a_state_expires() {
    let world = World::new(Setup::default());
    let query = world.consent(&world.begin(None), Decision::Allow);
    world.clock.advance(30 * 60);
    assert_eq!(world.host.handle_callback(&query, None).unwrap_err().code, "state-expired");
    assert!(world.wire.seen().is_empty());
    assert_eq!(world.host.handle_callback(&query, None).unwrap_err().code, "state-unknown");
}

/// AUTH-4
#[test]
fn a_person_who_declines_is_a_failure_of_its_own_and_no_token_is_asked_for() {
    let world = World::new(Setup::default());
    let query = world.consent(&world.begin(None), Decision::Deny);
    let failure = world.host.handle_callback(&query, None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::AccessDenied);
    assert!(failure.message.contains("User did not authorize the request"), "{failure}");
    assert!(world.wire.seen().is_empty());
    assert!(world.connections().is_empty());
}

/// AUTH-5
#[test]
fn the_code_is_exchanged_as_json_with_the_five_documented_fields() {
    let world = World::new(Setup::default());
    world.authorize().unwrap();
    let seen = world.wire.seen();
    let exchange = &seen[0];
    assert_eq!(
        (exchange.method.as_str(), exchange.url.as_str()),
        ("POST", "https://auth.atlassian.com/oauth/token")
    );
    assert_eq!(exchange.content_type.as_deref(), Some("application/json"));
    assert_eq!(exchange.authorization, None);
    let body: BTreeMap<String, Value> = serde_json::from_slice(&exchange.body).unwrap();
    let names: Vec<&str> = body.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "client_secret", "code", "grant_type", "redirect_uri"]);
    assert_eq!(body["grant_type"], "authorization_code");
    assert_eq!(body["redirect_uri"], REDIRECT_URI);
    assert_eq!(body["client_secret"], world.client.client_secret.as_str());
    assert_eq!(world.grants("authorization_code"), 1);
}

/// AUTH-6
#[test]
fn an_answer_without_refresh_token_or_token_type_is_accepted_and_marked_as_not_refreshable() {
    let world = World::new(Setup::default());
    world.control.settings(&SettingsChange { token_type: Some(false), ..SettingsChange::default() }).unwrap();
    let url = world.begin(None);
    // The person's app asks for no offline access: the parameter is taken out on its way.
    let without = url.as_str().replace("%20offline_access", "");
    let query = world.consent(&url::Url::parse(&without).unwrap(), Decision::Allow);
    let connection = world.host.handle_callback(&query, None).unwrap();
    assert_eq!(connection.status, ConnectionStatus::NotRefreshable);
    assert!(connection.reason.as_ref().unwrap().contains("ends at"), "{connection:?}");
    assert!(!connection.refreshable);
    assert!(!connection.scopes.contains(&"offline_access".to_owned()));
    world.clock.advance(3_599);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    world.clock.advance(1);
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_ref()),
        (FailureKind::AuthorizationRequired, "not-refreshable")
    );
    assert_eq!(world.connections()[0].status, ConnectionStatus::NeedsReauthorization);
}

/// AUTH-11
#[test]
fn a_wrong_client_secret_is_said_to_be_that_and_leaves_nothing_behind() {
    let world = World::new(Setup::default());
    world.put_profile(&[], "not-the-secret-of-this-app");
    let failure = world.authorize().unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadClientCredentials);
    assert!(failure.hint.unwrap().contains("authorizing again does not help"));
    assert!(world.connections().is_empty());
}

/// AUTH-13
#[test]
fn a_scope_mismatch_names_the_scope_and_the_template_and_nothing_is_refreshed() {
    let world = World::authorized();
    world.fault(
        "POST",
        "/wiki/api/v2/pages",
        1,
        json!({"status": 401, "headers": {"X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK"},
               "body": {"code": 401, "message": "Unauthorized; scope does not match"}}),
    );
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    let FailureKind::InsufficientScope(scopes) = &failure.kind else { panic!("{failure:?}") };
    assert!(scopes.contains(&"write:page:confluence".to_owned()));
    assert!(failure.message.contains("create-content"), "{failure}");
    assert_eq!(failure.upstream_status, Some(401));
    assert_eq!(world.grants("refresh_token"), 0);
    assert_eq!(world.received("/api/v2/pages").len(), 1, "and not tried again");
}

/// AUTH-13
#[test]
fn the_classic_scopes_of_old_guides_are_accepted_and_what_they_cannot_do_is_said_before_anything_is_sent() {
    let world = World::new(Setup::default());
    world.put_profile(&["write:confluence-content"], &world.client.client_secret);
    world.authorize().unwrap();
    world.wire.forget();
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    let FailureKind::InsufficientScope(scopes) = &failure.kind else { panic!("{failure:?}") };
    assert_eq!(*scopes, ["write:page:confluence", "read:space:confluence"]);
    assert!(failure.message.contains("create-content") && failure.message.contains("write:page:confluence"));
    assert!(world.wire.seen().is_empty());
}

/// AUTH-16
#[test]
fn of_several_sites_none_is_taken_unasked_and_the_error_lists_them() {
    let world = with_sites(3);
    let failure = world.authorize().unwrap_err();
    assert_eq!(failure.code, "site-required");
    for n in 2..=3 {
        assert!(failure.message.contains(&format!("/site/{n}")), "{failure}");
    }
    let waiting = world.connections()[0].clone();
    assert_eq!(waiting.status, ConnectionStatus::AwaitingSite);
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::AuthorizationRequired, "awaiting-site"));

    let unknown = world.host.finish(&workspace(), &waiting.id, Some("elsewhere")).unwrap_err();
    assert_eq!(unknown.code, "site-unknown");
    let site = format!("{}/site/2", world.sandbox.url());
    let connection = world.host.finish(&workspace(), &waiting.id, Some(&site)).unwrap();
    assert_eq!((connection.id, connection.site.unwrap().url), (waiting.id.clone(), site));
    assert_eq!(world.grants("authorization_code"), 1, "without a new consent");
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert_eq!(world.host.finish(&workspace(), &waiting.id, None).unwrap_err().code, "nothing-to-finish");
}

#[test]
fn an_authorization_that_was_interrupted_after_the_exchange_is_finished_without_a_new_consent() {
    let world = World::new(Setup::default());
    world.fault("GET", "/oauth/token/accessible-resources", 1, json!({"status": 503, "body": "later"}));
    assert_eq!(world.authorize().unwrap_err().kind, FailureKind::Upstream);
    let waiting = world.connections()[0].clone();
    assert_eq!(waiting.status, ConnectionStatus::AwaitingSite);
    world.host.finish(&workspace(), &waiting.id, None).unwrap();
    assert_eq!(world.grants("authorization_code"), 1);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}

#[test]
fn what_waits_for_its_site_is_forgotten_with_its_authorization() {
    let world = with_sites(2);
    world.authorize().unwrap_err();
    world.clock.advance(31 * 60);
    world.begin(None);
    assert!(world.connections().is_empty());
}

#[test]
fn a_connection_of_one_person_cannot_be_named_by_another() {
    let world = World::new(Setup::default());
    let run = |user: Option<&str>, connection| {
        let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
        world.host.run(&run.user(user.map(str::to_owned)).connection(connection))
    };
    let wish = Authorize::new(workspace(), integration(), profile()).user(Some("bob".to_owned()));
    let begun = world.host.begin(&wish);
    let query = world.consent(&begun.unwrap().authorization_url, Decision::Allow);
    let bobs = world.host.handle_callback(&query, None).unwrap().id;
    run(Some("bob"), Some(bobs.clone())).unwrap();
    assert_eq!(run(Some("alice"), Some(bobs.clone())).unwrap_err().code, "unknown-connection");
    assert_eq!(run(Some("alice"), None).unwrap_err().code, "not-authorized");
    for connection in [Some(bobs), None] {
        assert_eq!(run(None, connection).unwrap_err().code, "user-required");
    }
}

/// AUTH-17
#[test]
fn the_jira_entry_of_the_same_site_is_not_a_second_site() {
    let world = World::new(Setup::default());
    world.control.settings(&SettingsChange { jira_entry: Some(true), ..SettingsChange::default() }).unwrap();
    // It comes first, so whoever takes the first entry or counts both fails here.
    let connection = world.authorize().unwrap();
    assert_eq!(connection.status, ConnectionStatus::Active);
    assert!(connection.site.is_some());
}

/// AUTH-18
#[test]
fn an_account_without_a_confluence_site_is_told_so() {
    let world = World::new(Setup::default());
    world.fault("GET", "/oauth/token/accessible-resources", 1, json!({"status": 200, "body": []}));
    let failure = world.authorize().unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("Confluence"), "{failure}");
    assert!(world.connections().is_empty());
}

/// AUTH-19
#[test]
fn every_call_goes_to_the_gateway_with_a_bearer_token_and_without_a_double_slash() {
    let world = World::authorized();
    world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap();
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let seen = world.wire.seen();
    assert!(seen.len() >= 4);
    let site = world.connections()[0].site.clone().unwrap().id;
    for request in seen {
        assert_eq!(request.url.origin().ascii_serialization(), "https://api.atlassian.com");
        assert!(
            request.url.path().starts_with(&format!("/ex/confluence/{site}/wiki/api/v2/")),
            "{}",
            request.url
        );
        assert!(!request.url.path().contains("//"));
        assert!(request.authorization.unwrap().starts_with("Bearer "));
    }
}

/// AUTH-20
#[test]
fn a_failure_never_holds_a_secret_even_if_the_vendor_repeats_it() {
    let world = World::new(Setup::default());
    let secret = world.client.client_secret.clone();
    world.fault(
        "POST",
        "/oauth/token",
        1,
        json!({"status": 400, "body": {"error": "invalid_request", "error_description": format!("no {secret}")}}),
    );
    let failure = world.authorize().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Upstream);
    assert!(!format!("{failure:?}").contains(&secret), "{failure:?}");
    assert!(!serde_json::to_string(&failure).unwrap().contains(&secret));
}

#[test]
fn authorizing_again_renews_the_connection_of_the_same_account_and_site_which_keeps_its_id() {
    let world = World::authorized();
    let first = world.connections()[0].id.clone();
    world.clock.advance(1);
    let again = world.authorize().unwrap();
    assert_eq!(again.id, first);
    assert_eq!(world.connections(), [again]);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let sent = world.wire.seen().last().unwrap().authorization.clone().unwrap();
    let issued: Value = serde_json::from_slice(world.wire.answered("/oauth/token").last().unwrap()).unwrap();
    assert_eq!(sent, format!("Bearer {}", issued["access_token"].as_str().unwrap()), "with the new token");
}
