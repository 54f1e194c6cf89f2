use actionbay_confluence::platform::{FailureKind, Response};
use serde_json::{Value, json};

use crate::support::{Host, answer, docs, nothing, ok, with_header};

const TEMPLATE: &str = "list-pages";
const PAGES: &str = "GET confluence/api/v2/spaces/131073/pages";

/// A page of results: `count` pages, whose ids begin at `first`.
fn results(first: usize, count: usize, next: Option<&str>) -> Response {
    let results: Vec<Value> = (first..first + count)
        .map(|id| {
            json!({
                "id": id.to_string(), "title": format!("Page {id}"), "status": "current", "spaceId": "131073",
                "parentId": null, "createdAt": "2026-11-21T09:30:00.000Z", "version": {"number": 1},
                "_links": {"webui": format!("/spaces/DOCS/pages/{id}")},
            })
        })
        .collect();
    let mut answer = json!({"results": results, "_links": {"base": "https://acme.atlassian.net/wiki"}});
    if let Some(next) = next {
        answer["_links"]["next"] = json!(next);
    }
    ok(&answer)
}

fn ids(output: &Value) -> Vec<u64> {
    output["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| page["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// API-15, API-16
#[test]
fn every_page_of_results_is_followed_on_the_plugins_own_path() {
    let next = |cursor: &str| format!("/wiki/api/v2/spaces/131073/pages?limit=250&cursor={cursor}");
    let host = Host::with([
        docs(),
        results(1, 250, Some(&next("eyJpZCI6MjUwfQ%3D%3D"))),
        results(251, 250, Some(&next("eyJpZCI6NTAwfQ=="))),
        results(501, 7, None),
    ]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS"})).unwrap();
    assert_eq!(ids(&output), (1..=507).collect::<Vec<_>>());
    assert_eq!((&output["count"], &output["complete"]), (&json!(507), &json!(true)));
    assert_eq!(output["space"], json!({"id": "131073", "key": "DOCS", "name": "Documentation"}));
    assert_eq!(
        output["pages"][0],
        json!({
            "id": "1", "title": "Page 1", "status": "current", "version": 1, "created": "2026-11-21T09:30:00.000Z",
            "url": "https://acme.atlassian.net/wiki/spaces/DOCS/pages/1",
        })
    );
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/spaces?keys=DOCS".to_owned(),
            format!("{PAGES}?limit=250"),
            format!("{PAGES}?limit=250&cursor=eyJpZCI6MjUwfQ=="),
            format!("{PAGES}?limit=250&cursor=eyJpZCI6NTAwfQ=="),
        ]
    );
}

#[test]
fn progress_is_reported_after_every_page_of_results() {
    let host = Host::with([docs(), results(1, 250, Some("/wiki/x?cursor=2")), results(251, 30, None)]);
    host.run(TEMPLATE, &json!({"space": "DOCS"})).unwrap();
    assert_eq!(
        *host.progress.borrow(),
        [(250, None, "250 pages".to_owned()), (280, None, "280 pages".to_owned())]
    );
    let host = Host::with([docs(), results(1, 1, None)]);
    host.run(TEMPLATE, &json!({"space": "DOCS"})).unwrap();
    assert_eq!(host.progress.borrow()[0].2, "1 page");
}

/// API-15
#[test]
fn a_limit_ends_the_list_and_is_never_asked_for_beyond_250() {
    let host = Host::with([docs(), results(1, 5, Some("/wiki/x?cursor=2"))]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "limit": 5})).unwrap();
    assert_eq!((ids(&output).len(), &output["complete"]), (5, &json!(false)));
    assert_eq!(host.requests()[1..], [format!("{PAGES}?limit=5")]);

    let host = Host::with([
        docs(),
        results(1, 250, Some("/wiki/x?cursor=2")),
        results(251, 250, Some("/wiki/x?cursor=3")),
    ]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "limit": 300})).unwrap();
    assert_eq!((&output["count"], &output["complete"]), (&json!(300), &json!(false)));
    assert_eq!(host.requests()[1..], [format!("{PAGES}?limit=250"), format!("{PAGES}?limit=250&cursor=2")]);

    let host = Host::with([docs(), results(1, 5, None)]);
    assert_eq!(host.run(TEMPLATE, &json!({"space": "DOCS", "limit": 5})).unwrap()["complete"], true);

    let failure = Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "limit": 0}));
    assert_eq!(failure.code, "limit-too-small");
    assert_eq!(Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "limit": -1})).code, "invalid-input");
}

#[test]
fn a_title_is_compared_here_and_filters_are_sent() {
    let host = Host::with([docs(), results(1, 12, None)]);
    let input =
        json!({"space": "DOCS", "title": "Page 1", "status": "archived", "depth": "root", "limit": 1});
    let output = host.run(TEMPLATE, &input).unwrap();
    assert_eq!((ids(&output), &output["complete"]), (vec![1], &json!(true)));
    assert_eq!(host.requests()[1], format!("{PAGES}?depth=root&status=archived&title=Page 1&limit=250"));
}

/// API-15
#[test]
fn the_link_header_is_enough_to_go_on() {
    let link = r#"<https://acme.atlassian.net/wiki>; rel="base", </wiki/api/v2/spaces/131073/pages?cursor=h2>; rel="next""#;
    let host = Host::with([docs(), with_header(results(1, 2, None), "Link", link), results(3, 1, None)]);
    assert_eq!(ids(&host.run(TEMPLATE, &json!({"space": "DOCS"})).unwrap()), [1, 2, 3]);
    assert_eq!(host.requests()[2], format!("{PAGES}?limit=250&cursor=h2"));
}

/// API-18
#[test]
fn a_next_page_on_another_host_is_not_followed() {
    for next in ["https://evil.example/wiki/api/v2/pages?cursor=x", "//evil.example/x?cursor=x"] {
        let host = Host::with([docs(), results(1, 2, Some(next))]);
        let failure = host.fail(TEMPLATE, &json!({"space": "DOCS"}));
        assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Upstream, "paging-left-the-site"));
        assert_eq!(host.requests().len(), 2);
    }
}

/// API-19
#[test]
fn a_cursor_that_comes_back_ends_in_a_failure() {
    let again = || results(1, 2, Some("/wiki/x?cursor=same"));
    let host = Host::with([docs(), again(), again()]);
    let failure = host.fail(TEMPLATE, &json!({"space": "DOCS"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::Upstream, "paging-loop"));
    assert_eq!(failure.upstream_request_id.as_deref(), Some("req-1"));
}

#[test]
fn an_empty_space_is_an_empty_list() {
    let output = Host::with([docs(), nothing()]).run(TEMPLATE, &json!({"space": "DOCS"})).unwrap();
    assert_eq!(
        (&output["count"], &output["complete"], &output["pages"]),
        (&json!(0), &json!(true), &json!([]))
    );
}

/// API-30
#[test]
fn trouble_on_a_later_page_of_results_is_never_a_shorter_list() {
    let host = Host::with([docs(), results(1, 250, Some("/wiki/x?cursor=2")), answer(502, "<html></html>")]);
    assert_eq!(host.fail(TEMPLATE, &json!({"space": "DOCS"})).code, "server-error");
    let host = Host::with([docs(), answer(200, r#"{"results":[{"title":"no id"}]}"#)]);
    assert_eq!(host.fail(TEMPLATE, &json!({"space": "DOCS"})).code, "unreadable-answer");
}

#[test]
fn a_list_goes_on_where_it_ended_even_within_a_page_of_results() {
    let first = Host::with([
        docs(),
        results(1, 250, Some("/wiki/x?cursor=c2")),
        results(251, 250, Some("/wiki/x?cursor=c3")),
    ]);
    let output = first.run(TEMPLATE, &json!({"space": "DOCS", "limit": 300})).unwrap();
    assert_eq!(ids(&output).last(), Some(&300));

    let second = Host::with([docs(), results(251, 250, Some("/wiki/x?cursor=c3")), results(501, 7, None)]);
    let rest =
        second.run(TEMPLATE, &json!({"space": "DOCS", "all": true, "cursor": output["cursor"]})).unwrap();
    assert_eq!(ids(&rest), (301..=507).collect::<Vec<_>>());
    assert_eq!((&rest["complete"], rest.get("cursor")), (&json!(true), None));
    assert_eq!(
        second.requests()[1..],
        [format!("{PAGES}?limit=250&cursor=c2"), format!("{PAGES}?limit=250&cursor=c3")]
    );
}

#[test]
fn a_thousand_are_given_where_nothing_is_said_and_all_where_that_is_asked_for() {
    let hundreds = || {
        (0..5).map(|part| {
            let next = format!("/wiki/x?cursor={part}");
            results(part * 250 + 1, 250, (part < 4).then_some(next.as_str()))
        })
    };
    let host = Host::with(std::iter::once(docs()).chain(hundreds()));
    let output = host.run(TEMPLATE, &json!({"space": "DOCS"})).unwrap();
    assert_eq!((&output["count"], &output["complete"]), (&json!(1_000), &json!(false)));
    assert!(output["cursor"].is_string());
    let host = Host::with(std::iter::once(docs()).chain(hundreds()));
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "all": true})).unwrap();
    assert_eq!((&output["count"], &output["complete"]), (&json!(1_250), &json!(true)));
}

#[test]
fn an_answer_that_grows_too_large_is_cut_with_a_cursor() {
    let large = |first: u64| {
        let results: Vec<Value> = (first..first + 250)
            .map(|id| json!({"id": id.to_string(), "title": "x".repeat(10_000), "status": "current"}))
            .collect();
        ok(&json!({"results": results, "_links": {"next": format!("/wiki/x?cursor=c{first}")}}))
    };
    let host = Host::with([docs(), large(1), large(251)]);
    let output = host.run(TEMPLATE, &json!({"space": "DOCS", "all": true})).unwrap();
    assert_eq!(output["complete"], false);
    let count = output["count"].as_u64().unwrap();
    assert!(output.to_string().len() < 5 << 20 && count > 250, "{count}");

    let host = Host::with([docs(), large(251)]);
    let rest = json!({"space": "DOCS", "limit": 1, "cursor": output["cursor"]});
    assert_eq!(ids(&host.run(TEMPLATE, &rest).unwrap()), [count + 1]);
}

/// API-6, API-15
#[test]
fn blog_posts_have_a_list_of_their_own() {
    let host = Host::with([docs(), results(1, 2, None)]);
    let input = json!({"space": "DOCS", "sort": "newest", "status": "trashed", "limit": 5});
    let output = host.run("list-blogposts", &input).unwrap();
    assert_eq!(output["blogposts"].as_array().unwrap().len(), 2);
    assert_eq!(
        host.requests()[1],
        "GET confluence/api/v2/spaces/131073/blogposts?status=trashed&sort=-created-date&limit=5"
    );
    for bad in [json!({"space": "DOCS", "status": "archived"}), json!({"space": "DOCS", "sort": "title"})] {
        assert_eq!(Host::with([]).fail("list-blogposts", &bad).code, "invalid-input");
    }
}

#[test]
fn an_order_is_confluences_word_for_it() {
    for (sort, word) in [
        ("oldest", "created-date"),
        ("recently-changed", "-modified-date"),
        ("least-recently-changed", "modified-date"),
        ("title", "title"),
        ("title-backwards", "-title"),
    ] {
        let host = Host::with([docs(), nothing()]);
        host.run(TEMPLATE, &json!({"space": "DOCS", "sort": sort})).unwrap();
        assert_eq!(host.requests()[1], format!("{PAGES}?sort={word}&limit=250"));
    }
}

#[test]
fn an_answer_is_cut_at_the_size_that_is_said_and_goes_on_without_a_loss() {
    let (mut input, mut seen, mut answers) = (json!({"space": "DOCS", "max-bytes": 1_000}), Vec::new(), 0);
    loop {
        let host = match input["cursor"].as_str() {
            Some(cursor) if cursor.ends_with(".c2") => Host::with([docs(), results(13, 8, None)]),
            _ => Host::with([docs(), results(1, 12, Some("/wiki/x?cursor=c2")), results(13, 8, None)]),
        };
        let output = host.run(TEMPLATE, &input).unwrap();
        let size = output["pages"].to_string().len();
        assert!((1..1_100).contains(&size), "{size}");
        seen.extend(ids(&output));
        answers += 1;
        if output["complete"] == true {
            break;
        }
        input["cursor"] = output["cursor"].clone();
    }
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
    assert!(answers > 2, "{answers}");
    for bytes in [0, 999, 4_000_001] {
        let failure = Host::with([]).fail(TEMPLATE, &json!({"space": "DOCS", "max-bytes": bytes}));
        assert_eq!(failure.code, "max-bytes-out-of-range");
    }
}

#[test]
fn a_cursor_into_a_list_that_is_not_there_is_refused() {
    let failure = Host::with([docs()]).fail(TEMPLATE, &json!({"space": "DOCS", "cursor": "1.250.0.x"}));
    assert_eq!((&failure.kind, failure.code.as_str()), (&FailureKind::InvalidInput, "invalid-cursor"));
    let comments = json!({"id": "5", "type": "page", "cursor": "2.250.0.x"});
    assert_eq!(Host::with([]).fail("list-comments", &comments).code, "invalid-cursor");
}
