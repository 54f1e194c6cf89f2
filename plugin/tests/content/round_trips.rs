//! Cases that have gone wrong, here or in other converters.

use actionbay_confluence::content::markdown_to_storage;

use crate::{back, round_trip};

#[test]
fn canonical_markdown_comes_back_unchanged() {
    for markdown in [
        "# Title _em_ `code`\n",
        "a **b** _c_ ~~d~~ `e` <u>f</u> x<sup>2</sup>\n",
        "a\\\nb\\\n\\\nc\n",
        "- a\n  - b\n    1. c\n- d\n",
        "- [ ] a\n- [x] b\n\n* c\n\n- [ ] d\n",
        "3. a\n4. b\n\n1) c\n",
        "> a\n>\n> > b\n>\n> - c\n",
        "> [!NOTE]\n> a\n>\n> ```sh\n> b\n>\n> c\n> ```\n",
        // What cannot interrupt a paragraph does not begin right after the mark of an alert.
        "> [!TIP]\n>\n> 7. a\n",
        "| a | b |\n| :-- | :-: |\n| `c\\|d` | e<br>f |\n",
        "|  |  |\n| --- | --- |\n| a | b |\n",
        "[a](<b(c)> \"d \\\" e\") <https://a.b> ![c](d.png)\n",
        "[a](confluence:page/T%2F1?space=S#x) [@u](confluence:user/u)\n",
        "```rust\nfn a() {}\n```\n",
        "```\n```\n",
        "```\n\n\n```\n",
        "- a\n\n  ```\n  b\n\n    c\n  ```\n\n- ___\n",
        "[TOC]\n\na\n\n---\n\nb\n",
        "- [TOC]\n".replace('[', "\\[").as_str(),
    ] {
        assert_eq!(round_trip(markdown), markdown);
    }
}

/// A space that stood between a break and a character that XML forbids is at the start of a line.
#[test]
fn a_forbidden_character_does_not_hide_white_space() {
    assert_eq!(markdown_to_storage("a\\\n\u{1} b"), "<p>a<br/>b</p>");
}

#[test]
fn a_marker_becomes_words_and_stays_them() {
    let markdown = back("<p>a <ac:structured-macro ac:name=\"x-y\"/></p>");
    assert_eq!(markdown, "a [macro: x-y](confluence:macro/x-y?89e9ad)\n");
    assert_eq!(markdown_to_storage(&markdown), "<p>a [macro: x-y]</p>");
    assert_eq!(round_trip(&markdown), "a \\[macro: x-y]\n");
}

#[test]
fn a_backslash_before_a_pipe_survives_in_tables() {
    let storage = "<table><thead><tr><th>a\\|b</th></tr></thead><tbody><tr><td><code>c\\|d</code></td></tr></tbody></table>";
    assert_eq!(markdown_to_storage(&back(storage)), storage);
}
