use atlassian_sandbox::control::{ControlError, SettingsChange};
use atlassian_sandbox::{ApiToken, SandboxConfig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Answer, GRANULAR, World, answer, draft};

fn basic(email: &str, token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{email}:{token}")))
}

fn send(world: &World, path: &str, authorization: &str, body: Option<&Value>) -> Answer {
    let (agent, url) = (&world.agent, world.url(path));
    answer(match body {
        Some(body) => agent.post(url).header("authorization", authorization).send_json(body).unwrap(),
        None => agent.get(url).header("authorization", authorization).call().unwrap(),
    })
}

fn get(world: &World, path: &str, token: &ApiToken) -> Answer {
    send(world, path, &basic(&token.email, &token.token), None)
}

#[test]
fn an_api_token_has_the_look_of_atlassians_and_says_where_it_works() {
    let world = World::with(SandboxConfig { sites: 2, ..Default::default() });
    let token = world.control.api_token(2, 2).unwrap();
    assert_eq!((token.email.as_str(), token.site.as_str()), ("ada.lindqvist@example.com", "sandbox-2"));
    assert_eq!(token.site_url, world.url("/site/2"));
    let (secret, checksum) = token.token.split_once('=').unwrap();
    assert!(secret.starts_with("ATATT3xFfGF0") && secret.len() > 150);
    assert!(checksum.len() == 8 && checksum.chars().all(|c| c.is_ascii_hexdigit()));
    assert!(!format!("{token:?}").contains(secret));

    let made = world.send("POST", "/_sandbox/api-tokens", None, Some(&json!({}))).json();
    assert_eq!((&made["email"], &made["site"]), (&json!("robin.okafor@example.com"), &json!("sandbox")));
    assert_eq!(made["site_url"], world.sandbox.url());
}

#[test]
fn a_person_uses_confluence_at_the_sites_own_address_with_everything_a_person_may() {
    let world = World::start();
    let token = world.control.api_token(2, 1).unwrap();
    let spaces = get(&world, "/wiki/api/v2/spaces?keys=DOCS", &token);
    assert_eq!(spaces.status, 200, "{}", spaces.text);
    let space = spaces.json()["results"][0]["id"].as_str().unwrap().to_owned();
    let user = get(&world, "/wiki/rest/api/user/current", &token).json();
    assert_eq!(user["displayName"], "Ada Lindqvist");
    let body = draft(&space, "By token", "<p>x</p>");
    let page =
        send(&world, "/wiki/api/v2/pages", &basic("ADA.lindqvist@example.com", &token.token), Some(&body));
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.json()["authorId"], user["accountId"]);
    assert_eq!(get(&world, "/wiki/api/v2/nonsense", &token).status, 404);
    assert_eq!(get(&world, "/wiki/rest/api/content", &token).status, 410);
}

#[test]
fn a_token_leads_to_its_site_and_opens_no_other() {
    let world = World::with(SandboxConfig { sites: 2, ..Default::default() });
    let (first, second) = (world.control.api_token(1, 1).unwrap(), world.control.api_token(1, 2).unwrap());
    let base = |answer: Answer| answer.json()["_links"]["base"].as_str().unwrap().to_owned();
    assert_eq!(base(get(&world, "/wiki/api/v2/spaces", &first)), world.url("/wiki"));
    assert_eq!(base(get(&world, "/wiki/api/v2/spaces", &second)), world.url("/site/2/wiki"));
    assert_eq!(base(get(&world, "/site/2/wiki/api/v2/spaces", &second)), world.url("/site/2/wiki"));
    assert_eq!(get(&world, "/site/2/wiki/api/v2/spaces", &first).status, 401);

    let change = SettingsChange { unreachable_sites: Some(vec![2]), ..Default::default() };
    world.control.settings(&change).unwrap();
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &second).status, 404);
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &first).status, 200);
}

#[test]
fn credentials_that_are_not_a_persons_token_are_unauthorized() {
    let world = World::start();
    let token = world.control.api_token(1, 1).unwrap();
    let oauth = world.grant(GRANULAR);
    let client = world.sandbox.client();
    for authorization in [
        basic(&token.email, "ATATT3xFfGF0nonsense=00000000"),
        basic("ada.lindqvist@example.com", &token.token),
        basic("", &token.token),
        basic(&token.email, &oauth.access),
        basic(&client.client_id, &client.client_secret),
        "Basic nonsense".to_owned(),
        format!("Bearer {}", token.token),
        format!("Bearer {}", oauth.access),
    ] {
        let answer = send(&world, "/wiki/api/v2/spaces", &authorization, None);
        assert_eq!(answer.status, 401, "{authorization}");
        assert_eq!(answer.json(), json!({"code": 401, "message": "Unauthorized"}));
    }
}

#[test]
fn the_gateway_takes_no_api_token() {
    let world = World::start();
    let token = world.control.api_token(1, 1).unwrap();
    let path = format!("/ex/confluence/{}/wiki/api/v2/spaces", world.api(GRANULAR).cloud_id);
    for authorization in [basic(&token.email, &token.token), format!("Bearer {}", token.token)] {
        assert_eq!(send(&world, &path, &authorization, None).status, 401);
    }
}

#[test]
fn pages_for_people_do_not_ask_for_credentials() {
    let world = World::start();
    assert_eq!(world.get("/wiki/spaces/DOCS").status, 200);
    assert_eq!(world.get("/wiki/api/v2/spaces").status, 404);
    let token = world.control.api_token(1, 1).unwrap();
    assert_eq!(get(&world, "/wiki/spaces/DOCS", &token).status, 200);
}

#[test]
fn a_revocation_ends_the_accounts_api_tokens_and_a_new_password_does_not() {
    let world = World::start();
    let (first, second) = (world.control.api_token(1, 1).unwrap(), world.control.api_token(2, 1).unwrap());
    world.control.change_password(Some(1)).unwrap();
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &first).status, 200);
    assert_eq!(world.control.revoke(Some(1)).unwrap()["api_tokens"], 1);
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &first).status, 401);
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &second).status, 200);
}

#[test]
fn an_api_token_is_good_for_a_year() {
    let world = World::start();
    let token = world.control.api_token(1, 1).unwrap();
    world.advance(364 * 24 * 3600);
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &token).status, 200);
    world.advance(24 * 3600 + 1);
    assert_eq!(get(&world, "/wiki/api/v2/spaces", &token).status, 401);
}

#[test]
fn no_record_shows_an_api_token_in_any_of_its_forms() {
    let world = World::start();
    let token = world.control.api_token(1, 1).unwrap();
    let encoded = STANDARD.encode(format!("{}:{}", token.email, token.token));
    get(&world, "/wiki/api/v2/spaces", &token);
    world.get(&format!("/nowhere/{}?note={}&other={encoded}", token.token, token.token));
    world.send("POST", "/x", Some(&token.token), Some(&json!({"a": encoded, "b": [token.token]})));
    let records = json!(world.control.requests().unwrap()).to_string();
    let (secret, _) = token.token.split_once('=').unwrap();
    assert!(!records.contains(secret) && !records.contains(encoded.trim_end_matches('=')));
    assert!(records.contains("Basic sha256:") && records.contains("Bearer sha256:"));
}

#[test]
fn requests_at_the_sites_own_address_are_counted_and_met_by_faults_under_the_same_names() {
    let world = World::start();
    let token = world.control.api_token(1, 1).unwrap();
    let fault = json!({"match": {"path": "/wiki/api/v2/pages/{id}"}, "status": 429});
    world.control.faults(fault).unwrap();
    assert_eq!(get(&world, "/wiki/api/v2/pages/131073", &token).status, 429);
    assert_eq!(get(&world, "/wiki/api/v2/pages/131073", &token).status, 200);
    assert_eq!(world.control.counters().unwrap()["requests"]["GET /wiki/api/v2/pages/{id}"], 2);
}

#[test]
fn tokens_are_made_for_accounts_and_sites_that_exist() {
    let world = World::start();
    for refused in
        [world.control.api_token(6, 1), world.control.api_token(1, 2), world.control.api_token(1, 0)]
    {
        assert!(matches!(refused, Err(ControlError::Refused { status: 400, .. })), "{refused:?}");
    }
}
