//! `delete-comment`: a comment is gone for good.

use serde_json::Value;

use super::super::{Effect, Template, input, outcome};
use super::Name;
use crate::confluence::client::{Client, first_of};
use crate::confluence::paths;
use crate::confluence::requests;
use crate::confluence::scopes::DELETE_COMMENT;
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "delete-comment",
    title: "Delete comment",
    summary: "Deletes a comment for good.",
    input_schema: schema!("delete_comment.input.json"),
    output_schema: schema!("delete_comment.output.json"),
    scopes: &[DELETE_COMMENT],
    effect: Effect::Delete,
    repeatable: false,
    prompts: &[("comment", "Which comment? Give its id.")],
    utterances: &["Delete the comment", "Remove my comment", "Delete a comment in Confluence"],
    requests: &[requests::DELETE_COMMENT],
    run,
};

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let name: Name = input::read(&input)?;
    let id = name.id()?;
    let (kind, ()) = first_of(&name.kinds(), |kind| {
        let call = client.delete(paths::comment(kind, &id));
        call.about(format!("comment {id}"), "not-found-or-not-permitted").done()
    })?;
    outcome::done(id.as_str(), Some(kind.word()), "deleted")
}
