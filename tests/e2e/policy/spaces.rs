//! Spaces that are denied or read only, for every template.

use actionbay::runtime::{Access, FolderFiles};
use actionbay::{FailureKind, Run};
use serde_json::{Value, json};

use super::{set, space, writes};
use crate::secrecy::watched;
use crate::support::{World, integration, workspace};
use crate::templates::able;
use crate::templates::labels_and_attachments::attach;

/// A word that stands in all content of the space HR and nowhere else.
const SECRET: &str = "zirconium";

/// A world with content in the spaces DOCS and HR, before any policy.
struct Place {
    world: World,
    hr: String,
    page: Value,
    child: Value,
    post: Value,
    draft: Value,
    trashed: Value,
    comment: Value,
    inline: Value,
    attachment: Value,
    open: Value,
    below: Value,
}

impl Place {
    fn new() -> Self {
        let world = able();
        world.control.seed(json!({"spaces": [{"key": "HR", "name": "People"}]})).unwrap();
        let run = |template: &str, input: Value| world.run(template, input).unwrap();
        let secret = |more: Value| {
            let mut input = json!({"space": "HR", "body": format!("The word is {SECRET}.")});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            run("create-content", input)
        };
        let page = secret(json!({"title": "Salaries"}));
        let child = secret(json!({"title": "Bonuses", "parent": page["id"]}));
        let post = secret(json!({"title": "Hired", "type": "blogpost"}));
        let draft = secret(json!({"title": "Plans", "status": "draft"}));
        let trashed = secret(json!({"title": "Gone"}));
        run("delete-content", json!({"id": trashed["id"]}));
        run("update-content", json!({"id": page["id"], "mode": "append", "body": "More."}));
        let comment = run("add-comment", json!({"id": page["id"], "body": SECRET}));
        let inline = run("add-comment", json!({"id": page["id"], "body": SECRET, "selection": "word"}));
        run("add-labels", json!({"id": page["id"], "labels": ["pay"]}));
        attach(&world, &page, "pay.txt");
        let attachment = run("list-attachments", json!({"id": page["id"]}))["attachments"][0]["id"].clone();
        let open = run("create-content", json!({"space": "DOCS", "title": "Open", "body": "Hello"}));
        let below = run("create-content", json!({"space": "DOCS", "title": "Below", "parent": open["id"]}));
        world.control.advance_clock(std::time::Duration::from_secs(600)).unwrap();
        let hr = page["space"]["id"].as_str().unwrap().to_owned();
        world.wire.forget();
        Self { world, hr, page, child, post, draft, trashed, comment, inline, attachment, open, below }
    }

    /// Everything that reads something of HR by an id.
    fn reads(&self) -> Vec<(&'static str, Value)> {
        let id = &self.page["id"];
        vec![
            ("view-content", json!({"id": id})),
            ("view-content", json!({"url": self.page["url"]})),
            ("view-content", json!({"id": self.post["id"]})),
            ("view-content", json!({"id": self.draft["id"], "draft": true})),
            ("list-pages", json!({"space": self.hr})),
            ("list-blogposts", json!({"space": self.hr})),
            ("list-versions", json!({"id": id})),
            ("compare-versions", json!({"id": id})),
            ("list-children", json!({"id": id})),
            ("list-descendants", json!({"id": id})),
            ("list-ancestors", json!({"id": self.child["id"]})),
            ("list-comments", json!({"id": id})),
            ("list-comments", json!({"replies-to": self.comment["id"]})),
            ("list-labels", json!({"id": id})),
            ("list-attachments", json!({"id": id})),
            ("view-space", json!({"space": self.hr})),
            ("update-content", json!({"id": id, "body": "New", "dry-run": true, "allow-loss": true})),
        ]
    }

    /// Everything that changes something of HR, or takes something there or from there, by an id.
    fn changes(&self) -> Vec<(&'static str, Value)> {
        let (id, open) = (&self.page["id"], &self.open["id"]);
        vec![
            ("create-content", json!({"space": self.hr, "title": "New"})),
            ("create-content", json!({"space": "DOCS", "title": "New", "parent": id})),
            ("create-content", json!({"space": self.hr, "title": "New", "type": "blogpost"})),
            ("update-content", json!({"id": id, "body": "New", "allow-loss": true})),
            ("update-content", json!({"id": self.below["id"], "parent": id})),
            ("publish-draft", json!({"id": self.draft["id"]})),
            ("delete-content", json!({"id": self.post["id"]})),
            ("delete-content", json!({"id": self.draft["id"], "draft": true})),
            ("delete-content", json!({"id": self.trashed["id"], "purge": true})),
            ("restore-content", json!({"id": self.trashed["id"]})),
            ("restore-content", json!({"id": id, "version": 1})),
            ("move-content", json!({"id": self.child["id"], "parent": open})),
            ("move-content", json!({"id": open, "parent": id})),
            ("move-content", json!({"id": open, "before": id})),
            ("move-content", json!({"id": self.child["id"], "after": open})),
            ("copy-content", json!({"id": id, "to-parent": open, "new-title": "Copy"})),
            ("copy-content", json!({"id": open, "to-parent": id, "new-title": "Copy"})),
            ("archive-content", json!({"id": self.child["id"]})),
            ("add-comment", json!({"id": id, "body": "Hm"})),
            ("reply-to-comment", json!({"comment": self.comment["id"], "body": "Hm"})),
            ("reply-to-comment", json!({"comment": self.comment["id"], "kind": "footer", "body": "Hm"})),
            ("update-comment", json!({"comment": self.comment["id"], "body": "Hm"})),
            ("resolve-comment", json!({"comment": self.inline["id"]})),
            ("delete-comment", json!({"comment": self.comment["id"]})),
            ("delete-comment", json!({"comment": self.inline["id"]})),
            ("add-labels", json!({"id": id, "labels": ["b"]})),
            ("remove-label", json!({"id": id, "label": "pay"})),
            ("delete-attachment", json!({"attachment": self.attachment})),
        ]
    }

    /// The content of HR, as the sandbox holds it.
    fn state(&self) -> Vec<Value> {
        [&self.page, &self.child, &self.post, &self.draft, &self.trashed]
            .map(|content| self.world.control.page(content["id"].as_str().unwrap()).unwrap())
            .to_vec()
    }

    fn refused(&self, template: &str, input: &Value, code: &str) {
        let failure = self.world.run(template, input.clone()).expect_err(template);
        assert_eq!(
            (&failure.kind, failure.code.as_ref()),
            (&FailureKind::Denied, code),
            "{template} {input}: {failure:?}"
        );
        assert!(!format!("{failure:?}").contains(SECRET), "{failure:?}");
        assert!(
            failure.message.contains("HR") || failure.message.contains(&self.hr),
            "{template}: {failure}"
        );
        let hint = failure.hint.unwrap();
        assert!(hint.contains("actionbay integrations policy confluence --container "), "{hint}");
        assert!(!failure.request_sent, "{template} {input}");
    }
}

#[test]
fn nothing_is_read_or_changed_in_a_denied_space_by_any_template() {
    let place = Place::new();
    let before = place.state();
    for name in ["HR", &format!("id:{}", place.hr)] {
        set(&place.world, |policy| policy.containers.named.clear());
        space(&place.world, name, Access::Deny);
        for (template, input) in place.reads().into_iter().chain(place.changes()) {
            place.refused(template, &input, "container-denied");
        }
    }
    // A space that may not be read is none to the component, which looks for the key of the one it copies to.
    let copy = json!({"id": place.open["id"], "to-space": "HR", "new-title": "Copy"});
    assert_eq!(place.world.run("copy-content", copy).unwrap_err().code, "space-not-found");
    assert_eq!(writes(&place.world), 0, "nothing that changes anything left the host");
    assert_eq!(place.state(), before);
}

#[test]
fn a_read_only_space_is_read_and_not_changed() {
    let place = Place::new();
    let before = place.state();
    space(&place.world, "HR", Access::ReadOnly);
    for (template, input) in place.reads() {
        let outcome = place.world.run(template, input.clone());
        assert!(outcome.is_ok(), "{template} {input}: {outcome:?}");
    }
    let copy = json!({"id": place.open["id"], "to-space": "People", "new-title": "Copy"});
    for (template, input) in place.changes().into_iter().chain([("copy-content", copy)]) {
        place.refused(template, &input, "container-read-only");
    }
    assert_eq!(writes(&place.world), 0);
    assert_eq!(place.state(), before);
}

#[test]
fn files_are_neither_attached_in_a_denied_space_nor_taken_from_one() {
    let place = Place::new();
    let world = &place.world;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.txt"), SECRET).unwrap();
    let run = |template: &str, input: &Value| {
        let run = Run::new(workspace(), integration(), template, input.clone());
        world.host.run(&run.files(FolderFiles::new(folder.path())))
    };
    let upload = ("upload-attachment", json!({"id": place.page["id"], "file": "plan.txt"}));
    let download = ("download-attachment", json!({"attachment": place.attachment}));
    for (access, code, refused) in [
        (Access::Deny, "container-denied", vec![&upload, &download]),
        (Access::ReadOnly, "container-read-only", vec![&upload]),
    ] {
        space(world, "HR", access);
        for (template, input) in refused {
            let failure = run(template, input).unwrap_err();
            assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Denied, code), "{template}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was saved");
    }
    assert_eq!(writes(world), 0);
    let saved = run(download.0, &download.1).unwrap();
    assert_eq!(
        std::fs::read(folder.path().join(saved.output["file"].as_str().unwrap())).unwrap(),
        b"content"
    );
}

/// The template `copy-content` to a space, and everything else that takes a key, is refused before the component runs.
#[test]
fn an_input_that_names_a_denied_space_is_refused_before_anything_is_sent() {
    let place = Place::new();
    space(&place.world, "HR", Access::Deny);
    for (template, input) in [
        ("create-content", json!({"space": "hr", "title": "T"})),
        ("view-content", json!({"space": " HR ", "title": "Salaries"})),
        ("list-pages", json!({"space": "Hr"})),
        ("search-content", json!({"space": "HR", "text": "word"})),
        ("copy-content", json!({"id": place.open["id"], "to-space": "HR"})),
    ] {
        place.refused(template, &input, "container-denied");
    }
    assert!(place.world.wire.seen().is_empty());
    // By its name it is looked for among those that may be read.
    let failure = place.world.run("list-pages", json!({"space": "People"})).unwrap_err();
    assert_eq!(failure.code, "space-not-found");
}

#[test]
fn lists_and_searches_show_what_is_in_allowed_spaces_only() {
    let place = Place::new();
    let world = &place.world;
    let titles = |output: &Value, list: &str, field: &str| -> Vec<String> {
        let list = output[list].as_array().unwrap();
        list.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
    };
    let cql = json!({"cql": "text ~ \"zirconium\" or title ~ \"Open\""});
    let found = world.run("search-content", cql.clone()).unwrap();
    assert!(titles(&found, "results", "title").contains(&"Salaries".to_owned()), "{found}");
    for access in ["HR", &format!("id:{}", place.hr)] {
        set(world, |policy| policy.containers.named.clear());
        space(world, access, Access::Deny);
        let found = world.outcome("search-content", cql.clone()).unwrap();
        assert_eq!(titles(&found.output, "results", "title"), ["Open"]);
        assert_eq!(found.report.requests, 1);
        let spaces = world.outcome("list-spaces", json!({})).unwrap();
        assert_eq!(titles(&spaces.output, "spaces", "key"), ["DOCS", "TEAM"]);
        assert_eq!(spaces.report.requests, 1);
    }
    set(world, |policy| {
        policy.containers.named.clear();
        policy.containers.named.insert("DOCS".parse().unwrap(), Access::Allow);
        policy.containers.others = Access::Deny;
    });
    let spaces = world.run("list-spaces", json!({})).unwrap();
    assert_eq!(titles(&spaces, "spaces", "key"), ["DOCS"]);
    let children = world.run("list-children", json!({"id": place.open["id"]})).unwrap();
    assert_eq!(titles(&children, "items", "title"), ["Below"]);
    place.refused("view-content", &json!({"id": place.page["id"]}), "container-denied");
}

/// What the requests of a run cost under a policy.
#[test]
fn a_policy_costs_no_request_where_ids_are_named_and_one_in_ten_minutes_where_keys_are() {
    let place = Place::new();
    let world = &place.world;
    let (id, below) = (&place.open["id"], &place.below["id"]);
    let requests = |template: &str, input: Value| world.outcome(template, input).unwrap().report.requests;
    for (name, by_key) in [(format!("id:{}", place.hr), 0), ("HR".to_owned(), 1)] {
        set(world, |policy| policy.containers.named.clear());
        space(world, &name, Access::Deny);
        assert_eq!(requests("view-content", json!({"id": id})), 1 + by_key, "{name}");
        assert_eq!(requests("view-content", json!({"id": below})), 1);
        assert_eq!(requests("update-content", json!({"id": id, "body": name, "allow-loss": true})), 2);
        let title = format!("New under {name}");
        assert_eq!(requests("create-content", json!({"space": "DOCS", "title": title})), 2);
        assert_eq!(requests("list-pages", json!({"space": "DOCS"})), 2);
        assert_eq!(requests("list-children", json!({"id": id})), 2, "where the page is");
        let before = json!({"id": below, "before": place.open["id"]});
        assert_eq!(requests("move-content", before), 3, "where both are");
        world.run("move-content", json!({"id": below, "parent": id})).unwrap();
        place.refused("view-content", &json!({"id": place.page["id"]}), "container-denied");
        world.clock.advance(601);
        assert_eq!(requests("view-content", json!({"id": id})), 1 + by_key, "the key may have changed");
    }
    set(world, |policy| policy.containers.named.clear());
    assert_eq!(requests("view-content", json!({"id": id})), 1);
    assert_eq!(requests("list-children", json!({"id": id})), 1);
}

#[test]
fn what_cannot_be_decided_is_denied() {
    let place = Place::new();
    let world = &place.world;
    let undecided = |template: &str, input: Value, why: &str| {
        let failure = world.run(template, input).unwrap_err();
        assert_eq!(
            (&failure.kind, failure.code.as_ref()),
            (&FailureKind::Denied, "container-undecided"),
            "{failure:?}"
        );
        assert!(failure.message.contains(why), "{failure}");
        assert!(failure.hint.unwrap().contains("--clear"));
    };
    space(world, "HR", Access::Deny);
    world.wire.forget();
    undecided("add-labels", json!({"id": "999999999", "labels": ["a"]}), "was not found");
    let html = json!({"status": 200, "body": "<html>"});
    world.fault("GET", "/wiki/api/v2/pages/{id}", 1, html.clone());
    undecided("add-labels", json!({"id": place.open["id"], "labels": ["a"]}), "is no JSON");
    world.fault("GET", "/wiki/api/v2/pages/{id}", 1, html);
    undecided("view-content", json!({"id": place.open["id"]}), "is no JSON");
    world.fault(
        "GET",
        "/wiki/api/v2/pages/{id}",
        1,
        json!({"status": 200, "body": {"id": place.open["id"]}}),
    );
    undecided("view-content", json!({"id": place.open["id"]}), "does not say");
    world.fault("GET", "/wiki/api/v2/pages/{id}", 1, json!({"status": 403, "body": {"message": "No"}}));
    undecided("delete-content", json!({"id": place.open["id"]}), "the status 403");
    world.fault("GET", "/wiki/api/v2/spaces/{id}", 1, json!({"status": 404, "body": {}}));
    undecided("view-content", json!({"id": place.open["id"]}), "was not found");
    assert_eq!(writes(world), 0);
}

/// The bytes of a denied page, not the output alone.
#[test]
fn nothing_of_a_denied_page_is_ever_in_the_memory_of_the_component() {
    let (world, scanner, _) = watched(None);
    world.authorize().unwrap();
    let word = "zirconium-and-hafnium";
    let input = json!({"space": "TEAM", "title": "Metals", "body": format!("About {word}.")});
    let page = world.run("create-content", input).unwrap();
    world.wire.canaries.learn(json!({"code": word}).to_string().as_bytes());
    space(&world, "TEAM", Access::Deny);
    let id = &page["id"];
    for (template, input) in [
        ("view-content", json!({"id": id})),
        ("compare-versions", json!({"id": id})),
        ("update-content", json!({"id": id, "body": "x", "dry-run": true})),
    ] {
        assert_eq!(world.run(template, input).unwrap_err().code, "container-denied", "{template}");
    }
    assert_eq!(scanner.found(), Vec::<String>::new());
    space(&world, "TEAM", Access::ReadOnly);
    world.run("view-content", json!({"id": id})).unwrap();
    assert!(!scanner.found().is_empty(), "it would have been seen");
}
