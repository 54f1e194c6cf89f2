//! `create-content`: a page or a blog post, published or as a draft.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{self, Format, SpaceOut, Type};
use super::{Effect, Template, space};
use crate::confluence::client::{Client, NewContent};
use crate::confluence::paths::{Id, Kind};
use crate::confluence::scopes::{READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "create-content",
    title: "Create content",
    summary: "Creates a page or a blog post in a space, from Markdown, storage format, wiki markup, plain text or an Atlassian document.",
    input_schema: include_str!("create_content.input.json"),
    output_schema: include_str!("create_content.output.json"),
    scopes: &[WRITE_PAGE, READ_SPACE],
    effect: Effect::Create,
    repeatable: false,
    prompts: &[
        ("type", "Should it be a page or a blog post?"),
        ("space", "In which space? Give its key, such as DOCS."),
        ("title", "What is the title?"),
        ("body", "What should it say? Markdown is welcome."),
    ],
    utterances: &[
        "Create a Confluence page",
        "Create content in Confluence",
        "Write a blog post in Confluence",
        "Add a page to the space DOCS",
        "Put this into the wiki",
    ],
    run,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(rename = "type", default = "page")]
    kind: Type,
    space: String,
    title: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    status: Status,
}

fn page() -> Type {
    Type::Page
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Current,
    Draft,
}

#[derive(Serialize)]
struct Output {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: String,
    title: String,
    space: SpaceOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(input)?;
    let kind = Kind::from(input.kind);
    // All that can be said without a request is said before the first one.
    let title = title(&input)?;
    let parent = parent(&input)?;
    let body = input::body(input.format, &input.body)?;
    let space = space::resolve(client, &input.space)?;
    let created = client.create(&NewContent {
        kind,
        space: &space,
        parent: parent.as_ref(),
        status: match input.status {
            Status::Current => "current",
            Status::Draft => "draft",
        },
        title,
        body: &body,
    })?;
    input::write(&Output {
        id: created.id.to_string(),
        kind: kind.word(),
        status: created.status,
        title: created.title,
        space: SpaceOut { id: space.id.to_string(), key: space.key, name: space.name },
        parent: created.parent.map(|id| id.to_string()),
        version: created.version.map_or(1, |version| version.number),
        created: created.created,
        url: created.url,
    })
}

/// Only a draft may go without a title.
fn title(input: &Input) -> Result<Option<&str>, Failure> {
    match &input.title {
        Some(title) => input::title(title).map(Some),
        None if input.status == Status::Draft => Ok(None),
        None => Err(Failure::invalid_input("title-required", "Published content needs a title.")
            .hint("Give a title, or create a draft.")),
    }
}

fn parent(input: &Input) -> Result<Option<Id>, Failure> {
    match &input.parent {
        Some(_) if input.kind == Type::BlogPost => {
            Err(Failure::invalid_input("parent-not-allowed", "A blog post has no parent.")
                .hint("Leave `parent` out, or create a page."))
        }
        Some(parent) => Id::from_input("parent", parent).map(Some),
        None => Ok(None),
    }
}
