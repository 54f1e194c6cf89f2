//! Labels and attachments.

use std::time::Duration;

use actionbay::FailureKind;
use actionbay::egress::{OutboundRequest, Reach, Transport as _};
use serde_json::{Value, json};

use super::{able, all, only, page};
use crate::support::World;

/// API-23
#[test]
fn labels_are_added_listed_and_removed() {
    let world = able();
    let page = page(&world, "Hello", "");
    let labelled = world.run("add-labels", json!({"id": page["id"], "labels": ["release", "a/b"]})).unwrap();
    assert_eq!(labelled["labels"].as_array().unwrap().len(), 2);
    let sent = only(&world, "POST", "/label")["body"].clone();
    assert_eq!(sent[0], json!({"prefix": "global", "name": "release"}));
    world.run("remove-label", json!({"space": "DOCS", "title": "Hello", "label": "a/b"})).unwrap();
    only(&world, "DELETE", "/label");
    let listed = world.run("list-labels", json!({"url": page["url"]})).unwrap();
    assert_eq!(all(&listed["labels"], "name"), ["release"]);
    let failure = world.run("add-labels", json!({"id": page["id"], "labels": ["two words"]})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
}

/// Attaches a file as another client would.
pub(crate) fn attach(world: &World, page: &Value, name: &str) {
    let last = world.wire.seen().pop().unwrap();
    let (prefix, _) = last.url.path().split_once("/wiki/").unwrap();
    let mut url = last.url.clone();
    url.set_path(&format!(
        "{prefix}/wiki/rest/api/content/{}/child/attachment",
        page["id"].as_str().unwrap()
    ));
    url.set_query(None);
    let part = |head: &str, value: &str| {
        format!("--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
    };
    let file = format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain");
    let body = format!("{}{}--cut--\r\n", part(&file, "content"), part("name=\"minorEdit\"", "true"));
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", last.authorization.unwrap().parse().unwrap());
    headers.insert("content-type", "multipart/form-data; boundary=cut".parse().unwrap());
    headers.insert("x-atlassian-token", "no-check".parse().unwrap());
    let request = OutboundRequest {
        method: http::Method::PUT,
        url,
        reach: Reach::Listed,
        headers,
        body: body.into_bytes().into(),
        timeout: Duration::from_secs(10),
        max_response_bytes: 1 << 20,
    };
    let answer = world.wire.round_trip(request).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[test]
fn attachments_are_listed_by_exact_name_and_deleted() {
    let world = able();
    let page = page(&world, "Hello", "");
    attach(&world, &page, "plan.txt");
    attach(&world, &page, "plan.txt.bak");
    let named = json!({"id": page["id"], "file-name": "plan.txt"});
    let listed = world.run("list-attachments", named.clone()).unwrap();
    assert_eq!(all(&listed["attachments"], "file-name"), ["plan.txt"]);
    assert_eq!(listed["attachments"][0]["size"], 7);
    let deleted =
        world.run("delete-attachment", json!({"attachment": listed["attachments"][0]["id"]})).unwrap();
    assert_eq!(deleted["outcome"], "trashed");
    only(&world, "DELETE", "/api/v2/attachments/");
    assert_eq!(world.run("list-attachments", named).unwrap()["count"], 0);
    let everything = world.run("list-attachments", json!({"id": page["id"]})).unwrap();
    assert_eq!(everything["count"], 1);
}
