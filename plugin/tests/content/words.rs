//! The words of a page that can be selected: where a comment on them stands is counted in these.

use actionbay_confluence::content::{markdown_to_storage, words};

#[track_caller]
fn assert_lines(storage: &str, expected: &[&str]) {
    let words = words(storage).unwrap();
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, expected, "of {storage}");
}

#[test]
fn what_is_shown_beside_the_words_is_none_of_them() {
    assert_lines(
        &markdown_to_storage("1. one\n2. two\n\n- [x] done\n- [ ] open"),
        &["one", "two", "done", "open"],
    );
    assert_lines(
        "<table><tbody><tr><td><ul><li>a</li></ul></td><td><ac:task-list><ac:task><ac:task-id>7</ac:task-id>\
         <ac:task-status>complete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list></td></tr>\
         </tbody></table>",
        &["a", "b"],
    );
    assert_lines(
        "<p>a <ac:image ac:alt=\"alt\"><ri:attachment ri:filename=\"f.png\"/></ac:image> b</p>",
        &["a \u{FFFC} b"],
    );
    assert_lines(
        "<p>a<ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\">OK</ac:parameter>\
         </ac:structured-macro>b <ac:link><ri:user ri:account-id=\"5b\"/></ac:link> <time datetime=\"2026-01-31\"/></p>",
        &["a\u{FFFC}b \u{FFFC} \u{FFFC}"],
    );
    assert_lines(
        "<ac:structured-macro ac:name=\"expand\"><ac:parameter ac:name=\"title\">More</ac:parameter>\
         <ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>",
        &["inside"],
    );
}

#[test]
fn code_and_the_words_of_links_are_words() {
    assert_lines(
        &markdown_to_storage(
            "a `b  c` [d](https://e.example) [f](confluence:page/G)\n\n```rust\nif  x {\n```",
        ),
        &["a b c d f", "if  x {"],
    );
    assert_lines("<p>a</p><pre>b  c\nd</pre>", &["a", "b  c", "d"]);
    assert_lines(
        "<p><ac:link ac:anchor=\"x\"><ac:plain-text-link-body><![CDATA[a < b]]></ac:plain-text-link-body></ac:link></p>",
        &["a < b"],
    );
}

#[test]
fn words_go_on_over_the_borders_of_markup_and_end_with_their_block() {
    assert_lines(
        "<p>a<b>b</b><ac:inline-comment-marker ac:ref=\"1\">c</ac:inline-comment-marker>d<br/>e</p>f",
        &["abcd", "e", "f"],
    );
    assert_lines("<ul><li>a<ul><li>b</li></ul>c</li></ul><h2>d</h2><p>e</p>", &["a", "b", "c", "d", "e"]);
    assert_lines("<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>", &["a", "b"]);
}

#[test]
fn entities_are_their_characters_and_white_space_is_one_space() {
    assert_lines("<p>a&nbsp;b &amp;\n  c&rsquo;s</p>", &["a\u{A0}b & c’s"]);
}

#[test]
fn of_an_extension_either_its_content_counts_or_what_stands_in_for_it() {
    assert_lines(
        "<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-attribute key=\"panel-type\">custom</ac:adf-attribute>\
         <ac:adf-content><p>words</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>words</p></ac:adf-fallback>\
         </ac:adf-extension>",
        &["words"],
    );
}

#[test]
fn a_page_that_nests_deeper_than_a_stack_is_read() {
    let deep = format!("{}word{}", "<b><span>".repeat(100_000), "</span></b>".repeat(100_000));
    assert_eq!(words(&deep).unwrap(), "word");
}
