//! Input that is deep, wide or repetitive, on a stack as small as a component's.

use actionbay_confluence::content::{check_storage, markdown_to_storage, view};

use crate::{assert_well_formed, back};

/// A component has about 1 MiB, and frames are several times larger without optimisation.
const STACK: usize = 1024 * 1024;

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn deep_markdown_is_flattened_and_keeps_its_words() {
    on_a_small_stack(|| {
        let n = 100_000;
        let indented: String = (0..700).map(|depth| format!("{}- word\n", "  ".repeat(depth))).collect();
        for markdown in [
            format!("{}word", "> ".repeat(n)),
            format!("{}word", ">".repeat(n)),
            format!("{}word", "- ".repeat(n)),
            format!("{}word", "1. ".repeat(n)),
            format!("{}word", "- > ".repeat(n)),
            format!("{}word{}", "*a ".repeat(n), " a*".repeat(n)),
            format!("{}word{}", "**a _b ".repeat(n), " b_ a**".repeat(n)),
            format!("{}word{}", "<u>".repeat(n), "</u>".repeat(n)),
            format!("{}word{}", "<u><b>".repeat(n), "</b></u>".repeat(n)),
            format!("{}word{}", "![".repeat(n), "](u)".repeat(n)),
            format!("{}word", "> [!NOTE]\n".repeat(n)),
            indented,
        ] {
            let storage = markdown_to_storage(&markdown);
            assert!(storage.contains("word"), "{}", markdown.get(..60).unwrap_or_default());
            assert_well_formed(&storage);
            let first = back(&storage);
            assert!(first.contains("word"));
            assert_eq!(back(&markdown_to_storage(&first)), first);
        }
    });
}

#[test]
fn items_of_lists_that_are_too_deep_stay_apart() {
    let markdown = format!("{}one\n{}- two\n", "- ".repeat(45), "  ".repeat(44));
    assert!(
        markdown_to_storage(&markdown).contains("<p>one</p><p>two</p>"),
        "{}",
        markdown_to_storage(&markdown)
    );
}

#[test]
fn deep_storage_is_flattened_and_keeps_its_words() {
    on_a_small_stack(|| {
        for (open, close) in [
            ("<b>", "</b>"),
            ("<p>", "</p>"),
            ("<span>", "</span>"),
            ("<ul><li>", "</li></ul>"),
            ("<ol><li><p>a</p>", "</li></ol>"),
            ("<blockquote>", "</blockquote>"),
            ("<table><tr><td>", "</td></tr></table>"),
            ("<ac:unknown>", "</ac:unknown>"),
            ("<a href=\"x\"><code>", "</code></a>"),
            ("<ac:link><ri:space ri:space-key=\"A\"/><ac:link-body>", "</ac:link-body></ac:link>"),
            ("<ac:task-list><ac:task><ac:task-body>", "</ac:task-body></ac:task></ac:task-list>"),
            (
                "<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>",
                "</ac:rich-text-body></ac:structured-macro>",
            ),
            (
                "<ac:structured-macro ac:name=\"x\"><ac:rich-text-body>",
                "</ac:rich-text-body></ac:structured-macro>",
            ),
            ("<ac:adf-extension><ac:adf-fallback>", "</ac:adf-fallback></ac:adf-extension>"),
            ("<td><pre><h1>", "</h1></pre></td>"),
        ] {
            let storage = format!("{}word{}", open.repeat(100_000), close.repeat(100_000));
            assert!(back(&storage).contains("word"), "{open}");
        }
    });
}

#[test]
fn any_piece_can_be_repeated_a_hundred_thousand_times() {
    on_a_small_stack(|| {
        for piece in [
            "https://.",
            "xhttps://a",
            "https://a ",
            "a\n",
            "a\n\n",
            "> ",
            "- a\n",
            "- [ ] a\n",
            "[",
            "[a](",
            "[a](u) ",
            "![",
            "`",
            "``a`",
            "<u>",
            "</u>",
            "<!-- ",
            "<",
            "&",
            "\\",
            "|a",
            "[^1]",
            "~~a",
            "***a",
            "_a_",
            "]]>",
            "```\n",
            "<code>",
            "<div>\n",
            "<b>a",
            "a\\\n",
            "\u{a0}",
            "a\u{1}",
        ] {
            let markdown = piece.repeat(300_000 / piece.len());
            let storage = markdown_to_storage(&markdown);
            assert!(check_storage(&storage).is_ok(), "{piece:?}");
            assert!(view(&storage).is_ok(), "{piece:?}");
        }
        for piece in [
            "&",
            "&a",
            "<!--",
            "<![CDATA[",
            "<a b=\"",
            "<a>",
            "<?x ",
            "]]",
            "<a b=\"1\" ",
            "<x:y xmlns:x=\"\">",
        ] {
            let _ = check_storage(&piece.repeat(300_000 / piece.len()));
        }
        let attributes: String = (0..30_000).map(|number| format!("a{number}=\"\" ")).collect();
        assert!(check_storage(&format!("<p {attributes}/>")).is_ok());
    });
}

#[test]
fn a_few_long_rows_do_not_make_every_row_long() {
    let wide = "<td>a</td>".repeat(2_000);
    let rows = "<tr><td colspan=\"64\" rowspan=\"9999\">b</td></tr>".repeat(5_000);
    let markdown = back(&format!("<table><tr>{wide}</tr>{rows}</table>"));
    assert!(markdown.len() < 4_000_000, "{}", markdown.len());
    assert!(markdown_to_storage(&markdown).len() < 12_000_000);
}
