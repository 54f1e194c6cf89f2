//! `PUT` and `DELETE` of pages and blog posts.
//!
//! The version number of an update is the current one plus one; a draft's is 1. A stale number is answered
//! 409, which Confluence's documents do not list.

use serde_json::Value;

use crate::accounts::Account;
use crate::clock::Moment;
use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::body::Body;
use crate::site::tree::Position;
use crate::site::{Content, Found, Kind, Site, Status, Text, Version};

use super::create::duplicate_title;
use super::fields::Fields;
use super::objects;
use super::query::{Kind as Param, Query};

const PAGE_FIELDS: &[&str] = &["id", "status", "title", "spaceId", "parentId", "ownerId", "body", "version"];
const BLOG_FIELDS: &[&str] = &["id", "status", "title", "spaceId", "body", "version", "createdAt"];

struct Update {
    status: Status,
    title: String,
    body: Body,
    number: i64,
    message: String,
    parent: Option<u64>,
    owner: Option<String>,
}

/// Changes a page or a blog post, publishes or keeps a draft, or restores from the trash.
pub(crate) fn update(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    Query::check(visit.call, &[])?;
    let id = visit.id()?;
    let known = if kind == Kind::Page { PAGE_FIELDS } else { BLOG_FIELDS };
    let fields = Fields::read(visit.call, known)?;
    let update = read(&fields, id)?;
    let (now, author) = (visit.state.clock.now(), visit.account);
    visit.editable(kind)?;
    let site = visit.site_mut()?;
    let content = site.content(kind, id).ok_or_else(errors::not_found)?;
    if let Some(parent) = update.parent {
        site.seen_by(author, Kind::Page, parent).ok_or_else(errors::not_found)?;
    }
    if fields.id("spaceId")?.is_some_and(|space| space != content.space) {
        return Err(errors::invalid("A page cannot be moved to another space by this operation."));
    }
    if let Some(parent) = update.parent {
        check_parent(site, content, parent)?;
    }
    let version = next_version(content, &update, author, now)?;
    let title_changes = update.status == Status::Current && content.status != Status::Trashed;
    let title = if title_changes { &update.title } else { &content.text.title };
    if update.status == Status::Current {
        if title.trim().is_empty() {
            return Err(errors::invalid("Field 'title' is required unless the status is draft."));
        }
        if site.title_taken(content.space, kind, title, Some(id)) {
            return Err(duplicate_title(kind));
        }
    }
    if let Some(parent) = update.parent.filter(|parent| content.parent != Some(*parent)) {
        site.place(id, Position::Append, parent);
    }
    let content = site.contents.get_mut(&id).ok_or_else(errors::not_found)?;
    let shown = apply(content, update, version);
    Ok(Reply::json(200, &objects::single(site, &shown, Some(shown.text.body.shown_as()))))
}

/// Moves a page to the trash, purges a trashed one, or discards a draft.
pub(crate) fn delete(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let query = Query::check(visit.call, &[("purge", Param::Flag), ("draft", Param::Flag)])?;
    let (purge, draft) = (query.flag("purge") == Some(true), query.flag("draft") == Some(true));
    let (id, now) = (visit.id()?, visit.state.clock.now());
    visit.editable(kind)?;
    let site = visit.site_mut()?;
    let content = site.content(kind, id).ok_or_else(errors::not_found)?;
    match (content.status, purge, draft) {
        (_, true, true) => return Err(errors::invalid("Only one of 'purge' and 'draft' may be given.")),
        (Status::Draft, _, true) | (Status::Trashed, true, _) => site.purge(id),
        (Status::Current | Status::Archived, false, false) => site.trash(id, now),
        (Status::Current | Status::Archived, _, true) if content.draft.is_some() => {
            if let Some(content) = site.contents.get_mut(&id) {
                content.draft = None;
            }
        }
        (_, true, _) => return Err(errors::invalid("Only content in the trash can be purged.")),
        _ => return Err(errors::not_found()),
    }
    Ok(Reply::empty(204))
}

fn read(fields: &Fields, id: u64) -> Result<Update, Reply> {
    for name in ["id", "status", "title", "body", "version"] {
        if fields.get(name).is_none() {
            return Err(errors::invalid(format!("Field '{name}' is required.")));
        }
    }
    if fields.id("id")? != Some(id) {
        return Err(errors::invalid("The id of the body is not the id of the path."));
    }
    let status = match fields.word("status", &["current", "draft"])? {
        Some("draft") => Status::Draft,
        _ => Status::Current,
    };
    let version = fields.object("version", &["number", "message"])?;
    let version = version.ok_or_else(|| errors::invalid("Field 'version' is required."))?;
    let number = version.get("number").and_then(Value::as_i64);
    let number = number.ok_or_else(|| errors::wrong_type("version.number", "Integer"))?;
    Ok(Update {
        status,
        title: fields.text("title")?.unwrap_or_default().trim().to_owned(),
        body: fields.body()?.ok_or_else(|| errors::invalid("Field 'body' is required."))?,
        number,
        message: version.text("message")?.unwrap_or_default().to_owned(),
        parent: fields.id("parentId")?,
        owner: fields.text("ownerId")?.map(str::to_owned),
    })
}

fn check_parent(site: &Site, content: &Content, parent: u64) -> Result<(), Reply> {
    let page = site.content(Kind::Page, parent).filter(|page| page.status != Status::Trashed);
    let page = page.ok_or_else(errors::not_found)?;
    if page.space != content.space {
        return Err(errors::invalid("The parent is in another space."));
    }
    if site.is_below(parent, content.id) {
        return Err(errors::invalid("A page may not be its own parent or ancestor."));
    }
    Ok(())
}

/// The version that the update makes, if its number is right.
fn next_version(
    content: &Content,
    update: &Update,
    author: &'static Account,
    now: Moment,
) -> Result<Version, Reply> {
    let current = content.text.version.number;
    let version = |number| Version { number, author, message: update.message.clone(), minor: false, at: now };
    match (content.status, update.status) {
        (Status::Trashed, Status::Draft) => {
            Err(errors::invalid("Content in the trash can only be restored to the status current."))
        }
        (_, Status::Draft) if update.number == 1 => Ok(version(1)),
        (_, Status::Draft) => Err(errors::invalid("A draft's version number must be 1.")),
        // Publishing: which of the two numbers Confluence wants is not documented, clients send either.
        (Status::Draft, _) if matches!(update.number, 1 | 2) => Ok(version(1)),
        (Status::Draft, _) => Err(errors::version_conflict(1, update.number)),
        _ if update.number == i64::from(current) + 1 => Ok(version(current + 1)),
        _ => Err(errors::version_conflict(current, update.number)),
    }
}

/// Puts the update into the content and gives what the answer shows.
fn apply(content: &mut Content, update: Update, version: Version) -> Content {
    let appears =
        update.status == Status::Current && !matches!(content.status, Status::Current | Status::Archived);
    if appears {
        content.found = Found { since: Some(version.at), until: None };
    }
    if let Some(owner) = update.owner {
        content.owner = owner;
    }
    let text = Text { title: update.title, body: update.body, version };
    match (content.status, update.status) {
        (Status::Draft, status) => {
            content.status = status;
            content.text = text;
        }
        (Status::Current | Status::Archived, Status::Draft) => content.draft = Some(text),
        // Restoring changes the status and ignores title and body.
        (Status::Trashed, _) => {
            content.history.push(content.text.clone());
            content.text.version = text.version;
            content.status = Status::Current;
        }
        _ => {
            content.history.push(std::mem::replace(&mut content.text, text));
            content.status = Status::Current;
            content.draft = None;
        }
    }
    if update.status == Status::Draft { content.as_draft() } else { content.clone() }
}
