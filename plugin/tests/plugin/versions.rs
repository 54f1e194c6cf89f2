use serde_json::{Value, json};

use crate::support::{Host, list, missing, ok, page};

fn version(number: u64, title: &str, storage: &str) -> Value {
    let mut version = page("131075", title, storage);
    version["version"] =
        json!({"number": number, "authorId": "5b10", "createdAt": "2026-11-21T10:00:00.000Z"});
    version
}

#[test]
fn versions_are_listed_with_who_made_them() {
    let versions = [
        json!({"number": 2, "message": "Dates", "minorEdit": true, "authorId": "5b10", "createdAt": "T"}),
        json!({"number": 1, "message": "", "minorEdit": false}),
    ];
    let host = Host::with([list(&versions, None)]);
    let output = host.run("list-versions", &json!({"id": "131075"})).unwrap();
    assert_eq!(host.requests(), ["GET confluence/api/v2/pages/131075/versions?limit=250"]);
    assert_eq!(
        output,
        json!({
            "id": "131075", "count": 2, "complete": true,
            "versions": [
                {"number": 2, "message": "Dates", "created": "T", "author": "5b10", "minor": true},
                {"number": 1},
            ],
        })
    );
}

#[test]
fn the_versions_of_a_blog_post_are_found_where_a_page_is_not() {
    let host = Host::with([missing(), list(&[json!({"number": 1})], None)]);
    host.run("list-versions", &json!({"id": "131075", "limit": 5})).unwrap();
    assert_eq!(host.requests()[1], "GET confluence/api/v2/blogposts/131075/versions?limit=5");
}

#[test]
fn two_versions_are_compared_as_markdown() {
    let host = Host::with([
        ok(&version(3, "Plan", "<h1>Plan</h1><p>Fish &amp; chips</p><p>End</p>")),
        ok(&version(2, "Plan", "<h1>Plan</h1><p>Fish</p><p>End</p>")),
    ]);
    let output = host.run("compare-versions", &json!({"id": "131075"})).unwrap();
    assert_eq!(
        host.requests(),
        [
            "GET confluence/api/v2/pages/131075?body-format=storage",
            "GET confluence/api/v2/pages/131075?body-format=storage&version=2",
        ]
    );
    assert_eq!(
        output["diff"],
        "--- Plan (version 2)\n+++ Plan (version 3)\n@@ -1,5 +1,5 @@\n # Plan\n \n-Fish\n+Fish & chips\n \n End\n"
    );
    assert_eq!(
        (&output["added"], &output["removed"], &output["same"]),
        (&json!(1), &json!(1), &json!(false))
    );
    assert_eq!(
        (&output["from"]["version"]["number"], &output["to"]["version"]["number"]),
        (&json!(2), &json!(3))
    );
}

#[test]
fn versions_that_say_the_same_have_no_diff() {
    let both = || ok(&version(2, "Plan", "<p>x</p>"));
    let output = Host::with([both(), both()])
        .run("compare-versions", &json!({"id": "131075", "from": 1, "to": 2, "context": 0}))
        .unwrap();
    assert_eq!((&output["same"], &output["diff"]), (&json!(true), &json!("")));
}

#[test]
fn nothing_is_before_the_first_version() {
    let host = Host::with([ok(&version(1, "Plan", "<p>x</p>"))]);
    assert_eq!(host.fail("compare-versions", &json!({"id": "131075"})).code, "no-earlier-version");
    for bad in [json!({"id": "1", "from": 0}), json!({"id": "1", "to": 0})] {
        assert_eq!(Host::with([]).fail("compare-versions", &bad).code, "invalid-input");
    }
}

#[test]
fn a_long_diff_is_cut_at_a_line_and_goes_on_between_the_same_versions() {
    let paragraphs = |word: &str| (0..200).map(|n| format!("<p>{word} {n}</p>")).collect::<String>();
    let both = || [ok(&version(3, "Plan", &paragraphs("new"))), ok(&version(2, "Plan", &paragraphs("old")))];
    let whole = Host::with(both()).run("compare-versions", &json!({"id": "131075"})).unwrap();
    assert_eq!((&whole["complete"], whole.get("cursor")), (&json!(true), None));

    let (mut input, mut diff, mut parts) = (json!({"id": "131075", "max-bytes": 1_000}), String::new(), 0);
    loop {
        let host = Host::with(both());
        let part = host.run("compare-versions", &input).unwrap();
        let text = part["diff"].as_str().unwrap();
        assert!(text.len() <= 1_000 && text.ends_with('\n'));
        (diff, parts) = (diff + text, parts + 1);
        let Some(cursor) = part.get("cursor") else { break };
        input["cursor"] = cursor.clone();
        if parts > 1 {
            // Whatever is current by now.
            assert_eq!(
                host.requests(),
                [
                    "GET confluence/api/v2/pages/131075?body-format=storage&version=3",
                    "GET confluence/api/v2/pages/131075?body-format=storage&version=2",
                ]
            );
        }
    }
    assert_eq!((Value::from(diff), parts > 3), (whole["diff"].clone(), true));
    for cursor in ["x", "2.3", "0.3.5", "2.3.999999", "1.2.3.4"] {
        let host = Host::with(both());
        let failure = host.fail("compare-versions", &json!({"id": "131075", "cursor": cursor}));
        assert!(
            ["invalid-cursor", "invalid-input"].contains(&failure.code.as_str()),
            "{cursor}: {failure:?}"
        );
    }
}
