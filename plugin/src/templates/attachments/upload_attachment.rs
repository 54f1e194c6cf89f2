//! `upload-attachment`: a file of the caller's attached to a page or a blog post.
//!
//! The file is sent by the host; none of its bytes come here. A name that is attached already gets a new version, and
//! its part says what the file is: without that Confluence would take the type of an image away, and show it no more.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::target::Target;
use super::super::{Effect, Template, input};
use crate::confluence::client::Client;
use crate::confluence::model::{Version, address, text};
use crate::confluence::scopes::{READ_DETAILS, READ_PAGE, READ_SPACE, WRITE_ATTACHMENT};
use crate::confluence::{paths, requests};
use crate::platform::{Failure, FailureKind, Part, PartContent};

pub(in crate::templates) const TEMPLATE: Template = Template {
    id: "upload-attachment",
    title: "Upload attachment",
    summary: "Attaches a file to a page or a blog post, or adds a version to the one of its name.",
    input_schema: schema!("upload_attachment.input.json"),
    output_schema: schema!("upload_attachment.output.json"),
    scopes: &[READ_DETAILS, WRITE_ATTACHMENT, READ_PAGE, READ_SPACE],
    effect: Effect::Create,
    repeatable: false,
    prompts: &[("id", "To which page? Give its id."), ("file", "Which file?")],
    utterances: &["Attach a file to the page", "Upload a file", "Add an attachment"],
    requests: &[requests::SPACE, requests::PAGES, requests::BLOGPOSTS, requests::UPLOAD],
    run,
};

/// The longest comment, in characters.
const LONGEST_COMMENT: usize = 255;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    file: String,
    file_name: Option<String>,
    media_type: Option<String>,
    comment: Option<String>,
    #[serde(default)]
    minor_edit: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Uploaded {
    id: String,
    content: String,
    file_name: String,
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

fn run(client: &Client<'_>, input: Value) -> Result<Value, Failure> {
    let target: Target = input::read(&input)?;
    let input: Input = input::read(&input)?;
    let comment = input.comment.as_deref().map(comment).transpose()?;
    input::line("file", &input.file)?;
    let given = input.file_name.as_deref().map(file_name).transpose()?;
    let media_type = input.media_type.as_deref().map(media_type).transpose()?;
    let facts = client.session().file(&input.file)?;
    let name = given.unwrap_or(&facts.name);
    file_name(name)?;
    let media_type = media_type.unwrap_or(&facts.media_type);
    let found = target.find(client)?;

    let part = |name, content| Part { name, file_name: None, media_type: None, content };
    let mut parts = vec![
        Part {
            file_name: Some(name.to_owned()),
            media_type: Some(media_type.to_owned()),
            ..part("file", PartContent::File(input.file.clone()))
        },
        part("minorEdit", PartContent::Text(input.minor_edit.to_string())),
    ];
    if let Some(comment) = comment {
        let content = PartContent::Text(comment.to_owned());
        parts.push(Part {
            media_type: Some("text/plain; charset=utf-8".to_owned()),
            ..part("comment", content)
        });
    }
    let answer = client
        .put_form(paths::attachments(&found.id), parts)
        .about(found.label(), "not-found-or-not-permitted")
        .not_repeatable(format!("Look at the attachments of {} for {name:?}.", found.label()))
        .answer()
        .map_err(|failure| too_large(failure, facts.size))?;
    let uploaded = answer.results()?.first().ok_or_else(|| answer.unreadable("it has no attachment"))?;
    let base = answer.link("base").map(str::to_owned).or_else(|| client.base());
    let extensions = uploaded.get("extensions");
    input::write(&Uploaded {
        id: text(uploaded, "id").ok_or_else(|| answer.unreadable("it has no id"))?,
        content: found.id.to_string(),
        file_name: text(uploaded, "title").unwrap_or_else(|| name.to_owned()),
        media_type: extensions
            .and_then(|known| text(known, "mediaType"))
            .unwrap_or_else(|| media_type.to_owned()),
        size: extensions.and_then(|known| known.get("fileSize")?.as_u64()).or(facts.size),
        version: uploaded.get("version").and_then(Version::read).map(|version| version.number),
        url: address(uploaded, base.as_deref()),
    })
}

/// A name that an attachment can have.
fn file_name(name: &str) -> Result<&str, Failure> {
    let name = input::line("file-name", name)?;
    if name.contains(['/', '\\']) {
        return Err(input::invalid("`file-name` has a slash, which no attachment's name can have"));
    }
    Ok(name)
}

fn media_type(text: &str) -> Result<&str, Failure> {
    let text = input::line("media-type", text)?;
    if text.is_ascii() && text.contains('/') { Ok(text) } else { Err(input::invalid("`media-type` is none")) }
}

fn comment(text: &str) -> Result<&str, Failure> {
    let text = input::line("comment", text)?;
    if text.chars().count() > LONGEST_COMMENT {
        return Err(input::invalid(format!("`comment` has more than {LONGEST_COMMENT} characters")));
    }
    Ok(text)
}

/// Confluence answers a file over its limit as it answers content that is not there, or with 413.
fn too_large(failure: Failure, size: Option<u64>) -> Failure {
    let size = size.map(|size| format!(" The file has {size} bytes.")).unwrap_or_default();
    match failure.kind {
        FailureKind::TooLarge => {
            let told = Failure::new(
                FailureKind::TooLarge,
                "file-too-large",
                format!("The file is larger than this Confluence takes.{size}"),
            )
            .hint("Its admin sets the limit. Compress the file, or divide it.");
            Failure { code: told.code, message: told.message, hint: told.hint, ..failure }
        }
        FailureKind::NotFound => failure.hint(format!(
            "Ask an admin of the space whether this account may attach files. Confluence also says so of a file over \
             its limit.{size}"
        )),
        _ => failure,
    }
}
