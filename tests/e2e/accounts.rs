//! Several accounts: added beside each other, told apart, and never taken for one another.

use actionbay::authorization::{AuthorizationMode, Authorize, Connect, Connection, ConnectionStatus};
use actionbay::{Failure, FailureKind, Run};
use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use atlassian_sandbox::{ApiToken, SandboxConfig};
use serde_json::{Value, json};

use crate::support::{Home, REDIRECT_URI, Setup, World, integration, profile, workspace};

/// The person of this number signs in and allows access.
fn authorize_as(world: &World, account: usize, wish: &Authorize) -> Result<Connection, Failure> {
    let signed_in = SettingsChange { account: Some(account), ..SettingsChange::default() };
    world.control.settings(&signed_in).unwrap();
    let url = world.host.begin(wish).unwrap().authorization_url;
    world.host.handle_callback(&world.consent(&url, Decision::Allow), None)
}

fn wish() -> Authorize {
    Authorize::new(workspace(), integration(), profile())
}

fn name(connection: &Connection) -> &str {
    connection.account.as_ref().unwrap().name.as_deref().unwrap()
}

fn pages(world: &World, connection: Option<&Connection>) -> Result<Value, Failure> {
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    let connection = connection.map(|connection| connection.id.clone());
    world.host.run(&run.connection(connection)).map(|outcome| outcome.output)
}

#[test]
fn a_second_account_is_added_and_a_run_must_say_which_one() {
    let world = World::new(Setup::default());
    let robin = authorize_as(&world, 1, &wish()).unwrap();
    let ada = authorize_as(&world, 2, &wish()).unwrap();
    assert_eq!((name(&robin), name(&ada)), ("Robin Okafor", "Ada Lindqvist"));
    assert_eq!(world.connections().len(), 2);
    let failure = pages(&world, None).unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.code.as_ref()), ("invalid-input", "several-connections"));
    for told in [robin.id.as_str(), ada.id.as_str(), "Robin Okafor", "Ada Lindqvist"] {
        assert!(failure.message.contains(told), "{failure}");
    }
    pages(&world, Some(&ada)).unwrap();
    pages(&world, Some(&robin)).unwrap();
    let again = authorize_as(&world, 2, &wish()).unwrap();
    assert_eq!((again.id, world.connections().len()), (ada.id, 2), "the same account is not added twice");
}

#[test]
fn a_connection_is_not_authorized_again_as_another_account_unless_that_is_confirmed() {
    let world = World::new(Setup::default());
    let robin = authorize_as(&world, 1, &wish()).unwrap();
    let again = || wish().reconnect(Some(robin.id.clone()));
    let failure = authorize_as(&world, 2, &again()).unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.code.as_ref()), ("conflict", "other-account"));
    assert!(
        failure.message.contains("Robin Okafor") && failure.message.contains("Ada Lindqvist"),
        "{failure}"
    );
    assert_eq!(world.connections(), std::slice::from_ref(&robin), "nothing was changed");
    pages(&world, None).unwrap();

    let changed = authorize_as(&world, 2, &again().another_account(true)).unwrap();
    assert_eq!((&changed.id, name(&changed)), (&robin.id, "Ada Lindqvist"));
    assert_eq!(world.connections(), [changed]);
}

#[test]
fn what_cannot_be_authorized_again_is_said_before_a_person_is_sent_away() {
    let world = World::new(Setup::default());
    let robin = authorize_as(&world, 1, &wish()).unwrap();
    let code = |wish: &Authorize| world.host.begin(wish).unwrap_err().code;
    let unknown = actionbay::ids::ConnectionId::new("c-unknown").unwrap();
    assert_eq!(code(&wish().reconnect(Some(unknown))), "unknown-connection");
    world.host.forget(&robin).unwrap();
    assert_eq!(code(&wish().reconnect(Some(robin.id))), "unknown-connection");
}

#[test]
fn an_account_that_the_vendor_does_not_tell_just_now_replaces_none_that_is_known() {
    let world = World::new(Setup::default());
    let robin = authorize_as(&world, 1, &wish()).unwrap();
    let current_user = "/wiki/rest/api/user/current";
    let finish_later = |wish: &Authorize| {
        world.fault("GET", current_user, 1, json!({"status": 503, "body": "later"}));
        let failure = authorize_as(&world, 2, wish).unwrap_err();
        assert_eq!((failure.kind.as_str(), failure.upstream_status), ("upstream", Some(503)));
        let stored = world.host.connection(&workspace(), &robin.id).unwrap();
        assert_eq!(stored, robin, "nothing was changed");
        let waiting = world.connections().into_iter().find(|connection| connection.id != robin.id).unwrap();
        let finished = world.host.finish(&workspace(), &waiting.id, None);
        if finished.is_err() {
            world.host.forget(&waiting).unwrap();
        }
        finished
    };
    let again = finish_later(&wish().reconnect(Some(robin.id.clone()))).unwrap_err();
    assert_eq!(again.code, "other-account");
    let ada = finish_later(&wish()).unwrap();
    assert_eq!(name(&ada), "Ada Lindqvist", "and no new consent is needed once it tells");
}

#[test]
fn the_connection_of_one_person_is_not_authorized_again_by_another() {
    let world = World::new(Setup::default());
    let user = |name: &str| Some(name.to_owned());
    let anns = authorize_as(&world, 1, &wish().user(user("ann"))).unwrap();
    let token = world.control.api_token(1, 1).unwrap();
    let connect = |name: &str| {
        let secret = token.token.clone().into();
        let connect = Connect::new(workspace(), integration(), "api-token", &token.email, secret);
        let connect = connect.user(user(name)).tenant(Some("acme".to_owned()));
        world.host.connect(&connect.reconnect(Some(anns.id.clone()), true)).unwrap_err()
    };
    world.wire.forget();
    for name in ["bob", "ann"] {
        assert_eq!(connect(name).code, "unknown-connection", "of another person, or made in another way");
    }
    let bobs = wish().user(user("bob")).reconnect(Some(anns.id.clone()));
    assert_eq!(world.host.begin(&bobs).unwrap_err().code, "unknown-connection");
    assert!(world.wire.seen().is_empty(), "and nothing was sent");
    assert_eq!(world.connections(), [anns]);
}

#[test]
fn the_connection_of_everybody_is_not_named_by_a_user_who_has_to_have_their_own() {
    let world = World::new(Setup::default());
    let shared = authorize_as(&world, 1, &wish()).unwrap();
    let per_user = Some(AuthorizationMode::PerUser);
    world.host.edit_configuration(&workspace(), &integration(), per_user, None).unwrap();
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    let named = run.user(Some("bob".to_owned())).connection(Some(shared.id));
    assert_eq!(world.host.run(&named).unwrap_err().code, "unknown-connection");
}

#[test]
fn another_account_that_reaches_another_site_only_may_take_the_place_where_that_is_confirmed() {
    let sandbox =
        SandboxConfig { sites: 2, redirect_uri: REDIRECT_URI.to_owned(), ..SandboxConfig::default() };
    let world = World::new(Setup { sandbox, ..Setup::default() });
    let second = format!("{}/site/2", world.sandbox.url());
    let before = authorize_as(&world, 1, &wish().site(Some(second))).unwrap();
    let one_site = SettingsChange { sites: Some(1), ..SettingsChange::default() };
    world.control.settings(&one_site).unwrap();
    let again = wish().reconnect(Some(before.id.clone()));
    assert_eq!(authorize_as(&world, 2, &again).unwrap_err().code, "site-unknown");
    let after = authorize_as(&world, 2, &again.another_account(true)).unwrap();
    assert_eq!((&after.id, name(&after)), (&before.id, "Ada Lindqvist"));
}

#[test]
fn a_refusal_of_what_was_replaced_meanwhile_says_nothing_of_what_replaced_it() {
    let world = World::new(Setup::default());
    let old = world.control.api_token(1, 1).unwrap();
    let first = connect(&world, &old, &old.token).unwrap();
    world.control.revoke(None).unwrap();
    let new = world.control.api_token(1, 1).unwrap();
    let host = world.host.clone();
    // The run has its credential in hand when the person connects again.
    world.wire.at_next_request(move || {
        let secret = new.token.clone().into();
        let connect = Connect::new(workspace(), integration(), "api-token", &new.email, secret);
        host.connect(&connect.tenant(Some("acme".to_owned()))).unwrap();
    });
    pages(&world, None).unwrap();
    let connection = world.connections().remove(0);
    assert_eq!((connection.id, connection.status), (first.id, ConnectionStatus::Active));
}

fn connect(world: &World, token: &ApiToken, secret: &str) -> Result<Connection, Failure> {
    let method = "api-token";
    let connect = Connect::new(workspace(), integration(), method, &token.email, secret.to_owned().into());
    world.host.connect(&connect.tenant(Some("acme".to_owned())))
}

#[test]
fn an_email_address_and_an_api_token_connect_without_oauth_and_the_plugin_does_not_notice() {
    let world = World::new(Setup::default());
    let token = world.control.api_token(2, 1).unwrap();
    let connection = connect(&world, &token, &token.token).unwrap();
    assert_eq!((connection.status, name(&connection)), (ConnectionStatus::Active, "Ada Lindqvist"));
    assert_eq!(connection.site.as_ref().unwrap().url, "https://acme.atlassian.net");
    let created = world.run("create-content", json!({"space": "DOCS", "title": "By token"})).unwrap();
    world.run("view-content", json!({"id": created["id"]})).unwrap();
    pages(&world, None).unwrap();
    for seen in world.wire.seen() {
        assert_eq!(seen.url.host_str(), Some("acme.atlassian.net"), "not at the gateway, which refuses it");
        assert!(seen.url.path().starts_with("/wiki/"), "{}", seen.url);
        assert!(seen.authorization.unwrap().starts_with("Basic "));
    }
    assert_eq!(world.grants("authorization_code"), 0);
}

#[test]
fn an_api_token_that_the_vendor_refuses_leaves_nothing_behind() {
    let world = World::new(Setup::default());
    let token = world.control.api_token(1, 1).unwrap();
    let failure = connect(&world, &token, "ATATT3xFfGF0-wrong").unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_ref()),
        (FailureKind::AuthorizationRequired, "credentials-refused")
    );
    assert!(world.connections().is_empty());
    assert_eq!(world.host.configuration(&workspace(), &integration()).unwrap(), None);
}

#[test]
fn an_api_token_that_was_withdrawn_needs_reauthorization_and_is_replaced_by_a_new_one() {
    let world = World::new(Setup::default());
    let token = world.control.api_token(1, 1).unwrap();
    let first = connect(&world, &token, &token.token).unwrap();
    world.control.revoke(None).unwrap();
    assert_eq!(pages(&world, None).unwrap_err().kind, FailureKind::AuthorizationRequired);
    let over = world.connections()[0].clone();
    assert_eq!(over.status, ConnectionStatus::NeedsReauthorization);
    let report = world.host.report(&workspace(), &over.id).unwrap();
    assert!(report.refresh_token.is_none(), "it never had one");
    let next = report.next_step.unwrap();
    assert!(next.contains("--method api-token") && next.contains("--tenant acme"), "{next}");
    assert_eq!(
        world.host.refresh(&workspace(), &first.id).unwrap_err().kind,
        FailureKind::AuthorizationRequired
    );
    let token = world.control.api_token(1, 1).unwrap();
    assert_eq!(connect(&world, &token, &token.token).unwrap().id, first.id);
    pages(&world, None).unwrap();
}

#[test]
fn what_is_no_email_address_tenant_token_or_method_is_said_before_anything_is_sent() {
    let world = World::new(Setup::default());
    let connect = |method: &str, username: &str, secret: &str, tenant: Option<&str>| {
        let secret = secret.to_owned().into();
        let connect = Connect::new(workspace(), integration(), method, username, secret);
        world.host.connect(&connect.tenant(tenant.map(str::to_owned))).unwrap_err().code.into_owned()
    };
    assert_eq!(connect("telepathy", "a@b.example", "s3cret", Some("acme")), "unknown-method");
    assert_eq!(connect("api-token", "a@b.example", "s3cret", None), "tenant-required");
    for tenant in ["", "a.b", "acme/..", "acme@evil.example", "a b", "-acme", "%61cme", "{tenant}"] {
        let code = connect("api-token", "a@b.example", "s3cret", Some(tenant));
        assert!(code.contains("tenant"), "{tenant}: {code}");
    }
    for username in ["", "  ", "a:b", "a\r\nX: y", &"a".repeat(5_000)] {
        assert_eq!(connect("api-token", username, "s3cret", Some("acme")), "bad-username", "{username}");
    }
    for secret in ["", "a b", "a\r\nb", "é", &"s".repeat(5_000)] {
        assert_eq!(connect("api-token", "a@b.example", secret, Some("acme")), "bad-secret", "{secret}");
    }
    assert!(world.wire.seen().is_empty() && world.connections().is_empty());
}

#[test]
fn the_command_connects_by_api_token_where_the_operator_lets_the_sandbox_stand_in() {
    let sandbox = atlassian_sandbox::Sandbox::start(atlassian_sandbox::SandboxConfig::default()).unwrap();
    let token = atlassian_sandbox::control::Control::new(sandbox.url()).api_token(1, 1).unwrap();
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    let policy = format!("[policy.audience-origins.api-token]\nconfluence = \"{}\"\n", sandbox.url());
    std::fs::write(home.data().join("config.toml"), policy).unwrap();
    let arguments = ["--json", "authorize", "confluence", "--method", "api-token"];
    let arguments = [&arguments[..], &["--username", &token.email, "--tenant", "acme"]].concat();
    home.run(&arguments[1..]).fails_with(2, "ACTIONBAY_API_TOKEN");
    let mut command = home.command(&arguments);
    command.env("ACTIONBAY_API_TOKEN", &token.token);
    let connected = crate::support::finish(command).ok();
    assert!(!connected.stdout.contains(&token.token) && !connected.stderr.contains(&token.token));
    assert_eq!(connected.json()["proof"], json!({"kind": "basic", "username": token.email}));
    home.run(&["run", "confluence", "list-pages", "--set", "space=DOCS"]).ok();
    let shown = home.run(&["connections", "list"]).ok().stdout;
    assert!(shown.contains("Robin Okafor") && !shown.contains(&token.token), "{shown}");
}
