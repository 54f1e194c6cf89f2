//! Who is let in, and for what.

use std::time::Duration;

use actionbay::service::Settings;
use actionbay::service::keys::{Keys, NewKey, Scope};
use serde_json::json;

use super::office::{Client, Office, run_of};
use crate::support::{Home, workspace};

#[test]
fn a_request_without_a_key_or_with_one_that_is_wrong_is_not_let_in() {
    let office = Office::connected();
    let unnamed = office.nobody().get("/connections");
    assert_eq!(unnamed.header("www-authenticate"), "Bearer");
    let problem = unnamed.refused(401, "key-missing");
    assert!(problem["hint"].as_str().unwrap().contains("Authorization: Bearer"), "{problem}");
    let wrong = format!("ab_{}_{}", "0".repeat(16), "A".repeat(43));
    for key in ["x", "ab__", wrong.as_str()] {
        office.client_with(key).get("/connections").refused(401, "key-unknown");
    }
    for header in ["", "Bearer", "Basic YTpi", "ab_1_2"] {
        let sent = office.nobody().send("GET", "/connections", &[("Authorization", header)], None);
        sent.refused(401, "key-missing");
    }
}

/// Wrong keys are told apart from none for a while, and then have to wait; a key that is right does not.
#[test]
fn whoever_guesses_keys_has_to_wait_and_a_key_that_is_right_gets_through_meanwhile() {
    let office = Office::new();
    let client = office.client(&[Scope::Read]);
    let keys = Keys::of(&office.world.host);
    let (made, text) = keys.create(&workspace(), &NewKey::new("gone", [Scope::Read])).unwrap();
    keys.revoke(&workspace(), &made.id).unwrap();
    let revoked = office.client_with(actionbay::secret::ExposeSecret::expose_secret(&text));
    let mut told = Vec::new();
    for guess in 0..40 {
        let wrong = format!("ab_{guess:016x}_{}", "A".repeat(43));
        let refused = office.client_with(&wrong).get("/connections");
        told.push(refused.status);
        if refused.status == 429 {
            assert!((1..=60).contains(&refused.header("retry-after").parse::<u32>().unwrap()), "{refused:?}");
            refused.refused(429, "too-many-guesses");
        }
        client.get("/connections").done();
        revoked.get("/connections").refused(401, "key-revoked");
        office.nobody().get("/connections").refused(401, "key-missing");
    }
    assert!(told.starts_with(&[401; 30]) && told[30..].contains(&429), "{told:?}");
}

/// What is compared with a secret is compared in constant time: no test can measure that, and so its source is read.
#[test]
fn the_secret_of_a_key_is_compared_in_constant_time_wherever_it_is() {
    const TEXT: &str = include_str!("../../../host/src/service/keys/text.rs");
    const KEYS: &str = include_str!("../../../host/src/service/keys/mod.rs");
    let is = TEXT.split_once("fn is(&self, fingerprint: &str) -> bool {").unwrap().1;
    let compares = is.split_once('}').unwrap().0.trim();
    assert_eq!(compares, "self.fingerprint().as_bytes().ct_eq(fingerprint.as_bytes()).into()");
    for line in TEXT.lines().chain(KEYS.lines()).filter(|line| line.contains("fingerprint")) {
        assert!(
            !["==", "!=", ".eq(", ".cmp(", "matches!"].iter().any(|other| line.contains(other)),
            "{line}"
        );
    }
    assert_eq!(KEYS.matches("fingerprint)").count(), 1, "it is asked about in one place");
    assert!(KEYS.contains("if !text.is(&stored.fingerprint) {"));
}

#[test]
fn a_key_that_was_revoked_or_has_expired_lets_nobody_in_from_that_moment() {
    let office = Office::new();
    let keys = Keys::of(&office.world.host);
    let new = NewKey::new("short", [Scope::Read]).lifetime(Some(60));
    let (_, text) = keys.create(&workspace(), &new).unwrap();
    let client = office.client_with(actionbay::secret::ExposeSecret::expose_secret(&text));
    client.get("/connections").done();
    office.world.clock.advance(60);
    client.get("/connections").refused(401, "key-expired");

    let (made, text) = keys.create(&workspace(), &NewKey::new("long", [Scope::Read])).unwrap();
    let client = office.client_with(actionbay::secret::ExposeSecret::expose_secret(&text));
    client.get("/connections").done();
    keys.revoke(&workspace(), &made.id).unwrap();
    client.get("/connections").refused(401, "key-revoked");
}

#[test]
fn a_key_is_good_for_its_scopes_and_the_vendor_is_not_called_for_another() {
    let office = Office::connected();
    let input = json!({"input": {"space": "DOCS", "title": "T"}});
    let reader = office.client(&[Scope::Read, Scope::Connect]);
    let problem = reader.post(&run_of("create-content"), input.clone()).refused(403, "key-lacks-scope");
    assert!(problem["detail"].as_str().unwrap().contains("scope run"), "{problem}");
    assert_eq!(office.created(), 0);
    office.client(&[Scope::Run]).post(&run_of("create-content"), input).done();
    assert_eq!(office.created(), 1);
    office.client(&[Scope::Run]).get("/connections").refused(403, "key-lacks-scope");
}

#[test]
fn a_key_that_asks_too_often_is_told_when_to_come_again_and_others_are_not_held_up() {
    let mut settings = Settings::default();
    settings.requests_per_minute = 3;
    let office = Office::with(settings);
    let client = office.client(&[Scope::Read]);
    for _ in 0..3 {
        client.get("/connections").done();
    }
    let refused = client.get("/connections");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{refused:?}");
    refused.refused(429, "key-too-fast");
    office.client(&[Scope::Read]).get("/connections").done();
}

#[test]
fn the_command_makes_lists_and_revokes_keys_and_shows_each_once() {
    let home = Home::new();
    let made =
        home.run(&["--json", "keys", "create", "platform", "--scope", "read", "--scope", "run"]).json();
    let key = made["key"].as_str().unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(key.starts_with(&format!("ab_{id}_")), "{made}");
    assert_eq!(made["scopes"], json!(["read", "run"]));
    let secret = key.splitn(3, '_').nth(2).unwrap();
    for (path, bytes) in home.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(secret), "the secret is in {}", path.display());
    }
    let listed = home.run(&["keys", "list"]).ok();
    assert!(listed.stdout.contains("platform") && !listed.stdout.contains(secret), "{listed:?}");
    let revoked = home.run(&["--json", "keys", "revoke", id]).ok().json();
    assert!(revoked["revoked-at"].is_u64(), "{revoked}");
    assert!(home.run(&["keys", "list"]).ok().stdout.contains("revoked"));
    home.run(&["keys", "revoke", "nobody"]).fails_with(2, "no key");
    home.run(&["--workspace", "elsewhere", "keys", "revoke", id]).fails_with(2, "no key");
    assert_eq!(home.run(&["keys", "create", "x"]).code, 2);
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let office = Office::new();
    let client: Client = office.client(&[Scope::Read]);
    let kept = client.get("/connections");
    assert_eq!(kept.header("connection"), "", "{kept:?}");
    let began = std::time::Instant::now();
    for _ in 0..20 {
        client.get("/connections").done();
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}
