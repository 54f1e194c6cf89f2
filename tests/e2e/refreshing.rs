//! A token is renewed before it expires, once, and the new one is stored before it is used.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use actionbay::FailureKind;
use actionbay::authorization::ConnectionStatus;
use atlassian_sandbox::control::Control;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::components::PLUGIN;
use crate::support::{Home, Seen, World, integration, workspace};

/// AUTH-7, AUTH-8, row 43
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
    let used = refresh_tokens(&world);
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
    assert_eq!(token_requests(&world), 1, "there is no loop");
}

#[test]
fn trouble_of_the_token_endpoint_leaves_the_status_and_is_not_answered_with_a_storm() {
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
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.code.as_ref(), failure.retry_after), ("renewal-paused", Some(7)));
    assert_eq!(token_requests(&world), 1, "the pause is kept");
    world.clock.advance(7);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}

#[test]
fn trouble_of_the_token_endpoint_does_not_matter_while_the_token_is_still_good() {
    let world = World::authorized();
    world.clock.advance(3_400);
    world.fault("POST", "/oauth/token", 1, json!({"status": 503, "body": "later"}));
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert_eq!(token_requests(&world), 1);
}

/// AUTH-11
#[test]
fn a_corrected_client_secret_brings_connections_back_without_a_new_consent() {
    let world = World::authorized();
    world.put_profile(&[], "not-the-secret-of-this-app");
    world.clock.advance(4_000);
    for _ in 0..2 {
        let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadClientCredentials);
    }
    assert_eq!(world.connections()[0].status, ConnectionStatus::BadClientCredentials);
    assert_eq!(token_requests(&world), 1);
    world.put_profile(&[], &world.client.client_secret);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);
}

#[test]
fn a_token_that_lives_longer_than_any_calendar_is_no_trouble() {
    let world = World::authorized();
    world.clock.advance(4_000);
    let token = world.wire.canaries.any("access_token");
    let answer = json!({"access_token": token, "refresh_token": "another-refresh-token", "expires_in": 315_360_000_000_000_u64});
    world.fault("POST", "/oauth/token", 1, json!({"status": 200, "body": answer}));
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert!(world.connections()[0].expires_at.unwrap() < 4_000_000_000);
}

/// AUTH-12
#[test]
fn a_renewal_whose_answer_was_lost_is_tried_again_with_the_same_token_inside_the_leeway() {
    let world = World::authorized();
    world.clock.advance(4_000);
    world.fault("POST", "/oauth/token", 1, json!({"status": 504, "body": "", "after_effect": true}));
    assert_eq!(world.run("list-pages", json!({"space": "DOCS"})).unwrap_err().kind, FailureKind::Upstream);
    world.clock.advance(60);
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let sent = refresh_tokens(&world);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);
}

/// AUTH-12
#[test]
fn a_renewal_whose_answer_was_lost_longer_ago_than_the_leeway_ends_in_a_status_that_says_so() {
    let world = World::authorized();
    world.clock.advance(4_000);
    world.fault("POST", "/oauth/token", 1, json!({"status": 504, "body": "", "after_effect": true}));
    assert!(world.run("list-pages", json!({"space": "DOCS"})).is_err());
    world.clock.advance(700);
    world.control.advance_clock(Duration::from_secs(700)).unwrap();
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::AuthorizationRequired);
    let connection = &world.connections()[0];
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorization);
    assert!(connection.reason.as_ref().unwrap().contains("was interrupted"), "{connection:?}");
}

/// AUTH-14
#[test]
fn a_401_is_answered_with_one_renewal_and_one_repeat() {
    let world = World::authorized();
    let unauthorized = json!({"status": 401, "body": {"code": 401, "message": "Unauthorized"}});
    world.fault("GET", "/wiki/api/v2/spaces", 1, unauthorized.clone());
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert_eq!(world.grants("refresh_token"), 1);

    world.fault("GET", "/wiki/api/v2/spaces", 5, unauthorized);
    world.control.clear_requests().unwrap();
    let failure = world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!((failure.kind, failure.upstream_status), (FailureKind::AuthorizationRequired, Some(401)));
    assert_eq!((world.grants("refresh_token"), world.received("/api/v2/spaces").len()), (2, 2));
}

/// AUTH-15
#[test]
fn a_403_or_404_is_answered_with_a_renewal_only_if_the_token_has_expired_meanwhile() {
    for status in [403, 404] {
        let answer = json!({"status": status, "body": {"errors": [{"status": status, "code": "X", "title": "No", "detail": null}]}});
        let world = World::authorized();
        world.fault("GET", "/wiki/api/v2/spaces", 1, answer.clone());
        assert!(world.run("list-pages", json!({"space": "DOCS"})).is_err());
        assert_eq!(world.grants("refresh_token"), 0, "the token was fresh");

        let clock = world.clock.clone();
        world.wire.at_next_request(move || clock.advance(3_700));
        world.fault("GET", "/wiki/api/v2/spaces", 1, answer);
        world.run("list-pages", json!({"space": "DOCS"})).unwrap();
        assert_eq!(world.grants("refresh_token"), 1);
    }
}

#[test]
fn an_idle_connection_is_renewed_before_the_vendor_drops_it() {
    let day = 24 * 60 * 60;
    let world = World::authorized();
    let pass = |days: u64| {
        world.clock.advance(days * day);
        world.control.advance_clock(Duration::from_secs(days * day)).unwrap();
    };
    pass(59);
    assert!(world.host.keep_alive(&workspace()).unwrap().is_empty());
    for days in [2, 61, 61] {
        pass(days);
        let kept = world.host.keep_alive(&workspace()).unwrap();
        assert!(kept.len() == 1 && kept[0].result.is_ok(), "{kept:?}");
        assert!(world.host.keep_alive(&workspace()).unwrap().is_empty(), "once is enough");
    }
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    pass(91);
    let kept = world.host.keep_alive(&workspace()).unwrap();
    assert_eq!(kept[0].result.as_ref().unwrap_err().kind, FailureKind::AuthorizationRequired);
    assert_eq!(world.connections()[0].status, ConnectionStatus::NeedsReauthorization);
}

#[test]
fn a_check_asks_the_vendor_once_and_says_what_is_true() {
    let world = World::authorized();
    let id = world.connections()[0].id.clone();
    assert_eq!(world.host.check(&workspace(), &id).unwrap().status, ConnectionStatus::Active);
    let seen = world.wire.seen();
    assert_eq!(seen.len(), 1);
    let current_user = "/wiki/rest/api/user/current";
    assert!(seen[0].url.path().ends_with(current_user), "a real request to the site: {}", seen[0].url);

    world.fault("GET", current_user, 1, json!({"status": 503, "body": "later"}));
    assert_eq!(world.host.check(&workspace(), &id).unwrap_err().kind, FailureKind::Upstream);
    assert_eq!(
        world.connections()[0].status,
        ConnectionStatus::Active,
        "trouble says nothing of the connection"
    );

    world.fault("GET", current_user, 1, json!({"status": 404, "body": {}}));
    assert_eq!(world.host.check(&workspace(), &id).unwrap_err().kind, FailureKind::NotFound);

    let unauthorized = json!({"status": 401, "body": {"code": 401, "message": "Unauthorized"}});
    world.fault("GET", current_user, 2, unauthorized);
    assert_eq!(world.host.check(&workspace(), &id).unwrap_err().kind, FailureKind::AuthorizationRequired);
    assert_eq!(world.grants("refresh_token"), 1, "it was renewed before it was given up");
    assert_eq!(world.connections()[0].status, ConnectionStatus::NeedsReauthorization);
}

/// AUTH-9, over processes
#[test]
fn a_hundred_calls_in_each_of_four_processes_renew_an_expired_connection_once() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            Command::new(env!("CARGO_BIN_EXE_concurrent-runs"))
                .args([
                    home.data().join("actionbay.db").to_str().unwrap(),
                    sandbox.url(),
                    PLUGIN,
                    "100",
                    "4000",
                ])
                .env("ACTIONBAY_MASTER_KEY", crate::support::MASTER_KEY)
                .env("ARTIFACTS", crate::support::artifacts())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "100 runs, 0 failures");
    }
    let counters = Control::new(sandbox.url()).counters().unwrap();
    assert_eq!(counters["token_grants"]["refresh_token"], 1, "{counters}");
}

fn token_requests(world: &World) -> usize {
    world.wire.seen().iter().filter(|request| request.url.path() == "/oauth/token").count()
}

/// The refresh tokens that were sent, in order.
fn refresh_tokens(world: &World) -> Vec<serde_json::Value> {
    let body = |seen: &Seen| {
        serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap()["refresh_token"].clone()
    };
    world.wire.seen().iter().filter(|request| request.url.path() == "/oauth/token").map(body).collect()
}

#[test]
fn what_others_write_during_a_renewal_neither_loses_its_tokens_nor_is_lost() {
    let world = World::authorized();
    world.clock.advance(3_600);
    world.control.advance_clock(Duration::from_secs(3_600)).unwrap();
    let host = world.host.clone();
    // The refresh token is on its way when an admin installs a template and an account is learned.
    world.wire.at_next_request(move || {
        host.install_template(&workspace(), &integration(), "list-pages").unwrap();
    });
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    let sent = world.wire.seen().last().unwrap().authorization.clone().unwrap();
    let issued: Value = serde_json::from_slice(world.wire.answered("/oauth/token").last().unwrap()).unwrap();
    assert_eq!(sent, format!("Bearer {}", issued["access_token"].as_str().unwrap()));
    world.clock.advance(3_600);
    world.control.advance_clock(Duration::from_secs(3_600)).unwrap();
    world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    assert_eq!(world.grants("refresh_token"), 2, "with the rotated token, not with the old one");
    let refreshes = world.received("/oauth/token").len();
    assert_eq!(refreshes, 2);
}

#[test]
fn what_a_person_has_to_authorize_again_stays_so_when_a_renewal_ends_later() {
    let world = World::authorized();
    world.clock.advance(3_600);
    world.control.advance_clock(Duration::from_secs(3_600)).unwrap();
    let host = world.host.clone();
    world.wire.at_next_request(move || {
        host.disable(&workspace(), &integration()).unwrap();
        host.enable(&workspace(), &integration(), None, None).unwrap();
    });
    world.run("list-pages", json!({"space": "DOCS"})).unwrap_err();
    assert_eq!(world.connections()[0].status, ConnectionStatus::NeedsReauthorization);
}
