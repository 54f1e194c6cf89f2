//! `compare-versions`: what changed between two versions, as a unified diff of their Markdown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::excerpt::{Cut, Excerpt, Place};
use super::super::input::VersionOut;
use super::super::target::Target;
use super::super::{Effect, Template, body, input};
use crate::confluence::client::Client;
use crate::confluence::model::Content;
use crate::confluence::paths::{Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE};
use crate::content::LineDiff;
use crate::platform::{Failure, FailureKind};

/// Lines around each change.
const DEFAULT_CONTEXT: u8 = 3;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "compare-versions",
    title: "Compare versions",
    summary: "Shows what changed between two versions of a page or a blog post, as a unified diff of their Markdown.",
    input_schema: schema!("compare_versions.input.json"),
    output_schema: schema!("compare_versions.output.json"),
    scopes: &[READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[
        ("id", "Of which page? Give its id."),
        ("from", "From which version?"),
        ("to", "To which version?"),
    ],
    utterances: &[
        "What changed in the page",
        "Compare two versions of the page",
        "Show the last change of the page",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ],
    run,
};

#[derive(Deserialize)]
struct Input {
    from: Option<u32>,
    to: Option<u32>,
    #[serde(default = "default_context")]
    context: u8,
}

fn default_context() -> u8 {
    DEFAULT_CONTEXT
}

#[derive(Serialize)]
struct Output {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    from: SideOut,
    to: SideOut,
    same: bool,
    added: usize,
    removed: usize,
    #[serde(flatten)]
    cut: Cut,
    diff: String,
}

#[derive(Serialize)]
struct SideOut {
    title: String,
    version: VersionOut,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let excerpt: Excerpt = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let (first, last) = match excerpt.begin()? {
        Some(Place { versions: [from, to], .. }) => (Some(from), Some(to)),
        None => (input.from, input.to),
    };
    if first == Some(0) || last == Some(0) {
        return Err(input::invalid("versions are counted from 1"));
    }
    let found = target.find(client)?;
    let (kind, to) = found.attempt(|kind| version(client, kind, &found.id, last))?;
    let from = match (first, number(&to)?) {
        (None, 0 | 1) => {
            return Err(Failure::invalid_input(
                "no-earlier-version",
                "There is nothing before the first version.",
            )
            .hint("Give two versions as `from` and `to`."));
        }
        (None, number) => number - 1,
        (Some(from), _) => from,
    };
    let from = version(client, kind, &found.id, Some(from))?;
    let old = markdown(&from)?;
    let new = markdown(&to)?;
    let lines = LineDiff::new(&old, &new);
    let mut text = lines.unified(usize::from(input.context));
    if !text.is_empty() {
        let label = |content: &Content, number: u32| format!("{} (version {number})", content.title);
        text = format!("--- {}\n+++ {}\n{text}", label(&from, number(&from)?), label(&to, number(&to)?));
    }
    let same = old == new && from.title == to.title;
    let (diff, cut) = excerpt.of([number(&from)?, number(&to)?], text)?;
    input::write(&Output {
        id: found.id.to_string(),
        kind: kind.word(),
        same,
        added: lines.added(),
        removed: lines.removed(),
        cut,
        diff,
        from: side(from)?,
        to: side(to)?,
    })
}

fn version(client: &Client<'_>, kind: Kind, id: &Id, number: Option<u32>) -> Result<Content, Failure> {
    let call = client.content_call(kind, id, "storage");
    let call = match number {
        Some(number) => call
            .query("version", number.to_string())
            .about(format!("version {number} of {} {id}", kind.noun()), "content-not-found"),
        None => call,
    };
    client.read_content(&call.answer()?)
}

fn number(content: &Content) -> Result<u32, Failure> {
    let number = content.version.as_ref().map(|version| version.number);
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| unreadable(content))
}

fn markdown(content: &Content) -> Result<String, Failure> {
    let storage = content.body.as_deref().ok_or_else(|| unreadable(content))?;
    body::markdown(storage, &format!("content {}", content.id))
}

fn unreadable(content: &Content) -> Failure {
    Failure::new(
        FailureKind::Upstream,
        "unreadable-answer",
        format!("Confluence's answer about content {} has no body or no version.", content.id),
    )
}

fn side(content: Content) -> Result<SideOut, Failure> {
    let Some(version) = content.version.clone() else { return Err(unreadable(&content)) };
    Ok(SideOut { title: content.title, version: version.into() })
}
