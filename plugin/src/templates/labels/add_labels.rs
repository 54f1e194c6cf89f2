//! `add-labels`: more labels on a page or a blog post.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::target::Target;
use super::super::{Effect, Template, input};
use super::{LabelOut, name};
use crate::confluence::client::Client;
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_LABEL, READ_PAGE, READ_SPACE, WRITE_LABEL};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "add-labels",
    title: "Add labels",
    summary: "Puts labels on a page or a blog post. Those it has stay.",
    input_schema: schema!("add_labels.input.json"),
    output_schema: schema!("add_labels.output.json"),
    scopes: &[READ_LABEL, WRITE_LABEL, READ_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: true,
    prompts: &[("id", "On which page? Give its id."), ("labels", "Which labels?")],
    utterances: &["Add a label to the page", "Label this page", "Tag the Confluence page"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::ADD_LABELS],
    run,
};

#[derive(Deserialize)]
struct Input {
    labels: Vec<String>,
}

#[derive(Serialize)]
struct Output {
    id: String,
    labels: Vec<LabelOut>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    if input.labels.is_empty() {
        return Err(input::invalid("`labels` is empty"));
    }
    let labels = input.labels.iter().map(|label| {
        // Whatever was added under another prefix would be of no use to anybody else.
        name(label).map(|name| json!({"prefix": "global", "name": name}))
    });
    let labels: Vec<Value> = labels.collect::<Result<_, _>>()?;
    let found = target.find(client)?;
    let answer = client
        .post(paths::labels(&found.id), &Value::Array(labels))
        .about(found.label(), "not-found-or-not-permitted")
        .answer()?;
    let labels = answer.results()?.iter().map(LabelOut::read).collect::<Result<_, _>>();
    input::write(&Output {
        id: found.id.to_string(),
        labels: labels.map_err(|lacks| answer.unreadable(lacks))?,
    })
}
