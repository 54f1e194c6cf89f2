//! What each construct of Markdown becomes.

use actionbay_confluence::content::markdown_to_storage;

use crate::assert_well_formed;

#[track_caller]
fn assert_all(cases: &[(&str, &str)]) {
    for (markdown, storage) in cases {
        assert_eq!(&markdown_to_storage(markdown), storage, "of {markdown:?}");
        assert_well_formed(storage);
    }
}

#[test]
fn headings_and_formatting_become_their_elements() {
    assert_all(&[
        ("", ""),
        (" \n\n", ""),
        ("# One", "<h1>One</h1>"),
        ("###### Six ######", "<h6>Six</h6>"),
        ("Under\n=====", "<h1>Under</h1>"),
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>"),
        ("***a***", "<p><em><strong>a</strong></em></p>"),
        ("H<sub>2</sub>O x<sup>2</sup> <u>u</u>", "<p>H<sub>2</sub>O x<sup>2</sup> <u>u</u></p>"),
        ("a\nb", "<p>a b</p>"),
        ("a  \nb\\\nc<br>d", "<p>a<br/>b<br/>c<br/>d</p>"),
        ("a\n\n---\n\nb", "<p>a</p><hr/><p>b</p>"),
        ("> a\n>\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
    ]);
}

/// BODY-1
#[test]
fn text_is_escaped_and_entities_become_characters() {
    assert_all(&[
        ("List<T> && a < b > c", "<p>List&lt;T&gt; &amp;&amp; a &lt; b &gt; c</p>"),
        ("a&nbsp;b &copy; &amp; &lt;", "<p>a\u{a0}b © &amp; &lt;</p>"),
        ("a\u{0}b\u{1}c\u{ffff}", "<p>abc</p>"),
        ("`a < b & c`", "<p><code>a &lt; b &amp; c</code></p>"),
    ]);
}

/// BODY-3
#[test]
fn lists_keep_their_kind_numbers_and_nesting() {
    assert_all(&[
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("7. a", "<ol start=\"7\"><li>a</li></ol>"),
        ("0. a", "<ol start=\"0\"><li>a</li></ol>"),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("- a\n  1. b\n- c", "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>"),
        ("- a\n\n  b", "<ul><li><p>a</p><p>b</p></li></ul>"),
        ("- a\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("-\n- a", "<ul><li>a</li></ul>"),
    ]);
}

/// BODY-3
#[test]
fn tasks_have_lists_of_their_own() {
    let task = |status: &str, body: &str| {
        format!(
            "<ac:task><ac:task-status>{status}</ac:task-status><ac:task-body>{body}</ac:task-body></ac:task>"
        )
    };
    let (a, b) = (task("incomplete", "a"), task("complete", "b"));
    let list = |tasks: &str| format!("<ac:task-list>{tasks}</ac:task-list>");
    assert_all(&[
        ("- [ ] a\n- [x] b", &list(&format!("{a}{b}"))),
        ("- [ ] a\n  - [x] b", &list(&format!("{a}{}", list(&b)))),
        ("- p\n- [ ] a\n- q", &format!("<ul><li>p</li></ul>{}<ul><li>q</li></ul>", list(&a))),
        ("1. p\n2. [x] b\n3. q", &format!("<ol><li>p</li></ol>{}<ol start=\"3\"><li>q</li></ol>", list(&b))),
        ("- [ ] a\n  - q", &list(&task("incomplete", "a<ul><li>q</li></ul>"))),
    ]);
}

/// BODY-2, BODY-3
#[test]
fn code_becomes_the_code_macro_with_cdata() {
    let code = |language: &str, body: &str| {
        let language = match language {
            "" => String::new(),
            _ => format!("<ac:parameter ac:name=\"language\">{language}</ac:parameter>"),
        };
        format!(
            "<ac:structured-macro ac:name=\"code\">{language}\
             <ac:plain-text-body>{body}</ac:plain-text-body></ac:structured-macro>"
        )
    };
    assert_all(&[
        ("```rust\nlet a = b < c && d;\n```", &code("rust", "<![CDATA[let a = b < c && d;]]>")),
        ("    indented\n      more", &code("", "<![CDATA[indented\n  more]]>")),
        ("~~~c++ class=x\n```\n~~~", &code("c++", "<![CDATA[```]]>")),
        ("```\na]]>b\n```", &code("", "<![CDATA[a]]]]><![CDATA[>b]]>")),
        ("```\n]]>]]>\n```", &code("", "<![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]>")),
        ("```\n```", &code("", "<![CDATA[]]>")),
        ("```a&b<c>\"\n\u{1}\u{b}x\n```", &code("a&amp;b&lt;c&gt;\"", "<![CDATA[x]]>")),
        ("```\nnever closed\r\n\r\n", &code("", "<![CDATA[never closed\n]]>")),
    ]);
}

/// BODY-3
#[test]
fn tables_keep_their_heading_and_alignment() {
    assert_all(&[
        (
            "| a | b |\n|---|---|\n| c \\| d | **e** |\n| f |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c | d</td><td><strong>e</strong></td></tr>\
             <tr><td>f</td><td></td></tr></tbody></table>",
        ),
        (
            "| a |\n|:-:|\n| b |",
            "<table><thead><tr><th><p style=\"text-align: center;\">a</p></th></tr></thead>\
             <tbody><tr><td><p style=\"text-align: center;\">b</p></td></tr></tbody></table>",
        ),
        ("|  |\n|--|\n| b |", "<table><tbody><tr><td>b</td></tr></tbody></table>"),
    ]);
}

/// BODY-3
#[test]
fn links_keep_their_query_and_title() {
    assert_all(&[
        (
            "[a](https://b.c/?d=e&f=g \"h \\\"i\\\"\")",
            "<p><a href=\"https://b.c/?d=e&amp;f=g\" title=\"h &quot;i&quot;\">a</a></p>",
        ),
        ("<https://b.c/?d&e>", "<p><a href=\"https://b.c/?d&amp;e\">https://b.c/?d&amp;e</a></p>"),
        (
            "see https://b.c/?d&e_f, **http://g** (https://h.i).",
            "<p>see <a href=\"https://b.c/?d&amp;e_f\">https://b.c/?d&amp;e_f</a>, \
             <strong><a href=\"http://g\">http://g</a></strong> (<a href=\"https://h.i\">https://h.i</a>).</p>",
        ),
        ("`https://a` [https://b](c)", "<p><code>https://a</code> <a href=\"c\">https://b</a></p>"),
        ("<a@b.c>", "<p><a href=\"mailto:a@b.c\">a@b.c</a></p>"),
        ("[a][x]\n\n[x]: /y", "<p><a href=\"/y\">a</a></p>"),
        ("[a](<b c>)", "<p><a href=\"b%20c\">a</a></p>"),
        ("[a]()", "<p>a</p>"),
        ("[](b)", ""),
        ("[top](#part)", "<p><a href=\"#part\">top</a></p>"),
        (
            "[a **b**](confluence:page/My%20Title?space=DOC#part)",
            "<p><ac:link ac:anchor=\"part\"><ri:page ri:content-title=\"My Title\" ri:space-key=\"DOC\"/>\
             <ac:link-body>a <strong>b</strong></ac:link-body></ac:link></p>",
        ),
        ("[@x](confluence:user/5b:1)", "<p><ac:link><ri:user ri:account-id=\"5b:1\"/></ac:link></p>"),
    ]);
}

#[test]
fn links_that_could_run_a_script_keep_only_their_words() {
    for destination in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "java&#10;script:alert(1)",
        "<&#1; javascript:alert(1)>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "blob:x",
    ] {
        assert_eq!(
            markdown_to_storage(&format!("[a *b*]({destination})")),
            "<p>a <em>b</em></p>",
            "{destination}"
        );
        assert_eq!(markdown_to_storage(&format!("![a]({destination})")), "<p>a</p>", "{destination}");
    }
}

/// BODY-4
#[test]
fn images_of_the_web_are_urls_and_files_are_attachments() {
    let file = |name: &str| {
        format!("<p><ac:image ac:alt=\"a\"><ri:attachment ri:filename=\"{name}\"/></ac:image></p>")
    };
    assert_all(&[
        (
            "![a](https://b.c/d.png?e&f)",
            "<p><ac:image ac:alt=\"a\"><ri:url ri:value=\"https://b.c/d.png?e&amp;f\"/></ac:image></p>",
        ),
        (
            "![](//b.c/d.png \"t\")",
            "<p><ac:image ac:title=\"t\"><ri:url ri:value=\"//b.c/d.png\"/></ac:image></p>",
        ),
        ("![a](d.png)", &file("d.png")),
        ("![a](../img/d%20e.png?raw=1#x)", &file("d e.png")),
        ("![a](<img\\d & e.png>)", &file("d &amp; e.png")),
        ("![a](./)", "<p>a</p>"),
        (
            "[![*a*](d.png)](e)",
            "<p><a href=\"e\"><ac:image ac:alt=\"a\"><ri:attachment ri:filename=\"d.png\"/></ac:image></a></p>",
        ),
    ]);
}

#[test]
fn a_tag_that_is_not_closed_is_text_and_takes_nothing_with_it() {
    assert_all(&[
        ("a <u>b", "<p>a &lt;u&gt;b</p>"),
        ("- <b>a\n  - b\n- c", "<ul><li>&lt;b&gt;a<ul><li>b</li></ul></li><li>c</li></ul>"),
        (
            "- <u>a\n  ```\n  b\n  ```",
            concat!(
                "<ul><li><p>&lt;u&gt;a</p><ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[b]]></ac:plain-text-body>",
                "</ac:structured-macro></li></ul>"
            ),
        ),
        ("- <u>a\n  ***\n  b</u>", "<ul><li><p>&lt;u&gt;a</p><hr/><p>b&lt;/u&gt;</p></li></ul>"),
        (
            "- *a <u>b*\n  > c",
            "<ul><li><p><em>a &lt;u&gt;b</em></p><blockquote><p>c</p></blockquote></li></ul>",
        ),
    ]);
}

#[test]
fn raw_html_is_text_unless_it_is_formatting_that_we_have() {
    assert_all(&[
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("a <i class=\"x\">b</i> <span>c</span>", "<p>a <em>b</em> &lt;span&gt;c&lt;/span&gt;</p>"),
        ("a <!-- no --> b", "<p>a b</p>"),
        ("<!-- a\n\nb -->\n\nc", "<p>c</p>"),
        ("a <u>b", "<p>a &lt;u&gt;b</p>"),
        ("a</u>", "<p>a&lt;/u&gt;</p>"),
        ("**a <u>b** c</u>", "<p><strong>a &lt;u&gt;b</strong> c&lt;/u&gt;</p>"),
        ("<u>a<sub>b</u></sub>", "<p>&lt;u&gt;a<sub>b&lt;/u&gt;</sub></p>"),
        ("<div>\n<p>a</p>\n</div>", "<p>&lt;div&gt;<br/>&lt;p&gt;a&lt;/p&gt;<br/>&lt;/div&gt;</p>"),
        ("<ac:structured-macro ac:name=\"html\"/>", "<p>&lt;ac:structured-macro ac:name=\"html\"/&gt;</p>"),
        ("<code>a *b*</code>", "<p><code>a </code><em><code>b</code></em></p>"),
    ]);
}

#[test]
fn alerts_become_panels() {
    for (alert, name) in [
        ("NOTE", "info"),
        ("TIP", "tip"),
        ("IMPORTANT", "note"),
        ("WARNING", "warning"),
        ("CAUTION", "warning"),
    ] {
        assert_eq!(
            markdown_to_storage(&format!("> [!{alert}]\n> a")),
            format!(
                "<ac:structured-macro ac:name=\"{name}\"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>"
            )
        );
    }
}

#[test]
fn a_table_of_contents_is_a_paragraph_of_its_mark_alone() {
    assert_all(&[
        ("[TOC]", "<ac:structured-macro ac:name=\"toc\"/>"),
        ("[toc]\n\na", "<ac:structured-macro ac:name=\"toc\"/><p>a</p>"),
        ("\\[TOC]", "<p>[TOC]</p>"),
        ("[TOC] a", "<p>[TOC] a</p>"),
    ]);
}

#[test]
fn footnotes_become_raised_numbers_and_a_list() {
    assert_all(&[
        (
            "a[^x] b[^y] c[^x]\n\n[^y]: why\n\n[^x]: ex",
            "<p>a<sup>1</sup> b<sup>2</sup> c<sup>1</sup></p><hr/><ol><li>ex</li><li>why</li></ol>",
        ),
        ("a[^none]", "<p>a[^none]</p>"),
        ("a\n\n[^unused]: b", "<p>a</p><hr/><ol><li>b</li></ol>"),
    ]);
}
