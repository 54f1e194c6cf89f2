//! `download-attachment`: an attached file, as a file of the caller's.
//!
//! Its bytes go from where Confluence keeps them to the caller, and none of them come here. Its name was chosen by
//! whoever attached it: it is handed to the host as it is, which makes a name of it that stays in its folder.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::target::Target;
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::{Version, id, text};
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::{self, AttachmentId, Id};
use crate::confluence::requests;
use crate::confluence::scopes::{READ_ATTACHMENT, READ_PAGE, READ_SPACE};
use crate::confluence::walk::List;
use crate::platform::{Failure, FailureKind, Parameter};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "download-attachment",
    title: "Download attachment",
    summary: "Saves a file that is attached to a page or a blog post.",
    input_schema: schema!("download_attachment.input.json"),
    output_schema: schema!("download_attachment.output.json"),
    scopes: &[READ_ATTACHMENT, READ_PAGE, READ_SPACE],
    effect: Effect::Read,
    repeatable: true,
    prompts: &[("attachment", "Which attachment? Give its id, such as att123.")],
    utterances: &["Download the attachment", "Save a file of the page", "Get an attached file"],
    requests: &[
        requests::SPACE,
        requests::PAGES,
        requests::BLOGPOSTS,
        requests::ATTACHMENTS,
        requests::ATTACHMENT_BY_ID,
        requests::DOWNLOAD,
    ],
    run,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    attachment: Option<String>,
    file_name: Option<String>,
    version: Option<u64>,
    save_as: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Downloaded {
    file: String,
    id: String,
    content: String,
    file_name: String,
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// What Confluence says of an attached file.
struct Attached {
    id: AttachmentId,
    content: Id,
    name: String,
    media_type: String,
    version: Option<u64>,
}

impl Attached {
    fn read(value: &Value, content: Option<Id>) -> Result<Self, &'static str> {
        let content = content.or_else(|| {
            ["pageId", "blogPostId", "customContentId"].into_iter().find_map(|field| id(value, field))
        });
        Ok(Self {
            id: text(value, "id").as_deref().and_then(AttachmentId::parse).ok_or("it has no id")?,
            content: content.ok_or("it does not say what it is attached to")?,
            name: text(value, "title").ok_or("it has no file name")?,
            media_type: text(value, "mediaType").unwrap_or_else(|| "application/octet-stream".to_owned()),
            version: value.get("version").and_then(Version::read).map(|version| version.number),
        })
    }
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let save_as = input.save_as.as_deref().map(|name| input::line("save-as", name)).transpose()?;
    let attached = match (&input.attachment, &input.file_name) {
        (Some(id), None) if !target.is_given() => by_id(client, id, input.version)?,
        (None, Some(name)) => by_name(client, &target, input::line("file-name", name)?)?,
        _ => {
            return Err(Failure::invalid_input(
                "invalid-input",
                "A file is named by `attachment`, or by what it is attached to and `file-name`.",
            ));
        }
    };
    let call = client.get(paths::attachment_file(&attached.content, &attached.id));
    let call =
        input.version.into_iter().fold(call, |call, version| call.query("version", version.to_string()));
    let file = call
        .about(format!("attachment {}", attached.id.as_str()), "attachment-not-found")
        .download(save_as.unwrap_or(&attached.name), &attached.media_type)?;
    input::write(&Downloaded {
        file: file.name,
        id: attached.id.as_str().to_owned(),
        content: attached.content.to_string(),
        file_name: attached.name,
        media_type: attached.media_type,
        size: file.size,
        version: input.version.or(attached.version),
    })
}

fn by_id(client: &Client<'_>, text: &str, version: Option<u64>) -> Result<Attached, Failure> {
    let id = AttachmentId::parse(text.trim()).ok_or_else(|| {
        Failure::invalid_input("invalid-id", format!("This is not the id of an attachment: {text:?}."))
            .hint("`list-attachments` gives the ids, such as att123.")
    })?;
    let call = client.get(paths::attachment(&id));
    let call = version.into_iter().fold(call, |call, version| call.query("version", version.to_string()));
    let answer = call.about(format!("attachment {}", id.as_str()), "attachment-not-found").answer()?;
    Attached::read(&answer.json, None).map_err(|lacks| answer.unreadable(lacks))
}

/// The file of exactly this name.
fn by_name(client: &Client<'_>, target: &Target, name: &str) -> Result<Attached, Failure> {
    let content = target.find(client)?;
    let (_, found) = content.attempt(|kind| {
        let list = List {
            path: paths::of_content(kind, &content.id, "attachments"),
            query: vec![Parameter::new("filename", name), Parameter::new("limit", LARGEST_PAGE.to_string())],
            subject: format!("{} {}", kind.noun(), content.id),
            not_found: "content-not-found",
        };
        let mut found = None;
        client.walk(&list, None, &mut |batch| {
            for item in batch.items {
                let attached = Attached::read(item, Some(content.id.clone()))
                    .map_err(|lacks| batch.unreadable(lacks))?;
                if attached.name == name {
                    found = Some(attached);
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    })?;
    found.ok_or_else(|| {
        Failure::new(
            FailureKind::NotFound,
            "attachment-not-found",
            format!("No file with the name {name:?} is attached to {}.", content.label()),
        )
        .hint("Names are compared exactly, with case. `list-attachments` gives them.")
    })
}
