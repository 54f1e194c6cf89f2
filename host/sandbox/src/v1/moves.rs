//! Moving, archiving and deleting of pages with what is below them.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::tree::Position;
use crate::site::{Content, Kind, Status};

use super::{body, editable, seen, tasks};

/// The most pages that are archived at a time.
const MOST_ARCHIVED: usize = 300;

/// `PUT /content/{id}/move/{position}/{targetId}`.
pub(crate) fn place(visit: &mut Visit<'_>) -> Answer {
    let position = match visit.parameter("position") {
        "before" => Position::Before,
        "after" => Position::After,
        "append" => Position::Append,
        other => return Err(errors::v1_invalid(format!("{other} is not one of before, after, append"))),
    };
    let page = only_page(editable(visit)?)?.clone();
    let target = only_page(seen(visit, visit.parameter("target"))?)?.clone();
    if target.status == Status::Trashed || page.status == Status::Trashed {
        return Err(errors::v1_not_found());
    }
    let site = visit.site_mut()?;
    if site.is_below(target.id, page.id) {
        return Err(errors::v1_invalid("A page may not be moved below itself or beside itself"));
    }
    if target.space != page.space {
        for id in site.subtree(page.id) {
            let moved = site.contents.get(&id).filter(|one| one.status != Status::Trashed);
            let title = moved.map(|one| one.text.title.as_str()).unwrap_or_default();
            if site.title_taken(target.space, Kind::Page, title, Some(id)) {
                return Err(errors::v1_invalid(format!(
                    "A page already exists with the title {title} in the space of the target"
                )));
            }
        }
    }
    site.place(page.id, position, target.id);
    Ok(Reply::json(200, &json!({"pageId": page.id.to_string()})))
}

/// `POST /content/archive`: all of the pages, or none.
pub(crate) fn archive(visit: &mut Visit<'_>) -> Answer {
    let body = body::read(visit.call)?;
    let Some(pages) = body.get("pages").and_then(Value::as_array).filter(|pages| !pages.is_empty()) else {
        return Err(errors::v1_invalid("The field pages must be an array of objects with an id"));
    };
    if pages.len() > MOST_ARCHIVED {
        return Err(errors::v1_invalid(format!("At most {MOST_ARCHIVED} pages can be archived at a time")));
    }
    let mut ids = Vec::new();
    for page in pages {
        let id = page.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        let id = id.ok_or_else(|| errors::v1_invalid("A page is named by its id"))?;
        let site = visit.site()?;
        let page = site.seen_by(visit.account, Kind::Page, id).filter(|page| page.status == Status::Current);
        let page = page.ok_or_else(|| {
            errors::v1_invalid(format!("The content {id} is not a page that could be archived"))
        })?;
        if !site.may_edit(visit.account, page) {
            return Err(errors::v1_forbidden());
        }
        ids.push(id);
    }
    for id in ids {
        if let Some(page) = visit.site_mut()?.contents.get_mut(&id) {
            page.status = Status::Archived;
        }
    }
    tasks::start(visit, "archive.pages")
}

/// `DELETE /content/{id}/pageTree`: a current page and every current page below it go to the trash.
pub(crate) fn delete_tree(visit: &mut Visit<'_>) -> Answer {
    let now = visit.state.clock.now();
    let page = only_page(editable(visit)?)?;
    if page.status != Status::Current {
        return Err(errors::v1_invalid("The page is not current"));
    }
    let id = page.id;
    let site = visit.site_mut()?;
    for id in site.subtree(id).into_iter().rev() {
        if site.contents.get(&id).is_some_and(|page| page.status == Status::Current) {
            site.trash(id, now);
        }
    }
    tasks::start(visit, "delete.page.tree")
}

fn only_page(content: &Content) -> Result<&Content, Reply> {
    match content.kind {
        Kind::Page => Ok(content),
        _ => Err(errors::v1_invalid("The content is not a page")),
    }
}
