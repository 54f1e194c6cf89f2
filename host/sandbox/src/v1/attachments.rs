//! Uploading files and getting them back, which only v1 does.

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::attachments::{Attachment, File, number};
use crate::site::{Content, Status, Version};
use crate::upload::Part;

use super::{editable, objects, seen};

/// Whether a file of a name that is there already becomes its new version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Refused,
    Updated,
}

/// A checked upload.
struct Upload {
    file: Part,
    name: String,
    comment: String,
    minor: bool,
}

/// Attaches files to content.
pub(crate) fn attach(visit: &mut Visit<'_>, existing: Existing) -> Answer {
    let container = target(visit)?.id;
    let uploads = read(visit)?;
    let mut ids = Vec::new();
    for upload in uploads {
        let site = visit.site()?;
        let same = site.attachments.values().find(|one| {
            one.container == container && one.status == Status::Current && one.title == upload.name
        });
        let id = match (same, existing) {
            (Some(_), Existing::Refused) => {
                return Err(errors::v1_invalid(format!(
                    "Cannot add a new attachment with same file name as an existing attachment: {}",
                    upload.name
                )));
            }
            (Some(attachment), Existing::Updated) => attachment.id,
            (None, _) => make(visit, container, &upload.name)?,
        };
        add_version(visit, id, upload)?;
        ids.push(id);
    }
    let site = visit.site()?;
    let results: Vec<_> = ids
        .iter()
        .filter_map(|id| site.attachments.get(id))
        .filter_map(|one| Some(objects::attachment(site, one, one.file(None)?)))
        .collect();
    let (size, links) = (results.len(), json!({"base": site.base(), "context": "/wiki"}));
    Ok(Reply::json(200, &json!({"results": results, "size": size, "_links": links})))
}

/// `POST …/{attachment}/data`: a new version of an attachment that is known by its id.
pub(crate) fn update(visit: &mut Visit<'_>) -> Answer {
    let container = editable(visit)?.id;
    let id = number(visit.parameter("attachment"));
    let id = id.ok_or_else(|| errors::v1_invalid("The attachment id is invalid"))?;
    let attachment = visit.site()?.attachments.get(&id);
    attachment
        .filter(|one| one.container == container && one.status == Status::Current)
        .ok_or_else(errors::v1_not_found)?;
    let upload = read(visit)?.into_iter().next().ok_or_else(no_file)?;
    add_version(visit, id, upload)?;
    let site = visit.site()?;
    let attachment = site.attachments.get(&id).ok_or_else(errors::v1_not_found)?;
    let file = attachment.file(None).ok_or_else(errors::v1_not_found)?;
    Ok(Reply::json(200, &objects::attachment(site, attachment, file)))
}

/// Leads to the file, which is on another host.
pub(crate) fn download(visit: &mut Visit<'_>) -> Answer {
    let container = seen(visit, visit.parameter("id"))?.id;
    let id = number(visit.parameter("attachment")).ok_or_else(errors::v1_not_found)?;
    let wanted = visit.call.query("status").unwrap_or("current");
    let state = &mut *visit.state;
    let site = state.sites.get(visit.site).ok_or_else(errors::v1_not_found)?;
    let attachment = site.attachments.get(&id).filter(|one| one.container == container);
    let attachment = attachment.filter(|one| wanted.split(',').any(|status| status == one.status.as_str()));
    let attachment = attachment.ok_or_else(errors::v1_not_found)?;
    let version = visit.call.query("version").map(str::parse).transpose();
    let version = version.map_err(|_| errors::v1_invalid("The version is not a number"))?;
    let file = attachment.file(version).ok_or_else(|| errors::v1_invalid("There is no such version"))?;
    let now = state.clock.now();
    let place = (visit.site, attachment, file.version.number);
    let address = state.media.address(&mut state.authorizations.credentials, place, now);
    Ok(Reply::found(&address))
}

/// The old address of a file: not open to apps.
pub(crate) fn old_download(_: &mut Visit<'_>) -> Answer {
    Err(errors::unauthorized())
}

/// The content that the path names. A draft has to be asked for as one.
fn target<'a>(visit: &'a Visit<'_>) -> Result<&'a Content, Reply> {
    let wanted = match visit.call.query("status") {
        None | Some("current") => false,
        Some("draft") => true,
        Some(other) => return Err(errors::v1_invalid(format!("The status {other} is not known"))),
    };
    let content = editable(visit)?;
    if content.status == Status::Trashed || (content.status == Status::Draft) != wanted {
        return Err(errors::v1_not_found());
    }
    Ok(content)
}

/// The files of the call's form.
fn read(visit: &Visit<'_>) -> Result<Vec<Upload>, Reply> {
    let parts = &visit.call.parts;
    let named = |name: &'static str| parts.iter().filter(move |part| part.name == name);
    let files: Vec<&Part> = named("file").filter(|part| part.file_name.is_some()).collect();
    let comments: Vec<String> = named("comment").map(Part::text).collect();
    if files.is_empty() {
        return Err(no_file());
    }
    if !comments.is_empty() && comments.len() != files.len() {
        return Err(errors::v1_invalid("There must be a comment for every file, or none"));
    }
    let minor = match named("minorEdit").next().map(Part::text).as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(errors::v1_invalid("The part minorEdit is required; it is true or false")),
    };
    let settings = &visit.state.settings;
    let mut uploads = Vec::new();
    for (at, file) in files.into_iter().enumerate() {
        if file.size > settings.attachment_limit {
            let message = format!(
                "com.atlassian.confluence.api.service.exceptions.NotFoundException: \
                 The attachment is larger than the allowed {} bytes",
                settings.attachment_limit
            );
            return Err(errors::v1(settings.attachment_too_large, true, &message));
        }
        let name = file.file_name.clone().unwrap_or_default();
        if name.is_empty() || name.contains('/') {
            return Err(errors::v1_invalid(format!("{name:?} is not a file name")));
        }
        uploads.push(Upload {
            file: file.clone(),
            name,
            comment: comments.get(at).cloned().unwrap_or_default(),
            minor,
        });
    }
    Ok(uploads)
}

fn no_file() -> Reply {
    errors::v1_invalid("At least one attachment file was expected")
}

/// An attachment without a version.
fn make(visit: &mut Visit<'_>, container: u64, title: &str) -> Result<u64, Reply> {
    let (id, now) = (visit.state.ids.content(), visit.state.clock.now());
    let attachment = Attachment {
        id,
        container,
        title: title.to_owned(),
        file_id: uuid(),
        status: Status::Current,
        created: now,
        files: Vec::new(),
    };
    visit.site_mut()?.attachments.insert(id, attachment);
    Ok(id)
}

fn add_version(visit: &mut Visit<'_>, id: u64, upload: Upload) -> Result<(), Reply> {
    let (author, at) = (visit.account, visit.state.clock.now());
    let attachment = visit.site_mut()?.attachments.get_mut(&id).ok_or_else(errors::v1_not_found)?;
    let number = attachment.file(None).map_or(1, |file| file.version.number + 1);
    attachment.files.push(File {
        version: Version { number, author, message: upload.comment, minor: upload.minor, at },
        // Whoever does not say what a file is has it taken for nothing in particular.
        media_type: upload.file.media_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        bytes: upload.file.bytes,
    });
    Ok(())
}

fn uuid() -> String {
    let mut hex = format!("{:032x}", rand::random::<u128>());
    for at in [20, 16, 12, 8] {
        hex.insert(at, '-');
    }
    hex
}
