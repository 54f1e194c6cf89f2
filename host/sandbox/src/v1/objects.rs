//! The objects of v1's answers.

use serde_json::{Value, json};

use crate::accounts::Account;
use crate::html::percent;
use crate::http::set;
use crate::site::attachments::{Attachment, File};
use crate::site::{Content, Site, Space, Version};
use crate::v2;

/// What a content object can be asked to carry; the rest is named under `_expandable`.
const EXPANDABLE: &[&str] = &[
    "space",
    "version",
    "history",
    "ancestors",
    "body.storage",
    "body.view",
    "body.export_view",
    "metadata.labels",
];

/// A page or blog post, with what is expanded.
pub(super) fn content(site: &Site, content: &Content, expand: &[&str]) -> Value {
    let mut object = json!({
        "id": content.id.to_string(),
        "type": content.kind.as_str(),
        "status": content.status.as_str(),
        "title": content.text.title,
    });
    let mut expandable = json!({});
    for name in EXPANDABLE {
        if !expand.contains(name) {
            set(&mut expandable, name, "");
            continue;
        }
        match name.split_once('.') {
            None => set(&mut object, name, part(site, content, name)),
            Some(("body", format)) => nest(&mut object, "body", format, body(content, format)),
            Some((outer, inner)) => nest(&mut object, outer, inner, part(site, content, inner)),
        }
    }
    set(&mut object, "macroRenderedOutput", json!({}));
    set(&mut object, "_expandable", expandable);
    if let Some(space) = site.space(content.space) {
        set(
            &mut object,
            "_links",
            json!({
                "webui": content.webui(space),
                "editui": content.editui(),
                "tinyui": format!("/x/{}", content.id),
                "self": format!("{}/rest/api/content/{}", site.base(), content.id),
            }),
        );
    }
    object
}

fn nest(object: &mut Value, outer: &str, inner: &str, value: Value) {
    if object.get(outer).is_none() {
        set(object, outer, json!({}));
    }
    if let Some(nested) = object.get_mut(outer) {
        set(nested, inner, value);
    }
}

fn body(content: &Content, format: &str) -> Value {
    content.text.body.read(format).get(format).cloned().unwrap_or_default()
}

fn part(site: &Site, content: &Content, name: &str) -> Value {
    match name {
        "space" => site.space(content.space).map(|one| space(site, one)).unwrap_or_default(),
        "version" => version(&content.text.version),
        "history" => json!({
            "latest": true,
            "createdBy": user(content.author),
            "createdDate": content.created.iso(),
        }),
        "ancestors" => {
            let mut above: Vec<_> =
                site.lineage(content).skip(1).map(|page| self::content(site, page, &[])).collect();
            above.reverse();
            json!(above)
        }
        "labels" => {
            let labels: Vec<_> = content.labels.iter().filter_map(|id| label(site, *id)).collect();
            json!({"results": labels, "start": 0, "limit": 200, "size": labels.len()})
        }
        _ => Value::Null,
    }
}

/// A label, which v1 calls by its name twice.
pub(super) fn label(site: &Site, id: u64) -> Option<Value> {
    let mut label = v2::objects::label(site, id)?;
    let name = label.get("name").cloned().unwrap_or_default();
    set(&mut label, "label", name);
    Some(label)
}

pub(super) fn space(site: &Site, space: &Space) -> Value {
    json!({
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "type": space.kind(),
        "status": space.status(),
        "_expandable": {},
        "_links": {
            "webui": format!("/spaces/{}", space.key),
            "self": format!("{}/rest/api/space/{}", site.base(), space.key),
        },
    })
}

pub(super) fn user(account: &Account) -> Value {
    json!({
        "type": "known",
        "accountId": account.id,
        "accountType": "atlassian",
        "email": account.visible_email(),
        "publicName": account.name,
        "displayName": account.name,
        "isExternalCollaborator": false,
    })
}

fn version(version: &Version) -> Value {
    json!({
        "by": user(version.author),
        "when": version.at.iso(),
        "number": version.number,
        "message": version.message,
        "minorEdit": version.minor,
    })
}

/// An attachment at one of its versions.
pub(super) fn attachment(site: &Site, attachment: &Attachment, file: &File) -> Value {
    let (id, container) = (attachment.name(), attachment.container);
    json!({
        "id": id,
        "type": "attachment",
        "status": attachment.status.as_str(),
        "title": attachment.title,
        "version": version(&file.version),
        "container": {"id": container.to_string(), "type": site.contents.get(&container).map(|one| one.kind.as_str())},
        "metadata": {"comment": file.version.message, "mediaType": file.media_type},
        "extensions": {
            "mediaType": file.media_type,
            "fileSize": file.bytes.len(),
            "comment": file.version.message,
            "fileId": attachment.file_id,
            "collectionName": format!("contentId-{container}"),
        },
        "_expandable": {},
        "_links": {
            "webui": v2::attachments::webui(attachment),
            "self": format!("{}/rest/api/content/{id}", site.base()),
            "download": format!("/rest/api/content/{container}/child/attachment/{}/download", percent(&id)),
        },
    })
}
