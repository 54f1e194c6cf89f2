use actionbay_confluence::platform::FailureKind;
use serde_json::{Value, json};

use crate::support::{Host, answer, docs, list, no_xsrf_check, ok, page, unreachable};

fn node(id: u64, kind: &str) -> Value {
    json!({"id": id.to_string(), "type": kind, "title": format!("Node {id}"), "status": "draft", "childPosition": 7, "depth": 1})
}

/// API-26
#[test]
fn children_are_all_that_stands_below_and_are_filtered_here() {
    let children = || list(&[node(1, "page"), node(2, "folder"), node(3, "of_next_year")], None);
    let host = Host::with([children()]);
    let output = host.run("list-children", &json!({"id": "5"})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/5/direct-children?limit=250"]);
    assert_eq!((&output["page"], &output["count"]), (&json!("5"), &json!(3)));
    assert_eq!(
        output["items"][2],
        json!({"id": "3", "type": "of_next_year", "title": "Node 3", "status": "draft", "depth": 1, "position": 7})
    );
    let output = Host::with([children()]).run("list-children", &json!({"id": "5", "type": "page"})).unwrap();
    assert_eq!(output["items"].as_array().unwrap().len(), 1);
}

/// API-27
#[test]
fn descendants_go_ten_levels_down_and_no_deeper() {
    let host = Host::with([list(&[node(1, "page")], None)]);
    host.run("list-descendants", &json!({"id": "5"})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/5/descendants?depth=10&limit=250"]);
    let host = Host::with([list(&[], None)]);
    host.run("list-descendants", &json!({"id": "5", "depth": 3})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/5/descendants?depth=3&limit=250"]);
    for depth in [0, 11] {
        let failure = Host::with([]).fail("list-descendants", &json!({"id": "5", "depth": depth}));
        assert_eq!(failure.code, "depth-out-of-range");
    }
}

/// API-28
#[test]
fn ancestors_are_given_from_top_to_bottom_over_every_answer() {
    let some = |ids: std::ops::Range<u64>| list(&ids.map(|id| node(id, "page")).collect::<Vec<_>>(), None);
    let host = Host::with([some(100..350), some(1..3)]);
    let output = host.run("list-ancestors", &json!({"id": "5"})).unwrap();
    let ancestors = output["ancestors"].as_array().unwrap();
    assert_eq!(
        (ancestors.len(), &ancestors[0], &ancestors[251]["id"]),
        (252, &json!({"id": "1", "type": "page"}), &json!("349"),)
    );
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/5/ancestors?limit=250",
            "GET confluence/api/v2/pages/100/ancestors?limit=250",
        ]
    );
}

/// API-28
#[test]
fn ancestors_are_given_up_to_a_limit_and_go_on_upwards_from_their_cursor() {
    let some = |ids: &[u64]| list(&ids.iter().map(|id| node(*id, "page")).collect::<Vec<_>>(), None);
    let ids = |output: &Value| {
        let all = output["ancestors"].as_array().unwrap();
        all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let host = Host::with([some(&[1, 2, 3])]);
    let nearest = host.run("list-ancestors", &json!({"id": "5", "limit": 2})).unwrap();
    assert_eq!(ids(&nearest), ["2", "3"]);
    assert_eq!((&nearest["count"], &nearest["complete"]), (&json!(2), &json!(false)));
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/5/ancestors?limit=3"]);

    let host = Host::with([some(&[1])]);
    let input = json!({"id": "5", "limit": 2, "cursor": nearest["cursor"]});
    let above = host.run("list-ancestors", &input).unwrap();
    assert_eq!(
        (ids(&above), &above["complete"], above.get("cursor")),
        (vec!["1".to_owned()], &json!(true), None)
    );
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/2/ancestors?limit=3"]);

    let many: Vec<u64> = (100..200).collect();
    let cut =
        Host::with([some(&many)]).run("list-ancestors", &json!({"id": "5", "all": true, "max-bytes": 1_000}));
    let cut = cut.unwrap();
    assert_eq!((ids(&cut).last().unwrap().as_str(), &cut["complete"]), ("199", &json!(false)));
    assert!(cut["ancestors"].to_string().len() < 1_100, "{cut}");
    let failure = Host::with([]).fail("list-ancestors", &json!({"id": "5", "cursor": "0.1.0.x"}));
    assert_eq!(failure.code, "invalid-cursor");
}

/// API-10
#[test]
fn a_page_is_moved_under_another_as_its_own_next_version() {
    let host = Host::with([ok(&page("5", "Hello", "<p>x</p>")), ok(&page("5", "Hello", "<p>x</p>"))]);
    let output = host.run("move-content", &json!({"id": "5", "parent": "9"})).unwrap();
    assert_eq!(host.requests()[1], "PUT confluence/api/v2/pages/5");
    assert_eq!(
        host.last_body(),
        json!({
            "id": "5", "status": "current", "title": "Hello", "parentId": "9",
            "body": {"representation": "storage", "value": "<p>x</p>"}, "version": {"number": 4},
        })
    );
    assert_eq!(output, json!({"id": "5", "parent": "9"}));
}

#[test]
fn a_page_that_is_there_already_is_left_alone() {
    let host = Host::with([ok(&page("5", "Hello", "<p>x</p>"))]);
    host.run("move-content", &json!({"id": "5", "parent": "131072"})).unwrap();
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_page_is_moved_beside_another() {
    for position in ["before", "after"] {
        let host = Host::with([ok(&json!({"pageId": "5"}))]);
        let output = host.run("move-content", &json!({"id": "5", position: "9"})).unwrap();
        assert_eq!(host.requests(), [format!("PUT confluence/rest/api/content/5/move/{position}/9")]);
        assert_eq!((host.last_headers(), host.last_body()), (no_xsrf_check(), Value::Null));
        assert_eq!(output, json!({"id": "5", position: "9"}));
    }
    for bad in [json!({"id": "5"}), json!({"id": "5", "parent": "1", "before": "2"})] {
        assert_eq!(Host::with([]).fail("move-content", &bad).code, "invalid-input");
    }
    assert_eq!(Host::with([]).fail("move-content", &json!({"id": "5", "parent": "5"})).code, "own-parent");
}

#[test]
fn a_page_is_copied_under_another_page_or_into_a_space() {
    let copied =
        json!({"id": "77", "type": "page", "title": "Copy", "_links": {"webui": "/spaces/DOCS/pages/77"}});
    let host = Host::with([ok(&copied)]);
    let input = json!({"id": "5", "to-parent": "9", "new-title": "Copy", "labels": true});
    let output = host.run("copy-content", &input).unwrap();
    assert_eq!(host.requests(), ["POST confluence/rest/api/content/5/copy"]);
    assert_eq!(host.last_headers(), no_xsrf_check());
    assert_eq!(
        host.last_body(),
        json!({
            "copyAttachments": false, "copyLabels": true, "copyPermissions": false, "copyProperties": false,
            "destination": {"type": "parent_page", "value": "9"}, "pageTitle": "Copy",
        })
    );
    assert_eq!(
        output,
        json!({
            "id": "77", "title": "Copy", "copied-from": "5",
            "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/77",
        })
    );
    for (named, unknown) in [("DOCS", 0), ("Documentation", 1)] {
        let answers = std::iter::repeat_n(list(&[], None), unknown).chain([docs(), ok(&copied)]);
        let host = Host::with(answers);
        host.run("copy-content", &json!({"id": "5", "to-space": named})).unwrap();
        assert_eq!(host.last_body()["destination"], json!({"type": "space", "value": "DOCS"}));
    }
    for bad in [json!({"id": "5"}), json!({"id": "5", "to-parent": "1", "to-space": "A"})] {
        assert_eq!(Host::with([]).fail("copy-content", &bad).code, "invalid-input");
    }
}

/// RATE-3
#[test]
fn a_copy_whose_answer_is_lost_is_not_made_again() {
    let host = Host::failing_after([], unreachable());
    let failure = host.fail("copy-content", &json!({"id": "5", "to-parent": "9"}));
    assert_eq!((failure.code.as_str(), failure.request_sent), ("unknown-outcome", true));
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_page_is_archived_in_the_background() {
    let host =
        Host::with([answer(202, r#"{"id":"1180606","links":{"status":"/rest/api/longtask/1180606"}}"#)]);
    let output = host.run("archive-content", &json!({"id": "5"})).unwrap();
    assert_eq!(host.requests(), ["POST confluence/rest/api/content/archive"]);
    assert_eq!((host.last_headers(), host.last_body()), (no_xsrf_check(), json!({"pages": [{"id": 5}]})));
    assert_eq!(output, json!({"id": "5", "outcome": "archiving", "task": "1180606"}));
}

/// API-29, API-31
#[test]
fn what_is_gone_or_not_there_is_said() {
    let failure = Host::with([answer(410, "")]).fail("archive-content", &json!({"id": "5"}));
    assert_eq!(failure.kind, FailureKind::Gone);
    let failure = Host::with([answer(404, "")]).fail("copy-content", &json!({"id": "5", "to-parent": "9"}));
    assert!(failure.message.contains("page 5") && failure.message.contains("permission"), "{failure:?}");
}

#[test]
fn an_archived_page_is_not_moved_under_another_since_that_would_bring_it_back() {
    let mut archived = page("5", "Hello", "<p>x</p>");
    archived["status"] = json!("archived");
    let host = Host::with([ok(&archived)]);
    let failure = host.fail("move-content", &json!({"id": "5", "parent": "9"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "not-editable"));
    assert_eq!(host.requests().len(), 1);
}
