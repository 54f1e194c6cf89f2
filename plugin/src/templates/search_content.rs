//! `search-content`: by plain words and filters, or by a query in Confluence's own language.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::listing::{self, Range};
use super::{Effect, Template, input, space};
use crate::confluence::client::Client;
use crate::confluence::cql;
use crate::confluence::model::{absolute, id, text};
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::{READ_DETAILS, READ_SPACE};
use crate::confluence::walk::List;
use crate::platform::{Failure, Parameter};

pub(super) const TEMPLATE: Template = Template {
    id: "search-content",
    title: "Search content",
    summary: "Finds content by words, space, type, labels, title or date, or by a query in CQL.",
    input_schema: schema!("search_content.input.json"),
    output_schema: schema!("search_content.output.json"),
    scopes: &[READ_DETAILS, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("text", "Which words should be found?")],
    utterances: &[
        "Search Confluence",
        "Find pages about the release",
        "Which pages mention the budget",
        "Search the wiki for onboarding",
    ],
    requests: &[requests::SPACE, requests::SEARCH],
    run,
};

#[derive(Deserialize)]
struct Input {
    cql: Option<String>,
    text: Option<String>,
    space: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    label: Option<String>,
    title: Option<String>,
    since: Option<String>,
}

#[derive(Serialize)]
struct Hit {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    range.check()?;
    let query = query(client, &input)?;
    let list = List {
        path: paths::SEARCH.to_owned(),
        query: vec![
            Parameter::new("cql", query.clone()),
            Parameter::new("excerpt", "indexed"),
            Parameter::new("expand", "content.space"),
        ],
        subject: "search".to_owned(),
        not_found: "search-not-found",
    };
    let listed =
        range.list(client, vec![list], ("result", false), |_, value, base| Ok(Some(hit(value, base))))?;
    Ok(listing::output_of(("cql", query.into()), "results", listed))
}

/// The query: the one that was given, or one of the words and filters.
fn query(client: &Client<'_>, input: &Input) -> Result<String, Failure> {
    let filters = [&input.text, &input.space, &input.kind, &input.label, &input.title, &input.since];
    match &input.cql {
        Some(_) if filters.iter().any(|filter| filter.is_some()) => {
            Err(input::invalid("`cql` stands alone: put the filters into it"))
        }
        Some(query) => input::line("cql", query).map(ToOwned::to_owned),
        None if filters.iter().all(|filter| filter.is_none()) => {
            Err(input::invalid("what is searched for is said by `text`, by a filter or by `cql`"))
        }
        None => conditions(client, input),
    }
}

fn conditions(client: &Client<'_>, input: &Input) -> Result<String, Failure> {
    let mut conditions = vec![match &input.kind {
        Some(kind) => cql::condition("type", "=", input::line("type", kind)?),
        // People mean what they read, not the attachments and comments that mention it.
        None => cql::one_of("type", &["page", "blogpost"]),
    }];
    if let Some(text) = &input.text {
        conditions.push(cql::condition("text", "~", input::line("text", text)?));
    }
    if let Some(title) = &input.title {
        conditions.push(cql::condition("title", "~", input::line("title", title)?));
    }
    if let Some(label) = &input.label {
        conditions.push(cql::condition("label", "=", input::line("label", label)?));
    }
    if let Some(since) = &input.since {
        conditions.push(cql::condition("lastmodified", ">=", date(since)?));
    }
    // Last, since it takes a request.
    if let Some(space) = &input.space {
        conditions.push(cql::condition("space", "=", &space::key(client, "space", space)?));
    }
    Ok(conditions.join(" and "))
}

/// A day, such as `2026-11-21`.
fn date(text: &str) -> Result<&str, Failure> {
    let mut parts = text.split('-').map(|part| (part.len(), part.parse::<u16>()));
    let is_day = matches!(
        (parts.next(), parts.next(), parts.next(), parts.next()),
        (Some((4, Ok(_))), Some((2, Ok(1..=12))), Some((2, Ok(1..=31))), None)
    ) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_day {
        Ok(text)
    } else {
        Err(input::invalid(format!("`since` is no day such as 2026-11-21: {text:?}")))
    }
}

/// One result. What it is of may be anything: content, a space, a user.
fn hit(value: &Value, base: Option<&str>) -> Hit {
    let content = value.get("content").filter(|content| content.is_object());
    let of_content = |name: &str| content.and_then(|content| text(content, name));
    let space = content.and_then(|content| content.get("space")).or_else(|| value.get("space"));
    let container = value.get("resultGlobalContainer").and_then(|container| text(container, "displayUrl"));
    Hit {
        id: content.and_then(|content| id(content, "id")).map(|id| id.to_string()),
        kind: of_content("type").or_else(|| text(value, "entityType")),
        title: text(value, "title").map(unmarked).or_else(|| of_content("title")).unwrap_or_default(),
        status: of_content("status"),
        space: space.and_then(|space| text(space, "key")).or_else(|| container.as_deref().and_then(key_in)),
        excerpt: text(value, "excerpt").map(unmarked).filter(|excerpt| !excerpt.trim().is_empty()),
        changed: text(value, "lastModified"),
        url: text(value, "url").and_then(|url| absolute(base, &url)),
    }
}

/// Without the marks around what was found.
fn unmarked(text: String) -> String {
    text.replace("@@@hl@@@", "").replace("@@@endhl@@@", "")
}

/// The key in `/spaces/DOCS`.
fn key_in(url: &str) -> Option<String> {
    url.strip_prefix("/spaces/")?.split('/').next().map(ToOwned::to_owned)
}
