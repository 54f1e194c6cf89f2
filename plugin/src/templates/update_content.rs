//! `update-content`: changes title, body or place of a page or blog post.
//!
//! Two requests: the present version is read, and the next one is written. An edit in Markdown is put into the present
//! version, so that what Markdown cannot say stays; what would go all the same is listed, and nothing is written. Where
//! somebody else was faster nothing is written either, and nothing is tried again.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{self, Written};
use super::input::{self, Type};
use super::replacement::{Replacement, status_of};
use super::target::{Name, parent_id};
use super::{Effect, Template};
use crate::confluence::client::Client;
use crate::confluence::paths::{Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_PAGE};
use crate::content::{self, Body, Change, EditOptions, Loss, Refused};
use crate::platform::{Failure, FailureKind};

/// How many lost elements or headings a failure names.
const MOST_NAMED: usize = 20;

pub(super) const TEMPLATE: Template = Template {
    id: "update-content",
    title: "Update content",
    summary: "Changes the title, the body or the place of a page or a blog post, without losing what Markdown cannot say.",
    input_schema: schema!("update_content.input.json"),
    output_schema: schema!("update_content.output.json"),
    scopes: &[READ_PAGE, WRITE_PAGE, READ_SPACE],
    effect: Effect::Update,
    // A second `append` adds the body a second time, and with `expected-version` a repeat is refused.
    repeatable: false,
    prompts: &[
        ("id", "Which page? Give its id, as in its address after /pages/."),
        ("body", "What should it say? Markdown is welcome."),
    ],
    utterances: &[
        "Change a Confluence page",
        "Update content in Confluence",
        "Add this to the page Release notes",
        "Rewrite the section Known issues",
        "Rename a page in Confluence",
    ],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ, requests::REPLACE],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    id: Option<String>,
    url: Option<String>,
    space: Option<String>,
    page: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    title: Option<String>,
    body: Option<String>,
    #[serde(default)]
    format: Written,
    #[serde(default)]
    mode: Mode,
    section: Option<String>,
    parent: Option<String>,
    expected_version: Option<u64>,
    message: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    allow_loss: bool,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Replace,
    Append,
    Prepend,
    ReplaceSection,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Output {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    updated: bool,
    previous_version: u64,
    version: u64,
    restored: usize,
    lost: Vec<LostOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct LostOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    what: String,
}

/// What the input says, checked as far as it can be without a request.
struct Wish<'a> {
    /// What it may be, the likeliest first.
    kinds: Vec<Kind>,
    title: Option<&'a str>,
    parent: Option<Id>,
    message: Option<&'a str>,
    /// Nothing if the body stays, or is Markdown.
    given: Option<Body<'a>>,
}

/// The next body.
struct Next<'a> {
    body: Body<'a>,
    restored: usize,
    lost: Vec<Loss>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(&input)?;
    let wish = wish(client, &input)?;
    let named = name(&input).find(client, wish.kinds.clone())?;
    let id = &named.id;
    let (kind, found) = named.attempt(|kind| client.content(kind, id, "storage", input.draft))?;
    // Without a draft Confluence gives what is published, and to write that would publish the edit.
    if input.draft && found.status != "draft" {
        return Err(Failure::new(
            FailureKind::Conflict,
            "no-draft",
            format!("The {} {id} has no draft that could be changed.", kind.noun()),
        )
        .hint("Leave `draft` out to change what is published."));
    }
    let (Some(stored), Some(version)) = (found.body.as_deref(), &found.version) else {
        return Err(Failure::new(
            FailureKind::Upstream,
            "unreadable-answer",
            format!("Confluence's answer about {} {id} has no body or no version.", kind.noun()),
        ));
    };
    let status = status_of(&found, kind)?;
    let previous = version.number;
    expected(input.expected_version, previous, kind, id)?;
    let next = next(&input, &wish, stored)?;
    let title = wish.title.unwrap_or(&found.title);
    let number = if status == "draft" { 1 } else { previous.saturating_add(1) };
    let moves = wish.parent.as_ref().is_some_and(|parent| found.parent.as_ref() != Some(parent));
    let same = next.body.representation == "storage" && next.body.value == stored;
    let lost: Vec<LostOut> =
        next.lost.iter().map(|loss| LostOut { id: loss.id.clone(), what: loss.what.clone() }).collect();
    let mut output = Output {
        id: id.to_string(),
        kind: kind.word(),
        status: found.status.clone(),
        title: title.to_owned(),
        parent: wish.parent.as_ref().or(found.parent.as_ref()).map(ToString::to_string),
        updated: false,
        previous_version: previous,
        version: number,
        restored: next.restored,
        lost,
        diff: None,
        url: found.url.clone(),
    };
    if input.dry_run {
        output.diff = Some(diff(input.format, stored, &next.body));
        return input::write(&output);
    }
    if same && !moves && title == found.title {
        output.version = previous;
        return input::write(&output);
    }
    let updated = Replacement {
        id,
        status,
        title,
        parent: wish.parent.as_ref(),
        body: &next.body,
        number,
        message: wish.message,
    }
    .send(client, kind)?;
    output.updated = true;
    output.version = updated.version.map_or(number, |version| version.number);
    output.status = updated.status;
    output.title = updated.title;
    output.url = updated.url.or(output.url);
    input::write(&output)
}

/// All that can be said without a request is said before the first one.
fn wish<'a>(client: &Client<'_>, input: &'a Input) -> Result<Wish<'a>, Failure> {
    let invalid = |message: &str| Err(Failure::invalid_input("invalid-input", message));
    if input.body.is_none() && input.title.is_none() && input.parent.is_none() {
        return invalid("Nothing is to change: there is no `title`, no `body` and no `parent`.");
    }
    if input.body.is_none() && input.mode != Mode::Replace {
        return invalid("There is no `body` to put into the page.");
    }
    if (input.mode == Mode::ReplaceSection) != input.section.is_some() {
        return invalid(
            "`section` names the heading for the mode `replace-section`, and goes with no other.",
        );
    }
    if input.mode == Mode::ReplaceSection && input.format != Written::Markdown {
        return invalid("What replaces a section is given as Markdown.");
    }
    if matches!(input.format, Written::Adf | Written::Wiki) && input.mode != Mode::Replace {
        return invalid("An Atlassian document and wiki markup can only replace the whole body.");
    }
    let kinds = match (input.kind, &input.parent) {
        (Some(Type::BlogPost), Some(_)) => {
            return Err(Failure::invalid_input("parent-not-allowed", "A blog post has no parent."));
        }
        (Some(kind), _) => vec![kind.into()],
        (None, Some(_)) => vec![Kind::Page],
        (None, None) => vec![Kind::Page, Kind::BlogPost],
    };
    if let Some(section) = &input.section {
        input::line("section", section)?;
    }
    let given = match &input.body {
        Some(body) => {
            let checked = body::sent(input.format, body)?;
            (input.format != Written::Markdown).then_some(checked)
        }
        None => None,
    };
    Ok(Wish {
        kinds,
        title: input.title.as_deref().map(input::title).transpose()?,
        message: input.message.as_deref().map(|message| input::line("message", message)).transpose()?,
        parent: input.parent.as_deref().map(|parent| parent_id(client, "parent", parent)).transpose()?,
        given,
    })
}

fn name(input: &Input) -> Name {
    Name::new((input.id.clone(), input.url.clone()), (input.space.clone(), input.page.clone()))
}

fn expected(expected: Option<u64>, current: u64, kind: Kind, id: &Id) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != current => Err(Failure::new(
            FailureKind::Conflict,
            "version-conflict",
            format!(
                "Somebody else changed the {} {id} in between: it is at version {current}, and version {expected} was expected.",
                kind.noun()
            ),
        )
        .hint("View it again and decide anew. Nothing was changed.")),
        _ => Ok(()),
    }
}

fn next<'a>(input: &'a Input, wish: &Wish<'a>, stored: &'a str) -> Result<Next<'a>, Failure> {
    let storage = |value| Body { representation: "storage", value };
    let plain = |body| Next { body, restored: 0, lost: Vec::new() };
    let Some(text) = input.body.as_deref() else { return Ok(plain(storage(Cow::Borrowed(stored)))) };
    if let Some(given) = &wish.given {
        let value = match input.mode {
            Mode::Append => Cow::Owned(format!("{stored}{}", given.value)),
            Mode::Prepend => Cow::Owned(format!("{}{stored}", given.value)),
            Mode::Replace | Mode::ReplaceSection => given.value.clone(),
        };
        return Ok(plain(Body { representation: given.representation, value }));
    }
    let change = match (input.mode, &input.section) {
        (Mode::Append, _) => Change::Append(text),
        (Mode::Prepend, _) => Change::Prepend(text),
        (Mode::ReplaceSection, Some(heading)) => Change::Section { heading, markdown: text },
        (Mode::Replace | Mode::ReplaceSection, _) => Change::Replace(text),
    };
    let edited =
        content::edit(stored, change, EditOptions { allow_loss: input.allow_loss }).map_err(refused)?;
    Ok(Next { body: storage(Cow::Owned(edited.storage)), restored: edited.restored, lost: edited.lost })
}

/// What is said of an edit that does not fit the page.
fn refused(refused: Refused) -> Failure {
    let named = |names: Vec<String>| {
        let more = names.len().saturating_sub(MOST_NAMED);
        let shown = names.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join("; ");
        if more > 0 { format!("{shown}; and {more} more") } else { shown }
    };
    match refused {
        Refused::Loss(losses) => {
            let names = losses.into_iter().map(|loss| match loss.id {
                Some(id) => format!("{} ({id})", loss.what),
                None => loss.what,
            });
            Failure::invalid_input(
                "would-lose-content",
                format!(
                    "The edit would lose what Markdown has no construct for: {}.",
                    named(names.collect())
                ),
            )
            .hint("Keep their markers where they should stand, or set `allow-loss`.")
        }
        Refused::UnknownMarkers(ids) => Failure::invalid_input(
            "unknown-marker",
            format!("Markers stand for nothing in the present version: {}.", named(ids)),
        )
        .hint("They come from another version or another page. View it again."),
        Refused::UnpairedMarkers(names) => Failure::invalid_input(
            "unpaired-marker",
            format!("The marker of the begin or of the end is missing: {}.", named(names)),
        )
        .hint("What is around blocks has two markers, each in a line of its own."),
        Refused::Heading(headings) => Failure::invalid_input(
            "section-not-found",
            format!("`section` must name one heading of the page. There are: {}.", named(headings)),
        ),
        Refused::Unreadable(error) => {
            Failure::new(FailureKind::Upstream, "body-not-readable", format!("The present body is {error}."))
                .hint("Give the whole body in storage format.")
        }
        other => Failure::invalid_input("edit-not-possible", format!("The edit is not possible: {other}."))
            .hint("Give the whole body in storage format."),
    }
}

/// What a dry run tells.
fn diff(format: Written, stored: &str, next: &Body<'_>) -> String {
    let views = (content::view(stored), content::view(&next.value));
    match (format, views) {
        (Written::Markdown, (Ok(before), Ok(after))) => {
            content::unified_diff(&before.markdown, &after.markdown)
        }
        _ => content::unified_diff(stored, &next.value),
    }
}
