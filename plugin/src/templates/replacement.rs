//! Replacing content: Confluence takes a whole page or blog post, never a part of one.

use serde_json::{Map, Value};

use crate::confluence::client::{Client, body_json};
use crate::confluence::model::Content;
use crate::confluence::paths::{Id, Kind};
use crate::content::Body;
use crate::platform::{Failure, FailureKind};

/// Content as it is to be. Its number must be the next one: where somebody else changed it in between,
/// Confluence answers that this is a conflict, and nothing is overwritten.
pub(super) struct Replacement<'a> {
    pub(super) id: &'a Id,
    /// `current` or `draft`.
    pub(super) status: &'static str,
    pub(super) title: &'a str,
    pub(super) body: &'a Body<'a>,
    /// The number of the version that this makes.
    pub(super) number: u64,
    pub(super) message: Option<&'a str>,
    pub(super) parent: Option<&'a Id>,
}

impl Replacement<'_> {
    pub(super) fn send(&self, client: &Client<'_>, kind: Kind) -> Result<Content, Failure> {
        let mut version = Map::new();
        version.insert("number".to_owned(), self.number.into());
        if let Some(message) = self.message {
            version.insert("message".to_owned(), message.into());
        }
        let mut content = Map::new();
        content.insert("id".to_owned(), self.id.as_str().into());
        content.insert("status".to_owned(), self.status.into());
        content.insert("title".to_owned(), self.title.into());
        if let Some(parent) = self.parent {
            content.insert("parentId".to_owned(), parent.as_str().into());
        }
        content.insert("body".to_owned(), body_json(self.body));
        content.insert("version".to_owned(), Value::Object(version));
        client.replace(kind, self.id, &Value::Object(content))
    }
}

/// The body of content that is about to be replaced. Without it nothing may be written: an empty one would take its
/// place.
pub(super) fn body_of(content: &Content) -> Result<Body<'_>, Failure> {
    let stored = content.body.as_deref().map(|value| Body { representation: "storage", value: value.into() });
    stored.ok_or_else(|| {
        Failure::new(
            FailureKind::Upstream,
            "unreadable-answer",
            format!("Confluence's answer about content {} has no body. Nothing was changed.", content.id),
        )
    })
}

/// The status to write. Confluence takes two: to write either brings an archived page back, and a trashed one without
/// a look at the body.
pub(super) fn status_of(content: &Content, kind: Kind) -> Result<&'static str, Failure> {
    match content.status.as_str() {
        "current" => Ok("current"),
        "draft" => Ok("draft"),
        other => Err(Failure::new(
            FailureKind::Conflict,
            "not-editable",
            format!("The {} {} is {other}, which cannot be edited.", kind.noun(), content.id),
        )
        .hint("Bring it back from the trash or the archive first.")),
    }
}

/// The number of the version after this one.
pub(super) fn next_number(content: &Content) -> u64 {
    content.version.as_ref().map_or(1, |version| version.number.saturating_add(1))
}
