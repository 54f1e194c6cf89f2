use actionbay_confluence::platform::FailureKind;
use serde_json::json;

use crate::support::{Host, answer, docs, list, ok};

const SEARCH: &str = "GET confluence/rest/api/search";

fn hit(id: u64) -> serde_json::Value {
    json!({
        "content": {"id": id.to_string(), "type": "page", "status": "current", "title": "Plan", "space": {"key": "DOCS"}},
        "title": "The @@@hl@@@Plan@@@endhl@@@", "excerpt": "a @@@hl@@@plan@@@endhl@@@", "entityType": "content",
        "url": format!("/spaces/DOCS/pages/{id}"), "lastModified": "2026-11-21T09:30:00.000Z", "score": 1.5,
    })
}

#[test]
fn a_space_is_named_by_its_key_or_id_or_name_of_one_word_or_several() {
    let space = |name: &str| json!({"id": "65537", "key": "DOCS", "name": name});
    let none = || list(&[], None);
    for (named, answers) in [
        ("docs", vec![list(&[space("Handbook")], None)]),
        ("65537", vec![none(), ok(&space("Handbook"))]),
        ("Handbook", vec![none(), list(&[space("Handbook")], None)]),
        ("Our handbook", vec![list(&[space("Our handbook")], None)]),
    ] {
        let host = Host::with(answers.into_iter().chain([list(&[hit(1)], None)]));
        host.run("search-content", &json!({"text": "plan", "space": named})).unwrap();
        let sent = host.requests();
        assert!(sent.last().is_some_and(|sent| sent.contains("space = \"DOCS\"")), "{sent:?}");
    }
    let failure = Host::with([none(), none()]).fail("search-content", &json!({"space": "Nowhere"}));
    assert_eq!(failure.code, "space-not-found");
}

/// API-20
#[test]
fn words_and_filters_become_a_query_that_nobody_can_break_out_of() {
    let host = Host::with([docs(), list(&[hit(1)], None)]);
    let input = json!({
        "text": r#"a" or type = "x\"#, "space": "DOCS", "type": "page", "label": "release", "title": "שלום 😀",
        "since": "2026-11-21", "limit": 10,
    });
    let output = host.run("search-content", &input).unwrap();
    let query = r#"type = "page" and text ~ "a\" or type = \"x\\" and title ~ "שלום 😀" and label = "release" and lastmodified >= "2026-11-21" and space = "DOCS""#;
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/spaces?keys=DOCS".to_owned(),
            format!("{SEARCH}?cql={query}&excerpt=indexed&expand=content.space&limit=10"),
        ]
    );
    assert_eq!(
        output,
        json!({
            "cql": query, "count": 1, "complete": true,
            "results": [{
                "id": "1", "type": "page", "title": "The Plan", "status": "current", "space": "DOCS",
                "excerpt": "a plan", "changed": "2026-11-21T09:30:00.000Z",
                "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/1",
            }],
        })
    );
}

/// API-17, API-20
#[test]
fn every_page_of_results_is_followed_by_its_cursor_and_never_by_start() {
    let next = "/rest/api/search?next=true&cursor=_sa_WyJcdDE%3D&limit=250&start=25&cql=type%3Dpage";
    let host = Host::with([list(&[hit(1)], Some(next)), list(&[hit(2)], None)]);
    let output = host.run("search-content", &json!({"cql": "type=page"})).unwrap();
    assert_eq!((&output["count"], &output["complete"]), (&json!(2), &json!(true)));
    let first = format!("{SEARCH}?cql=type=page&excerpt=indexed&expand=content.space&limit=250");
    assert_eq!(host.requests(), [first.clone(), format!("{first}&cursor=_sa_WyJcdDE=")]);
}

/// API-21
#[test]
fn a_query_that_confluence_does_not_understand_is_said_and_never_an_empty_list() {
    let body = r#"{"statusCode":400,"data":{"errors":[]},"message":"com.atlassian.x.BadRequestException: Could not parse cql : x"}"#;
    let failure = Host::with([answer(400, body)]).fail("search-content", &json!({"cql": "x"}));
    assert_eq!(failure.kind, FailureKind::Upstream);
    assert!(failure.message.ends_with("says: Could not parse cql : x"), "{failure:?}");
}

/// API-26
#[test]
fn results_that_are_no_content_are_given_as_far_as_they_go() {
    let results = [
        json!({"space": {"key": "DOCS"}, "title": "Documentation", "entityType": "space", "url": "/spaces/DOCS"}),
        json!({"title": "?", "entityType": "of_next_year", "url": "javascript:alert(1)"}),
        json!({}),
    ];
    let output = Host::with([list(&results, None)]).run("search-content", &json!({"cql": "x"})).unwrap();
    assert_eq!(
        output["results"],
        json!([
            {"type": "space", "title": "Documentation", "space": "DOCS", "url": "https://acme.atlassian.net/wiki/spaces/DOCS"},
            {"type": "of_next_year", "title": "?"},
            {"title": ""},
        ])
    );
}

#[test]
fn a_search_is_words_and_filters_or_a_query() {
    for bad in [
        json!({}),
        json!({"cql": "x", "text": "y"}),
        json!({"text": " "}),
        json!({"since": "yesterday"}),
        json!({"since": "2026-13-01"}),
        json!({"since": "2026-1-01"}),
        json!({"since": "+026-01-01"}),
    ] {
        assert_eq!(Host::with([]).fail("search-content", &bad).code, "invalid-input", "{bad}");
    }
    assert_eq!(Host::with([]).fail("search-content", &json!({"space": "a\nb"})).code, "invalid-space");
}
