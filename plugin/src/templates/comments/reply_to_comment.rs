//! `reply-to-comment`: an answer below a comment.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::body::{self, Written};
use super::super::{Effect, Template, input};
use super::{Name, create};
use crate::confluence::client::{Client, body_json};
use crate::confluence::paths::CommentKind;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_COMMENT, WRITE_COMMENT};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "reply-to-comment",
    title: "Reply to comment",
    summary: "Adds a reply to a comment.",
    input_schema: schema!("reply_to_comment.input.json"),
    output_schema: schema!("reply_to_comment.output.json"),
    scopes: &[READ_COMMENT, WRITE_COMMENT],
    effect: Effect::Create,
    repeatable: false,
    prompts: &[("comment", "To which comment? Give its id."), ("body", "What should the reply say?")],
    utterances: &["Reply to the comment", "Answer a comment in Confluence", "Respond to the remark"],
    requests: &[requests::COMMENT_BY_ID, requests::ADD_COMMENT],
    run,
};

#[derive(Deserialize)]
struct Input {
    body: String,
    #[serde(default)]
    format: Written,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let input: Input = input::read(&input)?;
    if input.body.trim().is_empty() {
        return Err(Failure::invalid_input("body-required", "The reply says nothing.").hint("Give a body."));
    }
    let body = body::sent(input.format, &input.body)?;
    let id = name.id()?;
    // A reply must not be created by trying, so where the kind is not said it is looked up.
    let kind = match name.kind {
        Some(kind) => CommentKind::from(kind),
        None => name.find(client)?.kind,
    };
    let reply = json!({"parentCommentId": id.as_str(), "body": body_json(&body)});
    let look = format!("Look among the replies to the comment {id} with `list-comments`.");
    create(client, kind, &reply, (format!("comment {id}"), look))
}
