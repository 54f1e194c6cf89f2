//! The pages of links and the callback, with what is another workspace's.

use atlassian_sandbox::consent::Decision;
use atlassian_sandbox::control::SettingsChange;
use serde_json::{Value, json};

use super::office::{Client, Office};
use crate::support::{Answer, Visitor};

fn session(client: &Client) -> Value {
    client.post("/connect/sessions", json!({"integration": "confluence"})).done()
}

/// A browser that has begun something of its own, with what its workspace has.
fn begun(client: &Client) -> (Visitor, Answer) {
    let mut visitor = Visitor::new();
    let opened = visitor.post(session(client)["connect_link"].as_str().unwrap());
    (visitor, opened)
}

fn callback(office: &Office, opened: &Answer) -> String {
    format!("{}?{}", office.public.callback_url(), office.world.consent(&opened.location(), Decision::Allow))
}

/// A stranger at their own workspace, which has a profile of its own.
fn stranger(office: &Office) -> Client {
    let client = office.stranger();
    let profile = json!({"id": "theirs", "integration": "confluence",
        "client_id": office.world.client.client_id, "client_secret": office.world.client.client_secret});
    client.post("/profiles", profile).done();
    client
}

#[test]
fn a_link_of_another_workspace_opens_once_and_for_its_own_alone() {
    let office = Office::new();
    let (own, stranger) = (office.admin(), stranger(&office));
    let link = session(&own)["connect_link"].as_str().unwrap().to_owned();
    let (mut ann, mut mallory) = (Visitor::new(), begun(&stranger).0);
    let opened = ann.post(&link);
    for answer in [mallory.get(&link), mallory.post(&link)] {
        assert_eq!(answer.status, 410, "{answer:?}");
        assert_eq!(answer.header("location"), "");
    }
    assert_eq!(ann.get(&callback(&office, &opened)).status, 200);
    assert_eq!(own.get("/connections").done()["items"].as_array().unwrap().len(), 1);
    assert_eq!(stranger.get("/connections").done()["items"], json!([]));
}

#[test]
fn a_state_of_another_workspace_connects_nothing_in_any_workspace() {
    let office = Office::new();
    let (own, stranger) = (office.admin(), stranger(&office));
    let ((_, opened), (mut mallory, theirs)) = (begun(&own), begun(&stranger));
    let stolen = callback(&office, &opened);
    let refused = mallory.get(&stolen);
    assert_eq!(refused.status, 400, "{refused:?}");
    // Nor with a code of their own, in the place of the one that it was for.
    let own_code = callback(&office, &theirs);
    let part = |url: &str, name: &str| {
        let url = url::Url::parse(url).unwrap();
        url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
    };
    let (_, again) = begun(&own);
    let mixed = format!(
        "{}?state={}&code={}",
        office.public.callback_url(),
        part(&callback(&office, &again), "state"),
        part(&own_code, "code")
    );
    let refused = mallory.get(&mixed);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(office.world.wire.seen().is_empty(), "no code was sent anywhere");
    for client in [&own, &stranger] {
        assert_eq!(client.get("/connections").done()["items"], json!([]));
    }
}

#[test]
fn a_site_is_chosen_by_the_browser_that_began_and_by_no_stranger() {
    let office = Office::new();
    let (own, stranger) = (office.admin(), stranger(&office));
    office.world.control.settings(&SettingsChange { sites: Some(2), ..SettingsChange::default() }).unwrap();
    let ((mut ann, opened), (mut mallory, theirs)) = (begun(&own), begun(&stranger));
    assert!(ann.get(&callback(&office, &opened)).body.contains("Which site?"));
    assert!(mallory.get(&callback(&office, &theirs)).body.contains("Which site?"));
    let waiting = own.get("/connections").done()["items"][0].clone();
    let id = waiting["id"].as_str().unwrap();
    let full = own.get(&format!("/connections/{id}")).done();
    let site = full["offered_sites"][1]["id"].as_str().unwrap();
    let (at, origin) = (format!("{}/connect/site", office.public), office.public.as_str().to_owned());
    let headers = [
        ("Origin", origin.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let choose = |visitor: &mut Visitor, workspace: &str| {
        let body = format!("workspace={workspace}&connection={id}&site={site}");
        visitor.send("POST", &at, &headers, &body)
    };
    for workspace in ["default", "elsewhere"] {
        let refused = choose(&mut mallory, workspace);
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(!refused.body.contains(site), "{refused:?}");
    }
    let status = || own.get(&format!("/connections/{id}")).done()["status"].clone();
    assert_eq!(status(), "awaiting-site");
    assert_eq!(choose(&mut ann, "default").status, 200);
    assert_eq!(status(), "active");
}
