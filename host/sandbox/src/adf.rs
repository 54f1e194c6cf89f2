//! Atlassian's document format: is a document one that an editor could have made?
//!
//! Checked are the kinds of nodes and marks, and that blocks and the contents of lines do not stand in for each
//! other; not every rule of Atlassian's schema.

use serde_json::Value;

/// What stands in a line.
const INLINE: &[&str] = &[
    "text",
    "hardBreak",
    "mention",
    "emoji",
    "inlineCard",
    "date",
    "status",
    "placeholder",
    "inlineExtension",
    "mediaInline",
];
/// Blocks that hold lines.
const LINES: &[&str] = &["paragraph", "heading", "codeBlock", "taskItem", "decisionItem", "caption"];
/// Blocks that hold blocks, or nothing.
const BLOCKS: &[&str] = &[
    "blockquote",
    "bulletList",
    "orderedList",
    "listItem",
    "rule",
    "panel",
    "table",
    "tableRow",
    "tableHeader",
    "tableCell",
    "mediaSingle",
    "mediaGroup",
    "media",
    "taskList",
    "blockTaskItem",
    "decisionList",
    "expand",
    "nestedExpand",
    "layoutSection",
    "layoutColumn",
    "blockCard",
    "embedCard",
    "extension",
    "bodiedExtension",
    "syncBlock",
    "bodiedSyncBlock",
];
const MARKS: &[&str] = &[
    "strong",
    "em",
    "strike",
    "code",
    "underline",
    "link",
    "subsup",
    "textColor",
    "backgroundColor",
    "annotation",
    "alignment",
    "indentation",
    "breakout",
    "border",
    "dataConsumer",
    "fragment",
];

/// Checks a whole document.
pub(crate) fn is_valid(document: &Value) -> bool {
    let root = kind(document) == Some("doc") && document.get("version").and_then(Value::as_u64) == Some(1);
    root && document.get("content").and_then(Value::as_array).is_some_and(|nodes| nodes.iter().all(is_block))
}

fn kind(node: &Value) -> Option<&str> {
    node.get("type").and_then(Value::as_str)
}

/// The content of a node, which is an array where it is there.
fn content(node: &Value, each: fn(&Value) -> bool) -> bool {
    match node.get("content") {
        None => true,
        Some(Value::Array(nodes)) => nodes.iter().all(each),
        Some(_) => false,
    }
}

fn is_block(node: &Value) -> bool {
    let marked = node.get("marks").is_none_or(are_marks);
    match kind(node) {
        Some(kind) if LINES.contains(&kind) => marked && content(node, is_inline),
        Some(kind) if BLOCKS.contains(&kind) => marked && content(node, is_block),
        _ => false,
    }
}

fn is_inline(node: &Value) -> bool {
    let marked = node.get("marks").is_none_or(are_marks);
    match kind(node) {
        Some("text") => {
            marked && node.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
        }
        Some(kind) => marked && INLINE.contains(&kind),
        None => false,
    }
}

fn are_marks(marks: &Value) -> bool {
    let known = |mark: &Value| kind(mark).is_some_and(|kind| MARKS.contains(&kind));
    marks.as_array().is_some_and(|marks| marks.iter().all(known))
}
