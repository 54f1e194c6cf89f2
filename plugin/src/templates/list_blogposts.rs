//! `list-blogposts`: the blog posts of a space, all of them or up to a limit.

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
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "list-blogposts",
    title: "List blog posts",
    summary: "Lists the blog posts of a space, following every page of results.",
    input_schema: schema!("list_blogposts.input.json"),
    output_schema: schema!("list_blogposts.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("space", "Of which space? Give its key, such as DOCS.")],
    utterances: &[
        "List the blog posts of a Confluence space",
        "What was posted in the space DOCS",
        "Show the latest blog posts",
    ],
    requests: &[requests::SPACE, requests::BLOGPOSTS],
    run,
};

#[derive(Deserialize)]
struct Input {
    space: String,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let filter: Filter = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    content_list::of_space(client, (Kind::BlogPost, &input.space), None, &filter, &range)
}
