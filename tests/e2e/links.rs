//! People connect their own accounts: from a run that lacks a connection, over a link, to the run that works.

use std::sync::{Arc, Barrier};

use actionbay::authorization::{Authorize, Browser, ConnectionStatus, Profile, PublicUrl};
use actionbay::egress::OperatorPolicy;
use actionbay::ids::ConnectionId;
use actionbay::service::{self, Server, Serving};
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{FailureKind, Host};
use atlassian_sandbox::consent::Decision;
use serde_json::json;

use crate::support::{
    MASTER_KEY, Town, Visitor, confluence, integration, link_of, profile, run, token_of, workspace, world_at,
};

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
        let builder = builder.policy(OperatorPolicy::every_public_host());
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
