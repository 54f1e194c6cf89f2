//! `add-comment`: below a page or a blog post, or on a part of its text.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::body::{self, Written};
use super::super::target::Target;
use super::super::{Effect, Template, input};
use super::create;
use crate::confluence::client::{Client, body_json};
use crate::confluence::model::Content;
use crate::confluence::paths::{CommentKind, Kind};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_PAGE, READ_SPACE, WRITE_COMMENT};
use crate::platform::{Failure, FailureKind};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "add-comment",
    title: "Add comment",
    summary: "Adds a comment below a page or a blog post, or on a part of its text.",
    input_schema: schema!("add_comment.input.json"),
    output_schema: schema!("add_comment.output.json"),
    scopes: &[WRITE_COMMENT, READ_PAGE, READ_SPACE],
    effect: Effect::Create,
    repeatable: false,
    prompts: &[("id", "On which page? Give its id."), ("body", "What should the comment say?")],
    utterances: &["Comment on the page", "Add a comment in Confluence", "Leave a remark on this sentence"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::READ, requests::ADD_COMMENT],
    run,
};

#[derive(Deserialize)]
struct Input {
    body: String,
    #[serde(default)]
    format: Written,
    selection: Option<String>,
    occurrence: Option<u32>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    if input.body.trim().is_empty() {
        return Err(Failure::invalid_input("body-required", "The comment says nothing.").hint("Give a body."));
    }
    let selection = input.selection.as_deref().map(|text| input::line("selection", text)).transpose()?;
    if input.occurrence == Some(0) || (input.occurrence.is_some() && selection.is_none()) {
        return Err(input::invalid("`occurrence` counts the places of `selection`, from 1"));
    }
    let body = body::sent(input.format, &input.body)?;
    let found = target.find(client)?;
    // The kind of the content is a part of the request, and a comment must not be created by trying.
    let (kind, content) = found.attempt(|kind| client.content(kind, &found.id, "storage", false))?;
    let owner = match kind {
        Kind::Page => "pageId",
        Kind::BlogPost => "blogPostId",
    };
    let mut comment = json!({owner: found.id.as_str(), "body": body_json(&body)});
    let mut comments = CommentKind::Footer;
    if let (Some(selection), Some(comment)) = (selection, comment.as_object_mut()) {
        comments = CommentKind::Inline;
        let place = place(&content, selection, input.occurrence.unwrap_or(1))?;
        comment.insert("inlineCommentProperties".to_owned(), place);
    }
    let on = format!("{} {}", kind.noun(), found.id);
    let look = format!("Look among the comments of the {on} with `list-comments`.");
    create(client, comments, &comment, (on, look))
}

/// Which place in the text is meant: Confluence wants to know how often the words are there. They are sent as the page
/// has them, which may be with spaces that do not break: these look like all others.
fn place(content: &Content, selection: &str, occurrence: u32) -> Result<Value, Failure> {
    let storage = content.body.as_deref().unwrap_or_default();
    let text = body::words(storage, &format!("content {}", content.id))?;
    let places = places(&text, selection);
    let index = usize::try_from(occurrence).unwrap_or(usize::MAX).saturating_sub(1);
    let Some(meant) = places.get(index) else {
        let count = places.len();
        return Err(Failure::new(
            FailureKind::InvalidInput,
            "selection-not-found",
            format!(
                "The words {selection:?} are in the text {count} times; place {occurrence} is not there."
            ),
        )
        .hint("Give words exactly as the page shows them, within one paragraph."));
    };
    let same = |places: &[&str]| places.iter().filter(|place| *place == meant).count();
    Ok(json!({
        "textSelection": meant,
        "textSelectionMatchCount": same(&places),
        "textSelectionMatchIndex": same(places.get(..index).unwrap_or_default()),
    }))
}

/// The places of the words in a text, one behind the other.
fn places<'t>(text: &'t str, words: &str) -> Vec<&'t str> {
    let mut places = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let place = rest.get(..beginning(rest, words)).filter(|place| !place.is_empty());
        places.extend(place);
        let first = || rest.chars().next().map_or(0, char::len_utf8);
        rest = rest.get(place.map_or_else(first, str::len)..).unwrap_or_default();
    }
    places
}

/// How much of a text is the words, if it begins with them.
fn beginning(text: &str, words: &str) -> usize {
    let breaking = |each| if each == '\u{A0}' { ' ' } else { each };
    let mut rest = text.chars();
    let begins = words.chars().all(|word| rest.next().map(breaking) == Some(breaking(word)));
    if begins { text.len() - rest.as_str().len() } else { 0 }
}
