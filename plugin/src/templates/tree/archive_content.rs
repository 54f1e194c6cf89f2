//! `archive-content`: a page out of sight, without deleting it.

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::super::target::Name;
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::text;
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_METADATA, READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "archive-content",
    title: "Archive content",
    summary: "Has Confluence archive a page: it leaves the tree and the search, and keeps its title.",
    input_schema: schema!("archive_content.input.json"),
    output_schema: schema!("archive_content.output.json"),
    scopes: &[WRITE_PAGE, READ_METADATA, READ_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: false,
    prompts: &[("id", "Which page should be archived? Give its id.")],
    utterances: &["Archive a Confluence page", "Put the page into the archive", "Archive this page"],
    requests: &[requests::SPACE, requests::PAGES, requests::ARCHIVE],
    run,
};

#[derive(Serialize)]
struct Output {
    id: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let page = name.find_page(client)?.id;
    // Here alone an id travels as a number.
    let number = page.as_str().parse::<u64>().map(Number::from);
    let number = number.map_err(|_| input::invalid(format!("{page} is no id of a page")))?;
    let answer = client
        .post(paths::ARCHIVE, &json!({"pages": [{"id": number}]}))
        .about(format!("page {page}"), "not-found-or-not-permitted")
        .not_repeatable(format!("Look at the status of the page {page} with `view-content`."))
        .answer()?;
    input::write(&Output { id: page.to_string(), outcome: "archiving", task: text(&answer.json, "id") })
}
