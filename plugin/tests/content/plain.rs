//! What is left of a page in plain text.

use actionbay_confluence::content::{markdown_to_storage, plain, view};

#[track_caller]
fn assert_plain(storage: &str, expected: &str) {
    assert_eq!(plain(storage).unwrap(), expected, "of {storage}");
}

#[test]
fn plain_text_is_the_words_without_the_marks() {
    let markdown = "# Hi *you*\n\nA\\*b & [link](https://e.example)\n\n- one\n- two\n  - three\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode <x>\n```\n";
    assert_plain(
        &markdown_to_storage(markdown),
        "Hi you\nA*b & link\none\ntwo\nthree\na\tb\n1\t2\ncode <x>\n",
    );
}

#[test]
fn numbers_boxes_and_the_lines_of_a_paragraph_stay() {
    let markdown = "3. three\n4. four\n\n- [x] done\n- [ ] open\n\none\\\ntwo\n\n---\n\n> said\n\n> [!NOTE]\n> told\n\n![alt words](a.png)\n";
    assert_plain(
        &markdown_to_storage(markdown),
        "3. three\n4. four\n[x] done\n[ ] open\none\ntwo\nsaid\ntold\nalt words\n",
    );
}

#[test]
fn a_cell_of_several_lines_stays_in_its_row() {
    assert_plain(
        "<table><tbody><tr><td><p>a</p><p>b</p></td><td>c<br/>d</td></tr></tbody></table>",
        "a b\tc d\n",
    );
}

#[test]
fn what_has_only_a_marker_stands_in_brackets_and_places_do_not_show() {
    assert_plain(
        "<ac:layout><ac:layout-section ac:type=\"single\"><ac:layout-cell><p>It is \
         <ac:structured-macro ac:name=\"status\"><ac:parameter ac:name=\"title\">OK</ac:parameter></ac:structured-macro> \
         <span style=\"color: red;\">red</span> <sub>low</sub> by <ac:link><ri:user ri:account-id=\"5b\"/></ac:link> on \
         <time datetime=\"2026-01-31\"/></p></ac:layout-cell></ac:layout-section></ac:layout>",
        "It is [macro: status: OK] red low by @5b on 2026-01-31\n",
    );
    assert_plain(
        "<ac:structured-macro ac:name=\"expand\"><ac:parameter ac:name=\"title\">More</ac:parameter>\
         <ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>",
        "[macro: expand: More]\ninside\n",
    );
}

#[test]
fn every_page_of_the_corpus_is_shown_and_none_of_its_marks() {
    for (name, storage) in crate::editing::corpus() {
        let text = plain(&storage).unwrap();
        assert!(text.contains("quokka"), "{name}: {text}");
        assert!(!text.contains("](") || view(&storage).unwrap().markdown.contains("\\["), "{name}: {text}");
    }
}

#[test]
fn what_is_not_well_formed_is_an_error() {
    assert!(plain("<p>").is_err());
}
