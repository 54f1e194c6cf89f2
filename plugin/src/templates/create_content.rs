//! `create-content`: a page or a blog post, published or as a draft.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{self, Written};
use super::input::{self, SpaceOut, Type};
use super::{Effect, Template, space, target};
use crate::confluence::client::{Client, body_json};
use crate::confluence::paths::{self, Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_SPACE, WRITE_PAGE};
use crate::platform::Failure;

pub(super) const TEMPLATE: Template = Template {
    id: "create-content",
    title: "Create content",
    summary: "Creates a page or a blog post in a space, from Markdown or another format.",
    input_schema: schema!("create_content.input.json"),
    output_schema: schema!("create_content.output.json"),
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
    requests: &[requests::SPACE, requests::CREATE],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type", default = "page")]
    kind: Type,
    space: String,
    title: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    format: Written,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    root: bool,
    #[serde(default)]
    live: bool,
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
    let input: Input = input::read(&input)?;
    let kind = Kind::from(input.kind);
    // All that can be said without a request is said before the first one.
    let title = title(&input)?;
    let parent = parent(client, &input)?;
    let body = body::sent(input.format, &input.body)?;
    let space = space::resolve(client, &input.space)?;

    let mut content = Map::new();
    content.insert("spaceId".to_owned(), space.id.as_str().into());
    let status = if input.status == Status::Draft { "draft" } else { "current" };
    content.insert("status".to_owned(), status.into());
    if let Some(title) = title {
        content.insert("title".to_owned(), title.into());
    }
    if let Some(parent) = &parent {
        content.insert("parentId".to_owned(), parent.as_str().into());
    }
    if input.live {
        content.insert("subtype".to_owned(), "live".into());
    }
    content.insert("body".to_owned(), body_json(&body));

    let mut call = client.post(paths::contents(kind), &Value::Object(content));
    if input.private {
        call = call.query("private", "true");
    }
    if input.root {
        call = call.query("root-level", "true");
    }
    let place = match &parent {
        Some(parent) => format!("space {} with a parent {parent}", space.label()),
        None => format!("space {}", space.label()),
    };
    let answer = call
        .about(place, "not-found-or-not-permitted")
        .not_repeatable(where_to_look(title, space.label()))
        .answer()
        .map_err(|failure| if input.private { with_hint_for_private(failure) } else { failure })?;
    let created = client.read_content(&answer)?;
    input::write(&Output {
        id: created.id.to_string(),
        kind: kind.word(),
        status: created.status,
        title: created.title,
        space: space.into(),
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

fn parent(client: &Client<'_>, input: &Input) -> Result<Option<Id>, Failure> {
    if input.kind == Type::BlogPost {
        if input.parent.is_some() {
            return Err(Failure::invalid_input("parent-not-allowed", "A blog post has no parent.")
                .hint("Leave `parent` out, or create a page."));
        }
        if input.root || input.live {
            return Err(Failure::invalid_input("page-only", "`root` and `live` are for pages only.")
                .hint("Leave them out, or create a page."));
        }
    }
    match &input.parent {
        Some(_) if input.root => {
            Err(Failure::invalid_input("parent-not-allowed", "A page at the top of its space has no parent.")
                .hint("Give either `parent` or `root`."))
        }
        Some(parent) => target::parent_id(client, "parent", parent).map(Some),
        None => Ok(None),
    }
}

fn where_to_look(title: Option<&str>, space: &str) -> String {
    match title {
        Some(title) => {
            format!("Look whether the title {title:?} is in the space {space}, with `view-content`.")
        }
        None => format!("Look among your drafts in the space {space}."),
    }
}

/// Confluence was seen to answer 404 for private content where the same content may be created for all.
fn with_hint_for_private(failure: Failure) -> Failure {
    match failure.upstream_status {
        Some(404) => failure.hint(
            "Private content may need more than content for all does: the permission to restrict pages in this \
             space, and the scope write:content.restriction:confluence. Try it without `private`.",
        ),
        _ => failure,
    }
}
