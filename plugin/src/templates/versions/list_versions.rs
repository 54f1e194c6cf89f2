//! `list-versions`: what became of a page or a blog post, the latest first.

use serde_json::Value;

use super::super::input::VersionOut;
use super::super::listing::Range;
use super::super::target::Target;
use super::super::{Effect, Template, input, part};
use crate::confluence::client::Client;
use crate::confluence::model::Version;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-versions",
    title: "List versions",
    summary: "Lists the versions of a page or a blog post: when each was made, by whom, and what was said of it.",
    input_schema: schema!("list_versions.input.json"),
    output_schema: schema!("list_versions.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Of which page? Give its id.")],
    utterances: &["List the versions of the page", "Show the history of a page", "Who changed this page"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::VERSIONS],
    run,
};

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let list = part::List { part: "versions", query: Vec::new(), noun: "version", filtered: false };
    list.give(client, (&target, &range), |value, _| {
        Version::read(value).map(|version| Some(VersionOut::from(version))).ok_or("a version has no number")
    })
}
