use actionbay_confluence::platform::{Failure, FailureKind, Response};
use serde_json::json;

use crate::support::{Host, answer, assert_well_formed, docs, missing, with_header};

/// The failure of creating, where Confluence answers so.
fn creating(response: Response) -> Failure {
    let failure =
        Host::with([docs(), response]).fail("create-content", &json!({"space": "DOCS", "title": "Hello"}));
    assert_well_formed(&failure);
    assert!(failure.request_sent, "a request that creates was sent: {failure:?}");
    failure
}

/// The failure of viewing, where Confluence answers so.
fn viewing(response: Response) -> Failure {
    let failure = Host::with([response]).fail("view-content", &json!({"id": "5", "type": "page"}));
    assert_well_formed(&failure);
    assert!(!failure.request_sent, "reading has no effect: {failure:?}");
    failure
}

/// API-30
#[test]
fn the_four_shapes_of_errors_are_read() {
    for (body, words) in [
        (r#"{"errors":[{"status":500,"code":"X","title":"One","detail":null}]}"#, "says: One"),
        (
            r#"{"errors":[{"status":"500","code":"X","title":"One","detail":"Two"},{"title":"Three"}]}"#,
            "says: One (Two); Three",
        ),
        (
            r#"{"statusCode":500,"data":{"authorized":true,"errors":[{"message":{"translation":"Four","args":[]}}]},"message":"Five"}"#,
            "says: Four",
        ),
        (
            r#"{"statusCode":500,"data":{"errors":[]},"message":"com.atlassian.x.Foo_Exception: Six: it is."}"#,
            "says: Six: it is.",
        ),
        (r#"{"code":500,"message":"Seven"}"#, "says: Seven"),
        (
            r#"{"timestamp":"2026-11-21T00:00:00Z","status":500,"error":"Eight","message":null}"#,
            "says: Eight",
        ),
    ] {
        let failure = viewing(answer(500, body));
        assert_eq!(failure.kind, FailureKind::Upstream);
        assert!(failure.message.ends_with(words), "{body}: {failure:?}");
    }
}

/// API-30
#[test]
fn a_body_that_is_no_json_is_no_hindrance() {
    for body in [
        "",
        "<html><body>502 Bad Gateway</body></html>",
        "null",
        "[]",
        "{\"errors\":{}}",
        "{\"errors\":[null,5]}",
        "\u{0}",
    ] {
        let failure = viewing(answer(502, body));
        assert_eq!(failure.message, "Confluence answered with an error of its own, 502.", "{body:?}");
        assert_eq!(failure.upstream_status, Some(502));
    }
    let endless = format!(r#"{{"message":"{}\n\u001b[31m"}}"#, "long ".repeat(10_000));
    assert!(viewing(answer(500, &endless)).message.chars().count() < 700);
}

/// API-30
#[test]
fn status_and_request_id_are_kept() {
    let failure = viewing(answer(500, ""));
    assert_eq!((failure.upstream_status, failure.upstream_request_id.as_deref()), (Some(500), Some("req-1")));
    let mut response = answer(500, "");
    response.headers.retain(|header| header.name == "atl-traceid");
    assert_eq!(viewing(response).upstream_request_id.as_deref(), Some("trace-1"));
}

/// API-13
#[test]
fn a_title_that_exists_is_a_conflict_of_its_own() {
    let said =
        "A page with this title already exists: A page already exists with the same TITLE in this space";
    for status in [400, 409] {
        let body = json!({"errors": [{"status": status, "code": "INVALID", "title": said, "detail": null}]});
        let failure = creating(answer(status, &body.to_string()));
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "title-exists"));
        assert!(failure.message.contains(said));
    }
}

#[test]
fn another_rejection_is_not_taken_for_a_title_that_exists() {
    let failure = creating(answer(400, r#"{"errors":[{"status":400,"title":"parentId is not valid"}]}"#));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Upstream, "request-rejected"));
    let failure = creating(answer(
        400,
        r#"{"errors":[{"title":"Error parsing xhtml: Unexpected close tag [row,col {3,5}]"}]}"#,
    ));
    assert_eq!(failure.code, "body-rejected");
    assert!(failure.message.contains("{3,5}"));
}

#[test]
fn a_version_that_is_not_the_next_one_is_a_conflict() {
    let body = r#"{"errors":[{"status":"409","code":"CONFLICT","title":"Version must be incremented when updating a page. Current Version: [3]. Provided version: [3]","detail":null}]}"#;
    let failure = creating(answer(409, body));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Conflict, "version-conflict"));
    assert_eq!(creating(answer(409, "")).code, "conflict");
}

/// API-31
#[test]
fn not_found_on_creating_also_speaks_of_permission() {
    let failure = creating(missing());
    assert_eq!(
        (&failure.kind, failure.code.as_str()),
        (&FailureKind::NotFound, "not-found-or-not-permitted")
    );
    assert!(failure.message.contains("space DOCS") && failure.message.contains("permission"), "{failure:?}");
}

/// API-29
#[test]
fn a_removed_function_is_gone_for_good() {
    let body = r#"{"statusCode":410,"data":{"authorized":true,"valid":true,"errors":[],"successful":true},"message":"com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed."}"#;
    let failure = viewing(answer(410, body));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Gone, "endpoint-removed"));
    assert!(failure.message.ends_with("says: This deprecated endpoint has been removed."), "{failure:?}");
    assert_eq!(failure.retry_after, None);
}

/// API-32
#[test]
fn a_body_that_confluence_finds_too_large_is_said_so() {
    let failure = creating(answer(413, "<html>Request Entity Too Large</html>"));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::TooLarge, "body-too-large"));
}

/// AUTH-13
#[test]
fn a_scope_mismatch_names_template_and_scope_however_it_is_told() {
    let by_body = answer(401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#);
    let by_header = with_header(answer(401, ""), "X-Failure-Category", "FAILURE_CLIENT_SCOPE_CHECK");
    for response in [by_body, by_header] {
        let mut host = Host::with([docs(), response]);
        host.facts.scopes = vec!["read:space:confluence".to_owned(), "offline_access".to_owned()];
        let failure = host.fail("create-content", &json!({"space": "DOCS", "title": "Hello"}));
        assert_eq!(failure.kind, FailureKind::InsufficientScope(vec!["write:page:confluence".to_owned()]));
        assert_eq!(failure.code, "insufficient-scope");
        assert!(
            failure.message.contains("`create-content`") && failure.message.contains("write:page:confluence")
        );
    }
}

/// AUTH-2, AUTH-13
#[test]
fn a_classic_scope_is_named_as_what_rest_v2_does_not_take() {
    let mut host =
        Host::with([answer(401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#)]);
    host.facts.scopes = vec!["write:confluence-content".to_owned(), "offline_access".to_owned()];
    let failure = host.fail("create-content", &json!({"space": "DOCS", "title": "Hello"}));
    let both = vec!["write:page:confluence".to_owned(), "read:space:confluence".to_owned()];
    assert_eq!(failure.kind, FailureKind::InsufficientScope(both));
    let hint = failure.hint.unwrap();
    assert!(
        hint.contains("write:confluence-content, a classic scope") && hint.contains("write:page:confluence"),
        "{hint}"
    );
}

/// AUTH-13
#[test]
fn a_mismatch_in_spite_of_the_grant_names_all_that_the_template_needs() {
    let failure = viewing(answer(401, r#"{"code":401,"message":"Unauthorized; Scope does not match"}"#));
    let both = vec!["read:page:confluence".to_owned(), "read:space:confluence".to_owned()];
    assert_eq!(failure.kind, FailureKind::InsufficientScope(both));
}

#[test]
fn another_401_asks_a_person_to_authorize() {
    let failure = viewing(answer(401, r#"{"code":401,"message":"Unauthorized"}"#));
    assert_eq!(
        (&failure.kind, failure.code.as_str()),
        (&FailureKind::AuthorizationRequired, "not-authorized")
    );
}

/// RATE-1, RATE-2
#[test]
fn a_rate_limit_says_how_long_to_wait_where_that_is_known() {
    let failure = viewing(with_header(answer(429, ""), "Retry-After", "1800"));
    assert_eq!((&failure.kind, failure.retry_after), (&FailureKind::RateLimited, Some(1_800)));
    let reset = with_header(answer(429, ""), "X-RateLimit-Reset", "2026-11-21T10:00:00Z");
    let failure = viewing(with_header(reset, "retry-after", "soon"));
    assert_eq!((&failure.kind, failure.retry_after), (&FailureKind::RateLimited, None));
    assert!(failure.hint.unwrap().contains("2026-11-21T10:00:00Z"));
    assert_eq!(viewing(with_header(answer(503, ""), "retry-after", "7")).retry_after, Some(7));
}

/// RATE-4
#[test]
fn the_structured_header_tells_how_long_to_wait_where_nothing_else_does() {
    let wait = |header: &str| viewing(with_header(answer(429, ""), "RateLimit", header)).retry_after;
    assert_eq!(wait(r#""global-app-quota";r=0;t=1800"#), Some(1_800));
    assert_eq!(wait(r#""burst";t=3, "global-app-quota";r=100;t=1800"#), Some(3));
    assert_eq!(wait(r#""a"; t=3 ; r=0, "b";r=0;t=60"#), Some(60));
    for odd in ["", "a;b;c", "r=0;t=", ";;,,==", "\"x\";r=0;t=-1"] {
        assert_eq!(wait(odd), None, "{odd}");
    }
    let both = with_header(answer(429, ""), "RateLimit", "\"x\";r=0;t=60");
    assert_eq!(viewing(with_header(both, "Retry-After", "5")).retry_after, Some(5));
}

#[test]
fn what_makes_no_sense_is_the_vendors_error() {
    assert_eq!(viewing(answer(302, "")).code, "unexpected-status");
    assert_eq!(viewing(answer(200, "<html></html>")).code, "unreadable-answer");
    assert_eq!(viewing(answer(200, "{}")).code, "unreadable-answer");
    assert_eq!(creating(answer(200, "")).kind, FailureKind::Upstream);
    assert_eq!(
        viewing(answer(403, r#"{"message":"Current user not permitted to use Confluence"}"#)).code,
        "not-permitted"
    );
}

#[test]
fn an_unknown_template_is_refused_with_the_known_ones() {
    let failure = Host::with([]).fail("delete-everything", &json!({}));
    assert_eq!(failure.code, "unknown-template");
    assert!(failure.hint.unwrap().contains("create-content, view-content, update-content, list-pages"));
}

#[test]
fn only_a_request_with_a_cursor_can_have_a_cursor_that_is_not_valid() {
    let said = r#"{"errors":[{"status":400,"title":"The cursor is not valid"}]}"#;
    assert_eq!(creating(answer(400, said)).code, "request-rejected");
    let host = Host::with([docs(), answer(400, said)]);
    let failure = host.fail("list-pages", &json!({"space": "DOCS", "cursor": "0.250.0.x"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "invalid-cursor"));
}
