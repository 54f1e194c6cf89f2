//! `list-ancestors`: the way from the top of the space down to a page.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::super::target::Name;
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::{id, text};
use crate::confluence::paging::LARGEST_PAGE;
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
struct Output {
    page: String,
    count: usize,
    ancestors: Vec<AncestorOut>,
}

#[derive(Serialize)]
struct AncestorOut {
    id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let page = name.find_page(client)?.id;
    let mut ancestors: Vec<AncestorOut> = Vec::new();
    let mut seen = BTreeSet::from([page.to_string()]);
    let mut below = page.clone();
    loop {
        let above = above(client, &below)?;
        let is_full = above.len() >= LARGEST_PAGE as usize;
        let top = above.first().and_then(|ancestor| Id::parse(&ancestor.id));
        ancestors.splice(0..0, above);
        // There is no cursor: what is above the uppermost one is asked for in the same way.
        match top.filter(|top| is_full && seen.insert(top.to_string())) {
            Some(top) => below = top,
            None => break,
        }
    }
    input::write(&Output { page: page.to_string(), count: ancestors.len(), ancestors })
}

fn above(client: &Client<'_>, page: &Id) -> Result<Vec<AncestorOut>, Failure> {
    let answer = client
        .get(paths::of_content(Kind::Page, page, "ancestors"))
        .query("limit", LARGEST_PAGE.to_string())
        .about(format!("page {page}"), "content-not-found")
        .answer()?;
    let ancestor = |value: &Value| {
        let id = id(value, "id").ok_or_else(|| answer.unreadable("a result has no id"))?;
        Ok(AncestorOut { id: id.to_string(), kind: text(value, "type") })
    };
    answer.results()?.iter().map(ancestor).collect()
}
