//! What storage format becomes, most of all what Confluence itself stores.

use crate::back;

#[track_caller]
fn assert_all(cases: &[(&str, &str)]) {
    for (storage, markdown) in cases {
        assert_eq!(&back(storage), markdown, "of {storage}");
    }
}

#[test]
fn text_stays_text() {
    assert_all(&[
        ("<p># a</p>", "\\# a\n"),
        ("<p>#tag</p>", "#tag\n"),
        ("<p>1. a</p>", "1\\. a\n"),
        ("<p>2026) a</p>", "2026\\) a\n"),
        ("<p>3.14 a</p>", "3.14 a\n"),
        ("<p>- a</p><p>+ a</p><p>* a</p><p>-5</p>", "\\- a\n\n\\+ a\n\n\\* a\n\n-5\n"),
        ("<p>&gt; a</p>", "\\> a\n"),
        ("<p>a *b* _c_ `d` [e](f) ~g~</p>", "a \\*b\\* \\_c\\_ \\`d\\` \\[e](f) \\~g\\~\n"),
        ("<p>snake_case 2 * 3 a &lt; b AT&amp;T C:\\dir</p>", "snake_case 2 * 3 a < b AT&T C:\\\\dir\n"),
        ("<p>&lt;b&gt; &amp;amp; &amp;copy</p>", "\\<b> \\&amp; &copy\n"),
        ("<p>a<br/>---</p><p>a<br/>===</p>", "a\\\n\\---\n\na\\\n\\===\n"),
        ("<p>a | b<br/>--- | ---</p>", "a | b\\\n\\--- | ---\n"),
        ("<p>wow!<a href=\"b\">c</a></p>", "wow\\![c](b)\n"),
        ("<h2>C#</h2><h2>a #</h2>", "## C\\#\n\n## a \\#\n"),
        ("<p>[TOC]</p><blockquote><p>[!NOTE]</p></blockquote>", "\\[TOC]\n\n> \\[!NOTE]\n"),
    ]);
}

#[test]
fn white_space_does_not_break_formatting() {
    assert_all(&[
        ("<p>a<strong> b </strong>c</p>", "a **b** c\n"),
        ("<p><em>&nbsp;a</em></p>", "_a_\n"),
        ("<p>a<strong> </strong>b<em></em></p>", "a b\n"),
        ("<p>\n  a\n  b  c\n</p>", "a b c\n"),
        ("<p><strong>a<br/></strong>b</p>", "**a**\\\nb\n"),
        ("<p><strong>a</strong><b>b</b> <strong>c <b>d</b></strong></p>", "**ab** **c d**\n"),
        ("<p>&nbsp;</p><p><br/></p><p/>", ""),
    ]);
}

#[test]
fn formatting_that_delimiters_cannot_express_is_a_tag() {
    assert_all(&[
        ("<p>a<strong>b</strong>c</p>", "a**b**c\n"),
        ("<p>a<em>b</em>c</p>", "a<em>b</em>c\n"),
        ("<p>a<strong>“b”</strong>c</p>", "a<strong>“b”</strong>c\n"),
        ("<p><em><strong>a</strong></em></p>", "_**a**_\n"),
        ("<p><code>a`b</code> <code>`</code> <code> a </code></p>", "``a`b`` `` ` `` `  a  `\n"),
        (
            "<p><strong><code>a</code></strong> <code>b <a href=\"c\">d</a></code></p>",
            "**`a`** `b `[`d`](c)\n",
        ),
    ]);
}

#[test]
fn named_entities_are_characters_and_unknown_ones_text() {
    assert_all(&[
        (
            "<p>a&nbsp;b &rsquo;&ndash;&hellip;&auml;&#8364;&#x20AC; &bogus;</p>",
            "a\u{a0}b ’–…ä€€ \\&bogus;\n",
        ),
        ("<p><![CDATA[a & <b>]]></p>", "a & \\<b>\n"),
    ]);
}

#[test]
fn lists_as_confluence_stores_them_are_compact() {
    assert_all(&[
        (
            "<ul local-id=\"x\"><li local-id=\"y\"><p>a</p><ol start=\"1\"><li><p>b</p></li></ol></li><li><p>c</p></li></ul>",
            "- a\n  1. b\n- c\n",
        ),
        ("<ol start=\"9\"><li><p>a</p></li><li><p>b</p></li></ol>", "9. a\n10. b\n"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul><ul><li>c</li></ul>", "- a\n  - b\n\n* c\n"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b\n"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n\n- c\n"),
        ("<ul><li><ul><li>a</li></ul></li><li><hr/></li></ul>", "- - a\n\n- ___\n"),
        ("<ul><li>a<ol start=\"4\"><li>b</li></ol></li></ul>", "- a\n\n  4. b\n"),
    ]);
}

#[test]
fn tasks_are_read_in_every_form_that_is_stored() {
    let task = |id: u8, status: &str, body: &str| {
        format!(
            "<ac:task><ac:task-id>{id}</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>{status}</ac:task-status>\
             <ac:task-body><span class=\"placeholder-inline-tasks\">{body}</span></ac:task-body></ac:task>"
        )
    };
    let (a, b) = (task(1, "incomplete", "a"), task(2, "complete", "b"));
    assert_all(&[
        (&format!("<ac:task-list>{a}{b}</ac:task-list>"), "- [ ] a\n- [x] b\n"),
        (
            &format!("<ac:task-list>\n{a}\n<ac:task-list>\n{b}</ac:task-list></ac:task-list>"),
            "- [ ] a\n  - [x] b\n",
        ),
        (
            &format!("<table><tbody><tr><td><ac:task-list>{a}{b}</ac:task-list></td></tr></tbody></table>"),
            "|  |\n| --- |\n| ☐ a<br>☑ b |\n",
        ),
    ]);
}

#[test]
fn tables_are_flattened_to_what_markdown_can_say() {
    assert_all(&[
        (
            "<table data-layout=\"default\"><colgroup><col/></colgroup><tbody>\
             <tr><th><p><strong>a</strong></p></th><th><p style=\"text-align: right;\">b</p></th></tr>\
             <tr><td><p>c|d</p><p>e</p></td><td><ul><li><p>f</p></li><li><p>g</p></li></ul></td></tr></tbody></table>",
            "| **a** | b |\n| --- | --: |\n| c\\|d<br>e | • f<br>• g |\n",
        ),
        ("<table><tr><td>a</td></tr></table>", "|  |\n| --- |\n| a |\n"),
        ("<table><tr><th>a</th><td>b</td></tr></table>", "|  |  |\n| --- | --- |\n| **a** | b |\n"),
        (
            "<table><tr><th>a</th><th colspan=\"2\">b</th></tr><tr><td rowspan=\"2\">c</td><td>d</td><td>e</td></tr>\
             <tr><td>f</td><td>g</td></tr></table>",
            "| a | b |  |\n| --- | --- | --- |\n| c | d | e |\n|  | f | g |\n",
        ),
        (
            "<table><tr><th>a</th></tr><tr><td><ac:structured-macro ac:name=\"code\"><ac:plain-text-body>\
             <![CDATA[x | y\nz]]></ac:plain-text-body></ac:structured-macro></td></tr></table>",
            "| a |\n| --- |\n| `x \\| y`<br>`z` |\n",
        ),
    ]);
}

#[test]
fn links_to_confluence_read_well() {
    assert_all(&[
        (
            "<ac:link><ri:page ri:content-title=\"My (new) page\" ri:space-key=\"DOC\" ri:version-at-save=\"3\"/></ac:link>",
            "[My (new) page](confluence:page/My%20%28new%29%20page?space=DOC)\n",
        ),
        (
            "<ac:link><ri:page ri:content-title=\"T\"/><ac:plain-text-link-body><![CDATA[a & b]]></ac:plain-text-link-body></ac:link>",
            "[a & b](confluence:page/T)\n",
        ),
        ("<ac:link ac:anchor=\"part 1\"><ac:link-body>a</ac:link-body></ac:link>", "[a](#part%201)\n"),
        (
            "<ac:link><ri:attachment ri:filename=\"a b.pdf\"/></ac:link>",
            "[a b.pdf](confluence:attachment/a%20b.pdf)\n",
        ),
        (
            "<ac:link><ri:user ri:account-id=\"5b:1\" ri:local-id=\"x\"/></ac:link>",
            "[@5b:1](confluence:user/5b%3A1)\n",
        ),
        ("<ac:link><ri:space ri:space-key=\"DOC\"/></ac:link>", "[DOC](confluence:space/DOC)\n"),
        ("<ac:link><ac:link-body>gone</ac:link-body></ac:link>", "gone\n"),
        ("<a href=\"javascript:x\">a</a><a/>", "a\n"),
        ("<a href=\"https://a.b/c_(d)\">[x]</a>", "[\\[x\\]](<https://a.b/c_(d)>)\n"),
        (
            "<a href=\"https://a.b/?c&amp;copy;\" data-card-appearance=\"inline\">https://a.b/?c&amp;copy;</a>",
            "<https://a.b/?c&copy;>\n",
        ),
    ]);
}

#[test]
fn images_keep_source_and_words() {
    assert_all(&[
        (
            "<ac:image ac:align=\"center\" ac:width=\"760\" ac:alt=\"a [b]\"><ri:attachment ri:filename=\"c (1).png\"/>\
             <ac:caption><p>d</p></ac:caption></ac:image>",
            "![a \\[b\\]](c%20%281%29.png)\\\n_d_\n",
        ),
        ("<ac:image><ri:url ri:value=\"https://a.b/?c&amp;d\"/></ac:image>", "![](https://a.b/?c&d)\n"),
        (
            "<ac:image><ri:attachment ri:filename=\"c.png\"><ri:page ri:content-title=\"T\"/></ri:attachment></ac:image>",
            "![](confluence:attachment/c.png?page=T)\n",
        ),
    ]);
}

#[test]
fn macros_with_a_construct_of_their_own_become_it() {
    assert_all(&[
        (
            "<ac:structured-macro ac:name=\"code\" ac:schema-version=\"1\" ac:macro-id=\"x\">\
             <ac:parameter ac:name=\"title\">main.rs</ac:parameter><ac:parameter ac:name=\"language\">rust</ac:parameter>\
             <ac:plain-text-body><![CDATA[a\n```\n\nb]]></ac:plain-text-body></ac:structured-macro>",
            "````rust title=\"main.rs\"\na\n```\n\nb\n````\n",
        ),
        ("<pre>a\n b</pre>", "```\na\n b\n```\n"),
        (
            "<ac:structured-macro ac:name=\"note\"><ac:parameter ac:name=\"icon\">t</ac:parameter>\
             <ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>",
            "> [!IMPORTANT]\n> a\n",
        ),
        ("<p>a</p><ac:structured-macro ac:name=\"toc\"/>", "a\n\n[TOC]\n"),
        (
            "<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-attribute key=\"panel-type\">success</ac:adf-attribute>\
             <ac:adf-content><p>a</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div><p>a</p></div></ac:adf-fallback>\
             </ac:adf-extension>",
            "> [!TIP]\n> a\n",
        ),
        (
            "<p><ac:emoticon ac:name=\"blue-star\" ac:emoji-fallback=\"😀\"/> <time datetime=\"2026-01-31\"/></p>",
            "[😀](confluence:element/ac%3Aemoticon?e41ea3) [2026-01-31](confluence:date/2026-01-31)\n",
        ),
    ]);
}

/// The Markdown without the ids of its markers, which are hashes.
fn without_ids(storage: &str) -> String {
    let viewed = actionbay_confluence::content::view(storage).unwrap();
    viewed
        .markers
        .iter()
        .fold(viewed.markdown, |markdown, marker| markdown.replace(&format!("?{})", marker.id), ")"))
}

#[test]
fn what_is_unknown_leaves_a_marker_and_shows_its_content() {
    for (storage, markdown) in [
        (
            "<p>See <ac:structured-macro ac:name=\"jira\"><ac:parameter ac:name=\"server\">S</ac:parameter>\
             <ac:parameter ac:name=\"key\">DOC-1</ac:parameter></ac:structured-macro>.</p>",
            "See [macro: jira: DOC-1](confluence:macro/jira).\n",
        ),
        (
            "<ac:structured-macro ac:name=\"expand\"><ac:parameter ac:name=\"title\">More</ac:parameter>\
             <ac:rich-text-body><p>a</p><ul><li>b</li></ul></ac:rich-text-body></ac:structured-macro><p>c</p>",
            "[macro: expand: More](confluence:macro/expand)\n\na\n\n- b\n\n[/macro: expand](confluence:end/expand)\n\nc\n",
        ),
        (
            "<ac:structured-macro ac:name=\"mermaid\"><ac:plain-text-body><![CDATA[graph]]></ac:plain-text-body></ac:structured-macro>",
            "[macro: mermaid](confluence:macro/mermaid)\n\n```\ngraph\n```\n\n[/macro: mermaid](confluence:end/mermaid)\n",
        ),
        ("<p>a <ac:odd b=\"c\">d</ac:odd></p>", "a [d](confluence:mark/ac%3Aodd)\n"),
        ("<p>a <ac:odd b=\"c\"/></p>", "a [element: ac:odd](confluence:element/ac%3Aodd)\n"),
        (
            "<ac:layout><ac:layout-section ac:type=\"single\"><ac:layout-cell><p>a</p></ac:layout-cell>\
             </ac:layout-section></ac:layout>",
            "[layout](confluence:element/ac%3Alayout)\n\n[section: single](confluence:element/ac%3Alayout-section)\n\n\
             [column](confluence:element/ac%3Alayout-cell)\n\na\n\n[/column](confluence:end/ac%3Alayout-cell)\n\n\
             [/section: single](confluence:end/ac%3Alayout-section)\n\n[/layout](confluence:end/ac%3Alayout)\n",
        ),
    ] {
        assert_eq!(without_ids(storage), markdown, "of {storage}");
    }
}

#[test]
fn the_same_page_has_the_same_ids_and_equal_elements_are_counted() {
    let star = "<ac:emoticon ac:name=\"star\"/>";
    let ids = |storage: &str| -> Vec<String> {
        let viewed = actionbay_confluence::content::view(storage).unwrap();
        viewed.markers.into_iter().map(|marker| marker.id).collect()
    };
    let first = ids(&format!("<p>{star}{star}<ac:emoticon ac:name=\"tick\"/></p>"));
    assert_eq!(first, ids(&format!("<p>{star} other words {star}<ac:emoticon ac:name=\"tick\"/></p>")));
    assert_eq!(first[1], format!("{}-2", first[0]));
    assert_ne!(first[0], first[2]);
}
