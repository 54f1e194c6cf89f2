//! `view-content`: one page or blog post with its body, by id or by space and title.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{self, SpaceOut, Type};
use super::{Effect, Template, space};
use crate::confluence::client::Client;
use crate::confluence::model::{Content, Space};
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::{Id, Kind};
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::content;
use crate::platform::{Failure, FailureKind, Parameter};

pub(super) const TEMPLATE: Template = Template {
    id: "view-content",
    title: "View content",
    summary: "Shows a page or a blog post with its body, as Markdown, storage format or HTML.",
    input_schema: include_str!("view_content.input.json"),
    output_schema: include_str!("view_content.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[
        ("space", "In which space is it? Give the space's key, such as DOCS."),
        ("title", "What is its title?"),
    ],
    utterances: &[
        "Show a Confluence page",
        "View content in Confluence",
        "Read the page Release notes",
        "What does the wiki say",
        "Open a blog post in Confluence",
    ],
    run,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<String>,
    space: Option<String>,
    title: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    draft: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Markdown,
    Storage,
    View,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Storage => "storage",
            Self::View => "view",
        }
    }

    /// What Confluence is asked for. It has no Markdown.
    fn representation(self) -> &'static str {
        match self {
            Self::Markdown | Self::Storage => "storage",
            Self::View => "view",
        }
    }
}

#[derive(Serialize)]
struct Output {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<SpaceOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    version: VersionOut,
    body: BodyOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct VersionOut {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
}

#[derive(Serialize)]
struct BodyOut {
    format: &'static str,
    value: String,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(input)?;
    let kinds = match input.kind {
        Some(kind) => vec![Kind::from(kind)],
        // Most content is pages, so most calls need one request.
        None => vec![Kind::Page, Kind::BlogPost],
    };
    match (&input.id, &input.space, &input.title) {
        (Some(id), None, None) => {
            let (kind, found) = by_id(client, &kinds, &Id::from_input("id", id)?, &input)?;
            output(kind, found, None, input.format)
        }
        (None, Some(space), Some(title)) => {
            let title = input::title(title)?;
            let space = space::resolve(client, space)?;
            let (kind, id) = by_title(client, &kinds, &space, title)?;
            let found = client.content(kind, &id, input.format.representation(), input.draft)?;
            output(kind, found, Some(space), input.format)
        }
        _ => Err(Failure::invalid_input(
            "invalid-input",
            "Content is named either by `id` alone, or by `space` and `title` together.",
        )),
    }
}

fn by_id(client: &Client<'_>, kinds: &[Kind], id: &Id, input: &Input) -> Result<(Kind, Content), Failure> {
    let mut last = None;
    for kind in kinds {
        match client.content(*kind, id, input.format.representation(), input.draft) {
            Ok(found) => return Ok((*kind, found)),
            Err(failure) if failure.upstream_status == Some(404) => last = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    let missing = not_found(kinds, &format!("with the id {id}"));
    let mut missing = match last {
        Some(last) => Failure { kind: missing.kind, code: missing.code, message: missing.message, ..last },
        None => missing,
    };
    if !input.draft {
        missing = missing.hint("A draft that was never published is found with `draft` set to true.");
    }
    Err(missing)
}

/// The content with exactly this title. Confluence's filter is only a filter: whether it compares whole
/// titles is not documented, so the results are compared here and followed to the end.
pub(super) fn by_title(
    client: &Client<'_>,
    kinds: &[Kind],
    space: &Space,
    title: &str,
) -> Result<(Kind, Id), Failure> {
    let query = [Parameter::new("title", title), Parameter::new("limit", LARGEST_PAGE.to_string())];
    for kind in kinds {
        let mut found: Option<Content> = None;
        client.walk(*kind, space, &query, &mut |contents, _| {
            for content in contents.into_iter().filter(|content| content.title == title) {
                let is_current = content.status == "current";
                if is_current || found.is_none() {
                    found = Some(content);
                }
                if is_current {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if let Some(found) = found {
            return Ok((*kind, found.id));
        }
    }
    Err(not_found(kinds, &format!("with the title {title:?} in the space {}", space.label()))
        .hint("Titles are compared exactly, with case. An unpublished draft is found by its id only."))
}

fn not_found(kinds: &[Kind], named: &str) -> Failure {
    let nouns: Vec<_> = kinds.iter().map(|kind| kind.noun()).collect();
    Failure::new(
        FailureKind::NotFound,
        "content-not-found",
        format!("There is no {} {named}, or this account has no permission to see it.", nouns.join(" or ")),
    )
}

fn output(kind: Kind, found: Content, space: Option<Space>, format: Format) -> Result<Value, Failure> {
    let (Some(stored), Some(version)) = (found.body, found.version) else {
        return Err(Failure::new(
            FailureKind::Upstream,
            "unreadable-answer",
            format!("Confluence's answer about {} {} has no body or no version.", kind.noun(), found.id),
        ));
    };
    let value = match format {
        Format::Markdown => content::view(&stored).map(|viewed| viewed.markdown).map_err(|error| {
            Failure::new(
                FailureKind::Upstream,
                "body-not-readable",
                format!(
                    "The body of {} {} cannot be turned into Markdown, it is {error}.",
                    kind.noun(),
                    found.id
                ),
            )
            .hint("Ask for the format `storage` or `view`.")
        })?,
        Format::Storage | Format::View => stored,
    };
    let space = match space {
        Some(space) => Some(SpaceOut { id: space.id.to_string(), key: space.key, name: space.name }),
        None => found.space.map(|id| SpaceOut { id: id.to_string(), key: None, name: None }),
    };
    input::write(&Output {
        id: found.id.to_string(),
        kind: kind.word(),
        status: found.status,
        title: found.title,
        space,
        parent: found.parent.map(|id| id.to_string()),
        version: VersionOut { number: version.number, message: version.message, created: version.created },
        body: BodyOut { format: format.word(), value },
        url: found.url,
    })
}
