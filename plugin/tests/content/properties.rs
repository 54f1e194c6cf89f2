//! What is true for any input.

use actionbay_confluence::content::{
    Change, EditOptions, Refused, check_storage, edit, markdown_to_storage, view,
};
use proptest::prelude::*;

use crate::rounds::assert_refused_or_stable;
use crate::{assert_well_formed, back, round_trip};

/// Pieces that mean something in Markdown, alone or next to each other.
const MARKDOWN: &[&str] = &[
    "a",
    "b c",
    "é",
    "1",
    " ",
    "  ",
    "    ",
    "\n",
    "\n\n",
    "\n    ",
    "\t",
    "\\",
    "\\\n",
    "*",
    "**",
    "***",
    "_",
    "__",
    "`",
    "``",
    "```",
    "\n```\n",
    "~",
    "~~",
    "~~~",
    "#",
    "# ",
    "\n## ",
    "-",
    "- ",
    "\n- ",
    "\n  - ",
    "---",
    "\n---\n",
    "+ ",
    "1. ",
    "\n2) ",
    "> ",
    "\n> ",
    ">> ",
    "[ ] ",
    "[x] ",
    "\n- [ ] ",
    "\n- [x] ",
    "[",
    "]",
    "](",
    "](u)",
    "[a](http://b/?c&d=e)",
    "![",
    "![i](p/q.png)",
    "(",
    ")",
    "<",
    ">",
    "<u>",
    "</u>",
    "<br>",
    "<b>",
    "</b>",
    "<sub>",
    "</sub>",
    "<code>",
    "</code>",
    "<!--",
    "-->",
    "<div>",
    "\n<div>\n",
    "</div>",
    "<http://a.b>",
    "&",
    "&amp;",
    "&lt;",
    "&copy;",
    "&#9;",
    "&#0;",
    "|",
    "| a | b |\n|---|:-:|\n| c ",
    "\n|---|\n",
    "\\|",
    "!",
    "\"",
    "'",
    "=",
    "===",
    "\n===\n",
    ":",
    "[^1]",
    "\n[^1]: ",
    "\n[a]: /u 'c'\n",
    "[TOC]",
    "\n[TOC]\n",
    "[!NOTE]",
    "> [!TIP]\n> ",
    "\u{a0}",
    "\u{2003}",
    "\u{200b}",
    "😀",
    "\u{301}",
    "]]>",
    "<![CDATA[",
    "<?x?>",
    "\u{1}",
    "\u{c}",
    "\r",
    "\r\n",
    "\u{feff}",
    "javascript:",
    "https://",
    "http://a.b",
    "confluence:page/A?space=B",
];

/// Pieces of storage format, in any order: often not well-formed, now and then so.
const STORAGE: &[&str] = &[
    "a",
    " ",
    "\n",
    "&amp;",
    "&nbsp;",
    "&lt;",
    "&x;",
    "&",
    "<p>",
    "</p>",
    "<p/>",
    "<br/>",
    "<hr/>",
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "<code>",
    "</code>",
    "<ul>",
    "</ul>",
    "<ol start=\"3\">",
    "</ol>",
    "<li>",
    "</li>",
    "<h2>",
    "</h2>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "<td colspan=\"2\">",
    "<td rowspan='3'>",
    "</td>",
    "<th>",
    "</th>",
    "<blockquote>",
    "</blockquote>",
    "<ac:task-list>",
    "</ac:task-list>",
    "<ac:task>",
    "</ac:task>",
    "<ac:task-body>",
    "</ac:task-body>",
    "<ac:task-status>complete</ac:task-status>",
    "<ac:structured-macro ac:name=\"info\">",
    "<ac:structured-macro ac:name=\"code\">",
    "<ac:structured-macro ac:name=\"jira\">",
    "</ac:structured-macro>",
    "<ac:rich-text-body>",
    "</ac:rich-text-body>",
    "<ac:plain-text-body><![CDATA[x]]></ac:plain-text-body>",
    "<ac:parameter ac:name=\"title\">t</ac:parameter>",
    "<ac:link>",
    "</ac:link>",
    "<ri:page ri:content-title=\"T\"/>",
    "<ac:image>",
    "</ac:image>",
    "<ri:attachment ri:filename=\"f\"/>",
    "<a href=\"x\">",
    "</a>",
    "<!-- c -->",
    "<![CDATA[",
    "]]>",
    "*",
    "_",
    "#",
    "- ",
    "1. ",
    "[",
    "|",
    "`",
    "<div>",
    "</div>",
    "<x:y z=\"1\">",
    "</x:y>",
];

pub(crate) fn soup(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..most).prop_map(|pieces| pieces.concat())
}

/// A tree of elements whose tags match.
fn elements() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ a-z*_#|>\\[\\]`~.0-9!-]{0,12}".prop_map(|text| text.replace('>', "&gt;")),
        Just("&nbsp;&rsquo;&unknown;".to_owned()),
        Just("<br/>".to_owned()),
        Just("<ac:image ac:alt=\"a]\"><ri:attachment ri:filename=\"f (1).png\"/></ac:image>".to_owned()),
        Just("<ac:link><ri:user ri:account-id=\"1:2\"/></ac:link>".to_owned()),
        Just("<ac:emoticon ac:name=\"smile\"/><time datetime=\"2026-01-31\"/>".to_owned()),
    ];
    text.prop_recursive(7, 60, 5, |inner| {
        let tags = prop::sample::select(vec![
            ("<p>", "</p>"),
            ("<h3>", "</h3>"),
            ("<strong>", "</strong>"),
            ("<em>", "</em>"),
            ("<s>", "</s>"),
            ("<u>", "</u>"),
            ("<code>", "</code>"),
            ("<a href=\"https://a.b/?c=d&amp;e\" title=\"&quot;\">", "</a>"),
            ("<ul>", "</ul>"),
            ("<ol start=\"7\">", "</ol>"),
            ("<li>", "</li>"),
            ("<blockquote>", "</blockquote>"),
            ("<pre>", "</pre>"),
            ("<span>", "</span>"),
            ("<table><tbody>", "</tbody></table>"),
            ("<tr>", "</tr>"),
            ("<td rowspan=\"2\">", "</td>"),
            ("<th><p style=\"text-align: center;\">", "</p></th>"),
            ("<ac:task-list>", "</ac:task-list>"),
            ("<ac:task><ac:task-body>", "</ac:task-body></ac:task>"),
            ("<ac:layout><ac:layout-section>", "</ac:layout-section></ac:layout>"),
            (
                "<ac:structured-macro ac:name=\"tip\"><ac:rich-text-body>",
                "</ac:rich-text-body></ac:structured-macro>",
            ),
            (
                "<ac:structured-macro ac:name=\"expand\"><ac:rich-text-body>",
                "</ac:rich-text-body></ac:structured-macro>",
            ),
            (
                "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body>",
                "</ac:plain-text-body></ac:structured-macro>",
            ),
            (
                "<ac:link ac:anchor=\"x y\"><ri:page ri:content-title=\"T/1\"/><ac:link-body>",
                "</ac:link-body></ac:link>",
            ),
            ("<ac:unknown>", "</ac:unknown>"),
        ]);
        (tags, prop::collection::vec(inner, 0..5))
            .prop_map(|((open, close), parts)| format!("{open}{}{close}", parts.concat()))
    })
}

/// Markdown that authors mean to write: blocks of every kind, nested.
fn document() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "word",
        "two words",
        "snake_case",
        "2 * 3",
        "a*b",
        "AT&T",
        "x < y",
        "List&lt;T>",
        "1. no",
        "- no",
        "# no",
        "100%",
        "“q”",
        "C#",
        "[brackets]",
        "a|b",
        "https://example.com/a_b",
        "!",
        "\\*",
        "~5",
        "`x`",
        "<br>",
    ]);
    let inline = prop_oneof![
        4 => words.clone().prop_map(str::to_owned),
        1 => words.clone().prop_map(|words| format!("**{words}**")),
        1 => words.clone().prop_map(|words| format!("*{words}*")),
        1 => words.clone().prop_map(|words| format!("~~{words}~~")),
        1 => words.clone().prop_map(|words| format!("<sub>{words}</sub>")),
        1 => words.clone().prop_map(|words| format!("[{words}](https://e.org/?a=b&c=d \"{words}\")")),
        1 => words.clone().prop_map(|words| format!("`` {words} ` ``")),
        1 => Just("![alt](./img/pic.png)".to_owned()),
        1 => words.prop_map(|words| format!("_a **{words}** b_")),
    ];
    let line = prop::collection::vec(inline, 1..5);
    let line =
        (line, prop::sample::select(vec![" ", "", ", "])).prop_map(|(parts, between)| parts.join(between));
    let leaf = prop_oneof![
        4 => line.clone(),
        1 => (1..7_usize, line.clone()).prop_map(|(level, line)| format!("{} {line}", "#".repeat(level))),
        1 => "[ -~]{0,20}(\n[ -~]{0,20}){0,3}".prop_map(|code| format!("~~~~~ rust\n{code}\n~~~~~")),
        1 => (line.clone(), line.clone()).prop_map(|(a, b)| {
            let (a, b) = (a.replace('|', "\\|"), b.replace('|', "\\|"));
            format!("| {a} | x |\n| :-: | --- |\n| {b} | {a} |\n| {b} |")
        }),
        1 => (line.clone(), line).prop_map(|(a, b)| format!("{a}\\\n{b}")),
        1 => Just("---".to_owned()),
        1 => Just("[TOC]".to_owned()),
    ];
    let blocks = leaf.prop_recursive(4, 40, 4, |inner| {
        let prefixes = prop::sample::select(vec![
            ("> ", "> "),
            ("- ", "  "),
            ("* ", "  "),
            ("1. ", "   "),
            ("7) ", "   "),
            ("- [ ] ", "  "),
            ("- [x] ", "  "),
            ("> [!NOTE]\n> ", "> "),
            ("", ""),
        ]);
        let separator = prop::sample::select(vec!["\n", "\n\n"]);
        (prop::collection::vec((prefixes, inner), 1..4), separator).prop_map(|(parts, separator)| {
            let parts: Vec<String> = parts
                .into_iter()
                .map(|((first, others), block)| {
                    format!("{first}{}", block.replace('\n', &format!("\n{others}")))
                })
                .collect();
            parts.join(separator)
        })
    });
    prop::collection::vec(blocks, 1..5).prop_map(|blocks| blocks.join("\n\n"))
}

fn without_paragraphs(storage: &str) -> String {
    storage.replace("<p>", "").replace("</p>", "")
}

fn assert_stable(markdown: &str) -> Result<(), TestCaseError> {
    let storage = markdown_to_storage(markdown);
    let first = back(&storage);
    let again = markdown_to_storage(&first);
    prop_assert_eq!(&back(&again), &first, "\n   storage {}\n  storage2 {}", storage, again);
    // Nothing is lost on the first way either, but for the blank lines between the items of a list.
    prop_assert_eq!(without_paragraphs(&again), without_paragraphs(&storage), "\n  first {}", first);
    Ok(())
}

proptest! {
    // What fails is written down as a case of `round_trips`, with its reason, not as a seed.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// BODY-1
    #[test]
    fn any_text_becomes_well_formed_storage(text in any::<String>()) {
        assert_well_formed(&markdown_to_storage(&text));
    }

    /// BODY-1
    #[test]
    fn any_mixture_of_markdown_becomes_well_formed_storage(text in soup(MARKDOWN, 24)) {
        assert_well_formed(&markdown_to_storage(&text));
    }

    #[test]
    fn a_document_is_stable_from_the_second_round_on(text in document()) {
        assert_well_formed(&markdown_to_storage(&text));
        assert_stable(&text)?;
    }

    #[test]
    fn any_mixture_of_markdown_is_stable_from_the_second_round_on(text in soup(MARKDOWN, 16)) {
        assert_stable(&text)?;
    }

    #[test]
    fn any_text_is_stable_from_the_second_round_on(text in any::<String>()) {
        assert_stable(&text)?;
    }

    /// BODY-2
    #[test]
    fn code_comes_back_as_it_was(
        lines in prop::collection::vec(r"(\]\]>|```+|~~~|\t| |[^\p{Cc}\u{fffe}\u{ffff}])*", 0..5),
    ) {
        let code = lines.join("\n");
        let fence = "`".repeat(code.split(|each| each != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
        let end = if code.is_empty() { "" } else { "\n" };
        let markdown = format!("{fence}text\n{code}{end}{fence}\n");
        prop_assert_eq!(round_trip(&markdown), markdown);
    }

    /// BODY-2
    #[test]
    fn code_in_containers_comes_back_as_it_was(
        lines in prop::collection::vec(r"(\]\]>|\t| |[a-z>#*-]){0,9}", 1..5),
        container in prop::sample::select(vec![("- ", "  "), ("> ", "> "), ("10. ", "    ")]),
    ) {
        let (first, others) = container;
        let code = lines.join(&format!("\n{others}"));
        let storage = markdown_to_storage(&format!("{first}```\n{others}{code}\n{others}```\n"));
        let expected = lines.join("\n").replace("]]>", "]]]]><![CDATA[>");
        prop_assert!(storage.contains(&format!("<![CDATA[{expected}]]>")), "{} lacks {:?}", storage, expected);
        prop_assert_eq!(&markdown_to_storage(&back(&storage)), &storage);
    }

    #[test]
    fn no_storage_makes_the_reader_panic(text in any::<String>()) {
        let _ = view(&text);
        let _ = check_storage(&text);
    }

    #[test]
    fn what_the_check_accepts_is_converted(text in soup(STORAGE, 14)) {
        let converted = view(&text);
        if check_storage(&text).is_ok() {
            prop_assert!(converted.is_ok());
        }
    }

    #[test]
    fn any_elements_become_markdown_that_is_stable(storage in prop::collection::vec(elements(), 1..4)) {
        let storage = storage.concat();
        let first = back(&storage);
        // A marker becomes words, so that the first round may change it.
        let second = round_trip(&first);
        prop_assert_eq!(&round_trip(&second), &second, "\n  first {}", first);
        if ["macro", "element", "mark"].iter().all(|kind| !first.contains(&format!("](confluence:{kind}/"))) {
            prop_assert_eq!(&second, &first);
        }
    }

    #[test]
    fn any_mixture_of_storage_is_refused_or_shown_and_can_be_sent_again(text in soup(STORAGE, 14)) {
        assert_refused_or_stable(&text);
    }

    #[test]
    fn any_elements_are_shown_and_can_be_sent_again(storage in prop::collection::vec(elements(), 1..4)) {
        assert_refused_or_stable(&storage.concat());
    }

    #[test]
    fn a_page_that_is_not_edited_keeps_every_byte(storage in prop::collection::vec(elements(), 1..5)) {
        let storage = storage.concat();
        let edited = edit(&storage, Change::Replace(&back(&storage)), EditOptions::default());
        prop_assert_eq!(edited.map(|edited| edited.storage), Ok(storage));
    }

    #[test]
    fn any_edit_gives_well_formed_storage_or_is_refused(
        storage in prop::collection::vec(elements(), 1..4),
        text in soup(MARKDOWN, 12),
        cut in any::<prop::sample::Index>(),
    ) {
        let storage = storage.concat();
        let markdown = back(&storage);
        let at = markdown.floor_char_boundary(cut.index(markdown.len() + 1));
        let (before, after) = markdown.split_at(at);
        let options = EditOptions { allow_loss: true };
        if let Ok(edited) = edit(&storage, Change::Replace(&format!("{before}{text}{after}")), options) {
            prop_assert!(view(&edited.storage).is_ok(), "{}", edited.storage);
        }
    }

    #[test]
    fn to_delete_any_one_marker_is_refused(storage in prop::collection::vec(elements(), 1..4)) {
        let storage = storage.concat();
        let viewed = view(&storage).unwrap();
        for marker in &viewed.markers {
            let mark = format!("?{})", marker.id);
            let lines: Vec<&str> = viewed.markdown.split('\n').filter(|line| !line.contains(&mark)).collect();
            let without = lines.join("\n");
            // An element that is too deep for a marker has none in the text.
            if without == viewed.markdown {
                continue;
            }
            match edit(&storage, Change::Replace(&without), EditOptions::default()) {
                Err(Refused::Loss(losses)) => {
                    prop_assert!(losses.iter().any(|loss| loss.id.as_ref() == Some(&marker.id)), "{:?}", losses);
                }
                Err(Refused::UnpairedMarkers(_)) => {}
                other => prop_assert!(false, "{:?} of {:?}", other, marker),
            }
        }
    }
}
