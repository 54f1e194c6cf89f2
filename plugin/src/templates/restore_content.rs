//! `restore-content`: out of the trash, or back to what an earlier version said.

use serde::Deserialize;
use serde_json::Value;

use super::replacement::{Replacement, body_of, next_number, status_of};
use super::target::Target;
use super::{Effect, Template, input, outcome};
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "restore-content",
    title: "Restore content",
    summary: "Brings a page or a blog post back from the trash, or brings back what an earlier version of it said.",
    input_schema: schema!("restore_content.input.json"),
    output_schema: schema!("restore_content.output.json"),
    scopes: &[READ_PAGE, WRITE_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: false,
    prompts: &[("id", "Which page or blog post? Give its id.")],
    utterances: &[
        "Restore a page from the trash",
        "Undelete the blog post",
        "Go back to version 3 of the page",
        "Undo the last change of the page",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ, requests::REPLACE],
    run,
};

#[derive(Deserialize)]
struct Input {
    version: Option<u32>,
    message: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    if input.version == Some(0) {
        return Err(input::invalid("versions are counted from 1"));
    }
    let message = input.message.as_deref().map(|message| input::line("message", message)).transpose()?;
    let found = target.find(client)?;
    let (kind, stored) = found.attempt(|kind| {
        let call = client.content_call(kind, &found.id, "storage");
        let call = if input.version.is_none() { call.query("status", "trashed") } else { call };
        client.read_content(&call.answer()?)
    })?;
    let status = if input.version.is_none() { "current" } else { status_of(&stored, kind)? };
    let next = next_number(&stored);
    let earlier = match input.version {
        None => None,
        Some(version) if u64::from(version) + 1 >= next => {
            return Err(Failure::invalid_input(
                "no-earlier-version",
                format!("The current version is {}; only an earlier one can be restored.", next - 1),
            ));
        }
        Some(version) => {
            let call = client.content_call(kind, &found.id, "storage").query("version", version.to_string());
            Some(client.read_content(&call.answer()?)?)
        }
    };
    let source = earlier.as_ref().unwrap_or(&stored);
    let restored = Replacement {
        id: &found.id,
        title: &source.title,
        status,
        body: &body_of(source)?,
        number: next,
        message,
        parent: None,
    }
    .send(client, kind)?;
    outcome::content(kind, restored)
}
