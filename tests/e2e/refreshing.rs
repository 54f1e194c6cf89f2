//! A token is renewed before it expires, once, and the new one is stored before it is used.

use std::sync::Arc;

use actionbay::FailureKind;
use actionbay::authorization::ConnectionStatus;
use serde_json::json;

use crate::support::World;

/// AUTH-7, AUTH-8
#[test]
fn a_token_that_is_about_to_expire_is_renewed_before_the_request_and_the_new_one_is_used() {
    let world = World::authorized();
    let before = world.connections()[0].clone();
    world.clock.advance(3_590);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let seen = world.wire.seen();
    assert_eq!(seen[0].url.as_str(), "https://auth.atlassian.com/oauth/token");
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["grant_type"], "refresh_token");
    assert!(body.get("scope").is_none() && body.get("redirect_uri").is_none());
    let after = world.connections()[0].clone();
    assert!(after.expires_at > before.expires_at);
    assert_eq!((world.grants("refresh_token"), after.status), (1, ConnectionStatus::Active));
    let tokens: Vec<_> = seen[1..].iter().map(|request| request.authorization.clone().unwrap()).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

/// AUTH-8
#[test]
fn each_renewal_uses_the_refresh_token_of_the_one_before() {
    let world = World::authorized();
    for _ in 0..3 {
        world.clock.advance(3_590);
        world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    }
    let used: Vec<_> = world
        .wire
        .seen()
        .iter()
        .filter(|request| request.url.path() == "/oauth/token")
        .map(|request| {
            serde_json::from_slice::<serde_json::Value>(&request.body).unwrap()["refresh_token"].clone()
        })
        .collect();
    assert_eq!(used.len(), 3);
    assert!(used[0] != used[1] && used[1] != used[2] && used[0] != used[2]);
}

/// AUTH-9
#[test]
fn many_calls_at_once_renew_an_expired_token_once() {
    let world = Arc::new(World::authorized());
    world.clock.advance(4_000);
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || world.run("list-pages", json!({"space": "DOCS"})).map(drop))
        })
        .collect();
    for call in calls {
        call.join().unwrap().unwrap();
    }
    assert_eq!(world.grants("refresh_token"), 1);
}

/// AUTH-10
#[test]
fn a_refresh_token_that_is_no_longer_accepted_means_that_a_person_must_authorize_again() {
    let world = World::authorized();
    world.clock.advance(4_000);
    let answer = json!({"status": 403, "body": {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}});
    world.fault("POST", "/oauth/token", 1, answer);
    for _ in 0..2 {
        let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::AuthorizationRequired);
    }
    let connection = &world.connections()[0];
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorization);
    assert!(connection.reason.as_ref().unwrap().contains("refresh_token is invalid"));
    let token_requests =
        world.wire.seen().iter().filter(|request| request.url.path() == "/oauth/token").count();
    assert_eq!(token_requests, 1, "there is no loop");
}

#[test]
fn trouble_of_the_token_endpoint_leaves_the_connection_as_it_is() {
    let world = World::authorized();
    world.clock.advance(4_000);
    world.fault(
        "POST",
        "/oauth/token",
        1,
        json!({"status": 503, "headers": {"Retry-After": "7"}, "body": "later"}),
    );
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::Upstream, Some(7)));
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}

#[test]
fn trouble_of_the_token_endpoint_does_not_matter_while_the_token_is_still_good() {
    let world = World::authorized();
    world.clock.advance(3_400);
    world.fault("POST", "/oauth/token", 1, json!({"status": 503, "body": "later"}));
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}
