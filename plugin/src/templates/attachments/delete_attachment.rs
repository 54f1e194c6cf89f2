//! `delete-attachment`: a file into the trash, or out of it for good.

use serde::Deserialize;
use serde_json::Value;

use super::super::{Effect, Template, input, outcome};
use crate::confluence::client::Client;
use crate::confluence::paths::{self, AttachmentId};
use crate::confluence::requests;
use crate::confluence::scopes::DELETE_ATTACHMENT;
use crate::platform::Failure;

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "delete-attachment",
    title: "Delete attachment",
    summary: "Moves an attached file to the trash, or deletes for good one that is in it.",
    input_schema: schema!("delete_attachment.input.json"),
    output_schema: schema!("delete_attachment.output.json"),
    scopes: &[DELETE_ATTACHMENT],
    effect: Effect::Delete,
    repeatable: false,
    prompts: &[("attachment", "Which attachment? Give its id, such as att123.")],
    utterances: &["Delete the attachment", "Remove a file from the page", "Delete an attached file"],
    requests: &[requests::DELETE_ATTACHMENT],
    run,
};

#[derive(Deserialize)]
struct Input {
    attachment: String,
    #[serde(default)]
    purge: bool,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let input: Input = input::read(&input)?;
    let id = AttachmentId::parse(input.attachment.trim()).ok_or_else(|| {
        Failure::invalid_input(
            "invalid-id",
            format!("This is not the id of an attachment: {:?}.", input.attachment),
        )
        .hint("`list-attachments` gives the ids, such as att123.")
    })?;
    let call = client.delete(paths::attachment(&id));
    let call = if input.purge { call.query("purge", "true") } else { call };
    call.about(format!("attachment {}", id.as_str()), "not-found-or-not-permitted").done()?;
    outcome::done(id.as_str(), None, if input.purge { "purged" } else { "trashed" })
}
