//! Viewing, editing and putting back: what was not edited does not change by a byte.

use std::fs;
use std::path::PathBuf;

use actionbay_confluence::content::{Change, EditOptions, Edited, Refused, edit, view};

use crate::assert_well_formed_page;

/// What every document of the corpus holds once.
const WORD: &str = "quokka";

pub(crate) fn corpus() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/content/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(read).collect()
}

fn markdown(storage: &str) -> String {
    view(storage).unwrap().markdown
}

fn replace(base: &str, markdown: &str) -> Result<Edited, Refused> {
    edit(base, Change::Replace(markdown), EditOptions::default())
}

#[track_caller]
fn edited(base: &str, change: impl FnOnce(String) -> String) -> String {
    let markdown = change(markdown(base));
    let edited = replace(base, &markdown).unwrap_or_else(|refused| panic!("{refused}\n{markdown}\n{base}"));
    assert_well_formed_page(&edited.storage);
    edited.storage
}

fn loss(base: &str, markdown: &str) -> Vec<String> {
    match replace(base, markdown) {
        Err(Refused::Loss(losses)) => losses.into_iter().map(|loss| loss.what).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_corpus_is_large_enough() {
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for (name, storage) in corpus {
        assert_eq!(storage.matches(WORD).count(), 1, "{name}");
    }
}

#[test]
fn a_page_that_is_not_edited_keeps_every_byte() {
    for (name, storage) in corpus() {
        let edited = replace(&storage, &markdown(&storage));
        assert_eq!(edited.map(|edited| edited.storage).as_ref(), Ok(&storage), "{name}");
    }
}

#[test]
fn an_edit_of_one_word_changes_that_word_only() {
    let mut wrong = Vec::new();
    for (name, storage) in corpus() {
        let before = markdown(&storage);
        if before.matches(WORD).count() != 1 {
            wrong.push(format!("{name}: the word is not shown once\n{before}"));
            continue;
        }
        for other in ["wombat", "two words", "a&b<c", "Größe"] {
            let expected = storage.replace(WORD, &other.replace('&', "&amp;").replace('<', "&lt;"));
            // In CDATA nothing is escaped.
            let raw = storage.replace(WORD, other);
            match replace(&storage, &before.replace(WORD, other)) {
                Ok(edited) if edited.storage == expected || edited.storage == raw => {}
                other => wrong.push(format!("{name}: {other:?}\n  {storage}\n{before}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn whatever_stands_around_a_new_paragraph_keeps_its_bytes() {
    let mut wrong = Vec::new();
    for (name, storage) in corpus() {
        let before = markdown(&storage);
        let first = replace(&storage, &format!("New one.\n\n{before}")).map(|edited| edited.storage);
        let last = replace(&storage, &format!("{before}\nNew one.\n")).map(|edited| edited.storage);
        for result in [first, last] {
            match result {
                Ok(result) if result.replacen("<p>New one.</p>", "", 1) == storage => {}
                other => wrong.push(format!("{name}: {other:?}\n  {storage}\n{before}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn to_delete_a_marker_is_refused_and_lists_its_element() {
    let mut markers = 0;
    for (name, storage) in corpus() {
        let viewed = view(&storage).unwrap();
        for marker in &viewed.markers {
            let without: Vec<&str> = viewed
                .markdown
                .split('\n')
                .filter(|line| !line.contains(&format!("?{})", marker.id)))
                .collect();
            let without = without.join("\n");
            match replace(&storage, &without) {
                Err(Refused::Loss(losses)) => {
                    let listed = losses.iter().any(|loss| loss.id.as_ref() == Some(&marker.id));
                    assert!(listed, "{name}: {losses:?} lacks {marker:?}");
                }
                other => panic!("{name}: {marker:?}: {other:?}"),
            }
            let allowed = edit(&storage, Change::Replace(&without), EditOptions { allow_loss: true });
            assert_well_formed_page(&allowed.unwrap().storage);
            markers += 1;
        }
    }
    assert!(markers > 50, "{markers}");
}

#[test]
fn a_marker_that_moves_moves_its_element() {
    let status = "<ac:structured-macro ac:name=\"status\" ac:macro-id=\"1\"><ac:parameter ac:name=\"title\">OK</ac:parameter></ac:structured-macro>";
    let base = format!("<p local-id=\"a\">one {status} two</p><p local-id=\"b\">three</p>");
    let result = edited(&base, |markdown| {
        let marker = markdown.split("one ").nth(1).unwrap().split(" two").next().unwrap().to_owned();
        markdown.replace(&format!("{marker} "), "").replace("three", &format!("three {marker}"))
    });
    assert_eq!(result, format!("<p local-id=\"a\">one two</p><p local-id=\"b\">three {status}</p>"));
}

#[test]
fn a_marker_that_is_doubled_doubles_its_element() {
    let jira = "<ac:structured-macro ac:name=\"jira\" ac:macro-id=\"1\"><ac:parameter ac:name=\"key\">R-1</ac:parameter></ac:structured-macro>";
    let base = format!("<p>{jira}</p><p>end</p>");
    let result = edited(&base, |markdown| format!("{markdown}\nAgain {}", markdown.replace("\n\nend", "")));
    assert_eq!(result, format!("<p>{jira}</p><p>end</p><p>Again {jira}</p>"));
}

#[test]
fn an_element_around_blocks_moves_with_what_is_in_it() {
    let expand = |word: &str| {
        format!(
            "<ac:structured-macro ac:name=\"expand\" ac:macro-id=\"x\"><ac:parameter ac:name=\"title\">T</ac:parameter>\
             <ac:rich-text-body><p local-id=\"i\">{word}</p></ac:rich-text-body></ac:structured-macro>"
        )
    };
    let base = format!("{}<p local-id=\"a\">last</p>", expand("inside"));
    let result = edited(&base, |markdown| {
        let markdown = markdown.replace("inside", "outside");
        let (body, last) = markdown.rsplit_once("\n\nlast").unwrap();
        format!("last\n\n{body}\n{last}")
    });
    assert_eq!(result, format!("<p local-id=\"a\">last</p>{}", expand("outside")));
}

#[test]
fn a_marker_of_another_page_is_an_error_that_names_it() {
    let refused = replace("<p>a</p>", "a [macro: jira: X](confluence:macro/jira?abcdef)").unwrap_err();
    assert_eq!(refused, Refused::UnknownMarkers(vec!["macro/jira?abcdef".to_owned()]));
}

#[test]
fn a_link_with_the_address_of_a_marker_does_not_hinder_an_edit() {
    let base = "<p><a href=\"confluence:macro/jira?abcdef\">a</a> word</p>";
    assert_eq!(edited(base, |markdown| markdown.replace("word", "other")), base.replace("word", "other"));
}

#[test]
fn a_begin_without_its_end_is_an_error_that_names_it() {
    let base = "<ac:layout><ac:layout-section ac:type=\"single\"><ac:layout-cell><p>a</p></ac:layout-cell></ac:layout-section></ac:layout>";
    let markdown = markdown(base);
    let broken: Vec<&str> = markdown.split("\n\n").filter(|line| !line.starts_with("[/column]")).collect();
    assert!(
        matches!(replace(base, &broken.join("\n\n")), Err(Refused::UnpairedMarkers(names)) if names.len() == 1)
    );
}

#[test]
fn formatting_a_word_keeps_the_rest() {
    let base = "<p local-id=\"a\">one&nbsp;two <span style=\"color: red;\">three</span> &rsquo;four</p>";
    assert_eq!(
        edited(base, |markdown| markdown.replace("four", "**four**")),
        base.replace("four", "<strong>four</strong>")
    );
    assert_eq!(
        edited(base, |markdown| markdown.replace("three", "3 and 4")),
        base.replace("three", "3 and 4")
    );
    assert_eq!(edited(base, |markdown| format!("so {markdown}")), base.replace("one", "so one"));
    assert_eq!(
        edited(base, |markdown| markdown.replace(" ’four", " [link](https://e.org) ’four")),
        base.replace(" &rsquo;", " <a href=\"https://e.org\">link</a> &rsquo;")
    );
}

#[test]
fn a_colour_that_would_go_is_refused() {
    let base = "<p>a <span style=\"color: red;\">red</span> word</p>";
    assert_eq!(loss(base, "a word"), ["element: span"]);
    assert_eq!(loss(base, "a red word"), ["element: span"]);
}

#[test]
fn an_unseen_element_that_would_go_is_refused() {
    let base = "<p>a <ac:inline-comment-marker ac:ref=\"1\"><a href=\"https://e.org/\">b</a></ac:inline-comment-marker> c</p>";
    assert_eq!(loss(base, "a c"), ["element: ac:inline-comment-marker"]);
}

#[test]
fn rows_items_and_tasks_come_and_go() {
    let table = "<table data-layout=\"wide\"><colgroup><col/><col/></colgroup><tbody><tr local-id=\"1\"><th><p>a</p></th><th><p>b</p></th></tr>\
                 <tr local-id=\"2\"><td><p>c</p></td><td/></tr><tr><td>e</td><td>f</td></tr></tbody></table>";
    assert_eq!(
        edited(table, |markdown| markdown.replace("| e | f |", "| x | y |\n| e | f |")),
        table.replace("<tr><td>e", "<tr><td>x</td><td>y</td></tr><tr><td>e")
    );
    assert_eq!(
        edited(table, |markdown| markdown.replace("| c |  |\n", "")),
        table.replace("<tr local-id=\"2\"><td><p>c</p></td><td/></tr>", "")
    );
    assert_eq!(
        edited(table, |markdown| markdown.replace("| f |", "|  |")),
        table.replace("<td>f</td>", "<td></td>")
    );
    let list = "<ul local-id=\"u\"><li local-id=\"1\"><p>one</p></li><li local-id=\"2\"><p>two</p></li></ul>";
    assert_eq!(
        edited(list, |markdown| format!("{markdown}- three\n")),
        list.replace("</ul>", "<li><p>three</p></li></ul>")
    );
    assert_eq!(
        edited(list, |markdown| markdown.replace("- one\n", "")),
        list.replace("<li local-id=\"1\"><p>one</p></li>", "")
    );
    let tasks = "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>a</ac:task-body></ac:task></ac:task-list>";
    assert_eq!(
        edited(tasks, |markdown| markdown.replace("[ ]", "[x]")),
        tasks.replace("incomplete", "complete")
    );
}

#[test]
fn an_empty_cell_can_be_filled() {
    for cell in ["<td></td>", "<td><p></p></td>", "<td local-id=\"x\"><p local-id=\"y\"></p></td>"] {
        let table =
            format!("<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td>{cell}</tr></tbody></table>");
        let inner = cell.find("</").unwrap();
        let filled = format!("{}new{}", &cell[..inner], &cell[inner..]);
        assert_eq!(
            edited(&table, |markdown| markdown.replace("| c |  |", "| c | new |")),
            table.replace(cell, &filled)
        );
    }
}

#[test]
fn levels_kinds_and_languages_change_in_place() {
    let base = "<h2 local-id=\"1\">Head</h2>";
    assert_eq!(edited(base, |markdown| format!("#{markdown}")), "<h3 local-id=\"1\">Head</h3>");
    let panel = "<ac:structured-macro ac:name=\"info\" ac:macro-id=\"1\"><ac:rich-text-body><p local-id=\"2\">a</p></ac:rich-text-body></ac:structured-macro>";
    assert_eq!(
        edited(panel, |markdown| markdown.replace("NOTE", "WARNING")),
        panel.replace("\"info\"", "\"warning\"")
    );
    let code = "<ac:structured-macro ac:name=\"code\" ac:macro-id=\"1\"><ac:parameter ac:name=\"theme\">x</ac:parameter><ac:parameter ac:name=\"language\">c</ac:parameter><ac:plain-text-body><![CDATA[a]]></ac:plain-text-body></ac:structured-macro>";
    assert_eq!(
        edited(code, |markdown| markdown.replace("```c\n", "```rust\n")),
        code.replace(">c<", ">rust<")
    );
    let list = "<ul local-id=\"1\"><li local-id=\"2\">a</li></ul>";
    assert_eq!(
        edited(list, |markdown| markdown.replace("- a", "4. a")),
        "<ol local-id=\"1\" start=\"4\"><li local-id=\"2\">a</li></ol>"
    );
}

#[test]
fn a_section_is_replaced_up_to_the_next_heading_of_its_level() {
    let base = "<h1>A</h1><p>a</p><h2>B</h2><p local-id=\"1\">b</p><h3>C</h3><p>c</p><h2 local-id=\"2\">D</h2><p>d</p>";
    let section = |heading| edit(base, Change::Section { heading, markdown: "new" }, EditOptions::default());
    assert_eq!(
        section("B").unwrap().storage,
        "<h1>A</h1><p>a</p><h2>B</h2><p local-id=\"1\">new</p><h2 local-id=\"2\">D</h2><p>d</p>"
    );
    assert_eq!(section("D").unwrap().storage, base.replace("<p>d</p>", "<p>new</p>"));
    let headings = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
    assert_eq!(section("X").unwrap_err(), Refused::Heading(headings));
}

#[test]
fn blocks_are_put_above_and_below() {
    let base = "<!-- c --><p local-id=\"1\">a&nbsp;</p>";
    let change = |change| edit(base, change, EditOptions::default()).unwrap().storage;
    assert_eq!(change(Change::Append("b")), format!("{base}<p>b</p>"));
    assert_eq!(change(Change::Prepend("b")), base.replace("<p local", "<p>b</p><p local"));
}

#[test]
fn columns_come_and_go() {
    let table = "<table ac:local-id=\"t\"><tbody><tr><th><p>a</p></th><th><p>b</p></th></tr><tr local-id=\"r\"><td><p>c</p></td><td><p>d</p></td></tr></tbody></table>";
    let wide = edited(table, |_| "| a | b | x |\n| --- | --- | --- |\n| c | d | y |\n".to_owned());
    assert_eq!(
        wide,
        table.replace("b</p></th>", "b</p></th><th>x</th>").replace("d</p></td>", "d</p></td><td>y</td>")
    );
    let narrow = edited(table, |_| "| b |\n| --- |\n| d |\n".to_owned());
    assert_eq!(narrow, table.replace("<th><p>a</p></th>", "").replace("<td><p>c</p></td>", ""));
}

#[test]
fn the_text_of_a_layout_is_edited_where_it_stands() {
    let base = "<ac:layout><ac:layout-section ac:type=\"two_equal\"><ac:layout-cell><p>left</p></ac:layout-cell>\
                <ac:layout-cell></ac:layout-cell></ac:layout-section></ac:layout>";
    let result = edited(base, |markdown| {
        let (before, after) = markdown.rsplit_once("[column]").unwrap();
        let (marker, rest) = after.split_once("\n\n").unwrap();
        format!("{before}[column]{marker}\n\nright\n\n{rest}")
    });
    assert_eq!(result, base.replace("<ac:layout-cell></", "<ac:layout-cell><p>right</p></"));
}
