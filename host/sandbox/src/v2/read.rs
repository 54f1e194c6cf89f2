//! `GET` of pages and blog posts: one, all, or those of a space.

use std::cmp::Ordering;

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::{Content, Kind, Status};

use super::query::{Kind as Param, Known, Query};
use super::{objects, paging};

const SINGLE_FORMATS: &[&str] =
    &["storage", "atlas_doc_format", "view", "export_view", "anonymous_export_view", "styled_view", "editor"];
const LIST_FORMATS: &[&str] = &["storage", "atlas_doc_format"];
const SINGLE_STATUS: &[&str] = &["current", "archived", "trashed", "deleted", "historical", "draft"];
const PAGE_STATUS: &[&str] = &["current", "archived", "deleted", "trashed"];
const BLOG_STATUS: &[&str] = &["current", "deleted", "trashed"];
const PAGE_SORT: &[&str] =
    &["id", "-id", "created-date", "-created-date", "modified-date", "-modified-date", "title", "-title"];
const BLOG_SORT: &[&str] = &["id", "-id", "created-date", "-created-date", "modified-date", "-modified-date"];

const SINGLE: &[Known] = &[
    ("body-format", Param::Word(SINGLE_FORMATS)),
    ("get-draft", Param::Flag),
    ("status", Param::Words(SINGLE_STATUS)),
    ("version", Param::Integer),
    ("include-version", Param::Flag),
    ("include-labels", Param::Flag),
    ("include-properties", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-likes", Param::Flag),
    ("include-versions", Param::Flag),
];

/// One page or blog post. A draft is found only with `get-draft=true`.
pub(crate) fn one(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let query = Query::check(visit.call, SINGLE)?;
    let site = visit.site()?;
    let content = site.content(kind, visit.id()?).ok_or_else(errors::not_found)?;
    let draft = query.flag("get-draft") == Some(true);
    if content.status == Status::Draft && !draft {
        return Err(errors::not_found());
    }
    let shown = match query.text("version").and_then(|number| number.parse().ok()) {
        Some(number) => content.as_version(number).ok_or_else(errors::not_found)?,
        None if draft => content.as_draft(),
        None => content.clone(),
    };
    let wanted = query.list("status");
    if !wanted.is_empty() && !wanted.contains(&shown.status.as_str()) {
        return Err(errors::not_found());
    }
    let mut object = objects::single(site, &shown, query.text("body-format"));
    if let (Some(false), Some(fields)) = (query.flag("include-version"), object.as_object_mut()) {
        fields.shift_remove("version");
    }
    for name in ["labels", "properties", "operations", "likes", "versions"] {
        if query.flag(&format!("include-{name}")) == Some(true) {
            set(&mut object, name, json!({"results": [], "meta": {"hasMore": false}, "_links": {}}));
        }
    }
    Ok(Reply::json(200, &object))
}

/// All pages or blog posts of the site.
pub(crate) fn all(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let mut known = list_parameters(kind);
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
    let mut known = list_parameters(kind);
    if kind == Kind::Page {
        known.push(("depth", Param::Word(&["all", "root"])));
    }
    let query = Query::check(visit.call, &known)?;
    let space = visit.id()?;
    visit.site()?.space(space).ok_or_else(errors::not_found)?;
    let root_only = query.text("depth") == Some("root");
    list(visit, kind, &query, |content| content.space == space && !(root_only && content.parent.is_some()))
}

fn list_parameters(kind: Kind) -> Vec<Known> {
    let (status, sort) = match kind {
        Kind::Page => (PAGE_STATUS, PAGE_SORT),
        Kind::BlogPost => (BLOG_STATUS, BLOG_SORT),
    };
    vec![
        ("status", Param::Words(status)),
        ("sort", Param::Word(sort)),
        ("title", Param::Text),
        ("body-format", Param::Word(LIST_FORMATS)),
        ("cursor", Param::Text),
        ("limit", Param::Limit),
    ]
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
        .collect();
    if let Some(sort) = query.text("sort") {
        found.sort_by(|a, b| order(sort, a, b));
    }
    let (part, next) = paging::cut(found, |content| content.id, query)?;
    let format = query.text("body-format");
    let results = part.iter().map(|content| objects::content(site, content, format)).collect();
    Ok(paging::answer(visit.call, &site.base(), results, next))
}

fn order(sort: &str, a: &Content, b: &Content) -> Ordering {
    let ordering = match sort.trim_start_matches('-') {
        "created-date" => a.created.cmp(&b.created),
        "modified-date" => a.text.version.at.cmp(&b.text.version.at),
        "title" => a.text.title.to_lowercase().cmp(&b.text.title.to_lowercase()),
        _ => Ordering::Equal,
    };
    let ordering = ordering.then(a.id.cmp(&b.id));
    if sort.starts_with('-') { ordering.reverse() } else { ordering }
}
