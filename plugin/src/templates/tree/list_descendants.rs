//! `list-descendants`: everything below a page, down to a depth.

use serde::Deserialize;
use serde_json::Value;

use super::super::listing::Range;
use super::super::target::Name;
use super::super::{Effect, Template, input};
use super::below;
use crate::confluence::client::Client;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_HIERARCHY, READ_PAGE, READ_SPACE};
use crate::platform::{Failure, Parameter};

/// Confluence goes no deeper, and beyond it leaves out without a word.
const DEEPEST: u8 = 10;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-descendants",
    title: "List descendants",
    summary: "Lists everything below a page, down to ten levels.",
    input_schema: schema!("list_descendants.input.json"),
    output_schema: schema!("list_descendants.output.json"),
    scopes: &[READ_HIERARCHY, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Below which page? Give its id.")],
    utterances: &[
        "List all pages below this page",
        "Show the whole tree below a page",
        "List the descendants of a page",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::DESCENDANTS],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type")]
    kind: Option<String>,
    depth: Option<u8>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    range.check()?;
    let depth = input.depth.unwrap_or(DEEPEST);
    if !(1..=DEEPEST).contains(&depth) {
        return Err(Failure::invalid_input(
            "depth-out-of-range",
            format!("The depth is {depth}; Confluence takes 1 to {DEEPEST}."),
        )
        .hint("List the descendants of the deepest pages to go deeper."));
    }
    let kind = input.kind.as_deref().map(|kind| input::line("type", kind)).transpose()?;
    let page = name.find_page(client)?;
    let depth = vec![Parameter::new("depth", depth.to_string())];
    below(client, (&page.id, "descendants"), depth, kind, &range)
}
