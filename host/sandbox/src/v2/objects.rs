//! The objects of v2's answers. Ids are strings, and bodies are empty unless a format was asked for.

use serde_json::{Value, json};

use crate::accounts::Account;
use crate::html::percent;
use crate::http::set;
use crate::site::{Content, Kind, Site, Space, Version};

/// A page or blog post, as both lists and single answers have it.
pub(crate) fn content(site: &Site, content: &Content, format: Option<&str>) -> Value {
    let mut object = json!({
        "id": content.id.to_string(),
        "status": content.status.as_str(),
        "title": content.text.title,
        "spaceId": content.space.to_string(),
    });
    if content.kind == Kind::Page {
        set(&mut object, "parentId", content.parent.map(|parent| parent.to_string()));
        set(&mut object, "parentType", content.parent.map(|_| "page"));
        set(&mut object, "position", content.position);
        set(&mut object, "ownerId", content.owner.as_str());
        set(&mut object, "lastOwnerId", Value::Null);
        set(&mut object, "subtype", content.subtype.clone());
    }
    set(&mut object, "authorId", content.author.id);
    set(&mut object, "createdAt", content.created.iso());
    set(&mut object, "version", version(&content.text.version));
    set(&mut object, "body", format.map_or_else(|| json!({}), |format| content.text.body.read(format)));
    if let Some(space) = site.space(content.space) {
        set(
            &mut object,
            "_links",
            json!({
                "webui": content.webui(space),
                "editui": content.editui(),
                "tinyui": format!("/x/{}", percent(&content.id.to_string())),
            }),
        );
    }
    object
}

/// The single answer: the object, with the base that its links are relative to.
pub(crate) fn single(site: &Site, shown: &Content, format: Option<&str>) -> Value {
    with_base(site, content(site, shown, format))
}

pub(crate) fn space(space: &Space, description: Option<&str>) -> Value {
    let owner = space.personal.unwrap_or_else(Account::first);
    json!({
        "id": space.id.to_string(),
        "key": space.key,
        "name": space.name,
        "type": space.kind(),
        "status": space.status(),
        "authorId": owner.id,
        "spaceOwnerId": owner.id,
        "currentActiveAlias": space.key,
        "createdAt": space.created.iso(),
        "homepageId": space.homepage.map(|id| id.to_string()),
        "description": description.map(|format| json!({
            format: {"representation": format, "value": space.description}
        })),
        "icon": null,
        "_links": {"webui": format!("/spaces/{}", space.key)},
    })
}

/// Adds `_links.base`, which only single answers carry on the object itself.
pub(crate) fn with_base(site: &Site, mut object: Value) -> Value {
    if let Some(links) = object.get_mut("_links") {
        set(links, "base", site.base());
    }
    object
}

/// A label by its id.
pub(crate) fn label(site: &Site, id: u64) -> Option<Value> {
    let label = site.labels.get(id)?;
    Some(json!({"id": id.to_string(), "name": label.name, "prefix": label.prefix}))
}

pub(crate) fn version(version: &Version) -> Value {
    json!({
        "number": version.number,
        "message": version.message,
        "minorEdit": version.minor,
        "authorId": version.author.id,
        "createdAt": version.at.iso(),
    })
}
