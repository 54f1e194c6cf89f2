use serde_json::json;

use crate::support::{Host, answer, list, missing, ok};

fn docs() -> serde_json::Value {
    json!({
        "id": "131073", "key": "DOCS", "name": "Documentation", "type": "a_kind_of_next_year", "status": "current",
        "homepageId": "131072", "createdAt": "T", "description": {"plain": {"value": "All about it"}},
        "_links": {"webui": "/spaces/DOCS"},
    })
}

#[test]
fn spaces_are_listed_with_filters_and_unknown_kinds_do_no_harm() {
    let host = Host::with([list(&[docs(), json!({"id": 5})], None)]);
    let output =
        host.run("list-spaces", &json!({"type": "knowledge_base", "status": "current", "limit": 5})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/spaces?type=knowledge_base&status=current&limit=5"]);
    assert_eq!(
        output["spaces"],
        json!([
            {
                "id": "131073", "key": "DOCS", "name": "Documentation", "type": "a_kind_of_next_year",
                "status": "current", "homepage": "131072", "description": "All about it", "created": "T",
                "url": "https://acme.atlassian.net/wiki/spaces/DOCS",
            },
            {"id": "5"},
        ])
    );
}

#[test]
fn a_space_is_shown_by_key_with_one_request() {
    let host = Host::with([list(&[docs()], None)]);
    let output = host.run("view-space", &json!({"space": "docs"})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/spaces?keys=docs&description-format=plain"]);
    assert_eq!((&output["homepage"], &output["description"]), (&json!("131072"), &json!("All about it")));

    let host = Host::with([list(&[], None), ok(&docs())]);
    host.run("view-space", &json!({"space": "131073"})).unwrap();
    assert_eq!(host.requests()[1], "GET confluence/api/v2/spaces/131073?description-format=plain");
}

#[test]
fn the_current_user_is_who_the_token_says() {
    let user = json!({"accountId": "5b10", "displayName": "Ada", "email": null, "accountType": "atlassian"});
    let host = Host::with([ok(&user)]);
    let output = host.run("current-user", &json!({})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/rest/api/user/current"]);
    assert_eq!(output, json!({"id": "5b10", "name": "Ada", "type": "atlassian"}));
    assert!(host.last_headers().is_empty(), "reading needs no header against forgery");
    let failure = Host::with([answer(200, "{}")]).fail("current-user", &json!({}));
    assert_eq!(failure.code, "unreadable-answer");
}

#[test]
fn a_space_whose_name_consists_of_digits_is_found_by_it() {
    let mut year = docs();
    year["name"] = json!("2026");
    let host = Host::with([list(&[], None), missing(), list(&[year], None)]);
    let output = host.run("view-space", &json!({"space": "2026"})).unwrap();
    assert_eq!((&output["key"], &output["name"]), (&json!("DOCS"), &json!("2026")));
    assert_eq!(host.requests()[2], "GET confluence/api/v2/spaces?limit=250&description-format=plain");
}
