//! `GET /spaces` and `GET /spaces/{id}`. A key is resolved by `?keys=KEY`: there is no path by key.

use serde_json::json;

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::Space;

use super::query::{Kind as Param, Known, Query};
use super::{objects, paging};

const FORMATS: &[&str] = &["plain", "view"];
const TYPES: &[&str] =
    &["global", "collaboration", "knowledge_base", "personal", "system", "onboarding", "xflow_sample_space"];

const LIST: &[Known] = &[
    ("ids", Param::Integers(250)),
    ("keys", Param::Texts(250)),
    ("type", Param::Word(TYPES)),
    ("status", Param::Word(&["current", "archived"])),
    ("sort", Param::Word(&["id", "-id", "key", "-key", "name", "-name"])),
    ("description-format", Param::Word(FORMATS)),
    ("include-icon", Param::Flag),
    ("labels", Param::Texts(250)),
    ("favorited-by", Param::Text),
    ("not-favorited-by", Param::Text),
    ("cursor", Param::Text),
    ("limit", Param::Limit),
];

const SINGLE: &[Known] = &[
    ("description-format", Param::Word(FORMATS)),
    ("include-icon", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-properties", Param::Flag),
    ("include-permissions", Param::Flag),
    ("include-labels", Param::Flag),
];

/// The spaces of the site that the caller may view. None of them has a label or is anybody's favourite.
pub(crate) fn all(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    let site = visit.site()?;
    let (ids, keys) = (query.ids("ids"), query.list("keys"));
    let marked = query.text("labels").is_some() || query.text("favorited-by").is_some();
    let mut found: Vec<&Space> = site
        .spaces
        .iter()
        .filter(|space| {
            !marked
                && space.is_visible_to(visit.account)
                && query.text("type").is_none_or(|kind| kind == space.kind())
                && query.text("status").is_none_or(|status| status == space.status())
                && (ids.is_empty() || ids.contains(&space.id))
                && (keys.is_empty() || keys.contains(&space.key.as_str()))
        })
        .collect();
    if let Some(sort) = query.text("sort") {
        match sort.trim_start_matches('-') {
            "key" => found.sort_by(|a, b| a.key.cmp(&b.key)),
            "name" => found.sort_by(|a, b| a.name.cmp(&b.name)),
            _ => found.sort_by_key(|space| space.id),
        }
        if sort.starts_with('-') {
            found.reverse();
        }
    }
    let (part, next) = paging::cut(found, |space| space.id, &query)?;
    let format = query.text("description-format");
    let results = part.iter().map(|space| objects::space(space, format)).collect();
    Ok(paging::answer(&query, &site.base(), results, next))
}

/// One space.
pub(crate) fn one(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, SINGLE)?;
    let site = visit.site()?;
    let space = site.space_seen_by(visit.account, visit.id()?).ok_or_else(errors::not_found)?;
    let mut object = objects::space(space, query.text("description-format"));
    for name in ["labels", "properties", "operations", "permissions"] {
        if query.flag(&format!("include-{name}")) == Some(true) {
            set(&mut object, name, json!({"results": [], "meta": {"hasMore": false}, "_links": {}}));
        }
    }
    Ok(Reply::json(200, &objects::with_base(site, object)))
}
