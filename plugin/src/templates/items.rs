//! Content as it stands in lists.

use serde::Serialize;
use serde_json::Value;

use crate::confluence::model::{Content, id, text};

/// A page or a blog post in a list.
#[derive(Debug, Serialize)]
pub(super) struct ContentOut {
    id: String,
    title: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl From<Content> for ContentOut {
    fn from(content: Content) -> Self {
        Self {
            id: content.id.to_string(),
            title: content.title,
            status: content.status,
            parent: content.parent.map(|id| id.to_string()),
            version: content.version.map(|version| version.number),
            created: content.created,
            url: content.url,
        }
    }
}

/// Something in the tree of a space: a page, a folder, a whiteboard, and what else there may be one day.
#[derive(Debug, Serialize)]
pub(super) struct NodeOut {
    id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
}

impl NodeOut {
    /// Reads one. Its type and its status may be any word.
    pub(super) fn read(value: &Value) -> Result<Self, &'static str> {
        let number = |name: &str| value.get(name).and_then(Value::as_i64);
        Ok(Self {
            id: id(value, "id").ok_or("a result has no id")?.to_string(),
            kind: text(value, "type").ok_or("a result has no type")?,
            title: text(value, "title").unwrap_or_default(),
            status: text(value, "status"),
            parent: id(value, "parentId").map(|id| id.to_string()),
            depth: number("depth").and_then(|depth| depth.try_into().ok()),
            position: number("childPosition"),
        })
    }
}
