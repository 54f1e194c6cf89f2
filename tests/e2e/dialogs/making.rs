//! What installing a template makes.

use actionbay::dialog::{Action, EntityType, Export, Import, Node, Presence};
use actionbay::ids::{TemplateId, WorkspaceId};
use serde_json::json;

use super::{Chat, install, world_with};
use crate::support::{World, integration, workspace};

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::name).collect()
}

/// Rows 24 and 25: the dialog is there, and holds exactly these nodes by these names.
#[test]
fn create_content_becomes_the_eight_nodes_of_the_reference() {
    let world = world_with("create-content");
    let dialog = world.host.dialog(&workspace(), "createContent").unwrap();
    assert_eq!((dialog.title.as_str(), dialog.version, dialog.edited), ("Create content", 1, false));
    assert_eq!(
        names(&dialog.nodes),
        [
            "createContent",
            "contentType",
            "spaceKey",
            "contentTitle",
            "contentBody",
            "getResourceIdService",
            "createContentService",
            "createContentMessage"
        ]
    );
    let kinds: Vec<_> = dialog.entities().map(|entity| (entity.entity_type, entity.presence)).collect();
    assert_eq!(
        kinds,
        [
            (EntityType::List, Presence::Optional),
            (EntityType::String, Presence::Mandatory),
            (EntityType::String, Presence::Mandatory),
            (EntityType::Description, Presence::Optional)
        ]
    );
    let Node::Service(service) = &dialog.nodes[6] else { panic!("no service") };
    assert_eq!((service.does, service.timeout_seconds), (Action::RunTemplate, 20));
    assert_eq!(service.request["title"], "{{context.entities.contentTitle}}");
    let Node::Message(message) = &dialog.nodes[7] else { panic!("no message") };
    assert_eq!(message.button.as_ref().unwrap().label, "View Content");
}

#[test]
fn every_template_becomes_a_dialog_that_its_own_schema_makes() {
    let world = World::authorized();
    let plugin = world.host.plugin(&integration()).unwrap();
    for template in &plugin.manifest().templates {
        let dialog = world.host.install(&workspace(), &integration(), template.id.as_str()).unwrap().dialog;
        for prompt in &template.prompts {
            assert!(dialog.entities().any(|entity| entity.field == prompt.field), "{}", template.id);
        }
        let confirms = dialog.nodes.iter().any(|node| matches!(node, Node::Confirmation(_)));
        assert_eq!(confirms, ["update", "delete"].contains(&template.effect.as_str()), "{}", template.id);
        assert!(matches!(dialog.nodes.last(), Some(Node::Message(_))), "{}", template.id);
        // What an editor sends back unchanged is taken.
        let same = world.host.edit_dialog(&workspace(), &dialog.name, Some(1), |dialog| {
            dialog.nodes.push(dialog.nodes[0].clone());
        });
        same.unwrap();
    }
}

#[test]
fn a_template_is_installed_once_and_taken_away_with_its_dialog() {
    let world = world_with("create-content");
    let again = world.host.install(&workspace(), &integration(), "create-content").unwrap_err();
    assert_eq!(again.code, "template-exists");
    let template = TemplateId::new("create-content").unwrap();
    world.host.uninstall(&workspace(), &integration(), &template).unwrap();
    assert!(world.host.dialogs(&workspace()).unwrap().is_empty());
    assert_eq!(world.host.dialog(&workspace(), "createContent").unwrap_err().code, "unknown-dialog");
    assert_eq!(install(&world.host, "create-content"), "createContent");
}

/// Whatever its template is, one dialog is taken away without the others.
#[test]
fn a_dialog_is_deleted_alone_also_where_its_template_is_not_installed() {
    let world = world_with("create-content");
    let host = &world.host;
    let names = |of: &WorkspaceId| -> Vec<String> {
        host.dialogs(of).unwrap().into_iter().map(|dialog| dialog.name).collect()
    };
    // A second one of the same template.
    let mut second = serde_json::to_value(host.export_dialogs(&workspace()).unwrap()).unwrap();
    (second["dialogs"][0]["name"], second["dialogs"][0]["reference"]) = (json!("second"), json!("dialog-2"));
    let second: Export = serde_json::from_value(second).unwrap();
    host.import_dialogs(&workspace(), &second, Import::Merge).unwrap();
    assert_eq!(names(&workspace()), ["createContent", "second"]);
    assert_eq!(host.delete_dialog(&workspace(), "second").unwrap().reference, "dialog-2");
    assert_eq!(names(&workspace()), ["createContent"]);
    // One of a workspace that has nothing installed.
    let other = WorkspaceId::new("other").unwrap();
    host.import_dialogs(&other, &second, Import::Merge).unwrap();
    host.delete_dialog(&other, "second").unwrap();
    assert!(names(&other).is_empty());
    assert_eq!(host.delete_dialog(&other, "second").unwrap_err().code, "unknown-dialog");
    // One that a deleted integration left, whose conversations go on as they were.
    host.delete_integration(&workspace(), &integration()).unwrap();
    host.delete_dialog(&workspace(), "createContent").unwrap();
    assert!(names(&workspace()).is_empty());
}

/// What is deleted is not asked of those who talk with it.
#[test]
fn a_conversation_goes_on_where_its_dialog_is_deleted_and_the_template_gets_another() {
    let world = world_with("create-content");
    let mut chat = Chat::start(&world.host, "createContent", "type: page, space: DOCS, title: Kept");
    world.host.delete_dialog(&workspace(), "createContent").unwrap();
    assert_eq!(chat.say("skip"), "Kept has been created.");
    assert_eq!(install(&world.host, "create-content"), "createContent");
}

/// Rows 28 and 46: requests, messages, timeouts and samples are changed, and what cannot be is told.
#[test]
fn a_dialog_is_changed_and_everything_that_is_wrong_with_a_change_is_told_at_once() {
    let world = world_with("create-content");
    let edit = |version, change: fn(&mut actionbay::dialog::Dialog)| {
        world.host.edit_dialog(&workspace(), "createContent", Some(version), change)
    };
    let edited = edit(1, |dialog| {
        if let Node::Service(service) = &mut dialog.nodes[6] {
            service.request["status"] = json!("draft");
            service.timeout_seconds = 60;
            service.sample_responses.push(json!({"id": "1"}));
        }
    });
    let edited = edited.unwrap();
    assert_eq!((edited.version, edited.edited), (2, true));
    let stale = edit(1, |dialog| dialog.title.clear()).unwrap_err();
    assert_eq!(stale.code, "dialog-changed");
    let wrong = edit(2, |dialog| {
        for node in &mut dialog.nodes {
            match node {
                Node::Service(service) => {
                    (service.timeout_seconds, service.on_failure) = (61, Some("gone".into()))
                }
                Node::Message(message) => message.text = "{{ open".into(),
                Node::Entity(entity) => entity.retries = 0,
                Node::Intent(intent) => intent.name = "two words".into(),
                _ => {}
            }
        }
    });
    let violations = wrong.unwrap_err().violations;
    let places: Vec<&str> = violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(
        places,
        [
            "/nodes/0/name",
            "/nodes/1/retries",
            "/nodes/2/retries",
            "/nodes/3/retries",
            "/nodes/4/retries",
            "/nodes/5/timeout-seconds",
            "/nodes/5/on-failure",
            "/nodes/6/timeout-seconds",
            "/nodes/6/on-failure",
            "/nodes/7/text"
        ]
    );
    assert_eq!(world.host.dialog(&workspace(), "createContent").unwrap().version, 2);
}

#[test]
fn an_update_of_the_template_never_overwrites_a_change_unasked() {
    let world = world_with("create-content");
    let host = &world.host;
    assert!(!host.is_outdated(&host.dialog(&workspace(), "createContent").unwrap()).unwrap());
    assert_eq!(host.update_dialog(&workspace(), "createContent", false).unwrap().version, 2);
    host.edit_dialog(&workspace(), "createContent", None, |dialog| dialog.title = "Ours".into()).unwrap();
    let refused = host.update_dialog(&workspace(), "createContent", false).unwrap_err();
    assert_eq!(refused.code, "dialog-edited");
    assert_eq!(host.dialog(&workspace(), "createContent").unwrap().title, "Ours");
    let fresh = host.update_dialog(&workspace(), "createContent", true).unwrap();
    assert_eq!((fresh.title.as_str(), fresh.version, fresh.edited), ("Create content", 4, false));
}

/// Rows 50 and 53: what is disabled is left to itself, and what is deleted leaves its dialogs.
#[test]
fn dialogs_survive_that_their_integration_is_disabled_and_deleted() {
    let world = world_with("create-content");
    let host = &world.host;
    let dialog = || host.dialog(&workspace(), "createContent").unwrap();
    assert_eq!(host.service_type(&workspace(), &dialog()).unwrap(), "integration service");
    host.disable(&workspace(), &integration()).unwrap();
    assert_eq!(host.service_type(&workspace(), &dialog()).unwrap(), "custom service");
    let start = actionbay::dialog::Start::new(workspace(), "createContent");
    assert_eq!(host.start_conversation(&start).unwrap_err().code, "integration-disabled");
    host.delete_integration(&workspace(), &integration()).unwrap();
    assert_eq!(dialog().name, "createContent");
}
