//! Lists of pages and blog posts: all of the site, those of a space, those with a label.

use std::cmp::Ordering;

use crate::errors;
use crate::http::Answer;
use crate::routes::Visit;
use crate::site::{Content, Kind};

use super::query::{Kind as Param, Known, Query};
use super::{objects, paging};

pub(crate) const LIST_FORMATS: &[&str] = &["storage", "atlas_doc_format"];
const PAGE_STATUS: &[&str] = &["current", "archived", "deleted", "trashed"];
const BLOG_STATUS: &[&str] = &["current", "deleted", "trashed"];
const PAGE_SORT: &[&str] =
    &["id", "-id", "created-date", "-created-date", "modified-date", "-modified-date", "title", "-title"];
const BLOG_SORT: &[&str] = &["id", "-id", "created-date", "-created-date", "modified-date", "-modified-date"];

/// All pages or blog posts of the site.
pub(crate) fn all(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let mut known = parameters(kind);
    known.extend(filters(kind));
    known.extend([("id", Param::Integers(250)), ("space-id", Param::Integers(100))]);
    if kind == Kind::Page {
        known.push(("subtype", Param::Word(&["live", "page"])));
    }
    let query = Query::check(visit.call, &known)?;
    let (ids, spaces) = (query.ids("id"), query.ids("space-id"));
    list(visit, kind, &query, |content| {
        (ids.is_empty() || ids.contains(&content.id))
            && (spaces.is_empty() || spaces.contains(&content.space))
            && match query.text("subtype") {
                Some("live") => content.subtype.is_some(),
                Some(_) => content.subtype.is_none(),
                None => true,
            }
    })
}

/// The pages or blog posts of one space.
pub(crate) fn of_space(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let mut known = parameters(kind);
    known.extend(filters(kind));
    if kind == Kind::Page {
        known.push(("depth", Param::Word(&["all", "root"])));
    }
    let query = Query::check(visit.call, &known)?;
    let space = visit.id()?;
    visit.site()?.space_seen_by(visit.account, space).ok_or_else(errors::not_found)?;
    let root_only = query.text("depth") == Some("root");
    list(visit, kind, &query, |content| content.space == space && !(root_only && content.parent.is_some()))
}

/// The pages or blog posts that have a label.
pub(crate) fn of_label(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let mut known = parameters(kind);
    known.push(("space-id", Param::Integers(100)));
    let query = Query::check(visit.call, &known)?;
    let label = visit.id()?;
    visit.site()?.labels.get(label).ok_or_else(errors::not_found)?;
    let spaces = query.ids("space-id");
    list(visit, kind, &query, |content| {
        content.labels.contains(&label) && (spaces.is_empty() || spaces.contains(&content.space))
    })
}

fn parameters(kind: Kind) -> Vec<Known> {
    let sort = if kind == Kind::Page { PAGE_SORT } else { BLOG_SORT };
    vec![
        ("sort", Param::Word(sort)),
        ("body-format", Param::Word(LIST_FORMATS)),
        ("cursor", Param::Text),
        ("limit", Param::Limit),
    ]
}

fn filters(kind: Kind) -> [Known; 2] {
    let status = if kind == Kind::Page { PAGE_STATUS } else { BLOG_STATUS };
    [("status", Param::Words(status)), ("title", Param::Text)]
}

fn list(visit: &Visit<'_>, kind: Kind, query: &Query<'_>, keep: impl Fn(&Content) -> bool) -> Answer {
    let site = visit.site()?;
    let wanted = match (query.list("status"), kind) {
        (statuses, Kind::Page) if statuses.is_empty() => vec!["current", "archived"],
        (statuses, Kind::BlogPost) if statuses.is_empty() => vec!["current"],
        (statuses, _) => statuses,
    };
    // Whether the filter is exact is reported both ways; as a substring it catches callers who do not compare.
    let title = query.text("title").unwrap_or_default().to_lowercase();
    let mut found: Vec<&Content> = site
        .contents
        .values()
        .filter(|content| content.kind == kind && wanted.contains(&content.status.as_str()) && keep(content))
        .filter(|content| content.text.title.to_lowercase().contains(&title))
        .filter(|content| site.sees(visit.account, content))
        .collect();
    if let Some(sort) = query.text("sort") {
        found.sort_by(|a, b| order(sort, a, b));
    }
    let (part, next) = paging::cut(found, |content| content.id, query)?;
    let format = query.text("body-format");
    let results = part.iter().map(|content| objects::content(site, content, format)).collect();
    Ok(paging::answer(query, &site.base(), results, next))
}

/// How a sort order puts two pages; by their ids where it says nothing.
pub(crate) fn order(sort: &str, a: &Content, b: &Content) -> Ordering {
    let ordering = match sort.trim_start_matches('-') {
        "created-date" => a.created.cmp(&b.created),
        "modified-date" => a.text.version.at.cmp(&b.text.version.at),
        "title" => a.text.title.to_lowercase().cmp(&b.text.title.to_lowercase()),
        "child-position" => a.position.cmp(&b.position),
        _ => Ordering::Equal,
    };
    let ordering = ordering.then(a.id.cmp(&b.id));
    if sort.starts_with('-') { ordering.reverse() } else { ordering }
}
