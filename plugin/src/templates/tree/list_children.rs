//! `list-children`: what stands directly below a page.

use serde::Deserialize;
use serde_json::Value;

use super::super::listing::Range;
use super::super::target::Name;
use super::super::{Effect, Template, input};
use super::below;
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_HIERARCHY, READ_PAGE, READ_SPACE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-children",
    title: "List children",
    summary: "Lists what stands directly below a page: pages, folders, whiteboards and whatever else there is.",
    input_schema: schema!("list_children.input.json"),
    output_schema: schema!("list_children.output.json"),
    scopes: &[READ_HIERARCHY, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Below which page? Give its id.")],
    utterances: &["List the child pages", "What is below this page", "Show the subpages of Release notes"],
    requests: &[requests::SPACE, requests::PAGES, requests::CHILDREN],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type")]
    kind: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    range.check()?;
    let kind = input.kind.as_deref().map(|kind| input::line("type", kind)).transpose()?;
    let page = name.find_page(client)?;
    below(client, (&page.id, "direct-children"), Vec::new(), kind, &range)
}
