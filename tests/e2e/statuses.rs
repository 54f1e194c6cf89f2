//! Every status that a connection can have, reached by what the sandbox answers, and what it says to do next.

use std::time::Duration;

use actionbay::FailureKind;
use actionbay::authorization::{ConnectionReport, ConnectionStatus, RefreshTokenState};
use actionbay::ids::TemplateId;
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use crate::support::{REDIRECT_URI, Setup, World, integration, profile, workspace};

/// Longer than an access token lives.
const PAST_EXPIRY: u64 = 3_601;

fn report(world: &World) -> ConnectionReport {
    let connections = world.connections();
    assert_eq!(connections.len(), 1, "{connections:?}");
    world.host.report(&workspace(), &connections[0].id).unwrap()
}

fn next_step(report: &ConnectionReport) -> &str {
    report.next_step.as_deref().unwrap()
}

/// Time passes, here and at the vendor.
fn pass(world: &World, seconds: u64) {
    world.clock.advance(seconds);
    world.control.advance_clock(Duration::from_secs(seconds)).unwrap();
}

fn pages(world: &World) -> Result<Value, actionbay::Failure> {
    world.run("list-pages", json!({"space": "DOCS"}))
}

#[test]
fn active_is_renewed_by_itself_and_asks_for_nothing() {
    let world = World::authorized();
    let report = report(&world);
    assert_eq!((report.connection.status, &report.next_step), (ConnectionStatus::Active, &None));
    let token = report.refresh_token.unwrap();
    assert_eq!(token.state, RefreshTokenState::Good);
    assert_eq!(token.dropped_at, Some(token.issued_at + 90 * 24 * 60 * 60));
    assert_eq!(report.connection.account.unwrap().name.as_deref(), Some("Robin Okafor"));
}

#[test]
fn a_consent_that_was_withdrawn_needs_reauthorization_and_the_next_step_mends_it() {
    let world = World::authorized();
    world.control.revoke(None).unwrap();
    let failure = pages(&world).unwrap_err();
    assert_eq!(failure.kind, FailureKind::AuthorizationRequired);
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::NeedsReauthorization);
    assert_eq!(report.refresh_token.as_ref().unwrap().state, RefreshTokenState::Refused);
    assert!(next_step(&report).contains(&format!("--connection {}", report.connection.id)), "{report:?}");
    world.authorize().unwrap();
    pages(&world).unwrap();
    assert_eq!(world.connections()[0].id, report.connection.id, "whoever knew its id still does");
}

#[test]
fn a_changed_password_ends_the_connection_when_its_token_does() {
    let world = World::authorized();
    world.control.change_password(None).unwrap();
    pages(&world).unwrap();
    pass(&world, PAST_EXPIRY);
    assert_eq!(pages(&world).unwrap_err().kind, FailureKind::AuthorizationRequired);
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::NeedsReauthorization);
    assert!(report.connection.reason.unwrap().contains("Unknown or invalid refresh token"));
}

#[test]
fn a_wrong_client_secret_is_its_own_status_and_the_next_step_is_the_profile() {
    let world = World::authorized();
    world.put_profile(&[], "not-the-secret-of-this-app");
    pass(&world, PAST_EXPIRY);
    assert_eq!(pages(&world).unwrap_err().kind, FailureKind::BadClientCredentials);
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::BadClientCredentials);
    assert!(next_step(&report).contains("profiles edit app --new-secret"), "{report:?}");
    world.put_profile(&[], &world.client.client_secret);
    pages(&world).unwrap();
}

#[test]
fn without_a_refresh_token_it_says_when_it_ends_and_what_would_bring_one() {
    let world = World::new(Setup::default());
    let without = world.begin(None).as_str().replace("%20offline_access", "");
    let query = world.consent(&url::Url::parse(&without).unwrap(), Decision::Allow);
    world.host.handle_callback(&query, None).unwrap();
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::NotRefreshable);
    assert_eq!(report.refresh_token.as_ref().unwrap().state, RefreshTokenState::Absent);
    assert!(next_step(&report).contains("scope that brings a refresh token"), "{report:?}");
}

#[test]
fn several_sites_wait_for_a_choice_and_those_that_are_not_reached_are_marked() {
    let sandbox =
        SandboxConfig { sites: 3, redirect_uri: REDIRECT_URI.to_owned(), ..SandboxConfig::default() };
    let world = World::new(Setup { sandbox, ..Setup::default() });
    let unreachable = SettingsChange { unreachable_sites: Some(vec![2]), ..SettingsChange::default() };
    world.control.settings(&unreachable).unwrap();
    let failure = world.authorize().unwrap_err();
    assert_eq!(failure.code, "site-required");
    let marked = format!("{}/site/2), not reachable", world.sandbox.url());
    assert!(failure.message.contains(&marked), "{failure}");
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::AwaitingSite);
    let reached: Vec<_> = report.connection.offered_sites.iter().map(|offered| offered.reachable).collect();
    assert_eq!(reached, [Some(true), Some(false), Some(true)]);
    assert!(next_step(&report).contains("--site SITE"), "{report:?}");

    let finish = |n| {
        let site = format!("{}/site/{n}", world.sandbox.url());
        world.host.finish(&workspace(), &report.connection.id, Some(&site))
    };
    assert_eq!(finish(2).unwrap_err().code, "site-not-reachable");
    assert_eq!(finish(3).unwrap().offered_sites, []);
    pages(&world).unwrap();
}

#[test]
fn the_only_site_is_not_taken_where_the_account_cannot_open_it_and_can_be_finished_later() {
    let world = World::new(Setup::default());
    let unreachable = |sites| SettingsChange { unreachable_sites: Some(sites), ..SettingsChange::default() };
    world.control.settings(&unreachable(vec![1])).unwrap();
    assert_eq!(world.authorize().unwrap_err().code, "site-not-reachable");
    let waiting = world.connections()[0].clone();
    assert_eq!(waiting.status, ConnectionStatus::AwaitingSite);
    world.control.settings(&unreachable(Vec::new())).unwrap();
    world.host.finish(&workspace(), &waiting.id, None).unwrap();
    pages(&world).unwrap();
}

#[test]
fn a_site_that_is_not_reached_any_more_is_told_by_a_check() {
    let world = World::authorized();
    let id = world.connections()[0].id.clone();
    let gone = SettingsChange { unreachable_sites: Some(vec![1]), ..SettingsChange::default() };
    world.control.settings(&gone).unwrap();
    let failure = world.host.check(&workspace(), &id).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::NotFound, "site-not-reachable"));
}

#[test]
fn classic_scopes_are_accepted_and_the_status_names_what_they_cannot_do_and_which_scope_would() {
    let world = World::new(Setup::default());
    world.put_profile(&["write:confluence-content", "offline_access"], &world.client.client_secret);
    let connection = world.authorize().unwrap();
    assert_eq!(connection.status, ConnectionStatus::InsufficientScope);
    let reason = connection.reason.unwrap();
    for told in
        ["write:confluence-content", "create-content needs write:page:confluence", "view-content needs"]
    {
        assert!(reason.contains(told), "{reason}");
    }
    assert!(next_step(&report(&world)).contains("Allow the scopes"));
}

#[test]
fn a_template_that_needs_more_scopes_marks_the_connection_until_it_was_granted_them_or_is_gone() {
    let world = World::new(Setup::default());
    world.put_profile(&["read:page:confluence", "read:space:confluence"], &world.client.client_secret);
    assert_eq!(world.authorize().unwrap().status, ConnectionStatus::Active, "it can do something");
    world.host.install_template(&workspace(), &integration(), "list-pages").unwrap();
    let lacking = world.host.install_template(&workspace(), &integration(), "create-content").unwrap();
    assert_eq!(lacking[0].status, ConnectionStatus::InsufficientScope);
    assert!(lacking[0].reason.as_ref().unwrap().contains("create-content needs write:page:confluence"));
    pages(&world).unwrap();
    pass(&world, PAST_EXPIRY);
    pages(&world).unwrap();
    assert_eq!(
        world.connections()[0].status,
        ConnectionStatus::InsufficientScope,
        "a renewal grants nothing"
    );

    let create = TemplateId::new("create-content").unwrap();
    assert!(world.host.uninstall_template(&workspace(), &integration(), &create).unwrap().is_empty());
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);

    world.host.install_template(&workspace(), &integration(), "create-content").unwrap();
    let url = world.begin(None);
    let asked = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert_eq!(
        asked, "read:page:confluence read:space:confluence write:page:confluence offline_access",
        "those of the profile, the installed templates and the grant before"
    );
    world.host.handle_callback(&world.consent(&url, Decision::Allow), None).unwrap();
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);
    world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap();
}

#[test]
fn trouble_at_the_token_endpoint_leaves_the_status_and_says_when_it_is_tried_again() {
    let world = World::authorized();
    pass(&world, PAST_EXPIRY);
    world.fault("POST", "/oauth/token", 1, json!({"cut": "during"}));
    assert_eq!(pages(&world).unwrap_err().kind, FailureKind::Unreachable);
    let report = report(&world);
    assert_eq!(report.connection.status, ConnectionStatus::Active);
    let token = report.refresh_token.unwrap();
    assert_eq!((token.state, token.failures), (RefreshTokenState::Paused, 1));
    assert!(token.next_try.is_some());
    pass(&world, 2);
    pages(&world).unwrap();
    assert_eq!(world.grants("refresh_token"), 2, "the first answer was lost, and the same token tried again");
}

#[test]
fn a_renewal_whose_connection_is_cut_before_any_answer_is_made_up_for_within_the_leeway() {
    let world = World::authorized();
    pass(&world, PAST_EXPIRY);
    world.fault("POST", "/oauth/token", 1, json!({"cut": "before", "after_effect": true}));
    pages(&world).unwrap_err();
    pass(&world, 60);
    pages(&world).unwrap();
    assert_eq!(world.connections()[0].status, ConnectionStatus::Active);
}

#[test]
fn a_profile_that_is_edited_does_not_hide_what_a_connection_lacks() {
    let world = World::new(Setup::default());
    world.put_profile(&["write:confluence-content"], &world.client.client_secret);
    world.authorize().unwrap();
    world
        .host
        .edit_profile(&workspace(), &profile(), None, |profile| profile.description = "mine".to_owned())
        .unwrap();
    assert_eq!(world.connections()[0].status, ConnectionStatus::InsufficientScope);
}
