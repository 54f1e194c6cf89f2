//! Editing without a loss, through the component: what was not edited comes back byte for byte.

use std::fs;
use std::path::PathBuf;

use actionbay::FailureKind;
use serde_json::{Value, json};

use super::{create, stored};
use crate::support::World;

/// What every document of the corpus holds once.
const WORD: &str = "quokka";

/// The plugin's own corpus: a document for every macro and construct.
fn corpus() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugin/tests/content/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, taken(fs::read_to_string(path).unwrap()))
    };
    files.into_iter().map(read).collect()
}

/// The same page without what the sandbox does not take: named entities of HTML, and processing instructions.
fn taken(storage: String) -> String {
    let mut storage = storage.replace("<?keep this?>", "");
    for (name, code) in
        [("nbsp", 160), ("eacute", 233), ("ndash", 8211), ("ldquo", 8220), ("rdquo", 8221), ("hellip", 8230)]
    {
        storage = storage.replace(&format!("&{name};"), &format!("&#{code};"));
    }
    storage
}

fn markdown(world: &World, id: &Value) -> String {
    let shown = world.run("view-content", json!({"id": id, "type": "page"})).unwrap();
    shown["body"]["value"].as_str().unwrap().to_owned()
}

#[test]
fn an_edit_of_one_word_changes_that_word_only_on_every_page_of_the_corpus() {
    let world = World::authorized();
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for (name, storage) in corpus {
        let page =
            create(&world, json!({"space": "DOCS", "title": name, "format": "storage", "body": storage}));
        assert_eq!(stored(&world, &page["id"])["body"]["value"], json!(storage), "{name}");
        let edited = markdown(&world, &page["id"]).replace(WORD, "wombat");
        let updated = world.run("update-content", json!({"id": page["id"], "body": edited})).unwrap();
        assert_eq!((&updated["updated"], &updated["lost"]), (&json!(true), &json!([])), "{name}");
        let expected = json!({"representation": "storage", "value": storage.replace(WORD, "wombat")});
        assert_eq!(stored(&world, &page["id"])["body"], expected, "{name}");
    }
}

#[test]
fn an_edit_that_would_lose_an_element_is_refused_with_the_list_unless_that_is_allowed() {
    let world = World::authorized();
    let storage = "<p>See <ac:structured-macro ac:name=\"jira\" ac:schema-version=\"1\"><ac:parameter ac:name=\"key\">ROO-7</ac:parameter></ac:structured-macro> \
                   by <ac:emoticon ac:name=\"smile\"/></p><p local-id=\"2\">End</p>";
    let page =
        create(&world, json!({"space": "DOCS", "title": "Macros", "format": "storage", "body": storage}));
    let edit = json!({"id": page["id"], "body": "See by\n\nEnd"});
    let failure = world.run("update-content", edit.clone()).unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::InvalidInput, "would-lose-content"));
    assert!(failure.message.contains("macro: jira: ROO-7") && failure.message.contains("smile"), "{failure}");
    assert!(failure.hint.as_ref().unwrap().contains("allow-loss"));
    assert_eq!(stored(&world, &page["id"])["body"]["value"], json!(storage));

    let mut allowed = edit;
    allowed["allow-loss"] = json!(true);
    let updated = world.run("update-content", allowed).unwrap();
    assert_eq!(updated["lost"].as_array().unwrap().len(), 2, "{updated}");
    let left = "<p>See by </p><p local-id=\"2\">End</p>";
    assert_eq!(stored(&world, &page["id"])["body"]["value"], left);
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let world = World::authorized();
    let storage = "<p>Fish</p><p local-id=\"1\">End</p>";
    let page = create(&world, json!({"space": "DOCS", "title": "Dry", "format": "storage", "body": storage}));
    world.wire.forget();
    let edit = json!({"id": page["id"], "body": "Chips\n\nEnd", "dry-run": true});
    let shown = world.run("update-content", edit).unwrap();
    assert_eq!(shown["diff"], "@@ -1,3 +1,3 @@\n-Fish\n+Chips\n \n End\n");
    assert_eq!(shown["updated"], false);
    assert!(world.wire.seen().iter().all(|request| request.method.as_str() == "GET"));
    let page = stored(&world, &page["id"]);
    assert_eq!((&page["body"]["value"], &page["version"]["number"]), (&json!(storage), &json!(1)));
}
