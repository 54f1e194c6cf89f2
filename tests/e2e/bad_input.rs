//! Input that is wrong, of every template: each gives one clear failure, and nothing is changed.
//!
//! The inputs are made from the manifest's schemas, so that a template or a field that is added is tried too.

use std::collections::BTreeSet;

use actionbay::runtime::{FolderFiles, Template};
use actionbay::{Failure, Run};
use serde_json::{Map, Value, json};

use crate::support::{World, integration, workspace};
use crate::templates::able;

/// A world with a page that the templates' examples can be about, and the file that they name.
struct Bench {
    world: World,
    folder: tempfile::TempDir,
    page: Value,
    templates: Vec<Template>,
}

impl Bench {
    fn new() -> Self {
        let world = able();
        let templates = world.host.plugin(&integration()).unwrap().manifest().templates.clone();
        let page =
            world.run("create-content", json!({"space": "DOCS", "title": "Page", "body": "Faster search"}));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plan.pdf"), "a plan").unwrap();
        let bench = Self { page: page.unwrap(), world, folder, templates };
        bench.world.control.clear_requests().unwrap();
        bench
    }

    /// An input that the template takes: its first example, about what is there.
    fn sound(&self, template: &Template) -> Map<String, Value> {
        let mut input = template.input.json()["examples"][0].as_object().unwrap().clone();
        for name in ["id", "parent", "to-parent", "before", "after"] {
            if input.contains_key(name) {
                input.insert(name.to_owned(), self.page["id"].clone());
            }
        }
        input
    }

    fn fields<'t>(&self, template: &'t Template) -> Vec<(&'t str, &'t Value)> {
        let fields = template.input.json()["properties"].as_object().unwrap();
        fields.iter().map(|(name, field)| (name.as_str(), field)).collect()
    }

    /// How many requests the sandbox received that may change something.
    fn changes(&self) -> usize {
        self.world.received("/wiki/").iter().filter(|request| request["method"] != "GET").count()
    }

    /// Runs the template with one field set to this.
    fn with(&self, template: &Template, name: &str, value: Value) -> Result<Value, Failure> {
        let mut input = self.sound(template);
        // What else names content would be said twice.
        let target = ["id", "url", "space", "title", "page"];
        if target.contains(&name) && input.contains_key("id") && name != "id" {
            input.remove("id");
            if name == "title" || name == "page" {
                input.insert("space".to_owned(), "DOCS".into());
            } else if name == "space" {
                input.insert("title".to_owned(), "Page".into());
            }
        }
        input.insert(name.to_owned(), value);
        let run = Run::new(workspace(), integration(), template.id.as_str(), Value::Object(input));
        let run = run.files(FolderFiles::new(self.folder.path()));
        self.world.host.run(&run).map(|outcome| outcome.output)
    }

    /// The failure is one that a caller can act on, and nothing was changed for it.
    fn check(&self, what: &str, failure: &Failure) {
        let kind = failure.kind.as_str();
        assert!(matches!(kind, "invalid-input" | "not-found" | "too-large"), "{what}: {failure:?}");
        assert!(!failure.code.contains("crash") && !failure.message.is_empty(), "{what}: {failure:?}");
        assert!(
            failure.message.chars().count() <= 2_000 && !failure.message.contains('\u{0}'),
            "{what}: {failure:?}"
        );
        assert!(!failure.request_sent, "{what}: {failure:?}");
        assert_eq!(self.changes(), 0, "{what}: something was sent");
    }

    fn refuses(&self, template: &Template, name: &str, value: Value, what: &str) {
        let what = format!("{} with {what} as {name}", template.id);
        match self.with(template, name, value) {
            Ok(output) => panic!("{what}: {output}"),
            Err(failure) => self.check(&what, &failure),
        }
    }
}

fn is_text(field: &Value) -> bool {
    field["type"] == "string" && field.get("enum").is_none()
}

#[test]
fn a_wrong_type_and_a_value_that_is_none_of_those_listed_are_refused_in_every_field_of_every_template() {
    let bench = Bench::new();
    for template in &bench.templates {
        for (name, field) in bench.fields(template) {
            let wrong = match field["type"].as_str().unwrap() {
                "string" => vec![json!(7), json!(["a"]), json!({}), Value::Null, json!(true)],
                "boolean" => vec![json!("true"), json!(1), Value::Null],
                "integer" => vec![json!("7"), json!(1.5), json!(-1), json!(true), Value::Null],
                "array" => vec![json!("a"), json!([7]), json!([]), Value::Null],
                other => panic!("a field of type {other}"),
            };
            for value in wrong {
                bench.refuses(template, name, value.clone(), &value.to_string());
            }
            if field.get("enum").is_some() {
                bench.refuses(template, name, json!("no-such-value"), "another value");
            }
        }
        bench.refuses(template, "colour", json!("red"), "an unknown field");
        for input in [json!([]), json!("text"), Value::Null] {
            let failure = bench.world.run(template.id.as_str(), input.clone()).unwrap_err();
            bench.check(&format!("{} of {input}", template.id), &failure);
        }
    }
    assert!(bench.world.received("/wiki/").is_empty(), "all of that is seen before anything is sent");
}

#[test]
fn empty_text_and_control_characters_are_refused_where_they_say_nothing() {
    let bench = Bench::new();
    // A body may be empty, and what no format can hold is left out of it; empty is also no message.
    let may_be = |template: &Template, name: &str| {
        name == "body" && matches!(template.id.as_str(), "create-content" | "update-content")
            || (template.id.as_str(), name) == ("update-content", "message")
    };
    for template in &bench.templates {
        for (name, _) in bench.fields(template).into_iter().filter(|(_, field)| is_text(field)) {
            if may_be(template, name) {
                continue;
            }
            for (value, what) in [("", "nothing"), ("  ", "spaces"), ("\u{0}", "a NUL")] {
                if name == "body" && value == "\u{0}" {
                    continue;
                }
                bench.refuses(template, name, value.into(), what);
            }
            if name != "body" {
                for value in ["a\u{0}b", "a\u{1b}[2Jb", "a\nb"] {
                    bench.refuses(template, name, value.into(), &format!("{value:?}"));
                }
            }
        }
    }
}

#[test]
fn what_is_no_id_never_becomes_a_part_of_a_path() {
    let bench = Bench::new();
    let ids =
        ["../1", "1/2", "%2e%2e", "1?x=y", "1#", "-1", "1e3", "٣", "99999999999999999999", "1 OR 1", "."];
    for template in &bench.templates {
        for (name, field) in bench.fields(template) {
            if field["pattern"].as_str().is_some_and(|pattern| pattern.contains("[0-9]{1,19}")) {
                for id in ids {
                    bench.refuses(template, name, id.into(), id);
                }
            }
        }
    }
    let strange: Vec<Value> =
        bench.world.received("/wiki/").into_iter().filter(|r| r.to_string().contains("%2e")).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn an_address_of_another_host_is_refused_and_never_called() {
    let bench = Bench::new();
    for template in &bench.templates {
        for (name, field) in bench.fields(template) {
            let takes_address =
                name == "url" || field["pattern"].as_str().is_some_and(|p| p.contains("\\S*/\\S*"));
            if !takes_address {
                continue;
            }
            for url in [
                "https://evil.example/wiki/spaces/DOCS/pages/131075/T",
                "//evil.example/wiki/spaces/DOCS/pages/131075",
                "http://169.254.169.254/latest/meta-data/",
                "file:///etc/passwd",
                "https://127.0.0.1@evil.example/wiki/x/AwAC",
                "javascript:alert(1)//wiki/x/AwAC",
            ] {
                bench.refuses(template, name, url.into(), url);
            }
        }
    }
    assert!(bench.world.received("/wiki/").is_empty(), "nothing was asked");
}

#[test]
fn very_long_text_is_refused_or_looked_for_and_never_more() {
    let bench = Bench::new();
    let long = "x".repeat(100_000);
    for template in &bench.templates {
        for (name, _) in bench.fields(template).into_iter().filter(|(_, field)| is_text(field)) {
            if name != "body" {
                bench.refuses(template, name, long.as_str().into(), "100,000 letters");
            }
        }
    }
}

#[test]
fn a_cursor_that_nobody_gave_is_wrong_input() {
    let bench = Bench::new();
    for template in &bench.templates {
        if template.input.properties().contains(&"cursor") {
            for cursor in ["x", "0.250.0", "9.250.0.x", "0.0.0.x", "0.250.0.https://evil.example/?cursor=x"] {
                match bench.with(template, "cursor", cursor.into()) {
                    Ok(output) => panic!("{} with {cursor}: {output}", template.id),
                    Err(failure) => bench.check(&format!("{} with {cursor}", template.id), &failure),
                }
            }
        }
    }
}

/// API-32
#[test]
fn a_body_of_6_mb_is_too_large_before_it_is_sent_and_nothing_is_lost() {
    let bench = Bench::new();
    let body = "word ".repeat(6_000_000 / 5);
    let mut tried = BTreeSet::new();
    for template in &bench.templates {
        if template.input.properties().contains(&"body") {
            tried.insert(template.id.as_str());
            bench.refuses(template, "body", body.as_str().into(), "6 MB");
        }
    }
    assert_eq!(tried.len(), 5, "{tried:?}");
    let there = bench.world.control.page(bench.page["id"].as_str().unwrap()).unwrap();
    assert_eq!(there["version"]["number"], 1);
}

/// BODY-1
#[test]
fn right_to_left_text_and_emoji_arrive_as_they_were() {
    let world = able();
    for (title, words) in [
        ("שלום עולם", "טקסט מימין לשמאל"),
        ("مرحبا \u{202b}عالم\u{202c}", "نص عربي"),
        ("Launch 🚀👩‍👩‍👧‍👦", "e\u{301} 🇩🇪 ok"),
        ("漢字 かな", "一二三"),
    ] {
        let created =
            world.run("create-content", json!({"space": "DOCS", "title": title, "body": words})).unwrap();
        let stored = world.control.page(created["id"].as_str().unwrap()).unwrap();
        assert_eq!(stored["title"], title);
        assert!(stored.to_string().contains(words), "{stored}");
        let shown = world.run("view-content", json!({"space": "DOCS", "title": title})).unwrap();
        assert_eq!((&shown["id"], &shown["body"]["value"]), (&created["id"], &json!(format!("{words}\n"))));

        let id = &created["id"];
        let comment = world.run("add-comment", json!({"id": id, "body": words})).unwrap();
        let listed = world.run("list-comments", json!({"id": id})).unwrap();
        assert_eq!(listed["comments"][0]["body"], format!("{words}\n"), "{comment}");
        let label = words.split(' ').next().unwrap();
        world.run("add-labels", json!({"id": id, "labels": [label]})).unwrap();
        let labels = world.run("list-labels", json!({"id": id})).unwrap();
        assert_eq!(labels["labels"][0]["name"], label);
        let update = json!({"id": id, "body": words, "mode": "append", "message": words});
        world.run("update-content", update).unwrap();
        let put =
            world.received("/api/v2/pages/").into_iter().rfind(|request| request["method"] == "PUT").unwrap();
        assert_eq!(
            (&put["body"]["title"], &put["body"]["version"]["message"]),
            (&json!(title), &json!(words))
        );
    }
}

#[test]
fn control_characters_of_a_body_are_left_out_since_no_page_can_hold_them() {
    let world = able();
    let body = "a\u{0}b\u{1}c\u{b}d\u{1b}[2J";
    let created = world.run("create-content", json!({"space": "DOCS", "title": "T", "body": body})).unwrap();
    let shown = world.run("view-content", json!({"id": created["id"], "format": "storage"})).unwrap();
    let value = shown["body"]["value"].as_str().unwrap();
    assert!(!value.chars().any(|c| c.is_control()) && value.contains("[2J"), "{value:?}");
}

/// API-23
#[test]
fn ten_thousand_labels_are_refused_at_once_and_listed_in_bounds() {
    let bench = Bench::new();
    let template = bench.templates.iter().find(|template| template.id.as_str() == "add-labels").unwrap();
    let labels: Vec<String> = (0..10_000).map(|n| format!("label-{n}")).collect();
    bench.refuses(template, "labels", json!(labels), "10,000 labels");
    assert!(bench.world.received("/wiki/").is_empty());

    let (world, id) = (&bench.world, &bench.page["id"]);
    for some in labels.chunks(50) {
        world.run("add-labels", json!({"id": id, "labels": some})).unwrap();
    }
    let first = world.run("list-labels", json!({"id": id})).unwrap();
    assert_eq!((&first["count"], &first["complete"]), (&json!(1_000), &json!(false)));
    let outcome = world.outcome("list-labels", json!({"id": id, "all": true})).unwrap();
    assert_eq!((&outcome.output["count"], &outcome.output["complete"]), (&json!(10_000), &json!(true)));
    assert_eq!(outcome.report.requests, 40, "250 in each answer");
    let rest = world.run("list-labels", json!({"id": id, "all": true, "cursor": first["cursor"]})).unwrap();
    assert_eq!(rest["count"], 9_000);
    // Where a page is shown, its labels are as many as Confluence gives with it.
    let shown = world.run("view-content", json!({"id": id, "labels": true})).unwrap();
    assert!(shown["labels"].as_array().unwrap().len() <= 50);
}
