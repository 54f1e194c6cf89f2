//! Texts of components that would take a secret out of a call, or steer a terminal.

use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::{CallLimits, FailureKind};
use serde_json::json;

use super::Told;
use crate::components::{REPEATS_WHAT_IT_IS_GIVEN, STEERS_TERMINALS};
use crate::guests::{Guest, Vendor};
use crate::support::{Finished, Script, answer, engine, load};

/// As long as tokens are that say something of themselves.
fn token() -> String {
    format!("canary-token-{}", "0123456789".repeat(300))
}

/// What stays of the token wherever it is cut.
const BEGINNING: &str = "canary-t";

/// Grants that token.
struct Grants;

impl Transport for Grants {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        if request.url.path() != "/token" {
            return Ok(RawResponse { body: b"{}".to_vec(), ..Vendor.round_trip(request)? });
        }
        let body = json!({"access_token": token(), "expires_in": 3600});
        Ok(RawResponse { body: body.to_string().into_bytes(), ..Vendor.round_trip(request)? })
    }
}

#[test]
fn no_part_of_a_long_credential_leaves_a_call_where_a_text_is_cut() {
    let told = Told::default();
    let events = told.clone();
    let plugin = load(engine(), REPEATS_WHAT_IT_IS_GIVEN);
    let guest = Guest::of(plugin, CallLimits::default(), |host| host.transport(Grants).events(events));
    // Where texts of some kind are cut, a dozen characters after the token begins, and anywhere else.
    for before in [0, 4, 52, 188, 288, 488, 1_988] {
        let text = format!("{}{}", "x".repeat(before), token());
        for end in ["failure", "kind", "scopes"] {
            told.0.lock().unwrap().clear();
            let failure = guest.run("run", json!({"texts": [text], "as": end})).unwrap_err();
            let whole = format!("{failure:?}");
            assert!(!whole.contains(BEGINNING), "{before}, {end}: {whole}");
            match (&failure.kind, end) {
                (FailureKind::Other(word), "kind") => assert!(word.chars().count() <= 65, "{word}"),
                (FailureKind::InsufficientScope(scopes), "scopes") => {
                    assert!(scopes.len() <= 100 && scopes[0].chars().count() <= 501, "{scopes:?}");
                }
                (kind, _) => assert_eq!((kind, end), (&FailureKind::InvalidInput, "failure")),
            }
            assert!(failure.upstream_request_id.is_some(), "{failure:?}");
            let events = told.0.lock().unwrap().clone();
            for what in ["log", "progress", "request", "denied"] {
                assert!(events.iter().any(|(kind, _)| *kind == what), "{what}: {events:?}");
            }
            for (what, text) in events {
                assert!(!text.contains(BEGINNING), "{before}, {end}: {what}: {text}");
            }
        }
    }
    guest.works_as_before();
}

#[test]
fn an_output_that_holds_the_credential_is_kept_from_everybody() {
    let plugin = load(engine(), REPEATS_WHAT_IT_IS_GIVEN);
    let guest = Guest::of(plugin, CallLimits::default(), |host| host.transport(Grants));
    let escaped: String = token().chars().map(|c| format!("%{:02x}", c as u32)).collect();
    for text in [token(), format!("a {} b", token()), escaped] {
        let failure = guest.run("run", json!({"texts": [text], "as": "output"})).unwrap_err();
        assert_eq!((&failure.kind, &*failure.code), (&FailureKind::Denied, "credential-in-output"));
        assert!(!format!("{failure:?}").contains(BEGINNING), "{failure:?}");
    }
    let told = guest.run("run", json!({"texts": ["canary"], "as": "output"})).unwrap();
    assert_eq!(told, json!({"canary": "canary"}));
    guest.works_as_before();
}

/// The first character that is more to a terminal, or to whoever reads, than text.
pub(crate) fn steering(text: &str) -> Option<char> {
    let is_layout = |c: char| matches!(c, '\n' | '\t');
    text.chars().find(|c| {
        (c.is_control() && !is_layout(*c)) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

#[test]
fn nothing_that_the_command_prints_of_a_component_steers_a_terminal() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let home = Guest::home(STEERS_TERMINALS, &server);
    let path = STEERS_TERMINALS;
    let shown = |arguments: &[&str]| -> Finished {
        let ran = home.run(arguments);
        for text in [&ran.stdout, &ran.stderr] {
            assert_eq!(steering(text), None, "{arguments:?}: {text:?}");
        }
        ran
    };
    // What is left of the names and values of the component.
    let calm = "a [2J 2Jb c";
    for arguments in [
        &["run", path, "run"][..],
        &["templates", "show", path, "run"],
        &["templates", "list", path],
        &["integrations", "show", path],
        &["run", path, "run", "--help"],
        &["run", path, "--help"],
    ] {
        let told = shown(arguments).ok().stdout;
        assert!(told.contains(calm) || told.contains("a 2Jb c"), "{arguments:?}: {told}");
    }
    let told = shown(&["--json", "run", path, "run"]).ok();
    assert!(told.stdout.contains(r"a\u001b[2J\u009b2Jb\u202ec"), "{told:?}");
    assert_eq!(told.json()["output"]["inner"]["list"][0], "a\u{1b}[2J\u{9b}2Jb\u{202e}c");
    shown(&["run", path, "run", "--kind", "none"]);
    shown(&["run", path, "run", "--kinds", "none"]);
    shown(&["--json", "run", path, "run", "--input", r#"{"text": 1, "kind": 1}"#]);
    shown(&["run", path, "run", "--input", r#"{"text": 1, "kind": 1}"#]);

    shown(&["run", path, "run", "--record", "run.json"]).ok();
    let recording = home.path().join("run.json");
    let text = std::fs::read_to_string(&recording).unwrap();
    std::fs::write(&recording, text.replace(r#""inner""#, r#""outer""#)).unwrap();
    let replayed = shown(&["replay", "run.json", path]);
    assert!(replayed.code == 1 && replayed.stdout.contains("outer"), "{replayed:?}");

    shown(&["integrations", "add", path]).ok();
    shown(&["integrations", "approve", path]).ok();
    shown(&["templates", "install", "steers-terminals", "run"]).ok();
    shown(&["dialogs", "list"]).ok();
    let talked = shown(&["dialog", "run", "--say", "text: Hello"]);
    assert!(talked.stdout.contains(calm), "{talked:?}");
}
