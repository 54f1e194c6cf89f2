//! `delete-content`: into the trash, out of it for good, or away with a draft.

use serde::Deserialize;
use serde_json::Value;

use super::target::Target;
use super::{Effect, Template, input, outcome};
use crate::confluence::client::Client;
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{DELETE_PAGE, READ_PAGE, READ_SPACE};
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "delete-content",
    title: "Delete content",
    summary: "Moves a page or a blog post to the trash, deletes for good what is in it, or discards a draft.",
    input_schema: schema!("delete_content.input.json"),
    output_schema: schema!("delete_content.output.json"),
    scopes: &[DELETE_PAGE, READ_PAGE, READ_SPACE],
    effect: Effect::Delete,
    repeatable: false,
    prompts: &[("id", "Which page or blog post? Give its id.")],
    utterances: &[
        "Delete a Confluence page",
        "Move the page to the trash",
        "Discard my draft",
        "Remove a blog post from Confluence",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::DELETE],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    purge: bool,
    #[serde(default)]
    draft: bool,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let (parameter, outcome) = match (input.purge, input.draft) {
        (true, true) => {
            return Err(input::invalid("`purge` is for what is in the trash, `draft` for a draft"));
        }
        (true, false) => (Some("purge"), "purged"),
        (false, true) => (Some("draft"), "draft-discarded"),
        (false, false) => (None, "trashed"),
    };
    let found = target.find(client)?;
    let (kind, ()) = found.attempt(|kind| {
        let call = client.delete(paths::content(kind, &found.id));
        let call = parameter.into_iter().fold(call, |call, name| call.query(name, "true"));
        call.about(format!("{} {}", kind.noun(), found.id), "not-found-or-not-permitted").done()
    })?;
    outcome::done_to_content(&found.id, kind, outcome)
}
