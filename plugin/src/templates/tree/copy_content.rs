//! `copy-content`: a copy of a page, elsewhere or under another title.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::target::{Name, page_id};
use super::super::{Effect, Template, input, space};
use crate::confluence::client::Client;
use crate::confluence::model::{address, id, text};
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_DETAILS, READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "copy-content",
    title: "Copy content",
    summary: "Copies one page under another page or to the top of a space, without the pages below it.",
    input_schema: schema!("copy_content.input.json"),
    output_schema: schema!("copy_content.output.json"),
    scopes: &[WRITE_PAGE, READ_DETAILS, READ_PAGE, READ_SPACE],
    effect: Effect::Create,
    repeatable: false,
    prompts: &[
        ("id", "Which page should be copied? Give its id."),
        ("to-parent", "Under which page? Give its id."),
        ("new-title", "What is the title of the copy?"),
    ],
    utterances: &[
        "Copy a Confluence page",
        "Duplicate the page",
        "Make a copy of this page in another space",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::COPY],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    to_parent: Option<String>,
    to_space: Option<String>,
    new_title: Option<String>,
    #[serde(default)]
    attachments: bool,
    #[serde(default)]
    labels: bool,
    #[serde(default)]
    permissions: bool,
    #[serde(default)]
    properties: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Output {
    id: String,
    title: String,
    copied_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let title = input.new_title.as_deref().map(input::title).transpose()?;
    let parent = input.to_parent.as_deref().map(|parent| page_id(client, "to-parent", parent)).transpose()?;
    let space = input.to_space.as_deref().map(space::checked).transpose()?;
    if parent.is_some() == space.is_some() {
        return Err(input::invalid("where to is said by one of `to-parent` and `to-space`"));
    }
    let page = name.find_page(client)?.id;
    let (destination, value) = match (parent, space) {
        (Some(parent), _) => ("parent_page", parent.to_string()),
        (None, space) => ("space", space::key(client, "to-space", space.unwrap_or_default())?),
    };
    let mut copy = Map::new();
    copy.insert("copyAttachments".to_owned(), input.attachments.into());
    copy.insert("copyLabels".to_owned(), input.labels.into());
    copy.insert("copyPermissions".to_owned(), input.permissions.into());
    copy.insert("copyProperties".to_owned(), input.properties.into());
    copy.insert("destination".to_owned(), json!({"type": destination, "value": value}));
    if let Some(title) = title {
        copy.insert("pageTitle".to_owned(), title.into());
    }
    let answer = client
        .post(paths::copy(&page), &Value::Object(copy))
        .about(
            format!("page {page}, or no {} {value}", destination.replace('_', " ")),
            "not-found-or-not-permitted",
        )
        .not_repeatable(format!(
            "Look whether the copy is there: in the {} {value}.",
            destination.replace('_', " ")
        ))
        .answer()?;
    let copied = id(&answer.json, "id").ok_or_else(|| answer.unreadable("it has no id"))?;
    input::write(&Output {
        id: copied.to_string(),
        title: text(&answer.json, "title").or(title.map(ToOwned::to_owned)).unwrap_or_default(),
        copied_from: page.to_string(),
        url: address(&answer.json, client.base().as_deref()),
    })
}
