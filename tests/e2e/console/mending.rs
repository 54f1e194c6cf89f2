//! What is wrong with a connection is told, and each has the one thing that mends it.

use std::time::Duration;

use actionbay::authorization::{AuthorizationMode, Connect, Connection, ConnectionStatus};
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use serde_json::json;

use super::desk::{Desk, Shown};
use crate::support::{Form, integration, workspace};

fn only(desk: &Desk) -> Connection {
    let connections = desk.office.world.connections();
    assert_eq!(connections.len(), 1, "{connections:?}");
    connections.into_iter().next().unwrap()
}

/// What the card of the only connection says and offers: its forms, and its links but for the one that deletes.
fn card(desk: &mut Desk) -> (Shown, Vec<Form>, Vec<String>) {
    let page = desk.open("/connections");
    let forms =
        page.forms().into_iter().filter(|form| form.action.path().contains("/connections/")).collect();
    let card = page.between("<li class=\"card\">", "</li>").to_owned();
    let links = crate::support::links(&page.at, &card).into_iter().map(|link| link.path().to_owned());
    let links = links.filter(|link| !link.ends_with("/delete")).collect();
    (page, forms, links)
}

/// That the card says how it stands and why, whose account it is and where, and has this form and nothing else to press.
fn is_mended_by(desk: &mut Desk, status: &str, action: &str) -> Form {
    let (page, forms, links) = card(desk);
    assert!(page.says(&format!("<dd>{status}</dd>")), "no {status}: {page:?}");
    for part in ["<dt>Why</dt>", "<dt>Account</dt>", "<dt>Site</dt>"] {
        // Who and where is not known before a site is chosen.
        assert!(status == "awaiting-site" || page.says(part), "no {part} for {status}: {page:?}");
    }
    let [form] = forms.as_slice() else { panic!("not one for {status}: {forms:?}") };
    assert!(form.action.path().ends_with(action), "{form:?}");
    assert_eq!(links, [] as [&str; 0], "{status}");
    form.clone()
}

fn is_active(desk: &mut Desk) {
    let (page, forms, links) = card(desk);
    assert!(page.says("<dd>active</dd>") && !page.says("<dt>Why</dt>"), "{page:?}");
    assert!(matches!(forms.as_slice(), [form] if form.action.path().ends_with("/check")), "{forms:?}");
    assert!(links.is_empty(), "{links:?}");
    desk.office.world.run("list-pages", json!({"space": "DOCS"})).unwrap();
}

#[test]
fn one_that_waits_for_its_site_is_mended_by_choosing_one() {
    let mut desk = Desk::new();
    let change = SettingsChange { sites: Some(2), ..SettingsChange::default() };
    desk.office.world.control.settings(&change).unwrap();
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    assert!(desk.decide(&sent, Decision::Allow).says("Which site?"));
    let form = is_mended_by(&mut desk, "awaiting-site", "/site");
    let second = only(&desk).offered_sites[1].site.clone();
    assert!(desk.open("/connections").says(&second.url));
    let after = desk.submit(form.with("site", &second.id));
    assert_eq!(after.at.path(), "/console/connections", "{after:?}");
    assert_eq!(only(&desk).site.unwrap().id, second.id);
    is_active(&mut desk);
}

#[test]
fn one_that_is_over_or_lacks_scopes_is_mended_by_authorizing_it_again() {
    let mut desk = Desk::new().configured();
    is_active(&mut desk);
    desk.office.world.control.revoke(None).unwrap();
    desk.press("/connections", "/check");
    let form = is_mended_by(&mut desk, "needs-reauthorization", "/authorize");
    let sent = desk.submit(form);
    desk.decide(&sent, Decision::Allow);
    is_active(&mut desk);

    desk.install("delete-content");
    let form = is_mended_by(&mut desk, "insufficient-scope", "/authorize");
    let sent = desk.submit(form);
    desk.decide(&sent, Decision::Allow);
    is_active(&mut desk);
}

#[test]
fn one_whose_app_has_another_secret_by_now_is_mended_at_its_profile() {
    let mut desk = Desk::new().configured();
    let world = &desk.office.world;
    world.put_profile(&[], "wrong-secret-0123456789");
    world.clock.advance(3_601);
    world.control.advance_clock(Duration::from_secs(3_601)).unwrap();
    desk.press("/connections", "/check");
    assert_eq!(only(&desk).status, ConnectionStatus::BadClientCredentials);
    let (page, forms, links) = card(&mut desk);
    assert!(page.says("<dt>Why</dt>") && forms.is_empty(), "{page:?}");
    assert_eq!(links, ["/console/profiles/app"]);
    let secret = desk.office.world.client.client_secret.clone();
    let form = desk.open("/profiles/app").form("/profiles/app").with("client-secret", &secret);
    desk.submit(form);
    desk.office.world.run("list-pages", json!({"space": "DOCS"})).unwrap();
    is_active(&mut desk);
}

#[test]
fn one_with_an_api_token_is_mended_by_another_token_of_the_same_account() {
    let mut desk = Desk::new();
    let (host, control) = (desk.office.world.host.clone(), &desk.office.world.control);
    let [old, new, anothers] = [1, 1, 2].map(|account| control.api_token(account, 1).unwrap());
    let secret = old.token.clone().into();
    let connect = Connect::new(workspace(), integration(), "api-token", &old.email, secret);
    let before = host.connect(&connect.tenant(Some("acme".to_owned()))).unwrap();
    is_active(&mut desk);
    desk.office.world.control.revoke(None).unwrap();
    desk.press("/connections", "/check");
    let form = is_mended_by(&mut desk, "needs-reauthorization", "/secret");
    for (wrong, why) in [("", "empty"), (anothers.token.as_str(), "does not take")] {
        let refused = desk.submit(form.clone().with("secret", wrong));
        assert!(refused.says(why) && (wrong.is_empty() || !refused.says(wrong)), "{refused:?}");
        assert_eq!(only(&desk).status, ConnectionStatus::NeedsReauthorization);
    }
    let renewed = desk.office.world.control.api_token(1, 1).unwrap();
    assert_ne!(renewed.token, new.token);
    let after = desk.submit(form.with("secret", &renewed.token));
    assert!(after.at.path() == "/console/connections" && !after.says(&renewed.token), "{after:?}");
    assert_eq!(only(&desk).id, before.id);
    is_active(&mut desk);
}

/// What a user connected is the user's to mend, and no form of the console does.
#[test]
fn one_of_a_user_is_mended_by_the_user() {
    let mut desk = Desk::new();
    let host = desk.office.world.host.clone();
    host.enable(&workspace(), &integration(), Some(AuthorizationMode::PerUser), None).unwrap();
    let link = desk.office.admin();
    let made = link.post("/connect/sessions", json!({"integration": "confluence", "user": "ann"})).done();
    desk.office.decide(made["connect_link"].as_str().unwrap(), Decision::Allow);
    let check = desk.open("/connections").form("/check");
    desk.office.world.control.revoke(None).unwrap();
    desk.submit(check.clone());
    assert_eq!(only(&desk).status, ConnectionStatus::NeedsReauthorization);
    let (page, forms, links) = card(&mut desk);
    assert!(page.says("Its user gets a link in the next conversation."), "{page:?}");
    assert!(forms.is_empty() && links.is_empty(), "{forms:?} {links:?}");
    for what in ["authorize", "site", "secret"] {
        let mut form = check.clone();
        form.action.set_path(&form.action.path().replace("/check", &format!("/{what}")));
        assert_eq!(desk.submit(form.with("secret", "x").with("site", "x")).answer.status, 404, "{what}");
    }
}
