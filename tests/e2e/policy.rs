//! The workspace's policy, outside of the plugin: what it denies is not sent, and what may not be read does not arrive.

mod approving;
mod command;
mod hostile;
mod spaces;

use actionbay::authorization::WorkspacePolicy;
use actionbay::runtime::Access;
use actionbay::{FailureKind, Run};
use serde_json::json;

use crate::support::{World, integration, workspace};
use crate::templates::able;

/// Changes the policy of a world.
fn set(world: &World, change: impl FnOnce(&mut WorkspacePolicy)) {
    world.host.set_policy(&workspace(), &integration(), change).unwrap();
}

/// Gives a space an access, by its key or by `id:` and its id.
fn space(world: &World, name: &str, access: Access) {
    set(world, |policy| {
        policy.containers.named.insert(name.parse().unwrap(), access);
    });
}

/// How many requests left that could change something.
fn writes(world: &World) -> usize {
    world.wire.seen().iter().filter(|request| request.method != "GET").count()
}

#[test]
fn a_template_that_is_denied_or_writes_where_all_others_read_does_not_run() {
    let world = able();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "Hello"})).unwrap();
    set(&world, |policy| {
        policy.templates.others = Access::ReadOnly;
        policy.templates.named.insert("list-spaces".parse_id(), Access::Deny);
        policy.templates.named.insert("add-labels".parse_id(), Access::Allow);
    });
    world.wire.forget();
    let failure = world.run("delete-content", json!({"id": page["id"]})).unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::Denied, "template-read-only"));
    assert!(failure.message.contains("other-templates read-only"), "{failure}");
    assert_eq!(
        failure.hint.unwrap(),
        "To allow it: actionbay integrations policy confluence --template delete-content=allow"
    );
    let dry = json!({"id": page["id"], "body": "x", "dry-run": true});
    assert_eq!(world.run("update-content", dry).unwrap_err().code, "template-read-only");
    assert_eq!(world.run("list-spaces", json!({})).unwrap_err().code, "template-denied");
    assert!(world.wire.seen().is_empty(), "nothing was sent for any of them");
    world.run("view-content", json!({"id": page["id"]})).unwrap();
    world.run("add-labels", json!({"id": page["id"], "labels": ["a"]})).unwrap();
    let unknown = world.host.set_policy(&workspace(), &integration(), |policy| {
        policy.templates.named.insert("no-such-template".parse_id(), Access::Deny);
    });
    assert_eq!(unknown.unwrap_err().code, "unknown-template");
}

trait ParseId {
    fn parse_id(&self) -> actionbay::ids::TemplateId;
}

impl ParseId for str {
    fn parse_id(&self) -> actionbay::ids::TemplateId {
        actionbay::ids::TemplateId::new(self).unwrap()
    }
}

/// What came of a run before a denial is not shown after it: what it is of cannot be told from it.
#[test]
fn an_outcome_from_before_a_denial_is_not_given_again() {
    let world = able();
    let named = |title: &str, key: &str| {
        let input = json!({"space": "DOCS", "title": title});
        world.host.run(
            &Run::new(workspace(), integration(), "create-content", input)
                .idempotency_key(Some(key.to_owned())),
        )
    };
    named("Before", "key-1").unwrap();
    assert!(named("Before", "key-1").unwrap().replayed);
    space(&world, "TEAM", Access::Deny);
    let failure = named("Before", "key-1").unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Denied, "policy-changed"));
    named("After", "key-2").unwrap();
    assert!(named("After", "key-2").unwrap().replayed, "under the same policy it is");
    space(&world, "DOCS", Access::Deny);
    assert_eq!(named("After", "key-2").unwrap_err().code, "container-denied");
    set(&world, |policy| *policy = WorkspacePolicy::default());
    assert!(named("Before", "key-1").unwrap().replayed, "where everything is allowed it is again");
}

/// A record of before there were policies reads as one that allows everything.
#[test]
fn a_policy_is_a_part_of_the_configuration_and_stays_with_it() {
    let world = able();
    assert!(!world.host.policy(&workspace(), &integration()).unwrap().restricts());
    space(&world, "docs", Access::ReadOnly);
    world.host.edit_configuration(&workspace(), &integration(), None, None).unwrap();
    let policy = world.host.policy(&workspace(), &integration()).unwrap();
    assert_eq!(
        serde_json::to_value(&policy).unwrap(),
        json!({"templates": {"others": "allow", "named": {}},
               "containers": {"others": "allow", "named": {"DOCS": "read-only"}}})
    );
    let mut old =
        serde_json::to_value(world.host.configuration(&workspace(), &integration()).unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("policy").unwrap();
    let read: actionbay::authorization::Configuration = serde_json::from_value(old).unwrap();
    assert!(!read.policy.restricts());
}
