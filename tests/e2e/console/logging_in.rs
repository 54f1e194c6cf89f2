//! Logging in and out, and whose session it is.

use std::time::Duration;

use actionbay::ids::{KeyId, WorkspaceId};
use actionbay::service::keys::{Keys, NewKey, Scope};

use super::desk::{Desk, key, log_in, url};
use crate::service::office::Office;
use crate::support::{Visitor, workspace};

/// The session's cookie, as an answer sets it.
fn session(visitor: &mut Visitor, office: &Office, key: &str) -> String {
    let body = format!("key={key}");
    let origin = url(office, "").origin().ascii_serialization();
    let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let answer = visitor.send("POST", url(office, "/login").as_str(), &headers, &body);
    assert_eq!((answer.status, answer.header("location")), (303, "/console/actions"), "{answer:?}");
    answer.header("set-cookie").to_owned()
}

fn is_in(visitor: &mut Visitor, office: &Office) -> bool {
    let answer = visitor.get(url(office, "/actions").as_str());
    if answer.status == 200 {
        return true;
    }
    assert_eq!((answer.status, answer.header("location")), (303, "/console/login"), "{answer:?}");
    false
}

#[test]
fn only_a_key_of_the_scope_admin_lets_in() {
    let office = Office::new();
    let mut visitor = Visitor::new();
    assert!(!is_in(&mut visitor, &office));
    let all_but_admin = [Scope::Read, Scope::Run, Scope::Connect];
    for (wrong, told) in [
        (String::new(), "There is no such key."),
        ("x".repeat(5_000), "There is no such key."),
        (format!("ab_{}_{}", "0".repeat(16), "A".repeat(43)), "There is no such key."),
        (key(&office, &workspace(), &all_but_admin), "This key has not the scope admin."),
    ] {
        let shown = log_in(&office, &mut visitor, &wrong);
        assert_eq!(shown.answer.status, 403, "{shown:?}");
        assert!(shown.says(told) && shown.says("role=\"alert\""), "{shown:?}");
        assert_eq!(shown.answer.header("set-cookie"), "");
        assert!(wrong.is_empty() || !shown.says(&wrong), "what was typed is not shown again");
        assert!(!is_in(&mut visitor, &office));
    }
    let shown = log_in(&office, &mut visitor, &key(&office, &workspace(), &[Scope::Admin]));
    assert!(shown.says("Workspace default"), "{shown:?}");
}

#[test]
fn whoever_guesses_keys_has_to_wait() {
    let office = Office::new();
    let mut visitor = Visitor::new();
    let guesses: Vec<u16> = (0..40).map(|_| log_in(&office, &mut visitor, "ab_0_0").answer.status).collect();
    assert!(guesses.starts_with(&[403; 30]) && guesses.contains(&429), "{guesses:?}");
}

#[test]
fn whoever_guesses_keys_does_not_lock_out_who_has_one() {
    let office = Office::new();
    let mut guesser = Visitor::new();
    let mut guess = || log_in(&office, &mut guesser, "ab_0_0").answer.status;
    assert!((0..400).any(|_| guess() == 429));
    let text = key(&office, &workspace(), &[Scope::Admin]);
    for _ in 0..3 {
        let mut admin = Visitor::new();
        assert!(log_in(&office, &mut admin, &text).says("Workspace default"));
        assert!(is_in(&mut admin, &office));
        guess();
    }
}

#[test]
fn a_session_is_over_as_soon_as_its_key_is_or_the_day_is() {
    let office = Office::new();
    let keys = Keys::of(&office.world.host);
    let mut visitor = Visitor::new();
    let text = key(&office, &workspace(), &[Scope::Admin]);
    session(&mut visitor, &office, &text);
    assert!(is_in(&mut visitor, &office));
    let id = KeyId::new(text.split('_').nth(1).unwrap()).unwrap();
    keys.revoke(&workspace(), &id).unwrap();
    assert!(!is_in(&mut visitor, &office), "its key is revoked");

    let short = NewKey::new("short", [Scope::Admin]).lifetime(Some(60));
    let (_, text) = keys.create(&workspace(), &short).unwrap();
    session(&mut visitor, &office, actionbay::secret::ExposeSecret::expose_secret(&text));
    assert!(is_in(&mut visitor, &office));
    office.world.clock.advance(60);
    assert!(!is_in(&mut visitor, &office), "its key has expired");

    session(&mut visitor, &office, &key(&office, &workspace(), &[Scope::Admin]));
    office.world.clock.advance(Duration::from_hours(12).as_secs());
    assert!(!is_in(&mut visitor, &office), "a working day is over");
}

#[test]
fn logging_out_ends_the_session_wherever_its_cookie_is_and_no_other() {
    let mut desk = Desk::new();
    let mut elsewhere = Visitor::new();
    let other = session(&mut elsewhere, &desk.office, &desk.key);
    let mut thief = Visitor::new();
    let stolen = session(&mut desk.admin, &desk.office, &desk.key);
    let stolen = stolen.split(';').next().unwrap().to_owned();
    let mut with_stolen =
        |desk: &Desk| thief.send("GET", desk.url("/actions").as_str(), &[("Cookie", &stolen)], "").status;
    assert_eq!(with_stolen(&desk), 200);
    let form = desk.open("/actions").form("/logout");
    let shown = desk.submit(form);
    assert_eq!(shown.at.path(), "/console/login");
    assert_eq!(with_stolen(&desk), 303, "the cookie opens nothing any more");
    assert!(is_in(&mut elsewhere, &desk.office), "{other}");
}

#[test]
fn a_cookie_that_was_planted_before_is_not_the_one_after() {
    let office = Office::new();
    let text = key(&office, &workspace(), &[Scope::Admin]);
    let mut attacker = Visitor::new();
    let planted = session(&mut attacker, &office, &text);
    let planted = planted.split(';').next().unwrap().to_owned();
    let origin = url(&office, "").origin().ascii_serialization();
    let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin"), ("Cookie", &planted)];
    let at = url(&office, "/login");
    let answer = Visitor::new().send("POST", at.as_str(), &headers, &format!("key={text}"));
    let made = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(made.starts_with("actionbay-console=") && made != planted, "{answer:?}");
    // Of two cookies somebody else made one: neither counts.
    let both = format!("{planted}; {made}");
    let actions = url(&office, "/actions");
    let answer = Visitor::new().send("GET", actions.as_str(), &[("Cookie", &both)], "");
    assert_eq!(answer.status, 303, "{answer:?}");
}

#[test]
fn the_cookie_of_a_session_is_kept_from_scripts_and_from_other_sites_forms() {
    let office = Office::new();
    let line = session(&mut Visitor::new(), &office, &key(&office, &workspace(), &[Scope::Admin]));
    for attribute in ["; Path=/;", "; HttpOnly;", "; SameSite=Lax;", "; Max-Age=43200"] {
        assert!(line.contains(attribute), "no {attribute} in {line}");
    }
}

#[test]
fn an_admin_sees_the_workspace_of_the_key_alone() {
    let mut desk = Desk::connected();
    assert!(desk.open("/connections").says("Status"));
    let elsewhere = WorkspaceId::new("elsewhere").unwrap();
    let text = key(&desk.office, &elsewhere, &[Scope::Admin]);
    let mut visitor = Visitor::new();
    let shown = log_in(&desk.office, &mut visitor, &text);
    assert!(shown.says("Workspace elsewhere"), "{shown:?}");
    let connections = visitor.get(desk.url("/connections").as_str());
    assert!(connections.body.contains("Nobody has connected an account yet."), "{connections:?}");
}
