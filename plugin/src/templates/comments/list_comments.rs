//! `list-comments`: the comments of a page or a blog post, or the replies to one.

use serde::Deserialize;
use serde_json::Value;

use super::super::body::Shown;
use super::super::input::{self, CommentType};
use super::super::listing::{self, Range};
use super::super::target::Target;
use super::super::{Effect, Template};
use super::{CommentOut, read};
use crate::confluence::client::Client;
use crate::confluence::paths::{self, CommentKind, Id, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_COMMENT, READ_PAGE, READ_SPACE};
use crate::confluence::walk::List;
use crate::platform::{Failure, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-comments",
    title: "List comments",
    summary: "Lists the comments of a page or a blog post with what they say, or the replies to a comment.",
    input_schema: schema!("list_comments.input.json"),
    output_schema: schema!("list_comments.output.json"),
    scopes: &[READ_COMMENT, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Of which page? Give its id.")],
    utterances: &["List the comments of the page", "What did people comment", "Show the open comments"],
    requests: &[
        requests::SPACE,
        requests::PAGES,
        requests::BLOGPOSTS,
        requests::COMMENTS,
        requests::COMMENT_BY_ID,
        requests::REPLIES,
    ],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    replies_to: Option<String>,
    kind: Option<CommentType>,
    resolution: Option<Resolution>,
    #[serde(default)]
    format: Format,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Resolution {
    Open,
    Reopened,
    Resolved,
    Dangling,
}

impl Resolution {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reopened => "reopened",
            Self::Resolved => "resolved",
            Self::Dangling => "dangling",
        }
    }
}

/// Lists of comments come as storage format or as Atlassian documents only.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Markdown,
    Storage,
    Adf,
    Plain,
}

impl From<Format> for Shown {
    fn from(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown,
            Format::Storage => Self::Storage,
            Format::Adf => Self::Adf,
            Format::Plain => Self::Plain,
        }
    }
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    range.check()?;
    let kinds = match (input.kind, input.resolution) {
        (Some(CommentType::Footer), Some(_)) => {
            return Err(input::invalid("only comments on a part of the text are resolved"));
        }
        (Some(kind), _) => vec![CommentKind::from(kind)],
        (None, Some(_)) => vec![CommentKind::Inline],
        (None, None) => vec![CommentKind::Footer, CommentKind::Inline],
    };
    match &input.replies_to {
        None => {
            let found = target.find(client)?;
            let (_, output) =
                found.attempt(|kind| of_content(client, (kind, &found.id), &kinds, (&input, &range)))?;
            Ok(output)
        }
        Some(_) if target.is_given() => {
            Err(input::invalid("`replies-to` names a comment, so no content is named beside it"))
        }
        Some(comment) => {
            let id = Id::from_input("replies-to", comment.trim())?;
            let kind = read(client, &id, &kinds)?.kind;
            let path = paths::replies(kind, &id);
            give(client, vec![(kind, path)], ("replies-to", &id, format!("comment {id}")), (&input, &range))
        }
    }
}

fn of_content(
    client: &Client<'_>,
    (kind, id): (Kind, &Id),
    kinds: &[CommentKind],
    how: (&Input, &Range),
) -> Result<Value, Failure> {
    let paths = kinds.iter().map(|comments| (*comments, paths::of_content(kind, id, comments.collection())));
    give(client, paths.collect(), ("id", id, format!("{} {id}", kind.noun())), how)
}

fn give(
    client: &Client<'_>,
    paths: Vec<(CommentKind, String)>,
    (owner, id, subject): (&str, &Id, String),
    (input, range): (&Input, &Range),
) -> Result<Value, Failure> {
    let format = Shown::from(input.format);
    let kinds: Vec<_> = paths.iter().map(|(kind, _)| *kind).collect();
    let lists = paths.into_iter().map(|(_, path)| {
        let mut query = vec![Parameter::new("body-format", format.representation())];
        query.extend(input.resolution.map(|status| Parameter::new("resolution-status", status.word())));
        List { path, query, subject: subject.clone(), not_found: "content-not-found" }
    });
    let listed = range.list(client, lists.collect(), ("comment", false), |list, value, base| {
        let kind = kinds.get(list).copied().unwrap_or(CommentKind::Footer);
        CommentOut::read(kind, value, (Some(format), base)).map(Some)
    })?;
    Ok(listing::output_of((owner, id.as_str().into()), "comments", listed))
}
