//! `list-pages`: the pages of a space, all of them or up to a limit.

use serde::Deserialize;
use serde_json::Value;

use super::content_list::{self, Filter};
use super::input;
use super::listing::Range;
use super::{Effect, Template};
use crate::confluence::client::Client;
use crate::confluence::paths::Kind;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::platform::{Failure, Parameter};

pub(super) const TEMPLATE: Template = Template {
    id: "list-pages",
    title: "List pages",
    summary: "Lists the pages of a space, following every page of results.",
    input_schema: schema!("list_pages.input.json"),
    output_schema: schema!("list_pages.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("space", "Of which space? Give its key, such as DOCS.")],
    utterances: &[
        "List the pages of a Confluence space",
        "Which pages are in the space DOCS",
        "Show all pages of the wiki",
    ],
    requests: &[requests::SPACE, requests::PAGES],
    run,
};

#[derive(Deserialize)]
struct Input {
    space: String,
    #[serde(default)]
    depth: Depth,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Depth {
    #[default]
    All,
    Root,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let filter: Filter = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let depth = match input.depth {
        Depth::All => None,
        Depth::Root => Some(Parameter::new("depth", "root")),
    };
    content_list::of_space(client, (Kind::Page, &input.space), depth, &filter, &range)
}
