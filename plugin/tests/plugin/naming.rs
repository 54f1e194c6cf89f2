use actionbay_confluence::platform::FailureKind;
use serde_json::json;

use crate::support::{Host, docs, list, missing, no_content, nothing, ok, page};

const VIEW: &str = "view-content";

#[test]
fn an_address_takes_one_request_and_says_the_kind() {
    for (url, path) in [
        ("https://acme.atlassian.net/wiki/spaces/DOCS/pages/131075/Hello", "pages/131075"),
        ("https://acme.atlassian.net/wiki/spaces/DOCS/blog/2026/11/21/131075/Hello", "blogposts/131075"),
        ("https://acme.atlassian.net/wiki/x/AwAC", "pages/131075"),
        ("/wiki/pages/viewpage.action?pageId=131075", "pages/131075"),
    ] {
        let host = Host::with([ok(&page("131075", "Hello", "<p>x</p>"))]);
        host.run(VIEW, &json!({"url": url})).unwrap();
        assert_eq!(host.requests(), [format!("GET confluence/api/v2/{path}?body-format=storage")], "{url}");
    }
}

#[test]
fn an_address_of_another_site_is_refused_before_any_request() {
    let failure = Host::with([]).fail(VIEW, &json!({"url": "https://other.atlassian.net/wiki/x/AwAC"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "other-site"));
    assert!(failure.message.contains("acme.atlassian.net"), "{failure:?}");
}

#[test]
fn an_address_of_a_blog_post_is_no_page() {
    let url = "https://acme.atlassian.net/wiki/spaces/DOCS/blog/2026/11/21/131075/Hello";
    assert_eq!(Host::with([]).fail("list-children", &json!({"url": url})).code, "wrong-type");
    assert_eq!(Host::with([]).fail(VIEW, &json!({"url": url, "type": "page"})).code, "wrong-type");
}

#[test]
fn an_old_address_names_a_space_and_a_title() {
    let item = json!({"id": "3", "title": "Plan B", "status": "current"});
    let host = Host::with([docs(), list(&[item], None), ok(&page("3", "Plan B", "<p>x</p>"))]);
    host.run(VIEW, &json!({"url": "https://acme.atlassian.net/wiki/display/DOCS/Plan+B"})).unwrap();
    assert_eq!(host.requests()[1], "GET confluence/api/v2/spaces/131073/pages?title=Plan B&limit=250");
}

/// What is found by its title is not tried as another kind.
#[test]
fn content_named_by_title_is_changed_as_the_kind_it_was_found_as() {
    let item = json!({"id": "7", "title": "News", "status": "current"});
    let host = Host::with([docs(), nothing(), list(&[item], None), no_content()]);
    let output = host.run("delete-content", &json!({"space": "DOCS", "title": "News"})).unwrap();
    assert_eq!(output, json!({"id": "7", "type": "blogpost", "outcome": "trashed"}));
    assert_eq!(host.requests()[3], "DELETE confluence/api/v2/blogposts/7");
}

/// API-31
#[test]
fn an_id_that_is_nothing_is_tried_as_both_kinds_and_then_not_found() {
    let host = Host::with([missing(), missing()]);
    let failure = host.fail("delete-content", &json!({"id": "5"}));
    assert_eq!(
        (&failure.kind, failure.code.as_str()),
        (&FailureKind::NotFound, "not-found-or-not-permitted")
    );
    assert!(failure.message.contains("page or blog post with the id 5"), "{failure:?}");
    assert!(failure.message.contains("permission"), "{failure:?}");
    assert_eq!(host.requests(), ["DELETE confluence/api/v2/pages/5", "DELETE confluence/api/v2/blogposts/5"]);
}

#[test]
fn titles_of_every_script_are_sent_as_they_are() {
    for title in ["🚀 Launch", "\u{202e}gnihtemos", "שלום", "a & b = c"] {
        let item = json!({"id": "3", "title": title, "status": "current"});
        let host = Host::with([docs(), list(&[item], None), ok(&page("3", title, "<p>x</p>"))]);
        assert_eq!(host.run(VIEW, &json!({"space": "DOCS", "title": title})).unwrap()["title"], title);
    }
}
