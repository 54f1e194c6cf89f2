//! `GET` of one page or blog post, with what it may include.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::{Content, Kind, Site, Status};

use super::query::{Kind as Param, Known, Query};
use super::{objects, tree};

pub(crate) const SINGLE_FORMATS: &[&str] =
    &["storage", "atlas_doc_format", "view", "export_view", "anonymous_export_view", "styled_view", "editor"];
const PAGE_STATUS: &[&str] = &["current", "archived", "trashed", "deleted", "historical", "draft"];
const BLOG_STATUS: &[&str] = &["current", "trashed", "deleted", "historical", "draft"];
/// What an answer includes of each kind at most.
const MOST_INCLUDED: usize = 50;

const SINGLE: &[Known] = &[
    ("body-format", Param::Word(SINGLE_FORMATS)),
    ("get-draft", Param::Flag),
    ("version", Param::Integer),
    ("include-version", Param::Flag),
    ("include-labels", Param::Flag),
    ("include-properties", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-likes", Param::Flag),
    ("include-versions", Param::Flag),
    ("include-favorited-by-current-user-status", Param::Flag),
    ("include-webresources", Param::Flag),
    ("include-collaborators", Param::Flag),
];

/// One page or blog post. A draft is found only with `get-draft=true`.
pub(crate) fn one(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let mut known = SINGLE.to_vec();
    known.push(match kind {
        Kind::Page => ("status", Param::Words(PAGE_STATUS)),
        Kind::BlogPost => ("status", Param::Words(BLOG_STATUS)),
    });
    if kind == Kind::Page {
        known.push(("include-direct-children", Param::Flag));
    }
    let query = Query::check(visit.call, &known)?;
    let site = visit.site()?;
    let content = visit.seen(kind)?;
    let draft = query.flag("get-draft") == Some(true);
    if content.status == Status::Draft && !draft {
        return Err(errors::not_found());
    }
    let shown = match query.text("version") {
        Some(number) => {
            number.parse().ok().and_then(|number| content.as_version(number)).ok_or_else(errors::not_found)?
        }
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
    if query.flag("include-favorited-by-current-user-status") == Some(true) {
        set(&mut object, "isFavoritedByCurrentUser", false);
    }
    for name in ["labels", "properties", "operations", "likes", "versions", "direct-children"] {
        if query.flag(&format!("include-{name}")) == Some(true) {
            let all = included(visit, site, content, name);
            let field = if name == "direct-children" { "directChildren" } else { name };
            set(&mut object, field, optional(content, name, all));
        }
    }
    Ok(Reply::json(200, &object))
}

/// Everything of a kind that an answer may include, in its default order.
fn included(visit: &Visit<'_>, site: &Site, content: &Content, name: &str) -> Vec<Value> {
    match name {
        "labels" => content.labels.iter().filter_map(|id| objects::label(site, *id)).collect(),
        "versions" => content.versions().rev().map(|text| objects::version(&text.version)).collect(),
        "direct-children" => {
            let children = site.children(visit.account, content.space, Some(content.id));
            children.into_iter().map(tree::child).collect()
        }
        "operations" => {
            let edit = site.may_edit(visit.account, content);
            let allowed: &[&str] = if edit { &["read", "update", "delete"] } else { &["read"] };
            let target = content.kind.as_str();
            allowed.iter().map(|operation| json!({"operation": operation, "targetType": target})).collect()
        }
        // Nothing here has properties or likes.
        _ => Vec::new(),
    }
}

/// The first of what is included, and whether there is more.
fn optional(content: &Content, name: &str, mut all: Vec<Value>) -> Value {
    let more = all.len() > MOST_INCLUDED;
    all.truncate(MOST_INCLUDED);
    let address = format!("/wiki/api/v2/{}/{}/{name}", content.kind.collection(), content.id);
    json!({"results": all, "meta": {"hasMore": more}, "_links": {"self": address}})
}
