//! `update-comment`: a comment that says something else.

use serde::Deserialize;
use serde_json::Value;

use super::super::body::{self, Written};
use super::super::{Effect, Template, input};
use super::Name;
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_COMMENT, WRITE_COMMENT};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "update-comment",
    title: "Update comment",
    summary: "Replaces what a comment says.",
    input_schema: schema!("update_comment.input.json"),
    output_schema: schema!("update_comment.output.json"),
    scopes: &[READ_COMMENT, WRITE_COMMENT],
    effect: Effect::Update,
    repeatable: false,
    prompts: &[("comment", "Which comment? Give its id."), ("body", "What should it say?")],
    utterances: &["Change the comment", "Edit my comment", "Correct a comment in Confluence"],
    requests: &[requests::COMMENT_BY_ID, requests::REPLACE_COMMENT],
    run,
};

#[derive(Deserialize)]
struct Input {
    body: String,
    #[serde(default)]
    format: Written,
    message: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let input: Input = input::read(&input)?;
    if input.body.trim().is_empty() {
        return Err(Failure::invalid_input("body-required", "The comment says nothing.")
            .hint("Give a body, or delete the comment with `delete-comment`."));
    }
    let message = input.message.as_deref().map(|message| input::line("message", message)).transpose()?;
    let body = body::sent(input.format, &input.body)?;
    name.find(client)?.replace(client, &body, (message, None))
}
