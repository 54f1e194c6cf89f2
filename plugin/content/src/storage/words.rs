//! The words that a page holds itself, as its readers can select them.
//!
//! What Confluence or a browser shows beside them is none of these: numbers and boxes of lists, the name of a person who
//! is mentioned, the text of an image, what a macro shows. Where such a thing stands between words, they do not touch.

use super::macros;
use super::reader::{is_hidden, is_section};
use super::tree::{Element, Kind, NodeId, Tree};

/// Stands where something is shown that is not of words: Unicode's own character for that.
const OBJECT: char = '\u{FFFC}';

/// What is still to be done, the next of it last. A page can be nested deeper than a stack.
enum Step {
    Enter { id: NodeId, verbatim: bool },
    Leave { own_lines: bool, shows: bool, before: usize },
}

/// The words of a page, those of each block on lines of their own.
pub(super) fn of(tree: &Tree<'_>) -> String {
    let mut words = String::new();
    let mut pending = Vec::new();
    enter(tree.children(None).collect(), false, &mut pending);
    while let Some(step) = pending.pop() {
        match step {
            Step::Enter { id, verbatim } => match tree.kind(id) {
                Some(Kind::Text(text)) if verbatim => words.push_str(text),
                Some(Kind::Text(text)) => collapse(text, &mut words),
                Some(Kind::Element(element)) if element.name == "br" => words.push('\n'),
                Some(Kind::Element(element)) if !is_hidden(element.name) => {
                    let own_lines = has_own_lines(element);
                    if own_lines {
                        words.push('\n');
                    }
                    let shows = element.name.starts_with("ac:") || matches!(element.name, "img" | "time");
                    pending.push(Step::Leave { own_lines, shows, before: words.len() });
                    let verbatim = verbatim || matches!(element.name, "pre" | "ac:plain-text-body");
                    enter(inside(tree, id, element), verbatim, &mut pending);
                }
                _ => {}
            },
            Step::Leave { own_lines, shows, before } => {
                if shows && words.len() == before {
                    words.push(OBJECT);
                }
                if own_lines {
                    words.push('\n');
                }
            }
        }
    }
    words
}

fn enter(nodes: Vec<NodeId>, verbatim: bool, pending: &mut Vec<Step>) {
    pending.extend(nodes.into_iter().rev().map(|id| Step::Enter { id, verbatim }));
}

/// What of an element is shown: of an extension, either its content or what stands in for it.
fn inside(tree: &Tree<'_>, id: NodeId, element: &Element<'_>) -> Vec<NodeId> {
    match element.name {
        "ac:adf-extension" => macros::contents(tree, id),
        _ => tree.children(Some(id)).collect(),
    }
}

fn has_own_lines(element: &Element<'_>) -> bool {
    is_section(element.name)
        || matches!(element.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "hr" | "ac:caption")
        || matches!(
            element.name,
            "ul" | "ol" | "blockquote" | "table" | "ac:task-list" | "ac:plain-text-body"
        )
}

/// Adds text as a browser shows it: every run of white space as one space.
fn collapse(text: &str, words: &mut String) {
    for character in text.chars() {
        match character {
            ' ' | '\t' | '\n' | '\r' if words.ends_with([' ', '\n']) => {}
            ' ' | '\t' | '\n' | '\r' => words.push(' '),
            _ => words.push(character),
        }
    }
}
