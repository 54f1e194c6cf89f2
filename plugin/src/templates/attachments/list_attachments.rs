//! `list-attachments`: the files attached to a page or a blog post.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::listing::Range;
use super::super::target::Target;
use super::super::{Effect, Template, input, part};
use crate::confluence::client::Client;
use crate::confluence::model::{Version, absolute, text};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_ATTACHMENT, READ_PAGE, READ_SPACE};
use crate::platform::{Failure, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "list-attachments",
    title: "List attachments",
    summary: "Lists the files attached to a page or a blog post.",
    input_schema: schema!("list_attachments.input.json"),
    output_schema: schema!("list_attachments.output.json"),
    scopes: &[READ_ATTACHMENT, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("id", "Of which page? Give its id.")],
    utterances: &["List the attachments of the page", "Which files are attached", "Show the files of a page"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::ATTACHMENTS],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    file_name: Option<String>,
    media_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AttachmentOut {
    id: String,
    file_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let range: Range = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let name = input.file_name.as_deref().map(|name| input::line("file-name", name)).transpose()?;
    let media_type = input.media_type.as_deref().map(|kind| input::line("media-type", kind)).transpose()?;
    let query = [("filename", name), ("mediaType", media_type)];
    let list = part::List {
        part: "attachments",
        query: query.into_iter().filter_map(|(field, text)| Some(Parameter::new(field, text?))).collect(),
        noun: "attachment",
        filtered: name.is_some(),
    };
    list.give(client, (&target, &range), |value, base| {
        let attachment = attachment(value, base)?;
        Ok(name.is_none_or(|name| attachment.file_name == name).then_some(attachment))
    })
}

fn attachment(value: &Value, base: Option<&str>) -> Result<AttachmentOut, &'static str> {
    Ok(AttachmentOut {
        id: text(value, "id").ok_or("a result has no id")?,
        file_name: text(value, "title").ok_or("a result has no file name")?,
        media_type: text(value, "mediaType"),
        size: value.get("fileSize").and_then(Value::as_u64),
        status: text(value, "status"),
        comment: text(value, "comment").filter(|comment| !comment.is_empty()),
        version: value.get("version").and_then(Version::read).map(|version| version.number),
        created: text(value, "createdAt"),
        url: text(value, "webuiLink").and_then(|link| absolute(base, &link)),
    })
}
