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

/// Such an address stands for an element only where a marker has it.
#[test]
fn a_link_with_the_address_of_a_marker_is_its_words() {
    assert_eq!(back("<p><a href=\"confluence:macro/x?abc123\">a</a> b</p>"), "a b\n");
    assert_eq!(markdown_to_storage("[/macro: x](<confluence:end/\u{1}x?abc123>)"), "<p>[/macro: x]</p>");
    assert_eq!(markdown_to_storage("[a](<con&#9;fluence:mark/x?abc123>)"), "<p>a</p>");
}

/// It would move out of the link, and be there once more in the next round.
#[test]
fn white_space_at_the_edges_of_a_name_is_no_part_of_what_a_link_says() {
    let first = back(
        "<p>a <time datetime=\"&nbsp;2026-05-05 \"/> <ac:link><ri:user ri:account-id=\"u&nbsp;\"/></ac:link></p>",
    );
    assert!(first.starts_with("a [2026-05-05](confluence:date/"), "{first}");
    assert_eq!(round_trip(&first), first);
}

#[test]
fn a_language_that_looks_like_a_title_is_no_title() {
    for info in ["&#116;itle=\"x\"g", "\u{1f}title=\"x\"\u{1}g"] {
        let storage = markdown_to_storage(&format!("```{info}\n```"));
        assert_eq!(markdown_to_storage(&back(&storage)), storage);
    }
}

#[test]
fn text_that_looks_like_an_address_in_angle_brackets_stays_text() {
    for text in ["&lt;&amp;@ea>", "&lt;1@b.c>", "&lt;1<em>2</em>@b.c>", "a &lt;5 b", "x &lt;- y"] {
        let storage =
            format!("<p>{text}</p>").replace('>', "&gt;").replace("p&gt;", "p>").replace("em&gt;", "em>");
        assert_eq!(markdown_to_storage(&back(&storage)), storage);
    }
    assert_eq!(back("<p>a &lt;5 b &lt;- c</p>"), "a <5 b <- c\n");
}

#[test]
fn a_backslash_before_a_pipe_survives_in_tables() {
    let storage = "<table><thead><tr><th>a\\|b</th></tr></thead><tbody><tr><td><code>c\\|d</code></td></tr></tbody></table>";
    assert_eq!(markdown_to_storage(&back(storage)), storage);
}
