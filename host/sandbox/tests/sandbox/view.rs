use serde_json::json;

use crate::support::{GRANULAR, WIDE, World, draft, id};

#[test]
fn a_page_is_shown_at_its_webui_link() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page(
        "Shown & seen",
        "<h2>Head</h2><table><tbody><tr><td>cell</td></tr></tbody></table>\
         <ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>\
         <ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>done</ac:task-body></ac:task></ac:task-list>",
    );
    let path = format!("/wiki{}", page["_links"]["webui"].as_str().unwrap());
    let shown = world.get(&path);
    assert_eq!(shown.status, 200);
    for part in [
        "<h1>Shown &amp; seen</h1>",
        "Robin Okafor, version 1",
        "Documentation",
        "<h2>Head</h2>",
        "<td>cell</td>",
        "<pre><code>a &lt; b</code></pre>",
        "☑",
    ] {
        assert!(shown.text.contains(part), "{part}");
    }
}

#[test]
fn nothing_of_a_page_can_run_in_the_browser() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let page = api.page(
        "<script>alert('title')</script>",
        "<script>alert(1)</script><p onclick=\"alert(2)\">a</p><a href=\"javascript:alert(3)\">b</a>\
         <iframe src=\"https://example.com\"/><img src=\"x\" onerror=\"alert(4)\"/><svg onload=\"alert(5)\"/>\
         <style>p{}</style><form action=\"/\"/><p style=\"background:url(https://example.com)\">c</p>\
         <ac:structured-macro ac:name=\"&lt;script&gt;\"/><ac:image><ri:url ri:value=\"&quot;&gt;&lt;script&gt;\"/></ac:image>",
    );
    let shown = world.get(&format!("/wiki{}", page["_links"]["webui"].as_str().unwrap()));
    assert_eq!(shown.status, 200);
    let article = shown.text.split_once("<h1>").unwrap().1;
    for danger in [
        "<script",
        "<p onclick",
        "<iframe",
        "<img",
        "<svg",
        "<style",
        "<form",
        "<p style",
        "href=\"javascript",
    ] {
        assert!(!article.contains(danger), "{danger}");
    }
    assert!(article.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(shown.headers["content-security-policy"].starts_with("default-src 'none'"));
    assert!(!world.get("/").text.contains("<script"));
    assert!(!world.get("/wiki/spaces/DOCS").text.contains("<script"));
}

#[test]
fn drafts_and_short_links_lead_to_the_page() {
    let world = World::start();
    let api = world.api(GRANULAR);
    let draft_page = api.post("/pages", json!({"spaceId": api.space("DOCS"), "status": "draft"})).json();
    let shown = world.get(&format!("/wiki{}", draft_page["_links"]["editui"].as_str().unwrap()));
    assert!(shown.text.contains("(untitled)") && shown.text.contains("draft</span>"));

    let page = api.post("/pages", draft(&api.space("DOCS"), "Short", "")).json();
    let short = world.get(&format!("/wiki{}", page["_links"]["tinyui"].as_str().unwrap()));
    assert_eq!(short.status, 302);
    let webui = page["_links"]["webui"].as_str().unwrap();
    assert_eq!(short.headers["location"], world.url(&format!("/wiki{webui}")));

    let post = api.post("/blogposts", draft(&api.space("TEAM"), "Posted", "<p>news</p>")).json();
    assert!(
        world
            .get(&format!("/wiki{}", post["_links"]["webui"].as_str().unwrap()))
            .text
            .contains("<p>news</p>")
    );
}

#[test]
fn the_start_page_links_to_spaces_and_pages() {
    let world = World::start();
    let start = world.get("/");
    assert_eq!(start.status, 200);
    assert!(start.text.contains("Documentation") && start.text.contains("Getting started"));
    for link in start.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let path = link.strip_prefix(world.sandbox.url()).unwrap_or(link);
        assert_eq!(world.get(&path.replace("&amp;", "&")).status, 200, "{path}");
    }
    assert_eq!(world.get("/wiki/spaces/NONE").status, 404);
    assert_eq!(world.get("/wiki/spaces/TEAM/pages/131073").status, 404, "that page is in another space");
}

#[test]
fn a_page_shows_its_labels_its_files_and_what_was_said_about_it() {
    let world = World::start();
    let api = world.api(WIDE);
    let page = api.page("Busy", "<p>some words</p>");
    api.v1(
        "POST",
        &format!("/content/{}/label", id(&page)),
        Some(&json!([{"prefix": "global", "name": "red"}])),
    );
    api.attach(&page, "<plan>.txt", b"x");
    let text = |value: &str| json!({"representation": "storage", "value": value});
    let mark = json!({"textSelection": "words", "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0});
    let body = json!({"pageId": page["id"], "body": text("<p>Which?</p>"), "inlineCommentProperties": mark});
    let comment = api.post("/inline-comments", body).json();
    api.post("/inline-comments", json!({"parentCommentId": comment["id"], "body": text("<p>These.</p>")}));
    let shown = world.get(&format!("/wiki{}", page["_links"]["webui"].as_str().unwrap())).text;
    for part in ["red</span>", "&lt;plan&gt;.txt", "<p>Which?</p>", "<q>words</q>", "<p>These.</p>"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
