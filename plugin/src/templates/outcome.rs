//! What templates that change content say of it afterwards.

use serde::Serialize;
use serde_json::Value;

use super::input;
use crate::confluence::model::Content;
use crate::confluence::paths::{Id, Kind};
use crate::platform::Failure;

#[derive(Serialize)]
struct ContentOut {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Content as it is after a change.
pub(super) fn content(kind: Kind, content: Content) -> Result<Value, Failure> {
    input::write(&ContentOut {
        id: content.id.to_string(),
        kind: kind.word(),
        status: content.status,
        title: content.title,
        parent: content.parent.map(|id| id.to_string()),
        version: content.version.map(|version| version.number),
        url: content.url,
    })
}

#[derive(Serialize)]
struct Done<'a> {
    id: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    outcome: &'static str,
}

/// What became of something that cannot be shown any more.
pub(super) fn done(id: &str, kind: Option<&'static str>, outcome: &'static str) -> Result<Value, Failure> {
    input::write(&Done { id, kind, outcome })
}

/// What became of content.
pub(super) fn done_to_content(id: &Id, kind: Kind, outcome: &'static str) -> Result<Value, Failure> {
    done(id.as_str(), Some(kind.word()), outcome)
}
