//! `publish-draft`: what was written becomes what everybody reads.

use serde::Deserialize;
use serde_json::Value;

use super::input;
use super::outcome;
use super::replacement::{Replacement, body_of, next_number};
use super::target::Target;
use super::{Effect, Template};
use crate::confluence::client::Client;
use crate::confluence::paths::{Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::platform::{Failure, FailureKind};

pub(super) const TEMPLATE: Template = Template {
    id: "publish-draft",
    title: "Publish draft",
    summary: "Publishes a draft: one that was never published, or the draft of changes to what is published.",
    input_schema: schema!("publish_draft.input.json"),
    output_schema: schema!("publish_draft.output.json"),
    scopes: &[READ_PAGE, WRITE_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: false,
    prompts: &[("id", "Which draft? Give its id.")],
    utterances: &["Publish my draft", "Publish a draft in Confluence", "Make the draft public"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ, requests::REPLACE],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    new_title: Option<String>,
    message: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let new_title = input.new_title.as_deref().map(input::title).transpose()?;
    let message = input.message.as_deref().map(|message| input::line("message", message)).transpose()?;
    let found = target.find(client)?;
    let (kind, draft) = found.attempt(|kind| client.content(kind, &found.id, "storage", true))?;
    if draft.status != "draft" {
        return Err(Failure::new(
            FailureKind::Conflict,
            "no-draft",
            format!("The {} {} has no draft that could be published.", kind.noun(), found.id),
        ));
    }
    let Some(title) = new_title.or(Some(draft.title.as_str()).filter(|title| !title.trim().is_empty()))
    else {
        return Err(Failure::invalid_input(
            "title-required",
            "The draft has no title, and published content needs one.",
        )
        .hint("Give a title as `new-title`."));
    };
    let published = Replacement {
        id: &found.id,
        title,
        status: "current",
        body: &body_of(&draft)?,
        number: number(client, kind, &found.id)?,
        message,
        parent: None,
    }
    .send(client, kind)?;
    outcome::content(kind, published)
}

/// A draft that was never published becomes version 1; one of published content becomes the next version of it.
fn number(client: &Client<'_>, kind: Kind, id: &Id) -> Result<u64, Failure> {
    match client.content(kind, id, "storage", false) {
        Ok(published) if published.status != "draft" => Ok(next_number(&published)),
        Ok(_) => Ok(1),
        Err(failure) if failure.upstream_status == Some(404) => Ok(1),
        Err(failure) => Err(failure),
    }
}
