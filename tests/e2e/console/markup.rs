//! A component that describes itself in markup, and a vendor that answers in it: what they say is shown, and not obeyed.

use std::sync::Arc;

use actionbay::authorization::AuthorizationMode;
use actionbay::dialog::{EntityType, Node};
use actionbay::egress::Transport;
use actionbay::service::Settings;
use serde_json::json;

use super::desk::Desk;
use super::routes::{owned, routes};
use super::titles::{HOSTILE, is_harmless, shows};
use crate::components::{DESCRIBES_ITSELF_IN_MARKUP, STEERS_TERMINALS};
use crate::guests::Vendor;
use crate::hostile::texts::steering;
use crate::service::office::{Office, run_of};
use crate::support::{Setup, Visitor, World, engine, integration, load, workspace};

/// A desk whose only integration is the component.
fn desk() -> Desk {
    Desk::at(Office::of("", Settings::default(), |setup| {
        let plugin = load(engine(), DESCRIBES_ITSELF_IN_MARKUP);
        let transport: Option<fn(_) -> Arc<dyn Transport>> = Some(|_| Arc::new(Vendor));
        World::new(Setup { plugin, transport, ..setup })
    }))
}

/// The person allows it, at a vendor that nobody asks.
fn authorized(mut desk: Desk) -> Desk {
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    let state = sent.at.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let back = format!("{}?code=canary-code-0123&state={state}", desk.office.public.callback_url());
    let answer = desk.admin.get(&back);
    assert!([200, 303].contains(&answer.status), "{answer:?}");
    let introduced = desk.open("/actions/confluence");
    shows(&introduced);
    desk.submit(introduced.form("/introduced").with("to", "actions"));
    desk
}

#[test]
fn what_a_component_says_of_itself_is_shown_on_every_page_and_obeyed_on_none() {
    let mut desk = desk();
    for path in [
        "/actions",
        "/actions/confluence",
        "/actions/confluence?tab=instructions",
        "/actions/confluence/templates",
    ] {
        shows(&desk.open(path));
    }
    let mut desk = authorized(desk);
    shows(&desk.install("create-content"));
    let client = desk.office.admin();
    client.post(&run_of("create-content"), json!({"input": {"kind": "plain", "count": 1}})).done();
    for path in [
        "/actions",
        "/actions/confluence/templates",
        "/dialogs",
        "/dialogs/createContent",
        "/dialogs/createContent/talk",
    ] {
        shows(&desk.open(path));
    }
    let ids = {
        let mut ids = owned_but_dialog(&mut desk);
        ids.insert("name", "createContent".to_owned());
        ids
    };
    for route in routes().iter().filter(|route| route.gets && !route.path.contains('.')) {
        is_harmless(&desk.open(&route.at(&ids)));
    }
}

/// Nor does it turn what stands beside it round.
#[test]
fn what_a_component_says_of_itself_reaches_no_page_but_as_text() {
    let mut desk = desk();
    desk.office.world.host.add(load(engine(), STEERS_TERMINALS)).unwrap();
    for (path, says) in [
        ("/actions", "a [2J 2Jb c"),
        ("/actions/steers-terminals", "a [2J 2Jb c"),
        ("/actions/steers-terminals?tab=instructions", "a [2J 2Jb c"),
        ("/actions/steers-terminals/templates", "a [2J 2Jb c"),
    ] {
        let page = desk.open(path);
        assert_eq!(steering(&page.answer.body), None, "{path}: {page:?}");
        assert!(page.says(says), "{path}: {page:?}");
    }
}

/// One of everything, where the dialog is there already.
fn owned_but_dialog(desk: &mut Desk) -> std::collections::BTreeMap<&'static str, String> {
    desk.press("/actions/confluence/templates", "/templates/create-content/uninstall");
    owned(desk)
}

#[test]
fn what_a_component_asks_offers_and_answers_in_a_conversation_is_shown_and_not_obeyed() {
    let mut desk = authorized(desk());
    desk.install("create-content");
    let dialog = desk.office.world.host.dialog(&workspace(), "createContent").unwrap();
    assert!(matches!(&dialog.nodes[0], Node::Intent(intent) if intent.utterances[0].contains(HOSTILE)));
    let types: Vec<_> = dialog.entities().map(|entity| entity.entity_type).collect();
    assert_eq!(types, [EntityType::List, EntityType::Number]);
    for (count, told) in [("3", "has been created."), ("0", "That did not work: ")] {
        let mut talk = desk.talk("createContent", "", "Make one");
        shows(&talk);
        let id = talk.at.path().rsplit('/').next().unwrap().to_owned();
        for answer in ["1", "a dozen", "1.5", count] {
            talk = desk.submit(talk.form(&format!("/conversations/{id}")).with("text", answer));
            shows(&talk);
        }
        assert!(talk.says(told), "no {told}: {talk:?}");
        assert_eq!(
            talk.answer.body.matches("That will not do").count(),
            2,
            "neither is a whole number: {talk:?}"
        );
        assert!(talk.links().iter().all(|link| link.scheme().starts_with("http")), "{talk:?}");
    }
    let failed =
        desk.office.admin().post(&run_of("create-content"), json!({"input": {"kind": HOSTILE, "count": 0}}));
    assert_eq!(failed.header("content-type"), "application/problem+json");
    is_harmless(&desk.open("/runs"));
    is_harmless(&desk.open("/audit"));
}

/// The page at which people connect says what the component is called and wants.
#[test]
fn what_a_component_says_of_itself_is_shown_to_people_who_connect_and_not_obeyed() {
    let desk = desk();
    let host = &desk.office.world.host;
    host.enable(&workspace(), &integration(), Some(AuthorizationMode::PerUser), None).unwrap();
    host.install(&workspace(), &integration(), "create-content").unwrap();
    let body = json!({"integration": "confluence", "user": HOSTILE.replace(['"', '\''], "")});
    let made = desk.office.admin().post("/connect/sessions", body).done();
    let mut person = Visitor::new();
    let link = made["connect_link"].as_str().unwrap();
    let page = person.get(link);
    assert!(page.body.contains("&lt;script&gt;alert(1)"), "{page:?}");
    let opened = person.post(link);
    let state = opened.location().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let done =
        person.get(&format!("{}?code=canary-code-0123&state={state}", desk.office.public.callback_url()));
    assert_eq!(done.status, 200, "{done:?}");
    for page in [page, done, person.get(link)] {
        for part in ["<script", "<img", "</textarea></select>", "\"'>"] {
            assert!(!page.body.contains(part), "{part}: {page:?}");
        }
    }
}
