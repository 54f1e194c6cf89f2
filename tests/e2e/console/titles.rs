//! What comes from outside is shown, and not obeyed: wherever a page shows a text, it is one.

use actionbay::authorization::AdditionalField;
use actionbay::dialog::{Button, Node};
use actionbay::ids::ProfileId;
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::desk::{Desk, Shown};
use super::routes::{owned, routes};
use crate::support::workspace;

/// A text that would be a script, an attribute, an end of a text field.
pub(super) const HOSTILE: &str =
    "\"'></textarea></select><script>alert(1)</script><img src=x onerror=alert(2)>";

/// Nothing of it is markup.
pub(super) fn is_harmless(page: &Shown) {
    for part in ["<script>", "<img", "</textarea></select>", "\"'>"] {
        assert!(!page.says(part), "{part} at {}: {}", page.at, page.answer.body);
    }
}

pub(super) fn shows(page: &Shown) {
    is_harmless(page);
    assert!(page.says("&lt;script&gt;alert(1)"), "not shown at {}: {}", page.at, page.answer.body);
}

#[test]
fn the_fields_of_a_profile_are_shown_and_not_obeyed() {
    let mut desk = Desk::new();
    let host = desk.office.world.host.clone();
    let id = ProfileId::new("app").unwrap();
    host.edit_profile(&workspace(), &id, None, |profile| {
        profile.identity_provider = HOSTILE.to_owned();
        profile.client_id = HOSTILE.to_owned();
        profile.additional_fields = vec![AdditionalField { key: "a".into(), value: HOSTILE.into() }];
    })
    .unwrap();
    shows(&desk.open("/profiles/app"));
    let form = desk.open("/profiles/app").form("/profiles/app");
    for field in
        ["identity-provider", "authorization-url", "scope", "additional-fields", "authorization-fields"]
    {
        let again = desk.submit(form.clone().with(field, HOSTILE));
        is_harmless(&again);
        let new = desk.open("/actions/confluence/profiles/new").form("/profiles/new");
        let again = desk.submit(new.with("name", HOSTILE).with(field, HOSTILE));
        shows(&again);
    }
}

#[test]
fn what_the_vendor_answers_to_a_test_is_shown_and_not_obeyed() {
    let mut desk = Desk::new();
    let answer = json!({"status": 400, "body": {"error": HOSTILE, "error_description": HOSTILE}});
    desk.office.world.fault("POST", "/oauth/token", 5, answer);
    shows(&desk.press("/profiles/app", "/test"));
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    is_harmless(&desk.decide(&sent, Decision::Allow));
    let refused = format!("/oauth/callback?error={HOSTILE}&error_description={HOSTILE}&state=x");
    let at = desk.url("").join(&refused).unwrap();
    let answer = desk.admin.get(at.as_str());
    is_harmless(&Shown { at, answer });
}

#[test]
fn names_of_sites_are_shown_and_not_obeyed() {
    let mut desk = Desk::new().configured();
    let known = desk.office.world.connections()[0].site.clone().unwrap();
    let site = json!([{"id": known.id, "url": known.url, "name": HOSTILE, "avatarUrl": HOSTILE,
        "scopes": ["read:page:confluence", "write:page:confluence", "read:space:confluence"]}]);
    let answer = json!({"status": 200, "body": site});
    desk.office.world.fault("GET", "/oauth/token/accessible-resources", 10, answer);
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    shows(&desk.decide(&sent, Decision::Allow));
    shows(&desk.open("/connections"));
    shows(&desk.open("/actions/confluence"));
}

#[test]
fn names_of_accounts_are_shown_and_not_obeyed() {
    let mut desk = Desk::new().configured();
    let known = desk.office.world.connections()[0].account.clone().unwrap();
    let account = json!({"type": "known", "accountId": known.id, "accountType": "atlassian", "email": HOSTILE,
        "publicName": HOSTILE, "displayName": HOSTILE});
    let answer = json!({"status": 200, "body": account});
    desk.office.world.fault("GET", "/wiki/rest/api/user/current", 10, answer);
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    is_harmless(&desk.decide(&sent, Decision::Allow));
    assert_eq!(desk.office.world.connections()[0].account.as_ref().unwrap().name.as_deref(), Some(HOSTILE));
    shows(&desk.open("/connections"));
}

/// Why a connection is over is what the vendor said of it.
#[test]
fn what_the_vendor_says_of_a_connection_that_is_over_is_shown_and_not_obeyed() {
    let mut desk = Desk::new().configured();
    let body = json!({"error": "invalid_grant", "error_description": HOSTILE});
    desk.office.world.fault("POST", "/oauth/token", 9, json!({"status": 403, "body": body}));
    desk.office.world.clock.advance(3_601);
    desk.press("/connections", "/check");
    let page = desk.open("/connections");
    assert!(page.says("<dd>needs-reauthorization</dd><dt>Why</dt>"), "{page:?}");
    for path in ["/connections", "/actions", "/actions/confluence", "/audit"] {
        is_harmless(&desk.open(path));
    }
    // Whatever a component or a vendor is quoted with there.
    let id = desk.office.world.connections()[0].id.clone();
    let told = desk.office.admin().get(&format!("/connections/{id}")).done();
    assert!(!told["reason"].as_str().unwrap().is_empty(), "{told}");
}

/// A page is called what its author called it, at the vendor.
#[test]
fn what_the_vendor_lists_in_a_conversation_is_shown_and_not_obeyed() {
    let mut desk = Desk::new().configured();
    desk.office
        .world
        .run("create-content", json!({"space": "DOCS", "title": HOSTILE, "body": HOSTILE}))
        .unwrap();
    for (template, dialog, said) in [
        ("list-pages", "listPages", "space: DOCS".to_owned()),
        ("view-content", "viewContent", format!("space: DOCS, title: {HOSTILE}")),
    ] {
        desk.install(template);
        let talk = desk.talk(dialog, "", &said);
        assert!(talk.says("The conversation is over."), "{talk:?}");
        shows(&talk);
    }
}

#[test]
fn the_texts_of_a_dialog_and_of_a_conversation_are_shown_and_not_obeyed() {
    let mut desk = Desk::new().configured();
    let ids = owned(&mut desk);
    let host = desk.office.world.host.clone();
    host.edit_dialog(&workspace(), "createContent", None, |dialog| {
        dialog.title = HOSTILE.to_owned();
        for node in &mut dialog.nodes {
            match node {
                Node::Intent(intent) => intent.utterances = vec![HOSTILE.to_owned()],
                Node::Entity(entity) => {
                    entity.prompt = HOSTILE.to_owned();
                    entity.error_prompt = Some(HOSTILE.to_owned());
                }
                Node::Service(service) => service.sample_responses = vec![json!(HOSTILE)],
                Node::Message(message) => {
                    message.text = HOSTILE.to_owned();
                    message.button = Some(Button {
                        label: HOSTILE.to_owned(),
                        url: "https://a.example/?\"'><script>".to_owned(),
                    });
                }
                _ => {}
            }
        }
    })
    .unwrap();
    for path in ["/dialogs", "/dialogs/createContent", "/dialogs/createContent/talk"] {
        shows(&desk.open(path));
    }
    let mut talk = desk.talk("createContent", "", HOSTILE);
    shows(&talk);
    let id = talk.at.path().rsplit('/').next().unwrap().to_owned();
    for said in ["page", "DOCS", HOSTILE, HOSTILE] {
        talk = desk.submit(talk.form(&format!("/conversations/{id}")).with("text", said));
        shows(&talk);
    }
    assert!(talk.says("The conversation is over."), "{talk:?}");
    assert_eq!(desk.office.created(), 1, "the title is what was said");
    for route in routes().iter().filter(|route| route.gets && !route.path.contains('.')) {
        is_harmless(&desk.open(&route.at(&ids)));
    }
}

#[test]
fn the_button_of_a_conversation_leads_nowhere_but_to_the_web() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let host = desk.office.world.host.clone();
    for url in [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
    ] {
        let edited = host.edit_dialog(&workspace(), "createContent", None, |dialog| {
            if let Some(Node::Message(message)) = dialog.nodes.last_mut() {
                message.button = Some(Button { label: "Look".to_owned(), url: url.to_owned() });
            }
        });
        if edited.is_err() {
            continue;
        }
        let title = format!("T{}", url.len());
        let talk =
            desk.talk("createContent", "", &format!("type: page, space: DOCS, title: {title}, body: B"));
        assert!(talk.says("has been created"), "{talk:?}");
        assert!(talk.links().iter().all(|link| link.scheme().starts_with("http")), "{url}: {talk:?}");
    }
}

#[test]
fn who_talks_and_what_a_title_is_called_is_shown_and_not_obeyed() {
    let mut desk = Desk::new();
    desk.configure("per-user", "custom", "save");
    desk.install("create-content");
    let user = "<script>alert(1)</script>";
    let talk = desk.talk("createContent", user, "type: page, space: DOCS, title: T, body: B");
    let link = talk.links().into_iter().find(|link| link.path().starts_with("/connect/")).unwrap();
    desk.office.decide(link.as_str(), Decision::Allow);
    for page in ["/connections", "/runs", "/audit", "/actions"] {
        is_harmless(&desk.open(page));
    }
    shows(&desk.open("/connections"));
}
