//! People connect their own accounts: from a run that lacks a connection, over a link, to the run that works.

use std::sync::{Arc, Barrier};

use actionbay::authorization::{AdditionalField, Authorize, Browser, ConnectionStatus, Profile, PublicUrl};
use actionbay::ids::ConnectionId;
use actionbay::service::{self, Server, Serving};
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{AuthorizationLink, Failure, FailureKind, Host, Run};
use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::Decision;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    Answer, MASTER_KEY, Setup, Visitor, World, confluence, integration, profile, workspace,
};

/// A world whose pages are served.
struct Town {
    world: World,
    public: PublicUrl,
    _serving: Serving,
}

impl Town {
    fn new() -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let public = PublicUrl::new(&format!("http://localhost:{}", server.address().port())).unwrap();
        let world = world_at(&public);
        let serving = server.start(&service::routes(world.host.clone(), &public)).unwrap();
        Self { world, public, _serving: serving }
    }

    fn run(&self, user: Option<&str>) -> Result<Value, Failure> {
        run(&self.world.host, user)
    }

    /// The link that a run for this user comes with.
    fn link(&self, user: Option<&str>) -> String {
        link_of(self.run(user).unwrap_err()).url.into()
    }

    /// The callback URL, after the person decided at the vendor.
    fn decided(&self, opened: &Answer, decision: Decision) -> String {
        let query = self.world.consent(&opened.location(), decision);
        format!("{}?{query}", self.public.callback_url())
    }

    /// The whole way of a person with one browser.
    fn connect(&self, link: &str) -> Answer {
        let mut visitor = Visitor::new();
        let opened = visitor.post(link);
        visitor.get(&self.decided(&opened, Decision::Allow))
    }
}

fn world_at(public: &PublicUrl) -> World {
    let sandbox = SandboxConfig { redirect_uri: public.callback_url(), ..SandboxConfig::default() };
    World::new(Setup { sandbox, public_url: Some(public.clone()), ..Setup::default() })
}

fn run(host: &Host, user: Option<&str>) -> Result<Value, Failure> {
    let run = Run::new(workspace(), integration(), "list-pages", json!({"space": "DOCS"}));
    host.run(&run.user(user.map(str::to_owned))).map(|outcome| outcome.output)
}

fn link_of(failure: Failure) -> AuthorizationLink {
    *failure.authorization.unwrap_or_else(|| panic!("no link"))
}

fn token_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

#[test]
fn a_person_without_a_connection_gets_a_link_connects_and_the_run_succeeds() {
    let town = Town::new();
    let failure = town.run(Some("ann@example.com")).unwrap_err();
    assert_eq!(
        (&failure.kind, failure.code.as_ref()),
        (&FailureKind::AuthorizationRequired, "not-authorized")
    );
    let told = serde_json::to_value(&failure).unwrap();
    assert!(told["authorization"]["expires-at"].is_u64(), "{told}");
    assert!(
        told["authorization"]["scopes"].as_array().unwrap().contains(&json!("read:page:confluence")),
        "{told}"
    );
    let link = told["authorization"]["url"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/connect/", town.public)), "{link}");

    let mut visitor = Visitor::new();
    let page = visitor.get(&link);
    assert_eq!(page.status, 200, "{page:?}");
    for part in ["Confluence", "default", "ann@example.com", "read:page:confluence", "<form method=\"post\">"]
    {
        assert!(page.body.contains(part), "no {part:?} in {}", page.body);
    }
    let opened = visitor.post(&link);
    let at = opened.location();
    assert_eq!(at.origin().ascii_serialization(), "https://auth.atlassian.com");
    assert_eq!(opened.header("referrer-policy"), "no-referrer");
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=1800"), "{cookie}");
    let done = visitor.get(&town.decided(&opened, Decision::Allow));
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.body.contains("is connected to"), "{}", done.body);

    let connections = town.world.connections();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].user.as_deref(), Some("ann@example.com"));
    assert_eq!(connections[0].status, ConnectionStatus::Active);
    town.run(Some("ann@example.com")).unwrap();
    assert_eq!(town.run(Some("bob")).unwrap_err().code, "not-authorized", "and it is theirs alone");
}

#[test]
fn a_link_without_a_user_says_that_it_is_for_everybody() {
    let town = Town::new();
    let page = Visitor::new().get(&town.link(None));
    assert!(page.body.contains("everybody"), "{}", page.body);
}

#[test]
fn a_preview_may_fetch_a_link_as_often_as_it_likes_and_opening_it_uses_it_up() {
    let town = Town::new();
    let (first, second) = (town.link(Some("ann")), town.link(Some("ann")));
    for _ in 0..10 {
        assert_eq!(Visitor::new().get(&first).status, 200);
        let head = Visitor::new().send("HEAD", &first, &[], "");
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    }
    assert!(town.world.wire.seen().is_empty());
    assert_eq!(Visitor::new().post(&first).status, 303);
    for used in [&first, &second] {
        for answer in [Visitor::new().post(used), Visitor::new().get(used)] {
            assert_eq!(answer.status, 410, "{answer:?}");
            assert!(answer.body.contains("used before"), "{}", answer.body);
        }
    }
    let third = town.link(Some("ann"));
    assert_eq!(Visitor::new().get(&third).status, 200, "and a new run gives a new one");
}

#[test]
fn of_many_who_open_one_link_at_the_same_moment_one_goes_on() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let start = Arc::new(Barrier::new(8));
    let opened: Vec<u16> = std::thread::scope(|scope| {
        let post = || {
            scope.spawn(|| {
                start.wait();
                Visitor::new().post(&link).status
            })
        };
        let threads: Vec<_> = (0..8).map(|_| post()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(opened.iter().filter(|status| **status == 303).count(), 1, "{opened:?}");
    assert_eq!(opened.iter().filter(|status| **status == 410).count(), 7, "{opened:?}");
}

#[test]
fn a_callback_that_another_browser_brings_is_refused_before_any_token_request_and_is_over() {
    let town = Town::new();
    let mut ann = Visitor::new();
    let opened = ann.post(&town.link(Some("ann")));
    let callback = town.decided(&opened, Decision::Allow);
    let mut mallory = Visitor::new();
    mallory.post(&town.link(Some("mallory")));
    let refused = mallory.get(&callback);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body.contains("another browser"), "{}", refused.body);
    assert_eq!(ann.get(&callback).status, 400);
    assert!(town.world.wire.seen().is_empty());
    assert!(town.world.connections().is_empty());
}

#[test]
fn a_callback_without_any_cookie_is_refused() {
    let town = Town::new();
    let opened = Visitor::new().post(&town.link(Some("ann")));
    let refused = Visitor::new().get(&town.decided(&opened, Decision::Allow));
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(town.world.wire.seen().is_empty());
}

#[test]
fn the_callbacks_of_two_people_that_were_swapped_make_no_connection() {
    let town = Town::new();
    let (mut ann, mut bob) = (Visitor::new(), Visitor::new());
    let opened = [ann.post(&town.link(Some("ann"))), bob.post(&town.link(Some("bob")))];
    let [anns, bobs] = opened.map(|opened| town.decided(&opened, Decision::Allow));
    assert_eq!(ann.get(&bobs).status, 400);
    assert_eq!(bob.get(&anns).status, 400);
    assert!(town.world.wire.seen().is_empty());
    assert!(town.world.connections().is_empty());
}

#[test]
fn one_browser_connects_two_accounts_at_a_time() {
    let town = Town::new();
    let mut visitor = Visitor::new();
    let opened = [visitor.post(&town.link(Some("ann"))), visitor.post(&town.link(Some("bob")))];
    for opened in opened {
        assert_eq!(visitor.get(&town.decided(&opened, Decision::Allow)).status, 200);
    }
    assert_eq!(town.world.connections().len(), 2);
}

#[test]
fn a_head_of_the_callback_does_not_use_it_up() {
    let town = Town::new();
    let mut visitor = Visitor::new();
    let opened = visitor.post(&town.link(Some("ann")));
    let callback = town.decided(&opened, Decision::Allow);
    assert_eq!(visitor.send("HEAD", &callback, &[], "").status, 405);
    assert_eq!(visitor.get(&callback).status, 200);
}

#[test]
fn a_person_who_declines_reads_so_and_nothing_is_connected() {
    let town = Town::new();
    let mut visitor = Visitor::new();
    let opened = visitor.post(&town.link(Some("ann")));
    let page = visitor.get(&town.decided(&opened, Decision::Deny));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Not connected"), "{}", page.body);
    assert!(town.world.connections().is_empty());
}

#[test]
fn an_expired_link_is_refused_and_a_new_run_gives_a_new_one() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    town.world.clock.advance(30 * 60 - 1);
    assert_eq!(Visitor::new().get(&link).status, 200);
    town.world.clock.advance(1);
    for answer in [Visitor::new().get(&link), Visitor::new().post(&link)] {
        assert_eq!(answer.status, 410, "{answer:?}");
        assert!(
            answer.body.contains("expired") && answer.body.contains("Ask for a new one"),
            "{}",
            answer.body
        );
    }
    assert_eq!(town.connect(&town.link(Some("ann"))).status, 200);
}

#[test]
fn the_newest_links_of_one_person_are_good_and_those_of_others_stay() {
    let town = Town::new();
    let bobs = town.link(Some("bob"));
    let links: Vec<String> = (0..66).map(|_| town.link(Some("ann"))).collect();
    let status = |link: &String| Visitor::new().get(link).status;
    let statuses: Vec<u16> = links.iter().map(status).collect();
    assert_eq!(statuses, [vec![404; 2], vec![200; 64]].concat());
    assert_eq!(status(&bobs), 200);
}

#[test]
fn a_request_for_another_host_is_refused_whatever_a_proxy_header_says() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let port = Url::parse(town.public.as_str()).unwrap().port().unwrap();
    let send = |headers: &[(&str, &str)]| Visitor::new().send("GET", &link, headers, "").status;
    for host in
        ["evil.example", &format!("evil.example:{port}"), "localhost", &format!("127.0.0.1:{port}"), "["]
    {
        assert_eq!(send(&[("Host", host)]), 421, "{host}");
        assert_eq!(
            send(&[("Host", host), ("X-Forwarded-Host", &format!("localhost:{port}"))]),
            421,
            "{host}"
        );
    }
    assert!([400, 421].contains(&send(&[("Host", "")])));
    assert_eq!(send(&[("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")]), 200);
    let at = Url::parse(&link).unwrap();
    let absolute = Visitor::new().send_to(&at, "GET", "http://evil.example/connect/x", &[], "");
    assert_eq!(absolute.status, 421, "{absolute:?}");
}

#[test]
fn a_form_that_a_page_of_somebody_else_sends_is_refused_and_the_link_stays_good() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let own = town.public.origin();
    for headers in [
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
    ] {
        let answer = Visitor::new().send("POST", &link, &headers, "");
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert_eq!(Visitor::new().send("POST", &link, &[], "").status, 303, "an old browser says nothing");
}

#[test]
fn garbage_is_answered_with_a_page_and_never_with_a_panic() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let at = Url::parse(&link).unwrap();
    let sound = token_of(&link);
    let huge = "a".repeat(50_000);
    let targets = [
        "/",
        "/connect",
        "/connect/",
        "/connect/x",
        "/connect/.",
        "/connect/../../etc/passwd",
        "/connect/..%2f..%2fetc%2fpasswd",
        "/connect/%00",
        "/connect/%ff%fe",
        "/connect/%F0%9F%A6%80.x",
        "/connect/%",
        "/connect/{token}",
        &format!("/connect/{huge}"),
        &format!("/connect/{}", &sound[1..]),
        &format!("/connect/{sound}x"),
        &format!("/connect/{}", sound.to_uppercase()),
        &format!("/connect/{sound}/"),
        &format!("//connect/{sound}"),
    ];
    for target in targets {
        for method in ["GET", "POST"] {
            let answer = Visitor::new().send_to(&at, method, target, &[], "");
            let shown: String = target.chars().take(80).collect();
            assert!([404, 405].contains(&answer.status), "{method} {shown}: {answer:?}");
        }
    }
    for query in
        ["", "?", "?state", "?state=%ff", "?code=x&state=y", "?state=a&state=b", &format!("?state={huge}")]
    {
        let answer = Visitor::new().get(&format!("{}{query}", town.public.callback_url()));
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let form = "x".repeat(100_000);
    let answer = Visitor::new().send("POST", &link, &[("Content-Type", "text/plain")], &form);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(Visitor::new().post(&link).status, 303, "and the link is good as before");
}

#[test]
fn no_page_has_a_script_or_a_secret_or_may_be_kept_framed_or_passed_on() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let mut visitor = Visitor::new();
    let page = visitor.get(&link);
    let opened = visitor.post(&link);
    let cookie = opened.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    let callback = town.decided(&opened, Decision::Allow);
    let done = visitor.get(&callback);
    let again = visitor.get(&callback);
    let used = visitor.get(&link);
    let secret = token_of(&link).split_once('.').unwrap().1;
    let query: Vec<String> =
        Url::parse(&callback).unwrap().query_pairs().map(|(_, value)| value.into_owned()).collect();
    for (answer, referrer) in
        [(&page, "same-origin"), (&done, "no-referrer"), (&again, "no-referrer"), (&used, "no-referrer")]
    {
        assert_eq!(answer.header("referrer-policy"), referrer);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!answer.body.contains("<script") && !answer.body.contains("javascript:"), "{}", answer.body);
        for hidden in query.iter().map(String::as_str).chain([secret, &cookie]) {
            assert!(!answer.body.contains(hidden), "{hidden} in {}", answer.body);
        }
        assert!(town.world.wire.canaries.found_in(answer.body.as_bytes()).is_empty(), "{}", answer.body);
    }
    assert_eq!(page.header("set-cookie"), "", "a page that is looked at leaves nothing");
}

#[test]
fn what_a_user_or_a_profile_is_called_is_shown_and_not_obeyed() {
    let town = Town::new();
    let manifest = confluence();
    let mut profile = Profile::custom(profile(), manifest.manifest(), &town.world.client.client_id).unwrap();
    profile.identity_provider = "<img src=x>".to_owned();
    profile.additional_fields = vec![AdditionalField {
        key: "<b>Ask</b>".to_owned(),
        value: "</dd><script>alert(1)</script>".to_owned(),
    }];
    let secret = town.world.client.client_secret.clone().into();
    town.world.host.put_profile(&workspace(), &profile, &secret).unwrap();
    let user = format!("\"><script>alert(2)</script>\u{202e}\n{}", "x".repeat(5_000));
    let page = Visitor::new().get(&town.link(Some(&user)));
    assert_eq!(page.status, 200);
    for part in ["&lt;script&gt;alert(2)", "&lt;script&gt;alert(1)", "&lt;img src=x&gt;", "&lt;b&gt;Ask"] {
        assert!(page.body.contains(part), "no {part} in {}", page.body);
    }
    for part in ["<script", "<img", "<b>", "\u{202e}", &"x".repeat(1_000)] {
        assert!(!page.body.contains(part), "{part} in {}", page.body);
    }
}

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
fn a_link_that_cannot_be_begun_now_is_good_later() {
    let town = Town::new();
    let link = town.link(Some("ann"));
    let manifest = confluence();
    let sound = Profile::custom(profile(), manifest.manifest(), &town.world.client.client_id).unwrap();
    let mut broken = sound.clone();
    broken.authorization_url =
        actionbay::authorization::UrlTemplate::new("https://{tenant}.example.com/authorize");
    let secret = || town.world.client.client_secret.clone().into();
    town.world.host.put_profile(&workspace(), &broken, &secret()).unwrap();
    assert_eq!(Visitor::new().post(&link).status, 400);
    town.world.host.put_profile(&workspace(), &sound, &secret()).unwrap();
    assert_eq!(town.connect(&link).status, 200);
}

#[test]
fn an_embedder_needs_no_service_of_ours() {
    let public = PublicUrl::new("https://platform.example/actions").unwrap();
    let world = world_at(&public);
    let request = Authorize::new(workspace(), integration(), profile()).user(Some("ann".to_owned()));
    let issued = world.host.issue_link(&request).unwrap();
    let token = token_of(issued.url.as_str());
    assert!(issued.url.as_str().starts_with("https://platform.example/actions/connect/"));
    let facts = world.host.link(token).unwrap();
    assert_eq!((facts.user.as_deref(), facts.title.as_str()), (Some("ann"), "Confluence"));
    assert_eq!((facts.expires_at, &facts.scopes), (issued.expires_at, &issued.scopes));
    let (anns, other) = (Browser::new().unwrap(), Browser::new().unwrap());
    let begun = world.host.open_link(token, &anns, false).unwrap();
    assert_eq!(begun.redirect_uri, "https://platform.example/actions/oauth/callback");
    assert_eq!(world.host.open_link(token, &other, false).unwrap_err().code, "link-used");
    assert_eq!(world.host.link(token).unwrap_err().code, "link-used");
    let query = world.consent(&begun.authorization_url, Decision::Allow);
    world.host.handle_callback(&query, Some(&anns)).unwrap();
    run(&world.host, Some("ann")).unwrap();
    let gone = request.reconnect(Some(ConnectionId::new("c-gone").unwrap()));
    assert_eq!(world.host.issue_link(&gone).unwrap_err().code, "unknown-connection");
    assert_eq!(world.host.workspaces().unwrap(), [workspace()]);
}

#[test]
fn what_was_begun_at_one_replica_ends_at_another() {
    let servers = [0, 1].map(|_| Server::bind("127.0.0.1:0".parse().unwrap()).unwrap());
    let ports = servers.each_ref().map(|server| server.address().port());
    let public = PublicUrl::new(&format!("http://localhost:{}", ports[0])).unwrap();
    let world = world_at(&public);
    let folder = tempfile::tempdir().unwrap();
    let hosts = [0, 1].map(|_| {
        let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
        let key = KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap();
        let builder = Host::builder().transport(world.wire.clone()).store(store, key);
        let host = builder.clock(world.clock.clone()).callbacks(public.clone()).build().unwrap();
        host.add(confluence()).unwrap();
        host
    });
    let app = Profile::custom(profile(), confluence().manifest(), &world.client.client_id).unwrap();
    hosts[0].put_profile(&workspace(), &app, &world.client.client_secret.clone().into()).unwrap();
    let _serving: Vec<Serving> = servers
        .into_iter()
        .zip(&hosts)
        .map(|(server, host)| server.start(&service::routes(host.clone(), &public)).unwrap())
        .collect();

    let link: String = link_of(run(&hosts[0], Some("ann")).unwrap_err()).url.into();
    let mut visitor = Visitor::new();
    visitor.port = Some(ports[1]);
    assert_eq!(visitor.get(&link).status, 200);
    visitor.port = Some(ports[0]);
    let opened = visitor.post(&link);
    visitor.port = Some(ports[1]);
    assert_eq!(visitor.post(&link).status, 410);
    let query = world.consent(&opened.location(), Decision::Allow);
    let done = visitor.get(&format!("{}?{query}", public.callback_url()));
    assert_eq!(done.status, 200, "{done:?}");
    run(&hosts[0], Some("ann")).unwrap();
}

#[test]
fn a_person_whose_account_reaches_several_sites_chooses_one_on_a_page_in_the_same_browser_only() {
    let town = Town::new();
    let change = atlassian_sandbox::control::SettingsChange {
        sites: Some(3),
        unreachable_sites: Some(vec![2]),
        ..Default::default()
    };
    town.world.control.settings(&change).unwrap();
    let mut visitor = Visitor::new();
    let opened = visitor.post(&town.link(Some("ann")));
    let page = visitor.get(&town.decided(&opened, Decision::Allow));
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("content-security-policy").contains("form-action 'self'"), "{page:?}");
    let sites = town.world.connections()[0].offered_sites.clone();
    for (offered, closed) in sites.iter().zip(["", " disabled", ""]) {
        let radio = format!("value=\"{}\" required{closed}>", offered.site.id);
        assert!(page.body.contains(&radio), "no {radio} in {}", page.body);
    }
    let waiting = town.world.connections()[0].id.clone();
    let choose = |visitor: &mut Visitor, site: &str| {
        let url = format!("{}/connect/site", town.public);
        let form = format!("workspace=default&connection={waiting}&site={site}");
        let origin = Url::parse(&url).unwrap().origin().ascii_serialization();
        visitor.send("POST", &url, &[("Origin", &origin), ("Sec-Fetch-Site", "same-origin")], &form)
    };
    let third = &sites[2].site.id;
    assert_eq!(choose(&mut Visitor::new(), third).status, 400, "a browser without the cookie");
    let mut stranger = Visitor::new();
    stranger.post(&town.link(Some("bob")));
    assert_eq!(choose(&mut stranger, third).status, 400, "a browser that was sent another link");
    let again = choose(&mut visitor, &sites[1].site.id);
    assert!(
        again.status == 200 && again.body.contains("Which site?"),
        "a site that is not reached: {again:?}"
    );
    assert_eq!(town.world.connections()[0].status, ConnectionStatus::AwaitingSite);
    let done = choose(&mut visitor, third);
    assert!(done.status == 200 && done.body.contains("is connected to"), "{done:?}");
    town.run(Some("ann")).unwrap();
    assert_eq!(choose(&mut visitor, third).status, 400, "it waits for nothing any more");
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
