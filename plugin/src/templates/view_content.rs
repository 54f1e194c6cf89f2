//! `view-content`: one page or blog post with its body.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::Shown;
use super::excerpt::{Cut, Excerpt, Place};
use super::input::{self, SpaceOut, VersionOut};
use super::items::NodeOut;
use super::target::Target;
use super::{Effect, Template};
use crate::confluence::call::Answer;
use crate::confluence::client::Client;
use crate::confluence::model::{Content, text};
use crate::confluence::paths::{Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::platform::{Failure, FailureKind};

pub(super) const TEMPLATE: Template = Template {
    id: "view-content",
    title: "View content",
    summary: "Shows a page or a blog post with its body, as Markdown, plain text, HTML or in a format of Confluence.",
    input_schema: schema!("view_content.input.json"),
    output_schema: schema!("view_content.output.json"),
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
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ],
    run,
};

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    format: Shown,
    #[serde(default)]
    draft: bool,
    version: Option<u32>,
    #[serde(default)]
    labels: bool,
    #[serde(default)]
    children: bool,
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
    labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<NodeOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct BodyOut {
    format: &'static str,
    value: String,
    #[serde(flatten)]
    cut: Cut,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let excerpt: Excerpt = input::read(&input)?;
    let mut input: Input = input::read(&input)?;
    if input.draft && input.version.is_some() {
        return Err(input::invalid("a draft has no versions: give `draft` or `version`"));
    }
    if input.version == Some(0) {
        return Err(input::invalid("versions are counted from 1"));
    }
    if let Some(Place { versions: [version], .. }) = excerpt.begin()? {
        input.version = Some(version).filter(|_| !input.draft);
    }
    let found = target.find(client)?;
    let (kind, answer) =
        found.attempt(|kind| request(client, kind, &found.id, &input)).map_err(|failure| {
            let is_missing = failure.upstream_status == Some(404) && !input.draft && input.version.is_none();
            if !is_missing {
                return failure;
            }
            failure.hint("A draft that was never published is found with `draft` set to true.")
        })?;
    let content = client.read_content(&answer)?;
    let labels = input.labels.then(|| labels(&answer.json));
    let children = match (input.children, kind) {
        (true, Kind::Page) => Some(children(&answer.json).map_err(|lacks| answer.unreadable(lacks))?),
        (true, Kind::BlogPost) => Some(Vec::new()),
        (false, _) => None,
    };
    let space = found.space.map(SpaceOut::from);
    output(kind, content, (space, labels, children), (input.format, &excerpt))
}

fn request(client: &Client<'_>, kind: Kind, id: &Id, input: &Input) -> Result<Answer, Failure> {
    let mut call = client.content_call(kind, id, input.format.representation());
    if input.draft {
        call = call.query("get-draft", "true");
    }
    if let Some(version) = input.version {
        call = call.query("version", version.to_string());
    }
    if input.labels {
        call = call.query("include-labels", "true");
    }
    if input.children && kind == Kind::Page {
        call = call.query("include-direct-children", "true");
    }
    call.answer()
}

/// What was asked to be included: Confluence gives 50 at most.
fn included<'v>(content: &'v Value, name: &str) -> &'v [Value] {
    let results = content.get(name).and_then(|part| part.get("results")).and_then(Value::as_array);
    results.map(Vec::as_slice).unwrap_or_default()
}

fn labels(content: &Value) -> Vec<String> {
    included(content, "labels").iter().filter_map(|label| text(label, "name")).collect()
}

fn children(content: &Value) -> Result<Vec<NodeOut>, &'static str> {
    let name = if content.get("directChildren").is_some() { "directChildren" } else { "direct-children" };
    included(content, name).iter().map(NodeOut::read).collect()
}

fn output(
    kind: Kind,
    found: Content,
    (space, labels, children): (Option<SpaceOut>, Option<Vec<String>>, Option<Vec<NodeOut>>),
    (format, excerpt): (Shown, &Excerpt),
) -> Result<Value, Failure> {
    let (Some(stored), Some(version)) = (found.body, found.version) else {
        return Err(Failure::new(
            FailureKind::Upstream,
            "unreadable-answer",
            format!("Confluence's answer about {} {} has no body or no version.", kind.noun(), found.id),
        ));
    };
    let whole = format.show(stored, &format!("{} {}", kind.noun(), found.id))?;
    let number = u32::try_from(version.number).unwrap_or(u32::MAX);
    let (value, cut) = excerpt.of([number], whole)?;
    let space =
        space.or_else(|| found.space.map(|id| SpaceOut { id: id.to_string(), key: None, name: None }));
    input::write(&Output {
        id: found.id.to_string(),
        kind: kind.word(),
        status: found.status,
        title: found.title,
        space,
        parent: found.parent.map(|id| id.to_string()),
        version: version.into(),
        body: BodyOut { format: format.word(), value, cut },
        labels,
        children,
        url: found.url,
    })
}
