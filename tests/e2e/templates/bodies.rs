//! Bodies in every format: what the sandbox received of each, and what it gives back of each.

use actionbay::FailureKind;
use serde_json::{Value, json};

use super::{create, only, page, sent_storage, stored};
use crate::support::World;

/// The body of the one request that created something.
fn sent(world: &World) -> Value {
    only(world, "POST", "/api/v2/pages")["body"]["body"].clone()
}

/// BODY-3
#[test]
fn every_construct_of_markdown_arrives_as_what_confluence_has_for_it() {
    let world = World::authorized();
    let body = "[TOC]\n\n# Head\n\nSee https://e.example/?a&b, <https://f.example> and [Other](confluence:page/Other%20page?space=DOCS#part).\n\
                Ask [@Ann](confluence:user/5b10:1) ~~soon~~.[^1]\n\n> [!NOTE]\n> info\n\n> [!TIP]\n> tip\n\n\
                > [!IMPORTANT]\n> note\n\n> [!WARNING]\n> warning\n\n- [x] done\n  - [ ] open\n\n\
                | a | b |\n|:-:|--:|\n| c\\|d | `e` |\n\n---\n\n> said\n\n[^1]: A footnote.\n";
    let created = create(&world, json!({"space": "DOCS", "title": "All of it", "body": body}));
    let storage = sent_storage(&world);
    let panel = |name: &str| {
        format!(
            "<ac:structured-macro ac:name=\"{name}\"><ac:rich-text-body><p>{name}</p></ac:rich-text-body></ac:structured-macro>"
        )
    };
    for part in [
        "<ac:structured-macro ac:name=\"toc\"/><h1>Head</h1>",
        "<a href=\"https://e.example/?a&amp;b\">https://e.example/?a&amp;b</a>, ",
        "<a href=\"https://f.example\">https://f.example</a>",
        "<ac:link ac:anchor=\"part\"><ri:page ri:content-title=\"Other page\" ri:space-key=\"DOCS\"/><ac:link-body>Other</ac:link-body></ac:link>",
        "<ac:link><ri:user ri:account-id=\"5b10:1\"/></ac:link> <del>soon</del>.<sup>1</sup>",
        &panel("info"),
        &panel("tip"),
        &panel("note"),
        &panel("warning"),
        "<ac:task-status>complete</ac:task-status><ac:task-body>done</ac:task-body></ac:task><ac:task-list><ac:task>\
         <ac:task-status>incomplete</ac:task-status>",
        "<td><p style=\"text-align: center;\">c|d</p></td><td><p style=\"text-align: right;\"><code>e</code></p></td>",
        "<hr/><blockquote><p>said</p></blockquote>",
        "<hr/><ol><li>A footnote.</li></ol>",
    ] {
        assert!(storage.contains(part), "no {part} in {storage}");
    }
    assert_eq!(stored(&world, &created["id"])["body"]["value"], json!(storage));
}

/// BODY-4
#[test]
fn an_image_of_a_file_is_an_attachment_and_never_an_element_of_html() {
    let world = World::authorized();
    page(&world, "Pictures", "![a fox](./images/red%20fox.png)\n\n![web](https://e.example/fox.png)");
    let storage = sent_storage(&world);
    assert_eq!(
        storage,
        "<p><ac:image ac:alt=\"a fox\"><ri:attachment ri:filename=\"red fox.png\"/></ac:image></p>\
         <p><ac:image ac:alt=\"web\"><ri:url ri:value=\"https://e.example/fox.png\"/></ac:image></p>"
    );
}

/// BODY-5
#[test]
fn an_atlassian_document_is_sent_as_a_text_and_what_is_none_is_refused_before() {
    let world = World::authorized();
    let adf = r#"{ "version": 1, "type": "doc", "content": [ {"type":"paragraph","content":[{"type":"text","text":"Fish & <chips> \u00fc","marks":[{"type":"strong"}]}]} ] }"#;
    let created = create(&world, json!({"space": "DOCS", "title": "Document", "format": "adf", "body": adf}));
    assert_eq!(sent(&world), json!({"representation": "atlas_doc_format", "value": adf}));
    let page = stored(&world, &created["id"]);
    assert_eq!(page["body"], json!({"representation": "atlas_doc_format", "value": adf}));
    // Confluence itself converts what was written so: it is viewed like any other page.
    let shown = world.run("view-content", json!({"id": created["id"]})).unwrap();
    assert_eq!(shown["body"]["value"], "Fish & \\<chips> ü\n");

    world.control.clear_requests().unwrap();
    for (broken, told) in [
        ("{\"type\":\"doc\"", "not JSON"),
        ("{\"type\":\"doc\",\"version\":2,\"content\":[]}", "`version`"),
        (
            "{\"type\":\"doc\",\"version\":1,\"content\":[{\"type\":\"paragraph\",\"content\":[{}]}]}",
            "/content/0/content/0",
        ),
    ] {
        let input = json!({"space": "DOCS", "title": "Broken", "format": "adf", "body": broken});
        let failure = world.run("create-content", input).unwrap_err();
        assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::InvalidInput, "body-invalid"));
        assert!(failure.message.contains(told), "{failure}");
    }
    assert!(world.received("/pages").is_empty());
}

#[test]
fn wiki_markup_is_sent_as_it_is() {
    let world = World::authorized();
    let wiki = "h1. Hi\n\n{info}a & <b>{info}\n";
    let created = create(&world, json!({"space": "DOCS", "title": "Old", "format": "wiki", "body": wiki}));
    assert_eq!(sent(&world), json!({"representation": "wiki", "value": wiki}));
    assert_eq!(stored(&world, &created["id"])["body"]["value"], wiki);
}

/// BODY-1
#[test]
fn plain_text_is_sent_as_paragraphs_in_which_nothing_is_markup() {
    let world = World::authorized();
    let text = "# no heading\r\n*no* emphasis & <b>no</b> tag\r\n\r\n\r\nsecond\u{1}\n";
    create(&world, json!({"space": "DOCS", "title": "Plain", "format": "plain", "body": text}));
    let value = "<p># no heading<br/>*no* emphasis &amp; &lt;b&gt;no&lt;/b&gt; tag</p><p>second</p>";
    assert_eq!(sent(&world), json!({"representation": "storage", "value": value}));
}

/// API-8, BODY-6
#[test]
fn one_page_is_given_in_every_format() {
    let world = World::authorized();
    let storage = "<h2 local-id=\"h\">Menu</h2><ol><li><p>Fish &amp; <em>chips</em></p></li></ol>";
    let page =
        create(&world, json!({"space": "DOCS", "title": "Menu", "format": "storage", "body": storage}));
    let shown = |format: &str| {
        world.wire.forget();
        let shown =
            world.run("view-content", json!({"id": page["id"], "type": "page", "format": format})).unwrap();
        assert_eq!(shown["body"]["format"], format);
        let asked = world.wire.seen()[0].url.query().unwrap().to_owned();
        (asked, shown["body"]["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        shown("markdown"),
        ("body-format=storage".to_owned(), "## Menu\n\n1. Fish & _chips_\n".to_owned())
    );
    assert_eq!(shown("plain"), ("body-format=storage".to_owned(), "Menu\n1. Fish & chips\n".to_owned()));
    assert_eq!(shown("storage"), ("body-format=storage".to_owned(), storage.to_owned()));
    let (asked, adf) = shown("adf");
    assert_eq!(asked, "body-format=atlas_doc_format");
    let adf: Value = serde_json::from_str(&adf).unwrap();
    assert_eq!((&adf["type"], &adf["content"][0]["content"][0]["text"]), (&json!("doc"), &json!("Menu")));
    let (asked, html) = shown("view");
    assert_eq!(asked, "body-format=view");
    assert!(html.contains("<h2") && html.contains("Fish &amp;"), "{html}");
}
