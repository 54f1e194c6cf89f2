//! Comments: below content, or on a part of its text.
//!
//! Confluence keeps the two kinds in two places, and an id does not tell which. So a comment that is only named by its
//! id is looked for among those below content first.

pub(super) mod add_comment;
pub(super) mod delete_comment;
pub(super) mod list_comments;
pub(super) mod reply_to_comment;
pub(super) mod resolve_comment;
pub(super) mod update_comment;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::Shown;
use super::input::{self, CommentType};
use crate::confluence::client::{Client, body_json, first_of};
use crate::confluence::model::{Version, address, body, id, text};
use crate::confluence::paths::{self, CommentKind, Id};
use crate::content::Body;
use crate::platform::Failure;

/// The fields that name a comment.
#[derive(Debug, Deserialize)]
struct Name {
    comment: String,
    kind: Option<CommentType>,
}

/// A comment, as far as changing it needs.
struct Stored {
    id: Id,
    kind: CommentKind,
    number: u64,
    storage: Option<String>,
}

impl Name {
    fn id(&self) -> Result<Id, Failure> {
        Id::parse(self.comment.trim()).ok_or_else(|| {
            Failure::invalid_input(
                "invalid-id",
                format!("This is not the id of a comment: {:?}.", self.comment),
            )
            .hint("`list-comments` gives the ids; in an address it stands after `focusedCommentId=`.")
        })
    }

    /// The kinds it may be.
    fn kinds(&self) -> Vec<CommentKind> {
        match self.kind {
            Some(kind) => vec![kind.into()],
            None => vec![CommentKind::Footer, CommentKind::Inline],
        }
    }

    /// Reads the comment.
    fn find(&self, client: &Client<'_>) -> Result<Stored, Failure> {
        read(client, &self.id()?, &self.kinds())
    }
}

/// Reads a comment, of the first kind that has its id.
fn read(client: &Client<'_>, id: &Id, kinds: &[CommentKind]) -> Result<Stored, Failure> {
    let (kind, (number, storage)) = first_of(kinds, |kind| {
        let answer = client
            .get(paths::comment(kind, id))
            .query("body-format", "storage")
            .about(format!("comment {id}"), "comment-not-found")
            .answer()?;
        let version = answer.json.get("version").and_then(Version::read);
        let version = version.ok_or_else(|| answer.unreadable("it has no version"))?;
        Ok((version.number, answer.json.get("body").and_then(body)))
    })?;
    Ok(Stored { id: id.clone(), kind, number, storage })
}

impl Stored {
    /// Replaces the comment. Its number must be the next one, so nobody else's change is overwritten.
    fn replace(
        &self,
        client: &Client<'_>,
        body: &Body<'_>,
        (message, resolved): (Option<&str>, Option<bool>),
    ) -> Result<Value, Failure> {
        let mut comment =
            json!({"version": {"number": self.number.saturating_add(1)}, "body": body_json(body)});
        if let (Some(message), Some(version)) =
            (message, comment.get_mut("version").and_then(Value::as_object_mut))
        {
            version.insert("message".to_owned(), message.into());
        }
        if let (Some(resolved), Some(comment)) = (resolved, comment.as_object_mut()) {
            comment.insert("resolved".to_owned(), resolved.into());
        }
        let answer = client
            .put(paths::comment(self.kind, &self.id), Some(&comment))
            .about(format!("comment {}", self.id), "not-found-or-not-permitted")
            .answer()?;
        let shown = CommentOut::read(self.kind, &answer.json, (None, client.base().as_deref()));
        input::write(&shown.map_err(|lacks| answer.unreadable(&lacks))?)
    }
}

/// Creates a comment of a kind.
fn create(
    client: &Client<'_>,
    kind: CommentKind,
    comment: &Value,
    (on, look): (String, String),
) -> Result<Value, Failure> {
    let answer = client
        .post(paths::comments(kind), comment)
        .about(on, "not-found-or-not-permitted")
        .not_repeatable(look)
        .answer()?;
    let shown = CommentOut::read(kind, &answer.json, (None, client.base().as_deref()));
    input::write(&shown.map_err(|lacks| answer.unreadable(&lacks))?)
}

/// A comment in an output.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CommentOut {
    id: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replies_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Why there is no body in that format. One comment must not hide all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl CommentOut {
    /// Reads a comment, with its body if a format is given.
    fn read(
        kind: CommentKind,
        value: &Value,
        (format, base): (Option<Shown>, Option<&str>),
    ) -> Result<Self, String> {
        let id = id(value, "id").ok_or("a comment has no id")?;
        let version = value.get("version").and_then(Version::read);
        let stored = value.get("body").and_then(body);
        let shown = match (format, stored) {
            (Some(format), Some(stored)) => format.show(stored, &format!("comment {id}")).map(Some),
            _ => Ok(None),
        };
        let (body, trouble) = match shown {
            Ok(body) => (body, None),
            Err(failure) => (None, Some(failure.message)),
        };
        Ok(Self {
            kind: kind.word(),
            status: text(value, "status"),
            replies_to: text(value, "parentCommentId"),
            author: version.as_ref().and_then(|version| version.author.clone()),
            changed: version.as_ref().and_then(|version| version.created.clone()),
            version: version.map(|version| version.number),
            resolution: text(value, "resolutionStatus"),
            selection: value.get("properties").and_then(|about| text(about, "inlineOriginalSelection")),
            body,
            trouble,
            url: address(value, base),
            id: id.to_string(),
        })
    }
}
