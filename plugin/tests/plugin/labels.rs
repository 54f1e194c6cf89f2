use serde_json::json;

use crate::support::{Host, docs, list, missing, no_content, no_xsrf_check, nothing};

fn release() -> serde_json::Value {
    json!({"prefix": "global", "name": "release", "id": "98306"})
}

/// API-23
#[test]
fn labels_are_added_as_an_array_by_id_with_one_request() {
    let host = Host::with([list(&[release()], None)]);
    let output = host.run("add-labels", &json!({"id": "5", "labels": ["release", " 2026 "]})).unwrap();
    assert_eq!(host.requests(), ["POST confluence/rest/api/content/5/label"]);
    assert_eq!(
        host.last_body(),
        json!([{"prefix": "global", "name": "release"}, {"prefix": "global", "name": "2026"}])
    );
    assert_eq!(host.last_headers(), no_xsrf_check());
    assert_eq!(output, json!({"id": "5", "labels": [release()]}));
}

/// API-23
#[test]
fn a_label_is_removed_by_a_query_which_can_hold_any_name() {
    let item = json!({"id": "7", "title": "T", "status": "current"});
    let host = Host::with([docs(), nothing(), list(&[item], None), no_content()]);
    let output = host.run("remove-label", &json!({"space": "DOCS", "title": "T", "label": "a/b"})).unwrap();
    assert_eq!(host.requests()[3], "DELETE confluence/rest/api/content/7/label?name=a/b");
    assert_eq!(host.last_headers(), no_xsrf_check());
    assert_eq!(output, json!({"id": "7", "removed": "a/b"}));
}

#[test]
fn a_label_is_one_word() {
    for bad in ["two words", "", " ", "a\u{0}b"] {
        let failure = Host::with([]).fail("add-labels", &json!({"id": "5", "labels": ["ok", bad]}));
        assert!(["invalid-label", "invalid-input"].contains(&failure.code.as_str()), "{failure:?}");
    }
    assert_eq!(Host::with([]).fail("add-labels", &json!({"id": "5", "labels": []})).code, "invalid-input");
}

#[test]
fn labels_are_listed_by_prefix() {
    let host = Host::with([missing(), list(&[release()], None)]);
    let output = host.run("list-labels", &json!({"id": "5", "prefix": "global"})).unwrap();
    assert_eq!(host.requests()[1], "GET confluence/api/v2/blogposts/5/labels?prefix=global&limit=250");
    assert_eq!(output["labels"], json!([release()]));
}
