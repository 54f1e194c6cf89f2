use actionbay_confluence::authorize::{Outcome, Step, authorize, refresh};
use actionbay_confluence::platform::{Failure, FailureKind, Level, Parameter};
use serde_json::{Value, json};

use crate::support::{Connection, Host, answer, assert_well_formed, ok, site};

const SITES: &str = "GET sites";

fn resource(id: &str, name: &str, scopes: &[&str]) -> Value {
    json!({
        "id": id, "name": name, "url": format!("https://{name}.atlassian.net"), "scopes": scopes,
        "avatarUrl": format!("https://site-admin-avatar-cdn.example/{name}.png"),
    })
}

fn callback(host: &Host) -> Result<Outcome<Connection>, Failure> {
    authorize(host, Step::Callback(Vec::new()))
}

/// AUTH-1
#[test]
fn begin_adds_nothing_to_the_parameters_of_the_profile() {
    let host = Host::with([]);
    let outcome = authorize(&host, Step::Begin(vec!["write:page:confluence".to_owned()])).unwrap();
    assert!(matches!(outcome, Outcome::Redirect(parameters) if parameters.is_empty()));
    assert!(host.log.borrow().is_empty());
}

/// AUTH-2
#[test]
fn a_classic_scope_is_let_through_with_a_warning_for_the_operator() {
    let host = Host::with([]);
    let scopes = vec!["write:confluence-content".to_owned(), "offline_access".to_owned()];
    assert!(matches!(authorize(&host, Step::Begin(scopes)), Ok(Outcome::Redirect(_))));
    let log = host.log.borrow();
    assert!(
        matches!(&log[..], [(Level::Warn, line)] if line.contains("write:confluence-content")),
        "{log:?}"
    );
}

/// AUTH-5
#[test]
fn the_host_exchanges_the_code_and_then_the_sites_are_asked_for() {
    let host = Host::with([ok(&json!([resource("cloud-1", "acme", &["read:page:confluence"])]))]);
    let Ok(Outcome::Granted(_, found, attributes)) = callback(&host) else { panic!("not granted") };
    assert_eq!(found, site("cloud-1", "acme", "https://acme.atlassian.net"));
    assert_eq!(attributes, [Parameter::new("avatar-url", "https://site-admin-avatar-cdn.example/acme.png")]);
    assert_eq!(host.exchanges.get(), 1);
    assert_eq!(host.requests(), [SITES]);
}

/// AUTH-6
#[test]
fn a_connection_without_a_refresh_token_is_granted_with_a_warning() {
    let mut host = Host::with([ok(&json!([resource("cloud-1", "acme", &["read:page:confluence"])]))]);
    host.facts.refreshable = false;
    assert!(matches!(callback(&host), Ok(Outcome::Granted(..))));
    assert!(host.log.borrow()[0].1.contains("offline_access"));
}

/// AUTH-16
#[test]
fn several_sites_are_listed_and_none_is_taken() {
    let host = Host::with([ok(&json!([
        resource("cloud-1", "acme", &["read:page:confluence"]),
        resource("cloud-2", "globex", &["write:page:confluence"]),
    ]))]);
    let Ok(Outcome::Choose(_, sites)) = callback(&host) else { panic!("not a choice") };
    let ids: Vec<_> = sites.iter().map(|site| site.id.as_str()).collect();
    assert_eq!(ids, ["cloud-1", "cloud-2"]);
}

/// AUTH-17
#[test]
fn entries_of_other_products_do_not_count_and_a_site_counts_once() {
    let host = Host::with([ok(&json!([
        resource("cloud-2", "globex", &["read:jira-work"]),
        resource("cloud-1", "acme", &["read:jira-work", "write:jira-work"]),
        resource("cloud-1", "acme", &["read:page:confluence"]),
        resource("cloud-1", "acme", &["write:confluence-content"]),
    ]))]);
    let Ok(Outcome::Granted(_, found, _)) = callback(&host) else { panic!("not granted") };
    assert_eq!(found.id, "cloud-1");
}

/// AUTH-18
#[test]
fn no_site_with_confluence_is_said_in_a_sentence() {
    for resources in [json!([]), json!([resource("cloud-1", "acme", &["read:jira-work"])])] {
        let failure = callback(&Host::with([ok(&resources)])).unwrap_err();
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::NotFound, "no-confluence-site"));
        assert!(failure.message.contains("no site with Confluence"), "{failure:?}");
        assert_well_formed(&failure);
    }
}

/// AUTH-19
#[test]
fn a_site_whose_id_could_change_a_path_is_not_a_site() {
    for id in ["", "..", "a/b", "a%2fb", "a?b", "a b", &"x".repeat(129)] {
        let host = Host::with([ok(&json!([resource(id, "acme", &["read:page:confluence"])]))]);
        assert_eq!(callback(&host).unwrap_err().code, "no-confluence-site", "{id:?}");
    }
}

/// AUTH-16
#[test]
fn a_chosen_site_is_granted_if_the_grant_reaches_it() {
    let resources = ok(&json!([
        resource("cloud-1", "acme", &["read:page:confluence"]),
        resource("cloud-2", "globex", &["read:page:confluence"]),
    ]));
    let host = Host::with([resources.clone(), resources]);
    // The name and address come from Atlassian, not from what was chosen.
    let chosen = site("cloud-2", "Anything", "https://evil.example");
    let Ok(Outcome::Granted(_, found, _)) = authorize(&host, Step::ChooseSite(Connection, chosen)) else {
        panic!("not granted")
    };
    assert_eq!(found, site("cloud-2", "globex", "https://globex.atlassian.net"));

    let chosen = site("cloud-3", "initech", "https://initech.atlassian.net");
    let failure = authorize(&host, Step::ChooseSite(Connection, chosen)).unwrap_err();
    assert_eq!(failure.code, "site-not-reachable");
    assert!(failure.message.contains("https://acme.atlassian.net"), "{failure:?}");
    assert_eq!(host.exchanges.get(), 0);
}

/// AUTH-5
#[test]
fn a_failed_exchange_is_passed_on_and_no_site_is_asked_for() {
    let mut host = Host::with([]);
    let failure = Failure::new(FailureKind::BadClientCredentials, "bad-client-credentials", "Wrong secret.");
    host.token_failure = Some(failure.clone());
    assert_eq!(callback(&host).unwrap_err(), failure);
    assert_eq!(refresh(&host, &Connection).unwrap_err(), failure);
    assert!(host.requests().is_empty());
}

#[test]
fn refreshing_answers_what_the_host_then_knows() {
    let host = Host::with([]);
    assert_eq!(refresh(&host, &Connection).unwrap(), host.facts);
    assert!(host.requests().is_empty());
}

/// API-30
#[test]
fn trouble_with_the_list_of_sites_is_a_failure_and_never_a_missing_site() {
    for (response, kind) in [
        (answer(503, "<html>busy</html>"), FailureKind::Upstream),
        (answer(200, "<html>a proxy</html>"), FailureKind::Upstream),
        (answer(200, r#"{"not":"a list"}"#), FailureKind::Upstream),
        (answer(401, ""), FailureKind::AuthorizationRequired),
    ] {
        let failure = callback(&Host::with([response])).unwrap_err();
        assert_eq!(failure.kind, kind);
        assert_well_formed(&failure);
    }
}
