//! `list-ancestors`: the way from the top of the space down to a page.

use serde::Serialize;
use serde_json::Value;

use super::super::listing::{self, Range};
use super::super::target::Name;
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::{id, text};
use crate::confluence::paths::{self, Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_METADATA, READ_PAGE, READ_SPACE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-ancestors",
    title: "List ancestors",
    summary: "Lists what is above a page, from the top of its space down to its parent.",
    input_schema: schema!("list_ancestors.input.json"),
    output_schema: schema!("list_ancestors.output.json"),
    scopes: &[READ_METADATA, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Above which page? Give its id.")],
    utterances: &["Where is this page", "List the ancestors of a page", "What is above this page"],
    requests: &[requests::SPACE, requests::PAGES, requests::ANCESTORS],
    run,
};

#[derive(Serialize)]
struct AncestorOut {
    id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let range: Range = input::read(&input)?;
    range.check()?;
    let page = name.find_page(client)?.id;
    // Upwards, so that a limit gives the nearest ones.
    let mut above = range.chain(&page, |page, size| above(client, page, size))?;
    above.items.reverse();
    Ok(listing::output_of(("page", page.as_str().into()), "ancestors", above))
}

/// What is above a page, from its parent upwards. Confluence gives the nearest ones, the uppermost of them first.
fn above(client: &Client<'_>, page: &Id, size: usize) -> Result<Vec<(Id, Value)>, Failure> {
    let answer = client
        .get(paths::of_content(Kind::Page, page, "ancestors"))
        .query("limit", size.to_string())
        .about(format!("page {page}"), "content-not-found")
        .answer()?;
    let ancestor = |value: &Value| {
        let id = id(value, "id").ok_or_else(|| answer.unreadable("a result has no id"))?;
        let out = AncestorOut { id: id.to_string(), kind: text(value, "type") };
        Ok((id, input::write(&out)?))
    };
    answer.results()?.iter().rev().map(ancestor).collect()
}
