//! `move-content`: a page under another one, or beside another one.

use serde::Deserialize;
use serde_json::Value;

use super::super::replacement::{Replacement, body_of, next_number, status_of};
use super::super::target::{Name, page_id, parent_id};
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::paths::{self, Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "move-content",
    title: "Move content",
    summary: "Moves a page, with everything below it, under another page, or before or after one.",
    input_schema: schema!("move_content.input.json"),
    output_schema: schema!("move_content.output.json"),
    scopes: &[READ_PAGE, WRITE_PAGE, READ_SPACE],
    effect: Effect::Update,
    repeatable: true,
    prompts: &[
        ("id", "Which page should be moved? Give its id."),
        ("parent", "Under which page? Give its id."),
    ],
    utterances: &[
        "Move the page under another page",
        "Move a Confluence page",
        "Put this page before that one",
    ],
    requests: &[
        requests::SPACE,
        requests::PAGES,
        requests::READ_PAGE,
        requests::REPLACE_PAGE,
        requests::MOVE,
    ],
    run,
};

#[derive(Deserialize)]
struct Input {
    parent: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let named = [("parent", &input.parent), ("before", &input.before), ("after", &input.after)];
    let mut places = named.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?)));
    let (Some((field, text)), None) = (places.next(), places.next()) else {
        return Err(input::invalid("where to is said by one of `parent`, `before` and `after`"));
    };
    let target = match field {
        "parent" => parent_id(client, field, text)?,
        _ => page_id(client, field, text)?,
    };
    let page = name.find_page(client)?.id;
    if page == target {
        return Err(Failure::invalid_input("own-parent", "A page cannot be moved to itself."));
    }
    match field {
        "parent" => under(client, &page, &target)?,
        position => {
            let position = if position == "before" { "before" } else { "after" };
            client
                .put(paths::move_beside(&page, position, &target), None)
                .about(format!("page {page}, or no page {target}"), "not-found-or-not-permitted")
                .done()?;
        }
    }
    let mut output = serde_json::Map::new();
    output.insert("id".to_owned(), page.as_str().into());
    output.insert(field.to_owned(), target.as_str().into());
    Ok(Value::Object(output))
}

/// A parent is a part of the page, so the page is replaced by itself with another parent.
fn under(client: &Client<'_>, page: &Id, parent: &Id) -> Result<(), Failure> {
    let stored = client.content(Kind::Page, page, "storage", false)?;
    if stored.parent.as_ref() == Some(parent) {
        return Ok(());
    }
    let moved = Replacement {
        id: page,
        title: &stored.title,
        status: status_of(&stored, Kind::Page)?,
        body: &body_of(&stored)?,
        number: next_number(&stored),
        message: None,
        parent: Some(parent),
    };
    moved.send(client, Kind::Page).map(drop)
}
