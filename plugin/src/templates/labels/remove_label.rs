//! `remove-label`: one label less on a page or a blog post.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::target::Target;
use super::super::{Effect, Template, input};
use super::name;
use crate::confluence::client::Client;
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_LABEL};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "remove-label",
    title: "Remove label",
    summary: "Takes a label off a page or a blog post.",
    input_schema: schema!("remove_label.input.json"),
    output_schema: schema!("remove_label.output.json"),
    scopes: &[WRITE_LABEL, READ_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: true,
    prompts: &[("id", "From which page? Give its id."), ("label", "Which label?")],
    utterances: &["Remove a label from the page", "Take the label off", "Untag the Confluence page"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::REMOVE_LABEL],
    run,
};

#[derive(Deserialize)]
struct Input {
    label: String,
}

#[derive(Serialize)]
struct Output<'a> {
    id: &'a str,
    removed: &'a str,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let label = name(&input.label)?;
    let found = target.find(client)?;
    client
        .delete(paths::labels(&found.id))
        .query("name", label)
        .about(found.label(), "not-found-or-not-permitted")
        .done()?;
    input::write(&Output { id: found.id.as_str(), removed: label })
}
