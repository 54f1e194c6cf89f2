//! Attachments, which v2 reads and deletes; uploads are v1's.

use serde_json::{Value, json};

use crate::errors;
use crate::html::percent;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::attachments::{Attachment, File, number};
use crate::site::{Kind, Site, Status};

use super::query::{Kind as Param, Known, Query};
use super::{objects, paging, versions};

const LIST: &[Known] = &[
    ("sort", Param::Word(&["created-date", "-created-date", "modified-date", "-modified-date"])),
    ("cursor", Param::Text),
    ("status", Param::Words(&["current", "archived", "trashed"])),
    ("mediaType", Param::Text),
    ("filename", Param::Text),
    // Twice as many as everything else, where nobody asks for a number.
    ("limit", Param::LimitOr(50)),
];
const SINGLE: &[Known] = &[
    ("version", Param::Integer),
    ("include-labels", Param::Flag),
    ("include-properties", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-versions", Param::Flag),
    ("include-version", Param::Flag),
    ("include-collaborators", Param::Flag),
];
const VERSIONS: &[Known] =
    &[("cursor", Param::Text), ("limit", Param::Limit), ("sort", Param::Word(versions::SORT))];

/// The attachments of a page or blog post.
pub(crate) fn of_content(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    let container = visit.seen(kind)?.id;
    list(visit, &query, |attachment| attachment.container == container)
}

/// All attachments of the site.
pub(crate) fn all(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    list(visit, &query, |_| true)
}

fn list(visit: &Visit<'_>, query: &Query<'_>, keep: impl Fn(&Attachment) -> bool) -> Answer {
    let site = visit.site()?;
    let mut wanted = query.list("status");
    if wanted.is_empty() {
        wanted = vec!["current", "archived"];
    }
    let mut found: Vec<(&Attachment, &File)> = site
        .attachments
        .values()
        .filter(|attachment| keep(attachment) && wanted.contains(&attachment.status.as_str()))
        .filter(|attachment| site.attachment_seen_by(visit.account, attachment.id).is_some())
        .filter_map(|attachment| Some((attachment, attachment.file(None)?)))
        .filter(|(_, file)| query.text("mediaType").is_none_or(|wanted| wanted == file.media_type))
        .filter(|(attachment, _)| query.text("filename").is_none_or(|wanted| wanted == attachment.title))
        .collect();
    if let Some(sort) = query.text("sort") {
        let modified = sort.ends_with("modified-date");
        found.sort_by_key(|(one, file)| (if modified { file.version.at } else { one.created }, one.id));
        if sort.starts_with('-') {
            found.reverse();
        }
    }
    let (part, next) = paging::cut(found, |(attachment, _)| attachment.id, query)?;
    let results = part.into_iter().map(|(attachment, file)| object(site, attachment, file)).collect();
    Ok(paging::answer(query, &site.base(), results, next))
}

/// One attachment, trashed ones too.
pub(crate) fn one(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, SINGLE)?;
    let site = visit.site()?;
    let attachment = seen(visit)?;
    let version = match query.text("version") {
        None => None,
        Some(number) => Some(number.parse().map_err(|_| errors::not_found())?),
    };
    let file = attachment.file(version).ok_or_else(errors::not_found)?;
    let mut object = objects::with_base(site, object(site, attachment, file));
    if query.flag("include-versions") == Some(true) {
        let all: Vec<_> = attachment.files.iter().rev().map(|file| objects::version(&file.version)).collect();
        set(&mut object, "versions", json!({"results": all, "meta": {"hasMore": false}, "_links": {}}));
    }
    for name in ["labels", "properties", "operations"] {
        if query.flag(&format!("include-{name}")) == Some(true) {
            set(&mut object, name, json!({"results": [], "meta": {"hasMore": false}, "_links": {}}));
        }
    }
    if let (Some(false), Some(fields)) = (query.flag("include-version"), object.as_object_mut()) {
        fields.shift_remove("version");
    }
    Ok(Reply::json(200, &object))
}

/// The versions of an attachment, the newest first unless told otherwise.
pub(crate) fn all_versions(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, VERSIONS)?;
    let attachment = seen(visit)?;
    let mut files: Vec<&File> = attachment.files.iter().collect();
    if query.text("sort") != Some("modified-date") {
        files.reverse();
    }
    let (part, next) = paging::cut(files, |file| u64::from(file.version.number), &query)?;
    let results = part.into_iter().map(|file| {
        let mut version = objects::version(&file.version);
        set(&mut version, "attachment", json!({"title": attachment.title, "id": attachment.name()}));
        version
    });
    Ok(paging::answer(&query, &visit.site()?.base(), results.collect(), next))
}

/// Moves an attachment to the trash, or purges a trashed one.
pub(crate) fn delete(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, &[("purge", Param::Flag)])?;
    let purge = query.flag("purge") == Some(true);
    let attachment = seen(visit)?;
    let container = visit.site()?.contents.get(&attachment.container).ok_or_else(errors::not_found)?;
    if !visit.site()?.may_edit(visit.account, container) {
        return Err(errors::not_found());
    }
    let (id, trashed) = (attachment.id, attachment.status == Status::Trashed);
    let site = visit.site_mut()?;
    match (purge, trashed) {
        (true, true) => {
            site.attachments.remove(&id);
        }
        (true, false) => return Err(errors::invalid("Only an attachment in the trash can be purged.")),
        (false, true) => return Err(errors::not_found()),
        (false, false) => {
            if let Some(attachment) = site.attachments.get_mut(&id) {
                attachment.status = Status::Trashed;
            }
        }
    }
    Ok(Reply::empty(204))
}

/// The attachment that the path names by its id, with `att` or without.
fn seen<'a>(visit: &'a Visit<'_>) -> Result<&'a Attachment, Reply> {
    let id = number(visit.parameter("id")).ok_or_else(|| errors::wrong_type("id", "long"))?;
    visit.site()?.attachment_seen_by(visit.account, id).ok_or_else(errors::not_found)
}

/// The address for people, below the site's base.
pub(crate) fn webui(attachment: &Attachment) -> String {
    let (container, name) = (attachment.container, attachment.name());
    format!("/pages/viewpageattachments.action?pageId={container}&preview=%2F{container}%2F{name}")
}

fn object(site: &Site, attachment: &Attachment, file: &File) -> Value {
    let mut object = json!({
        "id": attachment.name(),
        "status": attachment.status.as_str(),
        "title": attachment.title,
        "createdAt": attachment.created.iso(),
    });
    let field = match site.contents.get(&attachment.container).map(|content| content.kind) {
        Some(Kind::BlogPost) => "blogPostId",
        _ => "pageId",
    };
    set(&mut object, field, attachment.container.to_string());
    set(&mut object, "mediaType", file.media_type.as_str());
    set(&mut object, "mediaTypeDescription", "File");
    set(&mut object, "comment", file.version.message.as_str());
    set(&mut object, "fileId", attachment.file_id.as_str());
    set(&mut object, "fileSize", file.bytes.len());
    // The link lacks the `/wiki` that every path below the site has.
    let download = format!(
        "/download/attachments/{}/{}?version={}&modificationDate={}&cacheVersion=1&api=v2",
        attachment.container,
        percent(&attachment.title),
        file.version.number,
        file.version.at.0,
    );
    let webui = webui(attachment);
    set(&mut object, "webuiLink", webui.as_str());
    set(&mut object, "downloadLink", download.as_str());
    set(&mut object, "version", objects::version(&file.version));
    set(&mut object, "_links", json!({"webui": webui, "download": download}));
    object
}
