//! The vendor stumbles, in every way there is: at what reads, and at what writes.
//!
//! One table: each fault meets a template that views, one that creates, one that updates and one that deletes. What
//! comes out must tell the caller what happened and whether something may have come of it, and whatever changes
//! something must have been sent once.

use std::time::Duration;

use actionbay::{CallLimits, Failure};
use serde_json::{Value, json};

use crate::support::{Setup, World};
use crate::templates::{able, able_in};

/// What is expected of one template at one fault: the failure's kind and code, and how many requests were sent.
type Expected = (&'static str, &'static str, usize);

struct Fault {
    what: &'static str,
    answer: Value,
    view: Expected,
    create: Expected,
    /// Of updates and deletes alike.
    change: Expected,
}

fn fault(what: &'static str, answer: Value, view: Expected, create: Expected, change: Expected) -> Fault {
    Fault { what, answer, view, create, change }
}

/// The same for all four, which are sent once.
fn refused(what: &'static str, answer: Value, kind: &'static str, code: &'static str) -> Fault {
    let once = (kind, code, 1);
    fault(what, answer, once, once, once)
}

const CONTENT: &str = "/wiki/api/v2/pages*";

const UNKNOWN: &str = "unknown-outcome";

/// As often as it is tried, and more.
const ALWAYS: u64 = 9;

fn gone() -> Value {
    json!({"statusCode": 410, "data": {"authorized": true, "valid": true, "errors": [], "successful": true}, "message":
        "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed."})
}

fn conflict() -> Value {
    json!({"errors": [{"status": "409", "code": "CONFLICT", "title":
        "Version must be incremented when updating a page. Current Version: [3]. Provided version: [2]", "detail": null}]})
}

fn faults() -> Vec<Fault> {
    let html = "<!DOCTYPE html><html><body><h1>Log in</h1></body></html>";
    let with = |status: u16, headers: Value, body: Value| json!({"status": status, "headers": headers, "body": body});
    let paused = |status: u16, seconds: &str| json!({"status": status, "headers": {"Retry-After": seconds}});
    vec![
        fault(
            "429 without a pause",
            json!({"status": 429}),
            ("rate-limited", "rate-limited", 4),
            ("rate-limited", "rate-limited", 1),
            ("rate-limited", "rate-limited", 1),
        ),
        refused("429 with a long pause", paused(429, "1800"), "rate-limited", "rate-limited"),
        fault(
            "503",
            json!({"status": 503}),
            ("upstream", "server-error", 4),
            ("upstream", "server-error", 1),
            ("upstream", "server-error", 1),
        ),
        refused("503 with a long pause", paused(503, "60"), "upstream", "server-error"),
        fault(
            "502 with HTML",
            with(502, json!({"Content-Type": "text/html"}), html.into()),
            ("upstream", "server-error", 4),
            ("upstream", UNKNOWN, 1),
            ("upstream", "server-error", 1),
        ),
        fault(
            "504 without a body",
            json!({"status": 504}),
            ("upstream", "server-error", 4),
            ("upstream", UNKNOWN, 1),
            ("upstream", "server-error", 1),
        ),
        fault(
            "a cut before the answer",
            json!({"cut": "before"}),
            ("unreachable", "connection-broken", 4),
            ("unreachable", UNKNOWN, 1),
            ("unreachable", "connection-broken", 1),
        ),
        fault(
            "a cut in the answer",
            json!({"cut": "during"}),
            ("unreachable", "connection-broken", 4),
            ("unreachable", UNKNOWN, 1),
            ("unreachable", "connection-broken", 1),
        ),
        fault(
            "HTML instead of JSON",
            with(200, json!({"Content-Type": "text/html"}), html.into()),
            ("upstream", "unreadable-answer", 1),
            ("upstream", UNKNOWN, 1),
            ("upstream", "unreadable-answer", 1),
        ),
        fault(
            "JSON of another kind",
            with(200, json!({}), json!([1, 2])),
            ("upstream", "unreadable-answer", 1),
            ("upstream", UNKNOWN, 1),
            ("upstream", "unreadable-answer", 1),
        ),
        refused("500 without a body", json!({"status": 500}), "upstream", "server-error"),
        refused(
            "HTML with 403",
            with(403, json!({"Content-Type": "text/html"}), html.into()),
            "not-found",
            "not-permitted",
        ),
        refused("410", with(410, json!({}), gone()), "gone", "endpoint-removed"),
        refused("409 about a version", with(409, json!({}), conflict()), "conflict", "version-conflict"),
        refused("413", json!({"status": 413, "body": html}), "too-large", "body-too-large"),
    ]
}

/// Runs one template into the fault.
fn run(world: &World, template: &str, page: &Value) -> Failure {
    let id = &page["id"];
    let input = match template {
        "create-content" => json!({"space": "DOCS", "title": "Another"}),
        "update-content" => json!({"id": id, "body": "New"}),
        _ => json!({"id": id, "type": "page"}),
    };
    world.run(template, input).unwrap_err()
}

/// API-29, API-30, API-32, RATE-1, RATE-2, RATE-3
#[test]
fn every_fault_at_every_kind_of_template_is_told_for_what_it_is_and_no_write_is_sent_twice() {
    let mut wrong = Vec::new();
    for fault in faults() {
        for (template, method, expected) in [
            ("view-content", "GET", fault.view),
            ("create-content", "POST", fault.create),
            ("update-content", "PUT", fault.change),
            ("delete-content", "DELETE", fault.change),
        ] {
            if fault.answer["body"].is_array() && template == "delete-content" {
                continue; // Of a deletion only the status counts, and that it is not a page of HTML.
            }
            let world = able();
            let page =
                world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
            world.control.clear_requests().unwrap();
            world.fault(method, CONTENT, ALWAYS, fault.answer.clone());
            let failure = run(&world, template, &page);
            let sent =
                world.received("/api/v2/pages").iter().filter(|request| request["method"] == method).count();
            let found = (failure.kind.as_str(), failure.code.as_ref(), sent);
            let writes = method != "GET";
            if found != expected || failure.request_sent != writes || failure.message.contains('<') {
                wrong.push(format!(
                    "{template} at {}: {found:?}, expected {expected:?}: {failure:?}",
                    fault.what
                ));
            }
            let changes =
                world.received("/wiki/").iter().filter(|request| request["method"] != "GET").count();
            assert!(changes <= 1, "{template} at {}: {changes} requests that change something", fault.what);
            let pause = fault.answer.pointer("/headers/Retry-After").map(|seconds| seconds.as_str().unwrap());
            assert_eq!(
                failure.retry_after.map(|seconds| seconds.to_string()).as_deref(),
                pause,
                "{template} at {}: {failure:?}",
                fault.what
            );
            if failure.code == UNKNOWN {
                assert!(failure.hint.as_ref().unwrap().contains("\"Another\""), "where to look: {failure:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// RATE-3
#[test]
fn a_write_that_was_done_before_its_answer_was_lost_was_done_once() {
    for (template, method) in
        [("create-content", "POST"), ("update-content", "PUT"), ("delete-content", "DELETE")]
    {
        for cut in ["before", "during"] {
            let world = able();
            let page =
                world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
            world.fault(method, CONTENT, 1, json!({"cut": cut, "after_effect": true}));
            let failure = run(&world, template, &page);
            assert!(failure.request_sent, "{template}: {failure:?}");
            let there = world.control.page(page["id"].as_str().unwrap()).unwrap();
            match template {
                "create-content" => {
                    let listed =
                        world.run("list-pages", json!({"space": "DOCS", "title": "Another"})).unwrap();
                    assert_eq!((&listed["count"], failure.code.as_ref()), (&json!(1), UNKNOWN));
                }
                "update-content" => assert_eq!(there["version"]["number"], 2, "{there}"),
                _ => assert_eq!(there["status"], "trashed", "{there}"),
            }
        }
    }
}

/// RATE-3
#[test]
fn a_write_whose_answer_is_slower_than_the_call_may_last_is_sent_once_and_may_have_been_done() {
    for (template, method) in [
        ("view-content", "GET"),
        ("create-content", "POST"),
        ("update-content", "PUT"),
        ("delete-content", "DELETE"),
    ] {
        let limits = CallLimits::default().wall_clock(Duration::from_secs(2));
        let world = able_in(Setup { limits, ..Setup::default() });
        let page =
            world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
        world.wire.forget();
        world.fault(method, CONTENT, ALWAYS, json!({"delay_ms": 20_000}));
        let failure = run(&world, template, &page);
        let sent = world.wire.seen().iter().filter(|request| request.method == method).count();
        assert_eq!((failure.kind.as_str(), sent), ("timed-out", 1), "{template}: {failure:?}");
        assert_eq!(failure.request_sent, method != "GET", "{template}: {failure:?}");
        if template == "create-content" {
            assert_eq!(failure.code, UNKNOWN, "{failure:?}");
        }
    }
}

/// API-30
#[test]
fn what_writes_keeps_status_sentence_and_request_id_of_every_shape_of_error() {
    let words = "The words of Confluence";
    let world = able();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
    for body in [
        json!({"errors": [{"status": "400", "code": "INVALID", "title": words, "detail": null}]}),
        json!({"errors": [{"status": 400, "code": "INVALID", "title": words, "detail": "And more"}]}),
        json!({"statusCode": 400, "data": {"authorized": true, "errors": [{"message": {"translation": words, "args": []}}]}, "message": ""}),
        json!({"statusCode": 400, "data": {"errors": []}, "message": format!("a.b.CException: {words}")}),
        json!({"code": 400, "message": words}),
        json!({"timestamp": 1, "status": 400, "error": words, "message": null}),
    ] {
        for (template, method) in
            [("create-content", "POST"), ("update-content", "PUT"), ("delete-content", "DELETE")]
        {
            let headers = json!({"atl-request-id": "request-7"});
            world.fault(method, CONTENT, 1, json!({"status": 400, "headers": headers, "body": body}));
            let failure = run(&world, template, &page);
            assert_eq!((failure.upstream_status, failure.request_sent), (Some(400), true), "{failure:?}");
            assert!(
                failure.message.contains(words) && !failure.message.contains("CException"),
                "{failure:?}"
            );
            assert!(failure.upstream_request_id.is_some(), "{failure:?}");
        }
    }
}

/// API-12
#[test]
fn an_update_that_somebody_overtook_names_both_versions_and_overwrites_nothing() {
    let world = able();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
    let (host, id) = (world.host.clone(), page["id"].clone());
    // Between reading and writing, another client writes.
    world.wire.at_next_request(move || {
        let input = json!({"id": id, "body": "Theirs"});
        let (workspace, integration) = (crate::support::workspace(), crate::support::integration());
        host.run(&actionbay::Run::new(workspace, integration, "update-content", input)).unwrap();
    });
    let expected =
        world.run("update-content", json!({"id": page["id"], "body": "Mine", "expected-version": 1}));
    let failure = expected.unwrap_err();
    assert_eq!(
        (failure.kind.as_str(), failure.code.as_ref()),
        ("conflict", "version-conflict"),
        "{failure:?}"
    );
    assert!(
        !failure.request_sent && failure.message.contains('2') && failure.message.contains('1'),
        "{failure:?}"
    );

    world.control.clear_requests().unwrap();
    world.fault("PUT", CONTENT, 1, json!({"status": 409, "body": conflict()}));
    let failure = world.run("update-content", json!({"id": page["id"], "body": "Mine"})).unwrap_err();
    assert_eq!(
        (failure.kind.as_str(), failure.code.as_ref()),
        ("conflict", "version-conflict"),
        "{failure:?}"
    );
    assert!(failure.message.contains("version 3") && failure.message.contains("version 2"), "{failure:?}");
    assert_eq!(
        world.received("/api/v2/pages/").iter().filter(|request| request["method"] == "PUT").count(),
        1
    );
    let shown = world.run("view-content", json!({"id": page["id"]})).unwrap();
    assert_eq!(shown["body"]["value"], "Theirs\n");
}

/// API-13
#[test]
fn a_title_that_is_taken_is_told_apart_from_every_other_400_and_409() {
    let world = able();
    world.run("create-content", json!({"space": "DOCS", "title": "Taken"})).unwrap();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
    let renamed = world.run("update-content", json!({"id": page["id"], "title": "Taken"})).unwrap_err();
    assert_eq!((renamed.kind.as_str(), renamed.code.as_ref()), ("conflict", "title-exists"), "{renamed:?}");
    let title =
        "A page with this title already exists: A page already exists with the same TITLE in this space";
    for status in [400, 409] {
        let body = json!({"errors": [{"status": status, "code": "X", "title": title, "detail": null}]});
        world.fault("PUT", CONTENT, 1, json!({"status": status, "body": body}));
        let failure = run(&world, "update-content", &page);
        assert_eq!(
            (failure.kind.as_str(), failure.code.as_ref()),
            ("conflict", "title-exists"),
            "{failure:?}"
        );
    }
    let stored = world.control.page(page["id"].as_str().unwrap()).unwrap();
    assert_eq!((&stored["title"], &stored["version"]["number"]), (&json!("T"), &json!(1)));
}

/// API-31
#[test]
fn a_404_on_what_writes_says_not_found_or_no_permission() {
    let world = able();
    let page = world.run("create-content", json!({"space": "DOCS", "title": "T", "body": "Old"})).unwrap();
    let body =
        json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]});
    for (template, method) in
        [("create-content", "POST"), ("update-content", "PUT"), ("delete-content", "DELETE")]
    {
        world.fault(method, CONTENT, 1, json!({"status": 404, "body": body}));
        let failure = run(&world, template, &page);
        assert_eq!(failure.kind.as_str(), "not-found", "{failure:?}");
        assert!(failure.message.contains("permission") && failure.hint.is_some(), "{template}: {failure:?}");
    }
}

/// API-32
#[test]
fn a_body_that_grows_over_what_confluence_takes_is_too_large_here_and_there() {
    let world = able();
    // Under the limit as Markdown, over it as what is sent for it.
    let grows = "&".repeat(2_000_000);
    let failure =
        world.run("create-content", json!({"space": "DOCS", "title": "T", "body": grows})).unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.request_sent), ("too-large", false), "{failure:?}");
    assert_eq!(world.received("/api/v2/pages").len(), 0);
    world.fault("POST", CONTENT, 1, json!({"status": 413}));
    let failure = world.run("create-content", json!({"space": "DOCS", "title": "T"})).unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.upstream_status), ("too-large", Some(413)), "{failure:?}");
}
