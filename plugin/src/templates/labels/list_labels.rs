//! `list-labels`: the labels of a page or a blog post.

use serde::Deserialize;
use serde_json::Value;

use super::super::listing::Range;
use super::super::target::Target;
use super::super::{Effect, Template, input, part};
use super::LabelOut;
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::platform::{Failure, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-labels",
    title: "List labels",
    summary: "Lists the labels of a page or a blog post.",
    input_schema: schema!("list_labels.input.json"),
    output_schema: schema!("list_labels.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Of which page? Give its id.")],
    utterances: &["List the labels of the page", "Which labels has this page", "Show the tags of a page"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::LABELS],
    run,
};

#[derive(Deserialize)]
struct Input {
    prefix: Option<Prefix>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Prefix {
    Global,
    My,
    Team,
    System,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let prefix = input.prefix.map(|prefix| {
        let word = match prefix {
            Prefix::Global => "global",
            Prefix::My => "my",
            Prefix::Team => "team",
            Prefix::System => "system",
        };
        Parameter::new("prefix", word)
    });
    let list =
        part::List { part: "labels", query: prefix.into_iter().collect(), noun: "label", filtered: false };
    list.give(client, (&target, &range), |value, _| LabelOut::read(value).map(Some))
}
