//! What becomes of a dialog whose template is another one by now.

use std::path::Path;

use actionbay::authorization::FixedCallback;
use actionbay::dialog::ConversationStatus;
use actionbay::egress::OperatorPolicy;
use actionbay::ids::IntegrationId;
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{Host, Run};
use serde_json::json;

use super::Chat;
use super::connecting::Admin;
use crate::components::{DECLARES_ONE_MORE_REQUEST, TRAPS};
use crate::guests::Vendor;
use crate::support::{MASTER_KEY, SetClock, engine, load, workspace};

/// A process with one component of the integration `traps`, and the store that all of them share.
fn host(folder: &Path, component: &str) -> Host {
    watched(folder, component, Admin::default())
}

/// The same, with somebody who is told what an admin has to know.
fn watched(folder: &Path, component: &str, admin: Admin) -> Host {
    let store = SqliteStore::open(&folder.join("store.db")).unwrap();
    let host = Host::builder()
        .transport(Vendor)
        .store(store, KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap())
        .clock(SetClock::new())
        .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
        .policy(OperatorPolicy::every_public_host())
        .events(admin)
        .build()
        .unwrap();
    host.add(load(engine(), component)).unwrap();
    host
}

#[test]
fn a_template_that_is_another_by_now_changes_no_dialog_until_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let traps = IntegrationId::new("traps").unwrap();
    let first = host(folder.path(), TRAPS);
    first.enable(&workspace(), &traps, None, None).unwrap();
    let made = first.install(&workspace(), &traps, "run").unwrap().dialog;
    assert!(!first.is_outdated(&made).unwrap());
    let ours = |dialog: &mut actionbay::dialog::Dialog| dialog.title = "Ours".into();
    let ours = first.edit_dialog(&workspace(), "run", None, ours).unwrap();
    drop(first);

    let second = host(folder.path(), DECLARES_ONE_MORE_REQUEST);
    let kept = || second.dialog(&workspace(), "run").unwrap();
    assert_eq!(kept(), ours, "that the component changed changes nothing");
    assert!(second.is_outdated(&kept()).unwrap());
    let refused = second.update_dialog(&workspace(), "run", false).unwrap_err();
    assert_eq!(refused.code, "dialog-edited");
    assert!(refused.hint.unwrap().contains("overwritten"));
    assert_eq!(kept(), ours);

    let fresh = second.update_dialog(&workspace(), "run", true).unwrap();
    assert_eq!((fresh.title.as_str(), fresh.version, fresh.edited), ("run", 3, false));
    assert_ne!(fresh.made_from, made.made_from);
    assert_eq!(kept(), fresh);
    assert!(!second.is_outdated(&fresh).unwrap());
}

#[test]
fn a_dialog_that_nobody_changed_is_brought_up_to_date_when_that_is_asked_for_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let traps = IntegrationId::new("traps").unwrap();
    let first = host(folder.path(), TRAPS);
    first.enable(&workspace(), &traps, None, None).unwrap();
    let made = first.install(&workspace(), &traps, "run").unwrap().dialog;
    drop(first);
    let second = host(folder.path(), DECLARES_ONE_MORE_REQUEST);
    let kept = || second.dialog(&workspace(), "run").unwrap();
    assert_eq!(kept(), made);
    assert!(second.is_outdated(&made).unwrap());
    let fresh = second.update_dialog(&workspace(), "run", false).unwrap();
    assert_eq!((fresh.version, second.is_outdated(&kept()).unwrap()), (2, false));
}

/// It runs nothing, and what it declares is nothing for whoever talks.
#[test]
fn a_dialog_whose_component_is_not_approved_tells_the_admin_and_shows_no_internals() {
    let folder = tempfile::tempdir().unwrap();
    let traps = IntegrationId::new("traps").unwrap();
    let first = host(folder.path(), TRAPS);
    first.enable(&workspace(), &traps, None, None).unwrap();
    first.install(&workspace(), &traps, "run").unwrap();
    // The first that is used is approved by that.
    first.run(&Run::new(workspace(), traps, "run", json!({}))).unwrap_err();

    let admin = Admin::default();
    let second = watched(folder.path(), DECLARES_ONE_MORE_REQUEST, admin.clone());
    let chat = Chat::start(&second, "run", "Run it");
    assert_eq!(chat.text(), "Something went wrong. Please try again later.");
    assert_eq!(chat.status, ConversationStatus::Failed);
    assert_eq!(*admin.0.lock().unwrap(), ["default traps component-not-approved"]);
}
