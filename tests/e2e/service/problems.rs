//! Errors are problem documents, all of them.

use actionbay::service::keys::Scope;
use serde_json::json;

use super::office::{Office, run_of};
use crate::support::Visitor;

#[test]
fn a_wrong_input_is_told_field_by_field_and_leads_to_what_the_kind_means() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run]);
    let body = json!({"input": {"space": 7, "color": "red"}});
    let reply = client.post(&run_of("create-content"), body);
    let id = reply.header("x-request-id").to_owned();
    let problem = reply.refused(400, "invalid-input");
    assert_eq!(problem["kind"], "invalid-input");
    assert_eq!(problem["request_id"], json!(id));
    assert_eq!(problem["request_sent"], false);
    assert!(problem["violations"].as_array().unwrap().len() >= 3, "{problem}");
    let explained = problem["type"].as_str().unwrap();
    let (page, anchor) = explained.split_once('#').unwrap();
    let page = Visitor::new().send("GET", page, &[("Connection", "close")], "");
    assert!(page.body.contains(&format!("id=\"{anchor}\"")), "{explained}");
    assert!(office.world.wire.seen().is_empty());
}

#[test]
fn a_path_or_a_method_that_there_is_not_is_a_problem_too() {
    let office = Office::new();
    let client = office.admin();
    for path in ["", "/x", "/integrations/", "/integrations/confluence/x", "/connections/a/b/c"] {
        client.get(path).refused(404, "not-found");
    }
    client.send("DELETE", "/runs", &[], None).refused(405, "method-not-allowed");
    client.send("PUT", "/profiles", &[], Some(json!({}))).refused(405, "method-not-allowed");
    for id in ["..%2F..", "%00", "a%20b", "\u{e9}", &"x".repeat(65)] {
        let path = format!("/connections/{}", id.replace('\u{e9}', "%C3%A9"));
        client.get(&path).refused(404, "unknown-connection");
    }
}

#[test]
fn a_request_for_another_host_is_refused_before_its_key_is_looked_at() {
    let office = Office::new();
    let client = office.admin();
    for host in ["evil.example", "127.0.0.1"] {
        client.send("GET", "/connections", &[("Host", host)], None).refused(421, "other-host");
    }
    let forwarded = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")];
    client.send("GET", "/connections", &forwarded, None).done();
}

#[test]
fn the_id_of_a_request_is_the_callers_where_it_is_plain_and_else_ours() {
    let office = Office::new();
    let client = office.admin();
    let id = |given: &str| {
        client.send("GET", "/runs", &[("X-Request-Id", given)], None).header("x-request-id").to_owned()
    };
    assert_eq!(id("trace-1.a_b"), "trace-1.a_b");
    for given in ["<script>", "a b", &"x".repeat(101)] {
        assert!(id(given).starts_with("q-"), "{given}");
    }
}

#[test]
fn what_is_named_and_not_there_is_said_again_in_the_problem() {
    let office = Office::connected();
    let client = office.client(&[Scope::Run]);
    let body = json!({"input": {"space": "DOCS"}, "connection": "c-unknown"});
    let problem = client.post(&run_of("list-pages"), body).refused(404, "unknown-connection");
    assert!(problem["detail"].as_str().unwrap().contains("c-unknown"));
}
