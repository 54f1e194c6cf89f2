//! Which failures come with a link, and what that link is for.

use actionbay::authorization::{Authorize, ConnectionStatus, Profile};
use actionbay::{AuthorizationLink, FailureKind, Run};
use atlassian_sandbox::consent::Decision;
use serde_json::json;
use url::Url;

use crate::support::{
    Setup, Town, Visitor, World, confluence, integration, link_of, profile, run, workspace,
};

#[test]
fn a_connection_that_is_over_comes_with_a_link_that_renews_it_and_says_which() {
    let town = Town::new();
    town.connect(&town.link(Some("ann")));
    town.run(Some("ann")).unwrap();
    let connection = town.world.connections()[0].clone();
    town.world.clock.advance(4_000);
    let refused =
        json!({"status": 403, "body": {"error": "unauthorized_client", "error_description": "over"}});
    town.world.fault("POST", "/oauth/token", 1, refused);
    // Both the run that finds out and the next one.
    let links: Vec<AuthorizationLink> = (0..2).map(|_| link_of(town.run(Some("ann")).unwrap_err())).collect();
    for link in links {
        let page = Visitor::new().get(link.url.as_str());
        for part in
            ["Reconnect", connection.id.as_str(), &connection.site.clone().unwrap().url, "another-account"]
        {
            assert!(page.body.contains(part), "no {part} in {}", page.body);
        }
    }
    assert_eq!(town.connect(&town.link(Some("ann"))).status, 200);
    town.run(Some("ann")).unwrap();
}

#[test]
fn what_serves_everybody_is_not_for_one_person_to_renew() {
    let town = Town::new();
    town.connect(&town.link(None));
    let id = town.world.connections()[0].id.clone();
    town.world.clock.advance(4_000);
    let refused = json!({"status": 403, "body": {"error": "unauthorized_client"}});
    town.world.fault("POST", "/oauth/token", 1, refused);
    let named = |user: Option<&str>| {
        let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
        town.world.host.run(&run.user(user.map(str::to_owned)).connection(Some(id.clone()))).unwrap_err()
    };
    for failure in [named(Some("ann")), named(Some("ann"))] {
        assert_eq!(failure.kind, FailureKind::AuthorizationRequired);
        assert_eq!(failure.authorization, None);
    }
    assert!(named(None).authorization.is_some());
}

#[test]
fn a_missing_scope_comes_with_a_link_only_if_the_profile_asks_for_it_now() {
    let town = Town::new();
    let secret = town.world.client.client_secret.clone();
    town.world.put_profile(&["read:page:confluence", "read:space:confluence"], &secret);
    town.connect(&town.link(None));
    let create = || town.world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    assert_eq!((create().code.as_ref(), create().authorization), ("insufficient-scope", None));
    town.world.put_profile(&[], &secret);
    let link = link_of(create());
    assert!(link.scopes.contains(&"write:page:confluence".to_owned()));
    assert_eq!(town.connect(link.url.as_str()).status, 200);
    town.world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap();
}

#[test]
fn where_it_is_not_clear_which_profile_is_meant_there_is_no_link_and_the_hint_names_them() {
    let town = Town::new();
    let other = actionbay::ids::ProfileId::new("other").unwrap();
    let second = Profile::custom(other, confluence().manifest(), "id-2").unwrap();
    town.world.host.put_profile(&workspace(), &second, &"secret-of-the-other".to_owned().into()).unwrap();
    let failure = town.run(Some("ann")).unwrap_err();
    assert_eq!((failure.code.as_ref(), &failure.authorization), ("not-authorized", &None));
    assert!(failure.hint.as_ref().unwrap().contains("app, other"), "{failure:?}");
}

#[test]
fn a_failure_that_consent_does_not_remove_comes_without_a_link() {
    let town = Town::new();
    town.connect(&town.link(None));
    let refused = json!({"status": 401, "body": {"code": 401, "message": "Unauthorized"}});
    town.world.fault("POST", "/wiki/api/v2/pages", 2, refused);
    let failure = town.world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    assert_eq!((failure.request_sent, failure.authorization), (true, None), "it may have had an effect");
    let world = World::new(Setup::default());
    let failure = run(&world.host, None).unwrap_err();
    assert_eq!(
        (failure.code.as_ref(), failure.authorization),
        ("not-authorized", None),
        "nor where there is no page"
    );
    let request = Authorize::new(workspace(), integration(), profile());
    assert_eq!(world.host.issue_link(&request).unwrap_err().code, "no-links");
}

#[test]
fn nobody_in_a_chat_is_given_a_link_that_would_connect_an_account_for_everybody() {
    let town = Town::new();
    town.world.authorize().unwrap();
    town.world.control.revoke(None).unwrap();
    let failure = town.run(Some("ann")).unwrap_err();
    assert_eq!((failure.kind.as_str(), &failure.authorization), ("authorization-required", &None));
    assert!(town.run(None).unwrap_err().authorization.is_some(), "whoever runs the platform is");
}

#[test]
fn a_link_renews_the_connection_of_the_same_account_and_another_one_only_where_that_is_ticked() {
    let town = Town::new();
    town.connect(&town.link(Some("ann")));
    let before = town.world.connections()[0].clone();
    town.world.control.revoke(None).unwrap();
    let account =
        |account| atlassian_sandbox::control::SettingsChange { account: Some(account), ..Default::default() };
    town.world.control.settings(&account(2)).unwrap();
    let link = town.link(Some("ann"));
    let page = Visitor::new().get(&link).body;
    assert!(page.contains(before.id.as_str()) && page.contains("Robin Okafor"), "{page}");
    let refused = town.connect(&link);
    assert!(refused.status == 400 && refused.body.contains("Ada Lindqvist"), "{refused:?}");
    assert_eq!(town.world.connections()[0].account, before.account);

    let mut visitor = Visitor::new();
    let link = town.link(Some("ann"));
    let origin = Url::parse(&link).unwrap().origin().ascii_serialization();
    let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let opened = visitor.send("POST", &link, &headers, "another-account=yes");
    let done = visitor.get(&town.decided(&opened, Decision::Allow));
    assert_eq!(done.status, 200, "{done:?}");
    let after = town.world.connections();
    assert_eq!((after.len(), &after[0].id), (1, &before.id));
    assert_eq!(after[0].account.as_ref().unwrap().name.as_deref(), Some("Ada Lindqvist"));
}

#[test]
fn a_template_that_needs_more_scopes_comes_with_a_link_that_asks_for_them() {
    let town = Town::new();
    town.world
        .put_profile(&["read:page:confluence", "read:space:confluence"], &town.world.client.client_secret);
    town.connect(&town.link(Some("ann")));
    let host = &town.world.host;
    let lacking = host.install_template(&workspace(), &integration(), "create-content").unwrap();
    assert_eq!(lacking[0].status, ConnectionStatus::InsufficientScope);
    let link = host.link_to_renew(&lacking[0]).unwrap();
    assert!(link.scopes.contains(&"write:page:confluence".to_owned()), "{link:?}");
    assert_eq!(town.connect(link.url.as_str()).status, 200);
    let after = town.world.connections();
    assert_eq!((after.len(), &after[0].id), (1, &lacking[0].id));
    assert_eq!(after[0].status, ConnectionStatus::Active);
}
