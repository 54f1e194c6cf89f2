//! The content tree: what is directly below a page, further below it, and above it.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::comments::Place;
use crate::site::{Content, Kind, Status, attachments};

use super::fields::Fields;
use super::query::{Kind as Param, Known, Query};
use super::{lists, paging};

const CHILDREN_SORT: &[&str] = &[
    "id",
    "-id",
    "created-date",
    "-created-date",
    "modified-date",
    "-modified-date",
    "child-position",
    "-child-position",
    "title",
    "-title",
];
const DESCENDANTS: &[Known] = &[("limit", Param::Limit), ("depth", Param::UpTo(10)), ("cursor", Param::Text)];
/// How far down descendants are listed where no depth is asked for; what lies deeper is left off silently.
const DEFAULT_DEPTH: usize = 2;
/// The most ids that are converted at a time.
const MOST_IDS: usize = 100;

/// What is directly below a page. An author's drafts are there too, although the document lists only the states
/// current and archived (measured).
pub(crate) fn direct_children(visit: &mut Visit<'_>) -> Answer {
    children(visit, true)
}

/// The same, deprecated: pages only, and without their type.
pub(crate) fn child_pages(visit: &mut Visit<'_>) -> Answer {
    children(visit, false)
}

fn children(visit: &Visit<'_>, typed: bool) -> Answer {
    let known = [("cursor", Param::Text), ("limit", Param::Limit), ("sort", Param::Word(CHILDREN_SORT))];
    let query = Query::check(visit.call, &known)?;
    let page = visit.seen(Kind::Page)?;
    let site = visit.site()?;
    let mut found = site.children(visit.account, page.space, Some(page.id));
    if let Some(sort) = query.text("sort") {
        found.sort_by(|a, b| lists::order(sort, a, b));
    }
    let (part, next) = paging::cut(found, |page| page.id, &query)?;
    let results = part.into_iter().map(|page| {
        let mut object = child(page);
        if let (false, Some(fields)) = (typed, object.as_object_mut()) {
            fields.shift_remove("type");
        }
        object
    });
    Ok(paging::answer(&query, &site.base(), results.collect(), next))
}

/// A page as one of its parent's children.
pub(crate) fn child(page: &Content) -> Value {
    json!({
        "id": page.id.to_string(),
        "status": page.status.as_str(),
        "title": page.text.title,
        "type": page.kind.as_str(),
        "spaceId": page.space.to_string(),
        "childPosition": page.position,
    })
}

/// What is below a page, the highest first, down to a depth.
pub(crate) fn descendants(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, DESCENDANTS)?;
    let page = visit.seen(Kind::Page)?;
    let site = visit.site()?;
    let depth = query.number("depth").unwrap_or(DEFAULT_DEPTH);
    let found = site.descendants(visit.account, page, depth);
    let (part, next) = paging::cut(found, |(_, page)| page.id, &query)?;
    let results = part.into_iter().map(|(depth, page)| {
        json!({
            "id": page.id.to_string(),
            "status": page.status.as_str(),
            "title": page.text.title,
            "type": page.kind.as_str(),
            "parentId": page.parent.map(|parent| parent.to_string()),
            "depth": depth,
            "childPosition": page.position,
        })
    });
    Ok(paging::answer(&query, &site.base(), results.collect(), next))
}

/// What is above a page, the highest first. The limit keeps the nearest ones; there is no cursor, the next call
/// asks for what is above the first.
pub(crate) fn ancestors(visit: &mut Visit<'_>) -> Answer {
    let query = Query::check(visit.call, &[("limit", Param::Limit)])?;
    let page = visit.seen(Kind::Page)?;
    let site = visit.site()?;
    let above = site.lineage(page).skip(1).take(query.limit());
    let mut results: Vec<_> =
        above.map(|page| json!({"id": page.id.to_string(), "type": page.kind.as_str()})).collect();
    results.reverse();
    Ok(paging::answer(&query, &site.base(), results, None))
}

/// `POST /content/convert-ids-to-types`: what v2 calls each thing, `null` for what may not be viewed.
pub(crate) fn convert_ids(visit: &mut Visit<'_>) -> Answer {
    Query::check(visit.call, &[])?;
    let fields = Fields::read(visit.call, &["contentIds"])?;
    let Some(Value::Array(ids)) = fields.get("contentIds") else {
        return Err(errors::wrong_type("contentIds", "Array"));
    };
    if ids.len() > MOST_IDS {
        return Err(errors::invalid(format!("At most {MOST_IDS} values may be given for 'contentIds'.")));
    }
    let mut results = json!({});
    for id in ids {
        let text = match id {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(errors::wrong_type("contentIds", "Array of ids")),
        };
        let kind = kind_of(visit, &text)?;
        set(&mut results, &text, kind);
    }
    Ok(Reply::json(200, &json!({"results": results})))
}

fn kind_of(visit: &Visit<'_>, id: &str) -> Result<Option<&'static str>, Reply> {
    let (site, account) = (visit.site()?, visit.account);
    let Some(id) = attachments::number(id) else { return Ok(None) };
    if let Some(content) = site.contents.get(&id).filter(|content| site.sees(account, content)) {
        return Ok((content.status != Status::Trashed).then(|| content.kind.as_str()));
    }
    if site.attachment_seen_by(account, id).is_some() {
        return Ok(Some("attachment"));
    }
    let places = [Place::Footer, Place::Inline];
    Ok(places
        .into_iter()
        .find(|place| site.comment_seen_by(account, *place, id).is_some())
        .map(Place::as_str))
}
