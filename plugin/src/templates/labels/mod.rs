//! Labels of pages and blog posts.

pub(super) mod add_labels;
pub(super) mod list_labels;
pub(super) mod remove_label;

use serde::Serialize;
use serde_json::Value;

use super::input;
use crate::confluence::model::text;
use crate::platform::Failure;

/// A label.
#[derive(Serialize)]
struct LabelOut {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl LabelOut {
    fn read(value: &Value) -> Result<Self, &'static str> {
        Ok(Self {
            name: text(value, "name").ok_or("a label has no name")?,
            prefix: text(value, "prefix"),
            id: text(value, "id"),
        })
    }
}

/// The name of a label as people may give it: Confluence would read a space as the end of one label and the beginning
/// of another.
fn name(label: &str) -> Result<&str, Failure> {
    let label = input::line("label", label)?;
    if label.chars().any(char::is_whitespace) {
        return Err(Failure::invalid_input("invalid-label", format!("A label is one word: {label:?}."))
            .hint("Join the words with a hyphen, or give several labels."));
    }
    Ok(label)
}
