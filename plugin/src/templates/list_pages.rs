//! `list-pages`: the pages of a space, all of them or up to a limit.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{self, SpaceOut};
use super::{Effect, Template, space};
use crate::confluence::client::Client;
use crate::confluence::model::Content;
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::Kind;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::platform::{Failure, Parameter};

pub(super) const TEMPLATE: Template = Template {
    id: "list-pages",
    title: "List pages",
    summary: "Lists the pages of a space, following every page of results.",
    input_schema: include_str!("list_pages.input.json"),
    output_schema: include_str!("list_pages.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("space", "Of which space? Give its key, such as DOCS.")],
    utterances: &[
        "List the pages of a Confluence space",
        "Which pages are in the space DOCS",
        "Show all pages of the wiki",
    ],
    run,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    space: String,
    limit: Option<u64>,
    status: Option<Status>,
    title: Option<String>,
    #[serde(default)]
    depth: Depth,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Current,
    Archived,
    Trashed,
    Deleted,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Depth {
    #[default]
    All,
    Root,
}

#[derive(Serialize)]
struct Output {
    space: SpaceOut,
    count: usize,
    complete: bool,
    pages: Vec<PageOut>,
}

#[derive(Serialize)]
struct PageOut {
    id: String,
    title: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(input)?;
    if input.limit == Some(0) {
        return Err(Failure::invalid_input("limit-too-small", "The limit is 0; the smallest one is 1."));
    }
    let title = input.title.as_deref().map(input::title).transpose()?;
    let most = input.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let space = space::resolve(client, &input.space)?;

    let mut pages: Vec<PageOut> = Vec::new();
    let mut complete = true;
    client.walk(Kind::Page, &space, &query(&input, title), &mut |contents, more| {
        let mut fitting = contents.into_iter().filter(|page| title.is_none_or(|title| page.title == title));
        pages.extend(fitting.by_ref().take(most - pages.len()).map(PageOut::from));
        let enough = pages.len() == most;
        complete = fitting.next().is_none() && !(enough && more);
        report(client, pages.len());
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;

    input::write(&Output {
        space: SpaceOut { id: space.id.to_string(), key: space.key, name: space.name },
        count: pages.len(),
        complete,
        pages,
    })
}

fn report(client: &Client<'_>, count: usize) {
    let noun = if count == 1 { "page" } else { "pages" };
    client.session().progress(count as u64, None, &format!("{count} {noun}"));
}

fn query(input: &Input, title: Option<&str>) -> Vec<Parameter> {
    let mut query = Vec::new();
    if matches!(input.depth, Depth::Root) {
        query.push(Parameter::new("depth", "root"));
    }
    if let Some(status) = input.status {
        let word = match status {
            Status::Current => "current",
            Status::Archived => "archived",
            Status::Trashed => "trashed",
            Status::Deleted => "deleted",
        };
        query.push(Parameter::new("status", word));
    }
    if let Some(title) = title {
        query.push(Parameter::new("title", title));
    }
    // Few are asked for where few are wanted. With a title the results are only candidates, so there every
    // page of results is as large as it can be.
    let wanted = match (input.limit, title) {
        (Some(limit), None) => limit,
        _ => u64::from(LARGEST_PAGE),
    };
    query.push(Parameter::new("limit", wanted.clamp(1, u64::from(LARGEST_PAGE)).to_string()));
    query
}

impl From<Content> for PageOut {
    fn from(page: Content) -> Self {
        Self {
            id: page.id.to_string(),
            title: page.title,
            status: page.status,
            parent: page.parent.map(|id| id.to_string()),
            version: page.version.map(|version| version.number),
            created: page.created,
            url: page.url,
        }
    }
}
