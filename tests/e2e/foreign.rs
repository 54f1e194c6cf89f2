//! The host and an authorization server that was written elsewhere: `oidc-provider`, which is certified and strict.

use std::sync::Arc;

use actionbay::authorization::{
    Authorize, Connection, ConnectionStatus, FixedCallback, Profile, UrlTemplate,
};
use actionbay::egress::{OperatorPolicy, Origin};
use actionbay::ids::IntegrationId;
use actionbay::runtime::{ClientAuthentication, Pkce};
use actionbay::vault::{MasterKey, MemoryStore};
use actionbay::{Failure, FailureKind, Host, Plugin, Run};
use serde_json::{Value, json};
use url::Url;

use crate::components::FOREIGN_API;
use crate::support::{
    Browser, ForeignServer, Noted, Page, REDIRECT_URI, SetClock, Tap, engine, load, profile, workspace,
};

/// Longer than access tokens live and the server tolerates beyond, in seconds.
pub(crate) const PAST_EXPIRY: u64 = 700;

/// A host with a custom profile of the server's URLs, and nothing between the two.
pub(crate) struct Foreign {
    pub(crate) server: ForeignServer,
    pub(crate) host: Host,
    tap: Tap,
    clock: SetClock,
    integration: IntegrationId,
}

impl Foreign {
    fn new() -> Self {
        Self::proving_the_client(ClientAuthentication::RequestBody, "client_secret_post")
    }

    /// The way to prove the client, as the host knows it and by its registered name.
    fn proving_the_client(way: ClientAuthentication, name: &str) -> Self {
        let foreign = Self::of(load(engine(), FOREIGN_API), name);
        foreign.put_profile(|profile| profile.client_authentication = way);
        foreign
    }

    /// With a plugin of one's own, and a client that proves itself in the body.
    pub(crate) fn running(plugin: Plugin) -> Self {
        let foreign = Self::of(plugin, "client_secret_post");
        foreign.put_profile(|_| ());
        foreign
    }

    fn of(plugin: Plugin, name: &str) -> Self {
        let integration = plugin.manifest().id.clone();
        let server = ForeignServer::start(name);
        let (tap, clock) = (Tap::default(), SetClock::new());
        let origin = Origin::of(&server.client.url);
        let policy =
            OperatorPolicy::default().allow(origin.clone()).replace(profile().as_str(), "api", origin);
        let host = Host::builder()
            .transport(tap.clone())
            .store(MemoryStore::new(), MasterKey::random().unwrap())
            .clock(clock.clone())
            .callbacks(FixedCallback(REDIRECT_URI.to_owned()))
            .policy(policy)
            .build()
            .unwrap();
        host.add(plugin).unwrap();
        Self { server, host, tap, clock, integration }
    }

    fn authorized() -> Self {
        let foreign = Self::new();
        foreign.authorize().unwrap();
        foreign
    }

    /// Stores the profile with the server's URLs and secret, changed in this way.
    fn put_profile(&self, change: impl FnOnce(&mut Profile)) {
        let client = &self.server.client;
        let plugin = self.host.plugin(&self.integration).unwrap();
        let mut profile = Profile::custom(profile(), plugin.manifest(), &client.client_id).unwrap();
        profile.authorization_url = UrlTemplate::new(self.server.url("auth"));
        profile.token_url = UrlTemplate::new(self.server.url("token"));
        profile.refresh_url = profile.token_url.clone();
        profile.issuer = Some(client.url.as_str().trim_end_matches('/').to_owned());
        change(&mut profile);
        self.host.put_profile(&workspace(), &profile, &client.client_secret.clone().into()).unwrap();
    }

    fn begin(&self) -> Url {
        let wish = Authorize::new(workspace(), self.integration.clone(), profile());
        self.host.begin(&wish).unwrap().authorization_url
    }

    pub(crate) fn authorize(&self) -> Result<Connection, Failure> {
        let callback = consent("ada", &self.begin());
        self.host.handle_callback(callback.query().unwrap(), None)
    }

    pub(crate) fn who_am_i(&self) -> Result<Value, Failure> {
        let run = Run::new(workspace(), self.integration.clone(), "who-am-i", json!({}));
        self.host.run(&run).map(|outcome| outcome.output)
    }

    fn connections(&self) -> Vec<Connection> {
        self.host.connections(&workspace()).unwrap()
    }

    /// Time passes, here and there.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(seconds);
        self.server.advance_clock(seconds);
    }

    /// The refresh tokens that the host sent, in order.
    fn refresh_tokens(&self) -> Vec<String> {
        let requests = self.tap.token_requests();
        requests.iter().filter_map(|fields| fields.get("refresh_token").cloned()).collect()
    }
}

/// A person opens the URL in a new browser: the page to log in.
fn login_page(authorization_url: &Url) -> (Browser, Page) {
    let mut browser = Browser::stopping_at(REDIRECT_URI);
    let page = browser.get(authorization_url);
    assert_eq!(page.status, 200, "{page:?}");
    (browser, page)
}

/// A person logs in by this name and allows what is asked for: the callback, which is not delivered.
fn consent(name: &str, authorization_url: &Url) -> Url {
    let (mut browser, page) = login_page(authorization_url);
    let page = browser.submit(page.form().with("login", name).with("password", "any"));
    let callback = browser.submit(page.form());
    assert!(callback.url.as_str().starts_with(REDIRECT_URI), "{callback:?}");
    callback.url
}

/// The callback with another code in it.
fn with_code_of(other: &Url, callback: &Url) -> String {
    let value = |url: &Url, wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap()
    };
    let query = callback.query().unwrap();
    query.replace(&value(callback, "code"), &value(other, "code"))
}

#[test]
fn the_code_is_exchanged_under_pkce_and_the_access_token_is_taken_by_the_api() {
    let foreign = Foreign::new();
    let url = foreign.begin();
    let query: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert!(query.contains(&"code_challenge".to_owned()), "{url}");
    let connection = foreign.host.handle_callback(consent("ada", &url).query().unwrap(), None).unwrap();
    assert_eq!((connection.status, connection.refreshable), (ConnectionStatus::Active, true));
    assert_eq!(connection.scopes, ["use", "offline_access"]);

    let account = foreign.who_am_i().unwrap();
    assert_eq!((&account["subject"], &account["scopes"][0]), (&json!("ada"), &json!("use")));
    let log = foreign.server.log();
    let [Noted::Granted { grant, fields, authorization: None }, Noted::Api { status: 200 }] = &*log else {
        panic!("{log:?}")
    };
    assert_eq!(grant, "authorization_code");
    assert_eq!(
        *fields,
        ["client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri"]
    );
}

#[test]
fn a_client_secret_of_any_characters_goes_through_http_basic() {
    let foreign = Foreign::proving_the_client(ClientAuthentication::Basic, "client_secret_basic");
    foreign.authorize().unwrap();
    let log = foreign.server.log();
    let [Noted::Granted { fields, authorization: Some(scheme), .. }] = &*log else { panic!("{log:?}") };
    assert_eq!((fields.contains(&"client_secret".to_owned()), scheme.as_str()), (false, "Basic"));
    assert_eq!(foreign.who_am_i().unwrap()["subject"], "ada");
}

#[test]
fn the_code_of_another_authorization_is_refused_under_pkce_and_leaves_nothing_behind() {
    let foreign = Foreign::new();
    let (hers, mallorys) = (consent("ada", &foreign.begin()), consent("mallory", &foreign.begin()));
    let failure = foreign.host.handle_callback(&with_code_of(&mallorys, &hers), None).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::AuthorizationRequired, "grant-refused"));
    let log = foreign.server.log();
    let [Noted::Refused { grant, error, detail: Some(detail) }] = &*log else { panic!("{log:?}") };
    assert_eq!((grant.as_str(), error.as_str()), ("authorization_code", "invalid_grant"));
    assert!(detail.contains("PKCE"), "{detail}");

    assert!(foreign.connections().is_empty());
    assert_eq!(foreign.who_am_i().unwrap_err().code, "not-authorized");
    let again = foreign.host.handle_callback(hers.query().unwrap(), None).unwrap_err();
    assert_eq!(again.code, "state-unknown", "its authorization is over");
    assert_eq!(foreign.server.log().len(), 1);
}

#[test]
fn a_callback_of_another_issuer_is_refused_before_its_code_is_sent_anywhere() {
    let foreign = Foreign::new();
    let callback = consent("ada", &foreign.begin());
    let query = callback.query().unwrap();
    let without: String =
        query.split('&').filter(|pair| !pair.starts_with("iss=")).collect::<Vec<_>>().join("&");
    assert_ne!(without, query, "the server says who it is");
    let elsewhere = format!("{without}&iss=https%3A%2F%2Fevil.example");
    let failure = foreign.host.handle_callback(&elsewhere, None).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::AuthorizationRequired, "other-issuer"));
    let again = consent("ada", &foreign.begin());
    let unsaid = again.query().unwrap().replace("&iss=", "&was=");
    assert_eq!(foreign.host.handle_callback(&unsaid, None).unwrap_err().code, "other-issuer");
    assert!(foreign.server.log().is_empty() && foreign.connections().is_empty());
}

#[test]
fn a_profile_without_pkce_is_refused_by_a_server_that_wants_it_and_its_reason_is_passed_on() {
    let foreign = Foreign::new();
    foreign.put_profile(|profile| profile.pkce = Pkce::Unsupported);
    let callback = Browser::stopping_at(REDIRECT_URI).get(&foreign.begin());
    let failure = foreign.host.handle_callback(callback.url.query().unwrap(), None).unwrap_err();
    assert!(failure.message.contains("PKCE"), "{failure}");
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Upstream, "authorization-refused"));
}

#[test]
fn an_expired_token_is_renewed_once_and_the_rotated_refresh_token_serves_the_next_renewal() {
    let foreign = Foreign::authorized();
    for renewals in 1..=3 {
        foreign.pass(PAST_EXPIRY);
        assert_eq!(foreign.who_am_i().unwrap()["subject"], "ada");
        assert_eq!(foreign.who_am_i().unwrap()["subject"], "ada");
        assert_eq!(foreign.server.refreshes(), renewals);
    }
    let sent = foreign.refresh_tokens();
    assert!(sent.len() == 3 && sent[0] != sent[1] && sent[1] != sent[2], "each was rotated");
    assert_eq!(foreign.server.api_statuses(), [200; 6], "no token was tried that had expired");
    assert_eq!(foreign.connections()[0].status, ConnectionStatus::Active);
}

#[test]
fn many_runs_at_once_send_the_refresh_token_once_where_a_second_time_would_end_the_grant() {
    let foreign = Arc::new(Foreign::authorized());
    foreign.pass(PAST_EXPIRY);
    let runs: Vec<_> = (0..16)
        .map(|_| {
            let foreign = Arc::clone(&foreign);
            std::thread::spawn(move || foreign.who_am_i().map(drop))
        })
        .collect();
    for run in runs {
        run.join().unwrap().unwrap();
    }
    assert_eq!((foreign.server.refreshes(), foreign.server.api_statuses()), (1, vec![200; 16]));
}

#[test]
fn a_token_that_expires_by_the_servers_clock_alone_is_renewed_after_its_401() {
    let foreign = Foreign::authorized();
    foreign.server.advance_clock(PAST_EXPIRY);
    assert_eq!(foreign.who_am_i().unwrap()["subject"], "ada");
    assert_eq!((foreign.server.refreshes(), foreign.server.api_statuses()), (1, vec![401, 200]));
}

#[test]
fn a_replayed_refresh_token_ends_the_grant_and_the_connection_says_that_a_person_is_needed() {
    let foreign = Foreign::authorized();
    foreign.pass(PAST_EXPIRY);
    foreign.who_am_i().unwrap();
    let used = foreign.refresh_tokens().remove(0);
    let (status, answer) = foreign.server.replay(&used);
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    assert!(foreign.server.log().iter().any(|noted| matches!(noted, Noted::Revoked)));

    // The access token went with the grant, though its time is not over; the host notices by the 401.
    for _ in 0..2 {
        assert_eq!(foreign.who_am_i().unwrap_err().kind, FailureKind::AuthorizationRequired);
    }
    let log = foreign.server.log();
    let Some(Noted::Refused { grant, error, .. }) = log.last() else { panic!("{log:?}") };
    assert_eq!((grant.as_str(), error.as_str()), ("refresh_token", "invalid_grant"));
    assert_eq!(foreign.refresh_tokens().len(), 2, "a refusal is not asked for twice");
    let connection = foreign.connections().remove(0);
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorization);

    foreign.authorize().unwrap();
    assert_eq!(foreign.who_am_i().unwrap()["subject"], "ada");
    assert_eq!(foreign.connections().len(), 1);
}

#[test]
fn a_renewal_whose_answer_was_lost_ends_the_grant_at_a_server_without_leeway_and_the_reason_is_said() {
    let foreign = Foreign::authorized();
    foreign.pass(PAST_EXPIRY);
    foreign.tap.lose_next_answer();
    assert_eq!(foreign.who_am_i().unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(foreign.connections()[0].status, ConnectionStatus::Active);
    foreign.pass(60);
    assert_eq!(foreign.who_am_i().unwrap_err().kind, FailureKind::AuthorizationRequired);
    let sent = foreign.refresh_tokens();
    assert!(sent.len() == 2 && sent[0] == sent[1], "it may not have arrived the first time");
    let connection = foreign.connections().remove(0);
    assert_eq!(connection.status, ConnectionStatus::NeedsReauthorization);
    assert!(connection.reason.unwrap().contains("was interrupted"));
}

#[test]
fn offline_access_without_the_prompt_that_it_needs_gives_a_connection_that_says_when_it_ends() {
    let foreign = Foreign::new();
    foreign.put_profile(|profile| profile.authorization_parameters.clear());
    let connection = foreign.authorize().unwrap();
    assert_eq!((connection.status, connection.refreshable), (ConnectionStatus::NotRefreshable, false));
    assert_eq!(connection.scopes, ["use"], "what was granted, and not what was asked for");
    assert!(connection.reason.unwrap().contains("ends at"));
    foreign.who_am_i().unwrap();
    foreign.pass(PAST_EXPIRY);
    assert_eq!(foreign.who_am_i().unwrap_err().code, "not-refreshable");
}

#[test]
fn a_person_who_turns_back_is_an_access_denied_and_no_token_is_asked_for() {
    let foreign = Foreign::new();
    let (mut browser, page) = login_page(&foreign.begin());
    let callback = browser.get(&page.link("/abort"));
    let failure = foreign.host.handle_callback(callback.url.query().unwrap(), None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::AccessDenied);
    assert!(foreign.server.log().is_empty() && foreign.connections().is_empty());
}

#[test]
fn a_test_of_the_profile_tells_the_right_secret_from_a_wrong_one() {
    let foreign = Foreign::new();
    assert_eq!(foreign.host.test_profile(&workspace(), &profile(), None).unwrap().status, 400);
    let secret = "another secret".to_owned().into();
    let stored = foreign.host.profile(&workspace(), &profile()).unwrap();
    foreign.host.put_profile(&workspace(), &stored, &secret).unwrap();
    let failure = foreign.host.test_profile(&workspace(), &profile(), None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadClientCredentials);
}
