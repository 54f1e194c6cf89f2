//! What the services of a conversation come to: the site that it works in, and a vendor that takes too long.

use std::sync::{Arc, Mutex};

use actionbay::authorization::Authorize;
use actionbay::dialog::{ConversationStatus, Dialog, Node, Start, Words};
use actionbay::ids::WorkspaceId;
use actionbay::runtime::{Event, EventSink};
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::{Chat, created, install, world_with};
use crate::support::{REDIRECT_URI, Setup, World, integration, profile, workspace};

const ALL: &str = "type: page, space: DOCS, title: Mine, body: Words";

/// How long each service of a dialog may take.
fn allow(world: &World, dialog: &str, seconds: u8) {
    let edit = |dialog: &mut Dialog| {
        for node in &mut dialog.nodes {
            if let Node::Service(service) = node {
                service.timeout_seconds = seconds;
            }
        }
    };
    world.host.edit_dialog(&workspace(), dialog, None, edit).unwrap();
}

/// Row 46: a service takes as long as its dialog lets it, and no longer. What took too long has words of its own.
#[test]
fn a_vendor_that_answers_later_than_a_service_may_take_is_waited_for_no_longer() {
    let world = world_with("create-content");
    let begin = |title: &str| {
        world.fault("POST", "/wiki/api/v2/pages", 1, json!({"delay_ms": 3_000}));
        let chat = Chat::start(&world.host, "createContent", &ALL.replace("Mine", title));
        world.control.clear_faults().unwrap();
        (chat.text().to_owned(), chat.status)
    };
    allow(&world, "createContent", 60);
    assert_eq!(begin("In time"), ("In time has been created.".to_owned(), ConversationStatus::Done));
    allow(&world, "createContent", 1);
    let words =
        "That took too long, so I have stopped waiting. It may have been done: look before you try again.";
    assert_eq!(begin("Too late"), (words.to_owned(), ConversationStatus::Failed));
    world.host.set_response(&workspace(), "en", "timed-out", Some("Too slow.")).unwrap();
    assert_eq!(begin("Too late again"), ("Too slow.".to_owned(), ConversationStatus::Failed));
}

/// What failed, as an embedder is told.
#[derive(Default, Clone)]
struct Failed(Arc<Mutex<Vec<String>>>);

impl EventSink for Failed {
    fn event(&self, event: Event<'_>) {
        if let Event::ConversationFailed { workspace, dialog, conversation, code } = event {
            self.0.lock().unwrap().push(format!("{workspace} {dialog} {conversation} {code}"));
        }
    }
}

/// Row 47: a conversation that ends because its service fails is an event, whatever its dialog says; one that goes on at a node
/// that is set is none.
#[test]
fn a_conversation_that_fails_is_an_event_unless_a_node_to_go_on_with_is_set() {
    let failed = Failed::default();
    let world = World::new(Setup { events: Arc::new(failed.clone()), ..Setup::default() });
    world.authorize().unwrap();
    install(&world.host, "create-content");
    let begin = || {
        world.control.clear_faults().unwrap();
        world.fault("POST", "/wiki/api/v2/pages", 1, json!({"status": 502, "body": "canary"}));
        Chat::start(&world.host, "createContent", ALL)
    };
    let chat = begin();
    let words = "I was interrupted, and do not know whether it was done. Look before you try again.";
    assert_eq!((chat.text(), chat.status), (words, ConversationStatus::Failed));
    let told = failed.0.lock().unwrap().clone();
    assert_eq!(told, [format!("default createContent {} unknown-outcome", chat.id)]);
    let edit = |dialog: &mut Dialog| {
        let last = dialog.nodes.last().unwrap().name().to_owned();
        for node in &mut dialog.nodes {
            if let Node::Service(service) = node {
                service.on_failure = Some(last.clone());
            }
        }
    };
    world.host.edit_dialog(&workspace(), "createContent", None, edit).unwrap();
    assert_eq!(begin().status, ConversationStatus::Done, "also where it is not known what was done");
    assert_eq!(failed.0.lock().unwrap().len(), 1);
}

/// Row 27: the first service reads which site the connection works in, for whatever comes after it to say.
#[test]
fn the_site_of_the_connection_is_known_to_what_comes_after_its_service() {
    let sandbox =
        SandboxConfig { sites: 2, redirect_uri: REDIRECT_URI.to_owned(), ..SandboxConfig::default() };
    let world = World::new(Setup { sandbox, ..Setup::default() });
    world.host.enable(&workspace(), &integration(), None, None).unwrap();
    install(&world.host, "create-content");
    let edit = |dialog: &mut Dialog| {
        if let Some(Node::Message(message)) = dialog.nodes.last_mut() {
            message.text = "{{context.getResourceIdService.id}} {{context.getResourceIdService.url}}".into();
        }
    };
    world.host.edit_dialog(&workspace(), "createContent", None, edit).unwrap();
    let mut known = Vec::new();
    for (workspace, below) in [(workspace(), ""), (WorkspaceId::new("second").unwrap(), "/site/2")] {
        if workspace != self::workspace() {
            let export = world.host.export_dialogs(&self::workspace()).unwrap();
            world.host.import_dialogs(&workspace, &export, actionbay::dialog::Import::Full).unwrap();
            let app = world.host.profiles(&self::workspace()).unwrap().remove(0);
            world.host.put_profile(&workspace, &app, &world.client.client_secret.clone().into()).unwrap();
        }
        let url = format!("{}{below}", world.sandbox.url());
        let wish = Authorize::new(workspace.clone(), integration(), profile()).site(Some(url.clone()));
        let begun = world.host.begin(&wish).unwrap();
        world.host.handle_callback(&world.consent(&begun.authorization_url, Decision::Allow), None).unwrap();
        let site = world.host.connections(&workspace).unwrap()[0].site.clone().unwrap();
        world.control.clear_requests().unwrap();
        let start = Start::new(workspace, "createContent").words(Some(Words::new(ALL)));
        let chat = Chat::of(&world.host, start);
        assert_eq!(chat.text(), format!("{} {url}", site.id));
        let sent = created(&world);
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0]["path"].as_str().unwrap().contains(&site.id), "{sent:?}");
        known.push(site.id);
    }
    assert_ne!(known[0], known[1]);
}

/// What was done is done: nobody is asked again because its message cannot be made.
#[test]
fn a_message_that_cannot_be_filled_in_ends_the_conversation_once() {
    let world = world_with("create-content");
    let edit = |dialog: &mut Dialog| {
        if let Some(Node::Message(message)) = dialog.nodes.last_mut() {
            message.text =
                "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}".into();
        }
    };
    world.host.edit_dialog(&workspace(), "createContent", None, edit).unwrap();
    let mut chat = Chat::start(&world.host, "createContent", ALL);
    assert_eq!(chat.text(), "Something went wrong. Please try again later.");
    assert_eq!(chat.status, ConversationStatus::Failed);
    chat.poll();
    assert_eq!((chat.status, created(&world).len()), (ConversationStatus::Failed, 1));
}
