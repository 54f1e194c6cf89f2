use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::control::SettingsChange;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{CLASSIC, GRANULAR, Tokens, World, answer, authorize_url, parameters, query};

const LEEWAY: u64 = 600;
const NINETY_DAYS: u64 = 90 * 24 * 3600;

#[test]
fn a_code_gives_tokens_with_scope_and_lifetime() {
    let world = World::start();
    let client = world.sandbox.client();
    let answer = world.exchange(client, &world.code(client, GRANULAR));
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], GRANULAR);
    assert_eq!(body["token_type"], "Bearer");
    assert!(body["access_token"].as_str().unwrap().len() > 500);
    assert!(body["refresh_token"].as_str().unwrap().len() > 500);
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let world = World::start();
    let client = world.sandbox.client();
    let answer = world.exchange(client, &world.code(client, "read:page:confluence"));
    assert!(answer.json().get("refresh_token").is_none());
}

#[test]
fn token_type_can_be_left_out() {
    let world = World::start();
    world.control.settings(&SettingsChange { token_type: Some(false), ..Default::default() }).unwrap();
    let client = world.sandbox.client();
    let answer = world.exchange(client, &world.code(client, GRANULAR));
    assert!(answer.json().get("token_type").is_none());
}

#[test]
fn a_code_is_good_once_and_for_ten_minutes() {
    let world = World::start();
    let client = world.sandbox.client();
    let code = world.code(client, GRANULAR);
    assert_eq!(world.exchange(client, &code).status, 200);
    let again = world.exchange(client, &code);
    assert_eq!(again.status, 403);
    assert_eq!(again.json()["error"], "invalid_grant");

    let late = world.code(client, GRANULAR);
    world.advance(601);
    assert_eq!(world.exchange(client, &late).json()["error"], "invalid_grant");
}

#[test]
fn a_code_needs_the_redirect_uri_and_the_client_it_was_made_for() {
    let world = World::start();
    let client = world.sandbox.client();
    let mut elsewhere = client.clone();
    elsewhere.redirect_uri.push('/');
    let answer = world.exchange(&elsewhere, &world.code(client, GRANULAR));
    assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("invalid_grant")));

    let other = world.control.register_client(&client.redirect_uri).unwrap();
    let answer = world.exchange(&other, &world.code(client, GRANULAR));
    assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("invalid_grant")));
}

#[test]
fn a_wrong_secret_is_access_denied() {
    let world = World::start();
    let mut client = world.sandbox.client().clone();
    let code = world.code(&client, GRANULAR);
    client.client_secret.push('x');
    let answer = world.exchange(&client, &code);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json(), json!({"error": "access_denied", "error_description": "Unauthorized"}));
}

#[test]
fn forms_and_basic_credentials_work_too() {
    let world = World::start();
    let client = world.sandbox.client();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.client_id),
        ("client_secret", &client.client_secret),
        ("redirect_uri", &client.redirect_uri),
        ("code", &world.code(client, GRANULAR)),
    ];
    let sent = world.agent.post(world.url("/oauth/token")).send_form(form).unwrap();
    let tokens = Tokens::of(&answer(sent));

    let basic = STANDARD.encode(format!("{}:{}", client.client_id, client.client_secret));
    let sent = world
        .agent
        .post(world.url("/oauth/token"))
        .header("authorization", format!("Basic {basic}"))
        .send_json(json!({"grant_type": "refresh_token", "refresh_token": tokens.refresh}))
        .unwrap();
    Tokens::of(&answer(sent));
}

#[test]
fn pkce_is_checked_when_it_was_begun() {
    let world = World::start();
    let client = world.sandbox.client();
    let mut sent = parameters(client, GRANULAR);
    sent.push(("code_challenge", URL_SAFE_NO_PAD.encode(Sha256::digest("a verifier"))));
    sent.push(("code_challenge_method", "S256".to_owned()));
    let code = || {
        let url = authorize_url(world.sandbox.url(), &sent);
        query(&consent::redirect(&url, Decision::Allow).unwrap())["code"].clone()
    };
    let exchange = |verifier: &str| {
        world
            .token(&json!({
                "grant_type": "authorization_code",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "redirect_uri": client.redirect_uri,
                "code": code(),
                "code_verifier": verifier,
            }))
            .status
    };
    assert_eq!(exchange("a verifier"), 200);
    assert_eq!(exchange("another"), 403);
}

#[test]
fn refresh_tokens_rotate_and_the_old_one_has_ten_minutes_of_leeway() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    let second = Tokens::of(&world.refresh(&first.refresh));
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    world.advance(LEEWAY - 5);
    Tokens::of(&world.refresh(&first.refresh));
    Tokens::of(&world.refresh(&second.refresh));
}

#[test]
fn reuse_after_the_leeway_breaks_the_grant() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    let second = Tokens::of(&world.refresh(&first.refresh));
    world.advance(LEEWAY + 1);
    let reused = world.refresh(&first.refresh);
    assert_eq!(reused.status, 403);
    assert_eq!(
        reused.json(),
        json!({"error": "unauthorized_client", "error_description": "refresh_token is invalid"})
    );
    assert_eq!(world.refresh(&second.refresh).status, 403);
}

#[test]
fn an_unknown_refresh_token_is_unauthorized_client() {
    let world = World::start();
    let answer = world.refresh("nonsense");
    assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("unauthorized_client")));
}

#[test]
fn ninety_days_of_inactivity_end_a_refresh_token_and_each_refresh_begins_them_anew() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    world.advance(NINETY_DAYS - 60);
    let second = Tokens::of(&world.refresh(&first.refresh));
    world.advance(NINETY_DAYS - 60);
    let third = Tokens::of(&world.refresh(&second.refresh));
    world.advance(NINETY_DAYS + 1);
    let late = world.refresh(&third.refresh);
    assert_eq!(late.status, 403);
    assert_eq!(
        late.json(),
        json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."})
    );
}

#[test]
fn the_replaced_access_token_dies_ten_minutes_after_the_refresh() {
    let world = World::start();
    let api = world.api(GRANULAR);
    world.refresh(&api.tokens.refresh);
    assert_eq!(api.get("/spaces").status, 200);
    world.advance(LEEWAY + 1);
    let dead = api.get("/spaces");
    assert_eq!(dead.status, 401);
    assert_eq!(dead.json(), json!({"code": 401, "message": "Unauthorized"}));
}

#[test]
fn sending_scope_on_refresh_is_refused() {
    let world = World::start();
    let client = world.sandbox.client();
    let tokens = world.grant(GRANULAR);
    let body = json!({
        "grant_type": "refresh_token",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "refresh_token": tokens.refresh,
        "scope": GRANULAR,
    });
    assert_eq!(world.token(&body).status, 403);
    Tokens::of(&world.refresh(&tokens.refresh));
}

#[test]
fn the_lifetime_of_access_tokens_is_configured_and_told() {
    let lifetime = std::time::Duration::from_secs(5);
    let world = World::with(SandboxConfig { token_lifetime: lifetime, ..Default::default() });
    let client = world.sandbox.client();
    let answer = world.exchange(client, &world.code(client, GRANULAR));
    assert_eq!(answer.json()["expires_in"], 5);
}

#[test]
fn accessible_resources_list_every_site_with_the_scopes_of_the_grant() {
    let world = World::with(SandboxConfig { sites: 2, ..Default::default() });
    let tokens = world.grant(GRANULAR);
    let sites = world.send("GET", "/oauth/token/accessible-resources", Some(&tokens.access), None).json();
    let sites = sites.as_array().unwrap();
    assert_eq!(sites.len(), 2);
    assert_ne!(sites[0]["id"], sites[1]["id"]);
    assert_eq!(sites[0]["url"], world.sandbox.url());
    assert_eq!(sites[1]["url"], world.url("/site/2"));
    assert_eq!(sites[0]["scopes"].as_array().unwrap().len(), 4, "offline_access is not a scope of a site");
    let avatar = sites[0]["avatarUrl"].as_str().unwrap().strip_prefix(world.sandbox.url()).unwrap();
    assert_eq!(world.get(avatar).headers["content-type"], "image/svg+xml");
}

#[test]
fn accessible_resources_can_hold_jira_under_the_same_id() {
    let world = World::start();
    world.control.settings(&SettingsChange { jira_entry: Some(true), ..Default::default() }).unwrap();
    let tokens = world.grant(GRANULAR);
    let sites = world.send("GET", "/oauth/token/accessible-resources", Some(&tokens.access), None).json();
    assert_eq!(sites[0]["id"], sites[1]["id"]);
    assert!(!sites[0]["scopes"].to_string().contains("confluence"));
    assert!(sites[1]["scopes"].to_string().contains("confluence"));
}

#[test]
fn accessible_resources_are_empty_without_a_scope_of_confluence_and_closed_without_a_token() {
    let world = World::start();
    let tokens = world.grant("read:me offline_access");
    let list = |token: Option<&str>| world.send("GET", "/oauth/token/accessible-resources", token, None);
    assert_eq!(list(Some(&tokens.access)).json(), json!([]));
    assert_eq!(list(None).status, 401);
    assert_eq!(list(Some(&world.grant(CLASSIC).access)).json().as_array().unwrap().len(), 1);
}

#[test]
fn a_refresh_token_serves_only_the_client_it_was_made_for() {
    let world = World::start();
    let tokens = world.grant(GRANULAR);
    let other = world.control.register_client("http://localhost:9/cb").unwrap();
    let answer = world.token(&json!({
        "grant_type": "refresh_token",
        "client_id": other.client_id,
        "client_secret": other.client_secret,
        "refresh_token": tokens.refresh,
    }));
    assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("unauthorized_client")));
    Tokens::of(&world.refresh(&tokens.refresh));
}
