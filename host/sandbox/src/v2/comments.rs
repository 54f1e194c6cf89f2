//! Footer comments and inline comments, and the answers to them.

use serde_json::{Value, json};

use crate::accounts::Account;
use crate::clock::Moment;
use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::comments::{Comment, Mark, Place, Resolution, Subject};
use crate::site::{Content, Kind, Site, Status, Version, attachments};

use super::fields::Fields;
use super::lists::LIST_FORMATS;
use super::query::{Kind as Param, Known, Query};
use super::read::SINGLE_FORMATS;
use super::{objects, paging};

const SORT: &[&str] = &["created-date", "-created-date", "modified-date", "-modified-date"];
const STATUS: &[&str] = &["current", "archived", "trashed", "deleted", "historical", "draft"];
const LIST: &[Known] = &[
    ("body-format", Param::Word(LIST_FORMATS)),
    ("sort", Param::Word(SORT)),
    ("cursor", Param::Text),
    ("limit", Param::Limit),
];
const SINGLE: &[Known] = &[
    ("body-format", Param::Word(SINGLE_FORMATS)),
    ("version", Param::Integer),
    ("include-properties", Param::Flag),
    ("include-operations", Param::Flag),
    ("include-likes", Param::Flag),
    ("include-versions", Param::Flag),
    ("include-version", Param::Flag),
];

/// Makes a comment, or an answer to one. Answered 201, unlike a new page.
pub(crate) fn create(visit: &mut Visit<'_>, place: Place) -> Answer {
    Query::check(visit.call, &[])?;
    let fields = Fields::read(
        visit.call,
        match place {
            Place::Footer => {
                &["pageId", "blogPostId", "parentCommentId", "attachmentId", "customContentId", "body"]
            }
            Place::Inline => &["pageId", "blogPostId", "parentCommentId", "body", "inlineCommentProperties"],
        },
    )?;
    let (subject, parent) = target(visit, place, &fields)?;
    let body = fields.body()?.ok_or_else(|| errors::invalid("Field 'body' is required."))?;
    let mark = match (place, parent) {
        (Place::Inline, None) => Some(mark(visit, &fields, subject)?),
        (Place::Inline, Some(_)) if fields.get("inlineCommentProperties").is_some() => {
            return Err(errors::invalid("A reply may not have 'inlineCommentProperties'."));
        }
        _ => None,
    };
    let (id, now, author) = (visit.state.ids.content(), visit.state.clock.now(), visit.account);
    let version = Version { number: 1, author, message: String::new(), minor: false, at: now };
    let versions = vec![(version, body)];
    let comment = Comment { id, place, subject, parent, created: now, mark, resolution: None, versions };
    let site = visit.site_mut()?;
    let format = comment.version(None).map(|(_, body)| body.shown_as());
    let answer = single(site, &comment, None, format)?;
    site.comments.insert(id, comment);
    let location = format!("/wiki/api/v2/{}/{id}", place.collection());
    Ok(Reply::json(201, &answer).header("location", location))
}

/// What the new comment is about, and which comment it answers: exactly one of the fields says so.
fn target(visit: &Visit<'_>, place: Place, fields: &Fields) -> Result<(Subject, Option<u64>), Reply> {
    let site = visit.site()?;
    let names = ["pageId", "blogPostId", "parentCommentId", "attachmentId", "customContentId"];
    let given: Vec<&str> = names.into_iter().filter(|name| fields.get(name).is_some()).collect();
    let [name] = given[..] else {
        return Err(errors::invalid(format!("Exactly one of {} must be given.", names.join(", "))));
    };
    if name == "attachmentId" {
        let id = fields.text(name)?.and_then(attachments::number);
        let id = id.ok_or_else(|| errors::wrong_type(name, "long"))?;
        let attachment = site.attachment_seen_by(visit.account, id).ok_or_else(errors::not_found)?;
        return Ok((Subject::Attachment(attachment.id), None));
    }
    let id = fields.id(name)?.unwrap_or_default();
    let content = |kind| {
        let content = site.seen_by(visit.account, kind, id);
        let content = content.filter(|content| !matches!(content.status, Status::Trashed | Status::Draft));
        content.map(|content| (Subject::Content(content.id), None))
    };
    let found = match name {
        "pageId" => content(Kind::Page),
        "blogPostId" => content(Kind::BlogPost),
        "parentCommentId" => {
            site.comment_seen_by(visit.account, place, id).map(|parent| (parent.subject, Some(parent.id)))
        }
        // There is no custom content here.
        _ => None,
    };
    found.ok_or_else(errors::not_found)
}

/// The text that a new inline comment marks: it has to be in the page as often as the caller says.
fn mark(visit: &Visit<'_>, fields: &Fields, subject: Subject) -> Result<Mark, Reply> {
    let known = ["textSelection", "textSelectionMatchCount", "textSelectionMatchIndex"];
    let properties = fields.object("inlineCommentProperties", &known)?;
    let properties =
        properties.ok_or_else(|| errors::invalid("Field 'inlineCommentProperties' is required."))?;
    let selection = properties.text("textSelection")?.filter(|selection| !selection.is_empty());
    let selection = selection.ok_or_else(|| errors::invalid("Field 'textSelection' is required."))?;
    let number = |name: &str| {
        let number = properties.get(name).and_then(Value::as_u64);
        number.ok_or_else(|| errors::invalid(format!("Field '{name}' is required and must be an integer.")))
    };
    let (count, index) = (number("textSelectionMatchCount")?, number("textSelectionMatchIndex")?);
    if index >= count {
        return Err(errors::invalid(
            "'textSelectionMatchIndex' must be less than 'textSelectionMatchCount'.",
        ));
    }
    let content = visit.site()?.commented(subject).ok_or_else(errors::not_found)?;
    let matches = content.text.body.lines().join("\n").matches(selection).count();
    if u64::try_from(matches).ok() != Some(count) {
        return Err(errors::invalid(format!(
            "The text selection was found {matches} times in the content, not {count} times."
        )));
    }
    Ok(Mark { reference: format!("{:032x}", rand::random::<u128>()), selection: selection.to_owned() })
}

/// One comment.
pub(crate) fn one(visit: &mut Visit<'_>, place: Place) -> Answer {
    let query = Query::check(visit.call, SINGLE)?;
    let comment = seen(visit, place)?;
    let number = match query.text("version") {
        None => None,
        Some(number) => Some(number.parse().map_err(|_| errors::not_found())?),
    };
    let mut object = single(visit.site()?, comment, number, query.text("body-format"))?;
    if query.flag("include-versions") == Some(true) {
        let all: Vec<_> =
            comment.versions.iter().rev().map(|(version, _)| objects::version(version)).collect();
        set(&mut object, "versions", json!({"results": all, "meta": {"hasMore": false}, "_links": {}}));
    }
    for name in ["properties", "operations", "likes"] {
        if query.flag(&format!("include-{name}")) == Some(true) && object.get(name).is_none() {
            set(&mut object, name, json!({"results": [], "meta": {"hasMore": false}, "_links": {}}));
        }
    }
    if let (Some(false), Some(fields)) = (query.flag("include-version"), object.as_object_mut()) {
        fields.shift_remove("version");
    }
    Ok(Reply::json(200, &object))
}

/// All comments of the site, answers among them.
pub(crate) fn all(visit: &mut Visit<'_>, place: Place) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    list(visit, place, &query, |_| true)
}

/// The comments of a page or blog post, without the answers to them.
pub(crate) fn of_content(visit: &mut Visit<'_>, kind: Kind, place: Place) -> Answer {
    let mut known = LIST.to_vec();
    known.push(("status", Param::Words(STATUS)));
    if place == Place::Inline {
        known.push(("resolution-status", Param::Words(&["resolved", "open", "dangling", "reopened"])));
    }
    let query = Query::check(visit.call, &known)?;
    let id = visit.seen(kind)?.id;
    let (statuses, resolutions) = (query.list("status"), query.list("resolution-status"));
    list(visit, place, &query, |comment| {
        comment.parent.is_none()
            && comment.subject == Subject::Content(id)
            && (statuses.is_empty() || statuses.contains(&"current"))
            && (resolutions.is_empty() || resolutions.contains(&comment.resolution_status()))
    })
}

/// The answers to a comment.
pub(crate) fn children(visit: &mut Visit<'_>, place: Place) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    let parent = seen(visit, place)?.id;
    list(visit, place, &query, |comment| comment.parent == Some(parent))
}

fn list(visit: &Visit<'_>, place: Place, query: &Query<'_>, keep: impl Fn(&Comment) -> bool) -> Answer {
    let site = visit.site()?;
    let mut found: Vec<&Comment> = site
        .comments
        .values()
        .filter(|comment| keep(comment) && site.comment_seen_by(visit.account, place, comment.id).is_some())
        .collect();
    if let Some(sort) = query.text("sort") {
        let modified = sort.ends_with("modified-date");
        let changed = |comment: &Comment| comment.version(None).map(|(version, _)| version.at);
        found.sort_by_key(|comment| {
            (if modified { changed(comment) } else { Some(comment.created) }, comment.id)
        });
        if sort.starts_with('-') {
            found.reverse();
        }
    }
    let (part, next) = paging::cut(found, |comment| comment.id, query)?;
    let format = query.text("body-format");
    let results: Result<Vec<_>, _> =
        part.into_iter().map(|comment| object(site, comment, None, format)).collect();
    Ok(paging::answer(query, &site.base(), results?, next))
}

/// Changes a comment's text; of an inline comment also whether it is resolved.
pub(crate) fn update(visit: &mut Visit<'_>, place: Place) -> Answer {
    Query::check(visit.call, &[])?;
    let fields = Fields::read(
        visit.call,
        match place {
            Place::Footer => &["version", "body", "_links"],
            Place::Inline => &["version", "body", "resolved"],
        },
    )?;
    let version = fields.object("version", &["number", "message"])?;
    let version = version.ok_or_else(|| errors::invalid("Field 'version' is required."))?;
    let provided = version.get("number").and_then(Value::as_i64);
    let provided = provided.ok_or_else(|| errors::wrong_type("version.number", "Integer"))?;
    let message = version.text("message")?.unwrap_or_default().to_owned();
    let body = fields.body()?;
    let resolved = match fields.get("resolved") {
        None => None,
        Some(Value::Bool(resolved)) => Some(*resolved),
        Some(_) => return Err(errors::wrong_type("resolved", "Boolean")),
    };
    if body.is_none() && resolved.is_none() {
        return Err(errors::invalid("Field 'body' is required."));
    }
    let comment = seen(visit, place)?;
    if resolved.is_some() && comment.parent.is_some() {
        return Err(errors::invalid("Only a top-level comment can be resolved."));
    }
    let (current, earlier) = comment.version(None).ok_or_else(errors::not_found)?;
    let number = current.number + 1;
    if provided != i64::from(number) {
        return Err(errors::version_conflict(current.number, provided));
    }
    let body = body.unwrap_or_else(|| earlier.clone());
    let (id, by, at): (u64, &'static Account, Moment) = (comment.id, visit.account, visit.state.clock.now());
    let site = visit.site_mut()?;
    let comment = site.comments.get_mut(&id).ok_or_else(errors::not_found)?;
    comment.versions.push((Version { number, author: by, message, minor: false, at }, body));
    if let Some(resolved) = resolved {
        comment.resolution = Some(Resolution { resolved, by, at });
    }
    let comment = site.comments.get(&id).ok_or_else(errors::not_found)?;
    let format = comment.version(None).map(|(_, body)| body.shown_as());
    Ok(Reply::json(200, &single(site, comment, None, format)?))
}

/// Takes a comment away for good, with the answers to it.
pub(crate) fn delete(visit: &mut Visit<'_>, place: Place) -> Answer {
    Query::check(visit.call, &[])?;
    let mut gone = vec![seen(visit, place)?.id];
    let site = visit.site_mut()?;
    while let Some(id) = gone.pop() {
        site.comments.remove(&id);
        gone.extend(site.comments.values().filter(|comment| comment.parent == Some(id)).map(|one| one.id));
    }
    Ok(Reply::empty(204))
}

fn seen<'a>(visit: &'a Visit<'_>, place: Place) -> Result<&'a Comment, Reply> {
    let id = visit.id()?;
    visit.site()?.comment_seen_by(visit.account, place, id).ok_or_else(errors::not_found)
}

/// The single answer.
fn single(site: &Site, comment: &Comment, number: Option<u32>, format: Option<&str>) -> Result<Value, Reply> {
    let mut object = objects::with_base(site, object(site, comment, number, format)?);
    if let Some(resolution) = &comment.resolution {
        set(&mut object, "resolutionLastModifierId", resolution.by.id);
        set(&mut object, "resolutionLastModifiedAt", resolution.at.iso());
    }
    Ok(object)
}

fn object(site: &Site, comment: &Comment, number: Option<u32>, format: Option<&str>) -> Result<Value, Reply> {
    let (version, body) = comment.version(number).ok_or_else(errors::not_found)?;
    let content: &Content = site.commented(comment.subject).ok_or_else(errors::not_found)?;
    let mut object = json!({
        "id": comment.id.to_string(),
        "status": "current",
        "title": format!("Re: {}", content.text.title),
    });
    match (comment.subject, content.kind) {
        (Subject::Attachment(id), _) => set(&mut object, "attachmentId", format!("att{id}")),
        (_, Kind::Page) => set(&mut object, "pageId", content.id.to_string()),
        (_, Kind::BlogPost) => set(&mut object, "blogPostId", content.id.to_string()),
    }
    if let Some(parent) = comment.parent {
        set(&mut object, "parentCommentId", parent.to_string());
    }
    set(&mut object, "version", objects::version(version));
    set(&mut object, "body", format.map_or_else(|| json!({}), |format| body.read(format)));
    if let Some(mark) = &comment.mark {
        set(&mut object, "resolutionStatus", comment.resolution_status());
        let properties =
            json!({"inlineMarkerRef": mark.reference, "inlineOriginalSelection": mark.selection});
        set(&mut object, "properties", properties);
    }
    if let Some(space) = site.space(content.space) {
        let webui = format!("{}?focusedCommentId={}", content.webui(space), comment.id);
        set(&mut object, "_links", json!({"webui": webui}));
    }
    Ok(object)
}
