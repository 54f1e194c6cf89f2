//! Folders: places in the tree that pages and other folders are in.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::body::Body;
use crate::site::{Content, Draft, Kind, Site, Status};

use super::create::duplicate_title;
use super::fields::Fields;
use super::query::{Kind as Param, Known, Query};
use super::{objects, tree};

const SINGLE: &[Known] = &[
    ("include-collaborators", Param::Flag),
    ("include-direct-children", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-properties", Param::Flag),
];

/// Makes a folder, at the root of a space or below a page or folder.
pub(crate) fn create(visit: &mut Visit<'_>) -> Answer {
    Query::check(visit.call, &[])?;
    let fields = Fields::read(visit.call, &["spaceId", "title", "parentId"])?;
    let space = fields.id("spaceId")?.ok_or_else(|| errors::invalid("Field 'spaceId' is required."))?;
    let title = fields.text("title")?.unwrap_or_default().trim().to_owned();
    let (author, now) = (visit.account, visit.state.clock.now());
    let site = visit.site()?;
    site.space_seen_by(author, space).ok_or_else(errors::not_found)?;
    let parent = fields.id("parentId")?;
    if let Some(parent) = parent {
        let above = site.parent_seen_by(author, parent).ok_or_else(errors::not_found)?;
        if above.space != space {
            return Err(errors::invalid("The parent is in another space."));
        }
    }
    if !title.is_empty() && site.title_taken(space, Kind::Folder, &title, None) {
        return Err(duplicate_title(Kind::Folder));
    }
    let id = visit.state.ids.content();
    let site = visit.site_mut()?;
    let (kind, status, body) = (Kind::Folder, Status::Current, Body::storage(""));
    site.add(id, now, Draft { author, kind, status, space, parent, title, body });
    let folder = site.contents.get(&id).ok_or_else(errors::not_found)?;
    Ok(Reply::json(200, &object(site, folder)))
}

/// One folder.
pub(crate) fn one(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, SINGLE)?;
    let site = visit.site()?;
    let folder = visit.seen(Kind::Folder)?;
    let mut object = object(site, folder);
    if query.flag("include-direct-children") == Some(true) {
        let children = site.children(visit.account, folder.space, Some(folder.id));
        let more = children.len() > 50;
        let children: Vec<_> = children.into_iter().take(50).map(tree::child).collect();
        set(
            &mut object,
            "directChildren",
            json!({"results": children, "meta": {"hasMore": more}, "_links": {}}),
        );
    }
    Ok(Reply::json(200, &object))
}

/// Moves a folder to the trash. What is in it moves up, as with a page.
pub(crate) fn delete(visit: &mut Visit<'_>) -> Answer {
    Query::check(visit.call, &[])?;
    let now = visit.state.clock.now();
    let folder = visit.editable(Kind::Folder)?;
    if folder.status == Status::Trashed {
        return Err(errors::not_found());
    }
    let id = folder.id;
    visit.site_mut()?.trash(id, now);
    Ok(Reply::empty(204))
}

fn object(site: &Site, folder: &Content) -> Value {
    let mut object = objects::single(site, folder, None);
    set(&mut object, "type", "folder");
    if let Some(fields) = object.as_object_mut() {
        for name in ["body", "subtype", "lastOwnerId"] {
            fields.shift_remove(name);
        }
    }
    object
}
