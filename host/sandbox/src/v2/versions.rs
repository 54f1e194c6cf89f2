//! The versions of a page or blog post.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply, set};
use crate::routes::Visit;
use crate::site::{Content, Kind, Text};

use super::lists::LIST_FORMATS;
use super::query::{Kind as Param, Known, Query};
use super::{objects, paging};

/// With bodies an answer has at most this many versions, whatever the limit.
const MOST_WITH_BODIES: usize = 50;

pub(crate) const SORT: &[&str] = &["modified-date", "-modified-date"];
const LIST: &[Known] = &[
    ("body-format", Param::Word(LIST_FORMATS)),
    ("cursor", Param::Text),
    ("limit", Param::Limit),
    ("sort", Param::Word(SORT)),
];

/// All versions, the newest first unless told otherwise.
pub(crate) fn all(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    let query = Query::check(visit.call, LIST)?;
    let content = visit.seen(kind)?;
    let mut texts: Vec<&Text> = content.versions().collect();
    if query.text("sort") != Some("modified-date") {
        texts.reverse();
    }
    let format = query.text("body-format");
    let most = if format.is_some() { MOST_WITH_BODIES } else { usize::MAX };
    let (part, next) = paging::cut_at(texts, |text| u64::from(text.version.number), &query, most)?;
    let results = part.iter().map(|text| one_of_many(content, text, format)).collect();
    Ok(paging::answer(&query, &visit.site()?.base(), results, next))
}

fn one_of_many(content: &Content, text: &Text, format: Option<&str>) -> Value {
    let mut object = objects::version(&text.version);
    let body = format.map_or_else(|| json!({}), |format| text.body.read(format));
    let entity = json!({"title": text.title, "id": content.id.to_string(), "body": body});
    set(&mut object, content.kind.as_str(), entity);
    object
}

/// The details of one version, without its body.
pub(crate) fn one(visit: &mut Visit<'_>, kind: Kind) -> Answer {
    Query::check(visit.call, &[])?;
    let content = visit.seen(kind)?;
    let number = visit.parameter("number");
    let number: u32 = number.parse().map_err(|_| errors::wrong_type("version-number", "long"))?;
    let text = content.versions().find(|text| text.version.number == number);
    let text = text.ok_or_else(errors::not_found)?;
    let mut object = objects::version(&text.version);
    set(&mut object, "contentTypeModified", false);
    set(&mut object, "collaborators", json!([text.version.author.id]));
    let has = |number: &u32| content.versions().any(|text| text.version.number == *number);
    set(&mut object, "prevVersion", number.checked_sub(1).filter(has));
    set(&mut object, "nextVersion", number.checked_add(1).filter(has));
    Ok(Reply::json(200, &object))
}
