//! `resolve-comment`: a comment on a part of the text is settled, or not after all.

use serde::Deserialize;
use serde_json::Value;

use super::super::{Effect, Template, input};
use super::{Name, read};
use crate::confluence::client::Client;
use crate::confluence::paths::CommentKind;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_COMMENT, WRITE_COMMENT};
use crate::content::Body;
use crate::platform::{Failure, FailureKind};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "resolve-comment",
    title: "Resolve comment",
    summary: "Marks a comment on a part of the text as resolved, or opens it again.",
    input_schema: schema!("resolve_comment.input.json"),
    output_schema: schema!("resolve_comment.output.json"),
    scopes: &[READ_COMMENT, WRITE_COMMENT],
    effect: Effect::Update,
    repeatable: false,
    prompts: &[("comment", "Which comment? Give its id.")],
    utterances: &["Resolve the comment", "Mark the comment as done", "Reopen the comment"],
    requests: &[requests::COMMENT_BY_ID, requests::REPLACE_COMMENT],
    run,
};

#[derive(Deserialize)]
struct Input {
    comment: String,
    #[serde(default = "yes")]
    resolved: bool,
}

fn yes() -> bool {
    true
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(&input)?;
    let id = Name { comment: input.comment, kind: None }.id()?;
    let stored =
        read(client, &id, &[CommentKind::Inline]).map_err(|failure| match failure.upstream_status {
            Some(404) => {
                failure.hint("Only comments on a part of the text can be resolved, not those below the page.")
            }
            _ => failure,
        })?;
    // The body has to be sent along, or it would be gone.
    let Some(storage) = stored.storage.clone() else {
        return Err(Failure::new(
            FailureKind::Upstream,
            "unreadable-answer",
            format!("Confluence's answer about the comment {id} has no body. Nothing was changed."),
        ));
    };
    let body = Body { representation: "storage", value: storage.into() };
    stored.replace(client, &body, (None, Some(input.resolved)))
}
