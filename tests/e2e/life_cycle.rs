//! Workspaces and what they do with an integration: enable, edit, disable, enable again, delete.

use actionbay::authorization::{AuthorizationMode, Authorize, ConnectionStatus, Editions};
use actionbay::ids::{IntegrationId, WorkspaceId};
use actionbay::runtime::Edition;
use actionbay::{Failure, FailureKind, Run};
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::support::{Finished, Home, Setup, World, integration, profile, workspace};

fn pages(world: &World, user: Option<&str>) -> Result<Value, Failure> {
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    world.host.run(&run.user(user.map(str::to_owned))).map(|outcome| outcome.output)
}

fn is_configured(world: &World) -> bool {
    !world.host.configurations(&workspace()).unwrap().is_empty()
}

/// Rows 1, 2, 8
#[test]
fn an_integration_is_available_and_silent_until_the_first_connection_configures_it() {
    let world = World::new(Setup::default());
    assert!(!is_configured(&world));
    assert_eq!(pages(&world, None).unwrap_err().code, "not-authorized");
    assert!(world.wire.seen().is_empty());
    world.authorize().unwrap();
    let configuration = world.host.configuration(&workspace(), &integration()).unwrap().unwrap();
    assert!(configuration.enabled && configuration.mode == AuthorizationMode::PreAuthorized);
    assert_eq!(configuration.profile, Some(profile()));
}

/// Row 6
#[test]
fn per_user_is_enabled_without_any_token_and_serves_each_user_by_their_own() {
    let world = World::new(Setup::default());
    let per_user = Some(AuthorizationMode::PerUser);
    world.host.enable(&workspace(), &integration(), per_user, Some(&profile())).unwrap();
    assert!(world.wire.seen().is_empty() && world.connections().is_empty());
    assert_eq!(pages(&world, None).unwrap_err().code, "user-required");
    assert_eq!(pages(&world, Some("ann")).unwrap_err().kind, FailureKind::AuthorizationRequired);
    let for_everybody = Authorize::new(workspace(), integration(), profile());
    assert_eq!(world.host.begin(&for_everybody).unwrap_err().code, "user-required");
    let url = world.host.begin(&for_everybody.user(Some("ann".to_owned()))).unwrap().authorization_url;
    world.host.handle_callback(&world.consent(&url, Decision::Allow), None).unwrap();
    pages(&world, Some("ann")).unwrap();
    assert_eq!(pages(&world, Some("bob")).unwrap_err().kind, FailureKind::AuthorizationRequired);
}

#[test]
fn pre_authorized_serves_everybody_by_one_connection() {
    let world = World::authorized();
    for user in [None, Some("ann"), Some("bob")] {
        pages(&world, user).unwrap();
    }
    let for_ann = Authorize::new(workspace(), integration(), profile()).user(Some("ann".to_owned()));
    assert_eq!(world.host.begin(&for_ann).unwrap_err().code, "pre-authorized");
}

/// Row 49
#[test]
fn the_configuration_can_be_edited() {
    let world = World::authorized();
    let per_user = Some(AuthorizationMode::PerUser);
    let edited = world.host.edit_configuration(&workspace(), &integration(), per_user, None).unwrap();
    assert_eq!((edited.mode, edited.profile), (AuthorizationMode::PerUser, Some(profile())));
    assert_eq!(pages(&world, Some("ann")).unwrap_err().kind, FailureKind::AuthorizationRequired);
}

/// Rows 50, 51
#[test]
fn disabled_keeps_the_authorization_and_refuses_calls_and_enabling_again_asks_to_reauthorize() {
    let world = World::authorized();
    let before = world.connections();
    world.host.disable(&workspace(), &integration()).unwrap();
    let failure = pages(&world, None).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Denied, "integration-disabled"));
    let wish = Authorize::new(workspace(), integration(), profile());
    assert_eq!(world.host.begin(&wish).unwrap_err().code, "integration-disabled");
    assert_eq!(world.connections(), before, "what was authorized is kept");
    let id = &before[0].id;
    assert_eq!(world.host.check(&workspace(), id).unwrap_err().code, "integration-disabled");
    assert_eq!(world.host.refresh(&workspace(), id).unwrap_err().code, "integration-disabled");
    world.clock.advance(80 * 24 * 60 * 60);
    assert!(world.host.keep_alive(&workspace()).unwrap().is_empty());
    assert!(world.wire.seen().is_empty());
    assert_eq!(world.host.disable(&workspace(), &integration()).unwrap_err().code, "already-disabled");

    world.host.enable(&workspace(), &integration(), None, None).unwrap();
    assert_eq!(world.connections()[0].status, ConnectionStatus::NeedsReauthorization);
    assert_eq!(pages(&world, None).unwrap_err().kind, FailureKind::AuthorizationRequired);
    assert!(world.wire.seen().is_empty());
    world.authorize().unwrap();
    pages(&world, None).unwrap();
    assert_eq!(
        world.host.enable(&workspace(), &integration(), None, None).unwrap_err().code,
        "already-enabled"
    );
}

/// Row 52
#[test]
fn deleting_removes_connections_profiles_secrets_templates_and_what_waits_for_its_callback() {
    let world = World::authorized();
    world.host.install_template(&workspace(), &integration(), "list-pages").unwrap();
    let waiting = world.consent(&world.begin(None), Decision::Allow);
    let deleted = world.host.delete_integration(&workspace(), &integration()).unwrap();
    assert_eq!((deleted.connections.len(), deleted.profiles), (1, vec![profile()]));
    assert!(!is_configured(&world) && world.connections().is_empty());
    assert!(world.host.profiles(&workspace()).unwrap().is_empty());
    assert_eq!(world.host.handle_callback(&waiting, None).unwrap_err().code, "state-unknown");
    assert!(world.wire.seen().is_empty());
}

struct AllTrial;

impl Editions for AllTrial {
    fn edition(&self, _: &WorkspaceId) -> Result<Edition, Failure> {
        Ok(Edition::Trial)
    }
}

#[test]
fn an_edition_that_the_manifest_excludes_cannot_connect_and_is_told_so() {
    let world = World::with(Setup::default(), |host| host.editions(AllTrial));
    let failure = world.host.begin(&Authorize::new(workspace(), integration(), profile())).unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.code.as_ref()), ("denied", "edition-excluded"));
    assert!(failure.message.contains("Confluence") && failure.message.contains("trial"), "{failure}");
    let failure = world.host.enable(&workspace(), &integration(), None, None).unwrap_err();
    assert_eq!(failure.code, "edition-excluded");
    assert!(!is_configured(&world));
}

#[test]
fn what_one_workspace_has_another_one_does_not_see() {
    let world = World::authorized();
    let other = WorkspaceId::new("other").unwrap();
    let id = world.connections()[0].id.clone();
    assert!(world.host.connections(&other).unwrap().is_empty());
    assert_eq!(world.host.connection(&other, &id).unwrap_err().code, "unknown-connection");
    assert_eq!(world.host.profile(&other, &profile()).unwrap_err().code, "unknown-profile");
    let run = Run::new(other.clone(), integration(), "list-pages", json!({"space": "DOCS"}));
    assert_eq!(world.host.run(&run).unwrap_err().code, "not-authorized");
    let named = world.host.run(&run.connection(Some(id))).unwrap_err();
    assert_eq!(named.code, "unknown-connection");
    assert!(world.host.deletion(&other, &integration()).unwrap().connections.is_empty());
    assert!(world.wire.seen().is_empty());
    let unknown = IntegrationId::new("unknown").unwrap();
    assert_eq!(world.host.enable(&other, &unknown, None, None).unwrap_err().code, "unknown-integration");
}

#[test]
fn the_command_tells_the_whole_life_of_an_integration() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    let run = |arguments: &[&str]| -> Finished { home.run(arguments) };
    let state = || run(&["--json", "integrations", "list"]).ok().json()[0]["state"].clone();
    assert_eq!(state(), "available");
    assert!(!home.data().exists(), "looking makes no store");
    let pages = ["run", "confluence", "list-pages", "--set", "space=DOCS"];
    run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    assert_eq!(state(), "enabled");
    run(&pages).ok();
    run(&["templates", "install", "confluence", "list-pages"]).ok();
    run(&["templates", "install", "confluence", "list-pages"]).fails_with(2, "installed already");
    run(&["templates", "install", "confluence", "unknown"]).fails_with(2, "no template \"unknown\"");
    run(&["templates", "uninstall", "confluence", "view-content"]).fails_with(2, "is not installed");
    run(&["templates", "uninstall", "confluence", "list-pages"]).ok();
    run(&["integrations", "disable", "confluence"]).ok();
    assert_eq!(state(), "disabled");
    run(&pages).fails_with(1, "is disabled");
    run(&["integrations", "enable", "confluence"]).ok();
    run(&pages).fails_with(3, "has to be authorized again");
    let shown = run(&["--json", "connections", "list"]).ok().json();
    let id = shown[0]["id"].as_str().unwrap().to_owned();
    let next = run(&["--json", "connections", "show", &id]).ok().json()["next-step"].clone();
    assert!(next.as_str().unwrap().contains("actionbay authorize confluence"), "{next}");
    run(&["integrations", "delete", "confluence"]).fails_with(2, &id);
    run(&["integrations", "delete", "confluence", "--yes"]).ok();
    assert_eq!(state(), "available");
    run(&["integrations", "delete", "confluence", "--yes"]).fails_with(1, "nothing of confluence");
    run(&["integrations", "edit", "confluence", "--mode", "per-user"]).fails_with(1, "not configured");
}

#[test]
fn workspaces_of_the_command_are_apart_and_the_operator_says_their_editions() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("config.toml"), "[workspaces.acme]\nedition = \"trial\"\n").unwrap();
    let authorize = ["authorize", "confluence", "--sandbox", sandbox.url()];
    home.run(&[&["--workspace", "acme"], &authorize[..]].concat()).fails_with(1, "edition trial");
    home.run(&[&["--workspace", "team"], &authorize[..]].concat()).ok();
    let pages = ["run", "confluence", "list-pages", "--set", "space=DOCS"];
    home.run(&[&["--workspace", "team"], &pages[..]].concat()).ok();
    home.run(&pages).fails_with(3, "no connection to confluence");
    home.run(&["--workspace", "a/b", "connections", "list"])
        .fails_with(2, "cannot be the name of a workspace");
}

#[test]
fn who_comes_back_after_the_integration_was_disabled_is_told_so_and_no_code_is_exchanged() {
    let world = World::authorized();
    let query = world.consent(&world.begin(None), Decision::Allow);
    world.host.disable(&workspace(), &integration()).unwrap();
    assert_eq!(world.host.handle_callback(&query, None).unwrap_err().code, "integration-disabled");
    assert!(world.wire.seen().is_empty());
}
