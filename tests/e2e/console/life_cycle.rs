//! What is configured is edited, turned off and on, and removed.

use actionbay::authorization::ConnectionStatus;
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use super::desk::Desk;
use crate::support::{integration, workspace};

/// Row 49: what was saved can be changed.
#[test]
fn a_configuration_is_edited_after_it_was_saved() {
    let mut desk = Desk::new().with_system_app().configured();
    let edited = desk.configure("per-user", "system", "save");
    assert_eq!(edited.at.path(), "/console/actions/confluence");
    let known = desk.office.world.host.configuration(&workspace(), &integration()).unwrap().unwrap();
    assert_eq!((known.mode.as_str(), known.profile.unwrap().as_str()), ("per-user", "shipped"));
    assert!(desk.open("/actions").says("Users authorize it themselves"));
}

/// Rows 50, 53: disabling keeps what was configured and the dialogs, whose services are then custom ones.
#[test]
fn disabling_keeps_everything_and_turns_services_into_custom_ones() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    assert!(desk.open("/dialogs/createContent").says("integration service"));
    let actions = desk.press("/actions", "/disable");
    assert!(actions.says("Disabled. Its authorization is kept."), "{actions:?}");
    let dialog = desk.open("/dialogs/createContent");
    assert!(dialog.says("custom service") && !dialog.says("integration service"), "{dialog:?}");
    let known = desk.office.world.host.configuration(&workspace(), &integration()).unwrap().unwrap();
    assert!(!known.enabled && known.profile.is_some());
    desk.office.world.wire.forget();
    let talked = desk.talk("createContent", "", "type: page, space: DOCS, title: T, body: B");
    assert!(!talked.says("has been created"), "{talked:?}");
    assert!(desk.office.world.wire.seen().is_empty());
}

/// Row 51: what was disabled has to be authorized again.
#[test]
fn enabling_after_disabling_takes_authorizing_again() {
    let mut desk = Desk::new().configured();
    desk.press("/actions", "/disable");
    let shown = desk.press("/actions", "/enable");
    assert!(shown.says("Not working") || shown.says("authorize"), "{shown:?}");
    assert!(!desk.office.world.connections()[0].status.works());
    let sent = desk.configure("pre-authorized", "custom", "authorize");
    let back = desk.decide(&sent, Decision::Allow);
    assert!(back.says("Authorized"), "{back:?}");
    assert_eq!(desk.office.world.connections()[0].status, ConnectionStatus::Active);
}

/// Rows 52, 53: deleting asks first, says what goes, and takes it back to *Available*; dialogs stay.
#[test]
fn deleting_asks_first_and_leaves_the_dialogs_alone() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let asked = desk.open("/actions/confluence/delete");
    for text in ["This cannot be undone", "1 connections", "1 authorization profiles", "Its dialogs stay"] {
        assert!(asked.says(text), "no {text}: {asked:?}");
    }
    assert_eq!(desk.office.world.connections().len(), 1, "asking does nothing");
    let deleted = desk.submit(asked.form("/delete"));
    assert!(deleted.between("id=\"available\"", "</section>").contains("Confluence"), "{deleted:?}");
    let host = &desk.office.world.host;
    assert!(host.connections(&workspace()).unwrap().is_empty());
    assert!(host.profiles(&workspace()).unwrap().is_empty());
    assert_eq!(host.configuration(&workspace(), &integration()).unwrap(), None);
    assert!(desk.open("/dialogs").says("createContent"));
}

/// Row 58: who did what, and when.
#[test]
fn the_audit_log_tells_of_what_was_done() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    desk.press("/actions", "/disable");
    desk.press("/actions", "/enable");
    let form = desk.open("/actions/confluence/delete").form("/delete");
    desk.submit(form);
    let log = desk.open("/audit");
    for action in [
        "configure_integration",
        "install_template",
        "disable_integration",
        "enable_integration",
        "delete_integration",
    ] {
        assert!(log.says(&format!("<td>{action}</td>")), "no {action}: {log:?}");
    }
    let by = format!("<td>key:{}</td>", desk.key.split('_').nth(1).unwrap());
    assert!(log.says(&by), "no {by}: {log:?}");
    let when = log.between("<td>", "</td>");
    assert!(when.len() == "2026-01-31T12:00:00Z".len() && when.ends_with('Z'), "{when}");
}

#[test]
fn the_audit_log_names_what_was_changed_whatever_it_is() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let form = desk.open("/dialogs/createContent").form("/dialogs/createContent");
    desk.submit(form);
    let log = desk.open("/audit");
    let entry = log.between("<td>edit_dialog</td>", "</tr>");
    assert!(entry.contains("createContent"), "{entry}");
}

/// A connection that died says why, and has one button that mends it.
#[test]
fn a_connection_that_died_is_mended_with_one_button() {
    let mut desk = Desk::new().configured();
    let good = desk.press("/connections", "/check");
    assert!(good.says("active"), "{good:?}");
    desk.office.world.control.revoke(None).unwrap();
    desk.office.world.clock.advance(3_600);
    let broken = desk.press("/connections", "/check");
    let broken = if broken.answer.status == 200 { broken } else { desk.open("/connections") };
    assert!(broken.says("needs-reauthorization") && broken.says("Authorize again"), "{broken:?}");
    assert!(desk.open("/actions").says("in an error state"));
    let sent = desk.press("/connections", "/authorize");
    desk.decide(&sent, Decision::Allow);
    assert!(desk.open("/connections").says("<dd>active</dd>"));
    desk.office.world.run("list-pages", json!({"space": "DOCS"})).unwrap();

    let asked = desk.open(&format!("/connections/{}/delete", desk.office.world.connections()[0].id));
    assert!(asked.says("This cannot be undone"), "{asked:?}");
    desk.submit(asked.form("/delete"));
    assert!(desk.office.world.connections().is_empty());
}
