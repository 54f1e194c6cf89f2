//! `POST /pages` and `POST /blogposts`. Both answer 200, not 201.

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::body::Body;
use crate::site::{Draft, Kind, Site, Status};

use super::fields::Fields;
use super::objects;
use super::query::{Kind as Param, Known, Query};

const PAGE_QUERY: &[Known] =
    &[("embedded", Param::Flag), ("private", Param::Flag), ("root-level", Param::Flag)];
const PAGE_FIELDS: &[&str] = &["spaceId", "status", "title", "parentId", "body", "subtype"];
const BLOG_QUERY: &[Known] = &[("private", Param::Flag)];
const BLOG_FIELDS: &[&str] = &["spaceId", "status", "title", "body", "createdAt"];

/// Makes a page or a blog post.
pub(crate) fn create(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let (known_query, known_fields) = match kind {
        Kind::Page => (PAGE_QUERY, PAGE_FIELDS),
        Kind::BlogPost => (BLOG_QUERY, BLOG_FIELDS),
    };
    let query = Query::check(visit.call, known_query)?;
    let fields = Fields::read(visit.call, known_fields)?;

    let space_id = fields.id("spaceId")?.ok_or_else(|| errors::invalid("Field 'spaceId' is required."))?;
    let status = match fields.word("status", &["current", "draft"])? {
        Some("draft") => Status::Draft,
        _ => Status::Current,
    };
    let title = fields.text("title")?.unwrap_or_default().trim().to_owned();
    if status == Status::Current && title.is_empty() {
        return Err(errors::invalid("Field 'title' is required unless the status is draft."));
    }
    let subtype = fields.word("subtype", &["live"])?.map(str::to_owned);
    if fields.text("createdAt")?.is_some_and(|date| !is_date(date)) {
        return Err(errors::wrong_type("createdAt", "yyyy-MM-ddTHH:mm:ss.SSSZ"));
    }
    let body = fields.body()?.unwrap_or_else(|| Body::storage(""));

    let now = visit.state.clock.now();
    let site = visit.site()?;
    let space = site.space_seen_by(visit.account, space_id).ok_or_else(errors::not_found)?;
    let parent = match (kind, query.flag("root-level"), fields.id("parentId")?) {
        (Kind::BlogPost, ..) => None,
        (_, Some(true), Some(_)) => {
            return Err(errors::invalid(
                "A value for 'parentId' may not be given when 'root-level' is true.",
            ));
        }
        (_, Some(true), None) => None,
        (_, _, None) => space.homepage.filter(|home| is_alive(site, *home)),
        (_, _, Some(parent)) => Some(parent),
    };
    if let Some(parent) = parent {
        match site.seen_by(visit.account, Kind::Page, parent).filter(|_| is_alive(site, parent)) {
            Some(page) if page.space == space_id => {}
            Some(_) => return Err(errors::invalid("The parent is in another space.")),
            None => return Err(errors::invalid(format!("The parent content {parent} does not exist."))),
        }
    }
    if status == Status::Current && site.title_taken(space_id, kind, &title, None) {
        return Err(duplicate_title(kind));
    }

    let id = visit.state.ids.content();
    let author = visit.account;
    let site = visit.site_mut()?;
    let content = site.add(id, now, Draft { author, kind, status, space: space_id, parent, title, body });
    content.subtype = subtype;
    content.private = query.flag("private").unwrap_or(false);
    let content = content.clone();
    Ok(Reply::json(200, &objects::single(site, &content, Some(content.text.body.shown_as()))))
}

fn is_alive(site: &Site, page: u64) -> bool {
    site.content(Kind::Page, page).is_some_and(|page| page.status != Status::Trashed)
}

/// The 400 of a title that is in use, in Confluence's words.
pub(crate) fn duplicate_title(kind: Kind) -> Reply {
    let noun = kind.noun();
    let title = format!(
        "A {noun} with this title already exists: A {noun} already exists with the same TITLE in this space"
    );
    errors::v2(400, "BAD_REQUEST", &title, None)
}

/// `yyyy-MM-ddTHH:mm:ss.SSS`, then `Z` or an offset.
fn is_date(text: &str) -> bool {
    const SHAPE: &str = "0000-00-00T00:00:00.000";
    let Some((date, zone)) = text.split_at_checked(SHAPE.len()) else { return false };
    let fits = date
        .chars()
        .zip(SHAPE.chars())
        .all(|(c, shape)| if shape == '0' { c.is_ascii_digit() } else { c == shape });
    let digits = |zone: &str| zone.len() == 4 && zone.chars().all(|c| c.is_ascii_digit());
    fits && (zone == "Z" || zone.strip_prefix(['+', '-']).is_some_and(|zone| digits(&zone.replace(':', ""))))
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn a_date_has_milliseconds_and_a_zone() {
        assert!(is_date("2026-11-21T09:30:00.000Z"));
        assert!(is_date("2026-11-21T09:30:00.000+0100"));
        assert!(!is_date("2026-11-21T09:30:00Z"));
        assert!(!is_date("2026-11-21"));
    }
}
