use atlassian_sandbox::control::ControlError;
use serde_json::json;

use crate::support::{Answer, GRANULAR, Tokens, World};

const LEEWAY: u64 = 600;
const READ: &str = "read:page:confluence offline_access";

fn status(world: &World, tokens: &Tokens, path: &str) -> u16 {
    let site = "/ex/confluence";
    let cloud_id = cloud_id(world);
    world.send("GET", &format!("{site}/{cloud_id}/wiki/api/v2{path}"), Some(&tokens.access), None).status
}

/// The first site's id, as another app sees it.
fn cloud_id(world: &World) -> String {
    let client = world.control.register_client("http://localhost:9/cb").unwrap();
    let tokens = Tokens::of(&world.exchange(&client, &world.code(&client, GRANULAR)));
    world.cloud_id(&tokens)
}

fn assert_revoked(answer: &Answer) {
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({"error": "unauthorized_client", "error_description": "refresh_token is invalid"})
    );
}

fn assert_lapsed(answer: &Answer) {
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."})
    );
}

#[test]
fn a_new_consents_scopes_replace_the_old_ones_for_every_token_of_the_grant() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    assert_eq!(status(&world, &first, "/spaces"), 200);
    let second = world.grant(READ);
    assert_eq!(status(&world, &first, "/spaces"), 401);
    assert_eq!(status(&world, &first, "/pages"), 200);
    let refreshed = world.refresh(&first.refresh);
    assert_eq!(refreshed.json()["scope"], READ);

    world.grant(GRANULAR);
    for tokens in [&Tokens::of(&refreshed), &second] {
        assert_eq!(status(&world, tokens, "/spaces"), 200);
    }
}

#[test]
fn a_consent_counts_from_when_it_was_given_and_a_denied_one_not_at_all() {
    let world = World::start();
    let client = world.sandbox.client();
    let tokens = world.grant(GRANULAR);
    let older = world.code(client, READ);
    assert_eq!(status(&world, &tokens, "/spaces"), 401);
    let newer = world.code(client, GRANULAR);
    world.exchange(client, &newer);
    assert_eq!(world.exchange(client, &older).json()["scope"], GRANULAR);

    let denied = world.authorize_url(client, READ);
    atlassian_sandbox::consent::redirect(&denied, atlassian_sandbox::consent::Decision::Deny).unwrap();
    assert_eq!(status(&world, &tokens, "/spaces"), 200);
}

#[test]
fn the_scopes_of_another_account_and_of_another_app_are_left_alone() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    world.sign_in(2);
    world.grant(READ);
    let other = world.control.register_client("http://localhost:9/other").unwrap();
    world.sign_in(1);
    world.exchange(&other, &world.code(&other, READ));
    assert_eq!(status(&world, &first, "/spaces"), 200);
}

#[test]
fn the_tokens_of_several_consents_live_side_by_side() {
    let world = World::start();
    let (first, second) = (world.grant(GRANULAR), world.grant(GRANULAR));
    let renewed = Tokens::of(&world.refresh(&first.refresh));
    world.advance(LEEWAY + 1);
    assert_eq!(status(&world, &first, "/spaces"), 401, "replaced by its refresh");
    assert_eq!(status(&world, &second, "/spaces"), 200, "replaced by nothing");
    Tokens::of(&world.refresh(&second.refresh));
    Tokens::of(&world.refresh(&renewed.refresh));
}

#[test]
fn a_consent_without_offline_access_gives_no_refresh_token_and_leaves_old_ones_exchangeable() {
    let world = World::start();
    let client = world.sandbox.client();
    let first = world.grant(GRANULAR);
    let online = world.exchange(client, &world.code(client, "read:page:confluence"));
    assert!(online.json().get("refresh_token").is_none());
    let renewed = world.refresh(&first.refresh);
    assert_eq!(renewed.json()["scope"], "read:page:confluence");
    Tokens::of(&world.refresh(&Tokens::of(&renewed).refresh));
}

#[test]
fn reuse_after_the_leeway_ends_the_whole_grant_and_no_other() {
    let world = World::start();
    let (first, second) = (world.grant(GRANULAR), world.grant(GRANULAR));
    world.sign_in(2);
    let other = world.grant(GRANULAR);
    world.refresh(&first.refresh);
    world.advance(LEEWAY + 1);
    assert_revoked(&world.refresh(&first.refresh));
    assert_revoked(&world.refresh(&second.refresh));
    assert_eq!(status(&world, &second, "/spaces"), 200, "access tokens are not touched");
    Tokens::of(&world.refresh(&other.refresh));
}

#[test]
fn a_new_consent_makes_a_broken_grant_whole_and_old_tokens_stay_dead() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    let second = Tokens::of(&world.refresh(&first.refresh));
    world.advance(LEEWAY + 1);
    assert_revoked(&world.refresh(&first.refresh));
    let fresh = world.grant(GRANULAR);
    assert_revoked(&world.refresh(&second.refresh));
    assert_revoked(&world.refresh(&first.refresh));
    Tokens::of(&world.refresh(&fresh.refresh));
}

#[test]
fn a_revoked_consent_ends_every_token_at_once() {
    let world = World::start();
    let client = world.sandbox.client();
    let (first, second) = (world.grant(GRANULAR), world.grant(GRANULAR));
    let pending = world.code(client, GRANULAR);
    world.sign_in(2);
    let other = world.grant(GRANULAR);
    let told = world.control.revoke(Some(1)).unwrap();
    assert_eq!(told, json!({"account": 1, "refresh_tokens": 2, "access_tokens": 2, "api_tokens": 0}));
    for tokens in [&first, &second] {
        assert_revoked(&world.refresh(&tokens.refresh));
        assert_eq!(status(&world, tokens, "/spaces"), 401);
        let sites = world.send("GET", "/oauth/token/accessible-resources", Some(&tokens.access), None);
        assert_eq!((sites.status, sites.json()), (401, json!({"code": 401, "message": "Unauthorized"})));
    }
    assert_eq!(world.exchange(client, &pending).json()["error"], "invalid_grant");
    assert_eq!(status(&world, &other, "/spaces"), 200);
    Tokens::of(&world.refresh(&other.refresh));
}

#[test]
fn consenting_again_after_a_revocation_leaves_old_tokens_dead() {
    let world = World::start();
    let old = world.grant(GRANULAR);
    world.control.revoke(None).unwrap();
    let fresh = world.grant(GRANULAR);
    assert_revoked(&world.refresh(&old.refresh));
    assert_eq!(status(&world, &old, "/spaces"), 401);
    assert_eq!(status(&world, &fresh, "/spaces"), 200);
    Tokens::of(&world.refresh(&fresh.refresh));
}

#[test]
fn a_changed_password_ends_refresh_tokens_and_leaves_access_tokens_until_they_expire() {
    let world = World::start();
    let (first, second) = (world.grant(GRANULAR), world.grant(GRANULAR));
    world.sign_in(2);
    let other = world.grant(GRANULAR);
    assert_eq!(world.control.change_password(Some(1)).unwrap(), json!({"account": 1, "refresh_tokens": 2}));
    for tokens in [&first, &second] {
        assert_lapsed(&world.refresh(&tokens.refresh));
        assert_eq!(status(&world, tokens, "/spaces"), 200);
    }
    Tokens::of(&world.refresh(&other.refresh));
    world.advance(3601);
    assert_eq!(status(&world, &first, "/spaces"), 404, "expired");
    world.sign_in(1);
    let fresh = world.grant(GRANULAR);
    assert_lapsed(&world.refresh(&first.refresh));
    Tokens::of(&world.refresh(&fresh.refresh));
}

#[test]
fn without_a_number_the_person_who_is_signed_in_is_meant() {
    let world = World::start();
    let first = world.grant(GRANULAR);
    world.sign_in(2);
    let second = world.grant(GRANULAR);
    assert_eq!(world.control.change_password(None).unwrap()["account"], 2);
    assert_lapsed(&world.refresh(&second.refresh));
    assert_eq!(world.control.revoke(None).unwrap()["account"], 2);
    assert_revoked(&world.refresh(&second.refresh));
    Tokens::of(&world.refresh(&first.refresh));
}

#[test]
fn an_account_that_does_not_exist_can_revoke_nothing() {
    let world = World::start();
    for refused in [world.control.revoke(Some(6)), world.control.change_password(Some(0))] {
        assert!(matches!(refused, Err(ControlError::Refused { status: 400, .. })), "{refused:?}");
    }
}
