use actionbay_confluence::platform::{Failure, FailureKind};
use serde_json::{Value, json};

use crate::support::{Host, answer, assert_well_formed, docs, missing, nothing, ok, page, unreachable};

const TEMPLATE: &str = "create-content";
const BY_KEY: &str = "GET confluence/api/v2/spaces?keys=DOCS";

fn created() -> [actionbay_confluence::platform::Response; 2] {
    [docs(), ok(&page("131075", "Hello", ""))]
}

/// API-1, API-2, API-8, BODY-1
#[test]
fn a_page_is_created_from_markdown_with_two_requests() {
    let host = Host::with(created());
    let input = json!({"space": "DOCS", "title": " Hello ", "body": "Fish & *chips*", "parent": "131072"});
    let output = host.run(TEMPLATE, &input).unwrap();
    assert_eq!(host.requests(), [BY_KEY, "POST confluence/api/v2/pages"]);
    assert_eq!(
        host.last_body(),
        json!({
            "spaceId": "131073", "status": "current", "title": "Hello", "parentId": "131072",
            "body": {"representation": "storage", "value": "<p>Fish &amp; <em>chips</em></p>"},
        })
    );
    assert_eq!(
        output,
        json!({
            "id": "131075", "type": "page", "status": "current", "title": "Hello",
            "space": {"id": "131073", "key": "DOCS", "name": "Documentation"}, "parent": "131072", "version": 3,
            "created": "2026-11-21T09:30:00.000Z",
            "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/131075",
        })
    );
}

/// BODY-2, BODY-3
#[test]
fn code_that_ends_a_cdata_section_arrives_well_formed() {
    let host = Host::with(created());
    let input = json!({"space": "DOCS", "title": "Hello", "body": "```xml\na ]]> b\n```\n"});
    host.run(TEMPLATE, &input).unwrap();
    let body = host.last_body();
    let sent = body["body"]["value"].as_str().unwrap();
    assert!(sent.contains("]]]]><![CDATA[>"), "{sent}");
    assert_eq!(actionbay_confluence::content::check_storage(sent), Ok(()));
}

/// BODY-6
#[test]
fn storage_format_is_sent_byte_for_byte() {
    let storage = "<p >Caf\u{e9}&#160;&nbsp;\r\n\t<br  /></p>\n<ac:structured-macro ac:name=\"code\">\
                   <ac:plain-text-body><![CDATA[a <b> & ]]]]><![CDATA[> c]]></ac:plain-text-body></ac:structured-macro>";
    let host = Host::with(created());
    let input = json!({"space": "DOCS", "title": "Hello", "format": "storage", "body": storage});
    host.run(TEMPLATE, &input).unwrap();
    assert_eq!(host.last_body()["body"]["value"], json!(storage));
}

#[test]
fn storage_format_that_is_not_well_formed_is_refused_with_its_place() {
    let host = Host::with([]);
    let input = json!({"space": "DOCS", "title": "Hello", "format": "storage", "body": "<p>\na<br></p>"});
    let failure = host.fail(TEMPLATE, &input);
    assert_eq!(
        (&failure.kind, failure.code.as_str()),
        (&FailureKind::InvalidInput, "storage-not-well-formed")
    );
    assert!(failure.message.contains("row 2"), "{failure:?}");
    assert!(host.requests().is_empty());
}

/// API-6
#[test]
fn a_blog_post_goes_to_its_own_collection_without_a_parent() {
    let host = Host::with(created());
    let output = host.run(TEMPLATE, &json!({"type": "blogpost", "space": "DOCS", "title": "Hello"})).unwrap();
    assert_eq!(host.requests(), [BY_KEY, "POST confluence/api/v2/blogposts"]);
    assert_eq!(host.last_body().get("parentId"), None);
    assert_eq!(output["type"], "blogpost");
}

/// API-6
#[test]
fn a_blog_post_with_a_parent_is_refused() {
    let host = Host::with([]);
    let input = json!({"type": "blogpost", "space": "DOCS", "title": "Hello", "parent": "1"});
    assert_eq!(host.fail(TEMPLATE, &input).code, "parent-not-allowed");
    assert!(host.requests().is_empty());
}

/// API-3
#[test]
fn a_draft_may_go_without_a_title() {
    let mut draft = page("131075", "", "");
    draft["status"] = json!("draft");
    draft["title"] = Value::Null;
    let host = Host::with([docs(), ok(&draft)]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "status": "draft", "body": "Later"})).unwrap();
    assert_eq!(host.last_body()["status"], "draft");
    assert_eq!(host.last_body().get("title"), None);
    assert_eq!((&output["status"], &output["title"]), (&json!("draft"), &json!("")));
}

/// API-4
#[test]
fn published_content_without_a_title_is_refused_before_any_request() {
    for input in [
        json!({"space": "DOCS"}),
        json!({"space": "DOCS", "title": ""}),
        json!({"space": "DOCS", "title": " \t "}),
        json!({"space": "DOCS", "title": "", "status": "draft"}),
    ] {
        let host = Host::with([]);
        let failure = host.fail(TEMPLATE, &input);
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "title-required"));
        assert!(!failure.request_sent);
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_title_is_counted_in_characters() {
    let host = Host::with(created());
    assert!(host.run(TEMPLATE, &json!({"space": "DOCS", "title": "é".repeat(255)})).is_ok());
    let failure = Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "title": "é".repeat(256)}));
    assert_eq!(failure.code, "title-too-long");
}

/// API-2
#[test]
fn an_unknown_space_is_not_found_and_nothing_is_created() {
    let host = Host::with([nothing(), nothing()]);
    let failure = host.fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::NotFound, "space-not-found"));
    assert!(failure.message.contains("DOCS") && failure.message.contains("permission"), "{failure:?}");
    assert_eq!(host.requests(), [BY_KEY, "GET confluence/api/v2/spaces?limit=250"]);
}

/// API-2
#[test]
fn a_space_of_another_key_is_never_taken_for_the_one_asked_for() {
    let other = || ok(&json!({"results": [{"id": "9", "key": "DOCS2", "name": "DOCS and more"}]}));
    let failure = Host::with([other(), other()]).fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"}));
    assert_eq!(failure.code, "space-not-found");
}

#[test]
fn a_space_is_found_by_its_name_over_every_page_of_results() {
    let page_of = |name: &str, next: Option<&str>| {
        let mut list = json!({"results": [{"id": "9", "key": "X", "name": name}], "_links": {}});
        list["_links"]["next"] = json!(next);
        ok(&list)
    };
    let host = Host::with([
        page_of("Research", Some("/wiki/api/v2/spaces?cursor=c2")),
        page_of("Research & Development", None),
        ok(&page("131075", "Hello", "")),
    ]);
    host.run(TEMPLATE, &json!({"space": " Research & Development ", "title": "Hello"})).unwrap();
    assert_eq!(host.last_body()["spaceId"], "9");
    let list = "GET confluence/api/v2/spaces?limit=250";
    assert_eq!(host.requests()[..2], [list.to_owned(), format!("{list}&cursor=c2")]);
}

#[test]
fn a_name_that_two_spaces_have_is_refused_with_their_keys() {
    let both = json!({"results": [
        {"id": "1", "key": "A", "name": "Team space"}, {"id": "2", "key": "B", "name": "Team space"},
    ]});
    let failure = Host::with([ok(&both)]).fail(TEMPLATE, &json!({"space": "Team space", "title": "Hello"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "space-ambiguous"));
    assert!(failure.hint.unwrap().contains("A, B"));
}

/// API-2
#[test]
fn a_key_is_compared_without_case_and_an_alias_counts() {
    for space in ["docs", "manual"] {
        let found = ok(&json!({"results": [{"id": 131_073, "key": "DOCS", "currentActiveAlias": "MANUAL"}]}));
        let host = Host::with([found, ok(&page("131075", "Hello", ""))]);
        assert!(host.run(TEMPLATE, &json!({"space": space, "title": "Hello"})).is_ok(), "{space}");
    }
}

#[test]
fn digits_are_tried_as_a_key_and_then_as_an_id() {
    let space = ok(&json!({"id": "131073", "key": "DOCS", "name": "Documentation"}));
    let host = Host::with([nothing(), space, ok(&page("131075", "Hello", ""))]);
    let output = host.run(TEMPLATE, &json!({"space": "131073", "title": "Hello"})).unwrap();
    assert_eq!(output["space"]["key"], "DOCS");
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/spaces?keys=131073",
            "GET confluence/api/v2/spaces/131073",
            "POST confluence/api/v2/pages",
        ]
    );

    let host = Host::with([nothing(), missing(), docs()]);
    assert_eq!(host.fail(TEMPLATE, &json!({"space": "131073", "title": "Hello"})).code, "space-not-found");
    assert_eq!(host.requests().len(), 3);
    let host = Host::with([nothing(), answer(403, "")]);
    assert_eq!(host.fail(TEMPLATE, &json!({"space": "131073", "title": "Hello"})).code, "not-permitted");
}

/// AUTH-19, API-16
#[test]
fn no_input_makes_a_bad_path() {
    for bad in ["", " ", "a\nb", "DOCS\u{0}", "\u{1b}[31m", &"x".repeat(256)] {
        let host = Host::with([]);
        let failure = host.fail(TEMPLATE, &json!({"space": bad, "title": "Hello"}));
        assert_eq!(
            (&failure.kind, failure.code.as_str()),
            (&FailureKind::InvalidInput, "invalid-space"),
            "{bad:?}"
        );
        assert_well_formed(&failure);
    }
    for name in ["../../x", "1/2", "..", "a,b", "1%2f", "?x=1", "a#b", "a&keys=B", "😀", "\u{202e}SCOD"] {
        let host = Host::with([nothing()]);
        assert_eq!(host.fail(TEMPLATE, &json!({"space": name, "title": "Hello"})).code, "space-not-found");
        assert_eq!(
            host.requests(),
            ["GET confluence/api/v2/spaces?limit=250"],
            "compared, not sent: {name:?}"
        );
    }
    for bad in ["../1", "1/2", "", "abc", "-1", "1.0", "99999999999999999999", "1\n2", "/wiki/x/.."] {
        let host = Host::with([]);
        let failure = host.fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello", "parent": bad}));
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{bad:?}");
        assert!(["invalid-id", "invalid-url", "other-site"].contains(&failure.code.as_str()), "{failure:?}");
        assert_well_formed(&failure);
    }
}

#[test]
fn titles_keep_emoji_and_right_to_left_text_and_take_no_control_characters() {
    for title in ["🚀 Launch", "\u{202e}gnihtemos", "שלום עולם", "é"] {
        let host = Host::with(created());
        host.run(TEMPLATE, &json!({"space": "DOCS", "title": title})).unwrap();
        assert_eq!(host.last_body()["title"], title);
    }
    for title in ["a\nb", "a\u{0}b", "\u{7f}"] {
        let failure = Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "title": title}));
        assert_eq!(failure.code, "title-invalid");
    }
}

/// API-5, API-7
#[test]
fn private_root_and_live_are_sent_only_when_asked_for() {
    let host = Host::with(created());
    let input = json!({"space": "DOCS", "title": "Hello", "private": true, "root": true, "live": true});
    host.run(TEMPLATE, &input).unwrap();
    assert_eq!(host.requests()[1], "POST confluence/api/v2/pages?private=true&root-level=true");
    assert_eq!(host.last_body()["subtype"], "live");
    assert_eq!(host.last_body().get("parentId"), None);

    for (input, code) in [
        (json!({"space": "DOCS", "title": "T", "root": true, "parent": "1"}), "parent-not-allowed"),
        (json!({"space": "DOCS", "title": "T", "type": "blogpost", "root": true}), "page-only"),
        (json!({"space": "DOCS", "title": "T", "type": "blogpost", "live": true}), "page-only"),
    ] {
        assert_eq!(Host::with([]).fail(TEMPLATE, &input).code, code, "{input}");
    }
}

/// API-7
#[test]
fn a_404_for_private_content_says_what_it_may_need() {
    let failure = Host::with([docs(), missing()])
        .fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello", "private": true}));
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.hint.unwrap().contains("write:content.restriction:confluence"));
}

#[test]
fn a_parent_may_be_named_by_its_address() {
    let host = Host::with(created());
    let parent = "https://acme.atlassian.net/wiki/spaces/DOCS/pages/131072/Home";
    host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello", "parent": parent})).unwrap();
    assert_eq!(host.last_body()["parentId"], "131072");
}

/// BODY-5
#[test]
fn confluences_own_formats_are_sent_as_they_are() {
    let adf = "{\"version\":1,\"type\":\"doc\",\"content\":[]}";
    for (format, body, representation, sent) in [
        ("adf", adf, "atlas_doc_format", adf),
        ("wiki", "h1. *Hi* & <b>", "wiki", "h1. *Hi* & <b>"),
        ("plain", "*Hi* & <b>", "storage", "<p>*Hi* &amp; &lt;b&gt;</p>"),
    ] {
        let host = Host::with(created());
        host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello", "format": format, "body": body}))
            .unwrap();
        assert_eq!(host.last_body()["body"], json!({"representation": representation, "value": sent}));
    }
    let input = json!({"space": "DOCS", "title": "Hello", "format": "adf", "body": "{}"});
    assert_eq!(Host::with([]).fail(TEMPLATE, &input).code, "body-invalid");
}

#[test]
fn input_that_is_not_what_the_schema_says_is_refused() {
    for input in [
        json!({"space": "DOCS", "title": "Hello", "colour": "red"}),
        json!({"space": "DOCS", "title": "Hello", "type": "comment"}),
        json!({"space": 5, "title": "Hello"}),
        json!({"title": "Hello"}),
        json!(["DOCS"]),
        Value::Null,
    ] {
        let failure = Host::with([]).fail(TEMPLATE, &input);
        assert_eq!(
            (&failure.kind, failure.code.as_str()),
            (&FailureKind::InvalidInput, "invalid-input"),
            "{input}"
        );
        assert_well_formed(&failure);
    }
}

/// API-32
#[test]
fn a_body_over_five_megabytes_is_refused_before_it_is_sent() {
    for format in ["markdown", "storage"] {
        let host = Host::with([]);
        let input =
            json!({"space": "DOCS", "title": "Hello", "format": format, "body": "x".repeat(5_000_001)});
        let failure = host.fail(TEMPLATE, &input);
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::TooLarge, "body-too-large"));
        assert!(!failure.request_sent);
        assert!(host.requests().is_empty());
    }
}

/// RATE-3
#[test]
fn a_creation_whose_answer_is_lost_is_not_repeated_and_says_where_to_look() {
    let gateway = |status| Host::with([docs(), answer(status, "<html></html>")]);
    for host in [Host::failing_after([docs()], unreachable()), gateway(502), gateway(504)] {
        let failure = host.fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"}));
        assert_eq!(failure.code, "unknown-outcome");
        assert!(failure.request_sent);
        assert!(
            failure.hint.as_deref().unwrap().contains("the title \"Hello\" is in the space DOCS"),
            "{failure:?}"
        );
        assert_eq!(host.requests().len(), 2, "sent once");
        assert_well_formed(&failure);
    }
}

/// RATE-3
#[test]
fn a_creation_that_was_never_sent_is_passed_on_as_the_host_told_it() {
    let never = Failure { request_sent: false, ..unreachable() };
    let host = Host::failing_after([docs()], never.clone());
    assert_eq!(host.fail(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"})), never);
}

#[test]
fn a_link_is_made_from_the_site_where_the_answer_has_no_base_and_never_of_anything_but_http() {
    let url = |base: Value, webui: &str| {
        let mut page = page("131075", "Hello", "");
        page["_links"] = json!({"webui": webui, "base": base});
        let host = Host::with([docs(), ok(&page)]);
        host.run(TEMPLATE, &json!({"space": "DOCS", "title": "Hello"})).unwrap().get("url").cloned()
    };
    assert_eq!(url(Value::Null, "/x/1"), Some(json!("https://acme.atlassian.net/wiki/x/1")));
    assert_eq!(
        url(json!("https://acme.atlassian.net/wiki/"), "/x/1"),
        Some(json!("https://acme.atlassian.net/wiki/x/1"))
    );
    assert_eq!(url(json!("javascript:alert(1)//"), "/x/1"), None);
    assert_eq!(url(json!("https://acme.atlassian.net/wiki"), "javascript:alert(1)"), None);
}
