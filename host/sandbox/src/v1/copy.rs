//! `POST /content/{id}/copy`.

use serde_json::Value;

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::body::{Body, Representation};
use crate::site::{Draft, Kind, Status, Text, Version};

use super::{body, expansions, objects, seen};

/// What a copy carries along, and what it is made into.
struct Wish {
    destination: Destination,
    title: Option<String>,
    body: Option<Body>,
    labels: bool,
    attachments: bool,
}

enum Destination {
    Space(String),
    Below(String),
    Over(String),
}

/// Copies one page, without what is below it.
pub(crate) fn copy(visit: &mut Visit<'_>) -> Answer {
    let source = seen(visit, visit.parameter("id"))?.clone();
    if source.kind != Kind::Page || source.status == Status::Trashed {
        return Err(errors::v1_not_found());
    }
    let wish = read(&body::read(visit.call)?)?;
    let title = wish.title.unwrap_or_else(|| source.text.title.clone());
    let text = wish.body.unwrap_or_else(|| source.text.body.clone());
    let (now, author) = (visit.state.clock.now(), visit.account);
    let (space, parent, over) = match &wish.destination {
        Destination::Space(key) => {
            let space = visit.site()?.space_by_key(key).filter(|space| space.is_visible_to(author));
            (space.ok_or_else(errors::v1_not_found)?.id, None, None)
        }
        Destination::Below(id) => {
            let page = seen(visit, id)?;
            (page.space, Some(page.id), None)
        }
        Destination::Over(id) => {
            let page = seen(visit, id)?;
            if !visit.site()?.may_edit(author, page) {
                return Err(errors::v1_forbidden());
            }
            (page.space, page.parent, Some(page.id))
        }
    };
    if visit.site()?.title_taken(space, Kind::Page, &title, over) {
        return Err(errors::v1_invalid(format!(
            "A page already exists with the title {title} in this space"
        )));
    }
    let state = &mut *visit.state;
    let id = over.unwrap_or_else(|| state.ids.content());
    let site = state.sites.get_mut(visit.site).ok_or_else(errors::v1_not_found)?;
    match over.and_then(|id| site.contents.get_mut(&id)) {
        Some(page) => {
            let number = page.text.version.number + 1;
            let version = Version { number, author, message: String::new(), minor: false, at: now };
            page.history.push(std::mem::replace(&mut page.text, Text { title, body: text, version }));
        }
        None => {
            let (kind, status) = (Kind::Page, Status::Current);
            site.add(id, now, Draft { author, kind, status, space, parent, title, body: text });
        }
    }
    if let (true, Some(page)) = (wish.labels, site.contents.get_mut(&id)) {
        page.labels.extend(source.labels.iter().copied());
    }
    if wish.attachments {
        let files: Vec<_> = site
            .attachments
            .values()
            .filter(|file| file.container == source.id && file.status == Status::Current)
            .cloned()
            .collect();
        for mut file in files {
            (file.id, file.container, file.created) = (state.ids.content(), id, now);
            site.attachments.insert(file.id, file);
        }
    }
    let mut expand = vec!["space", "history", "version"];
    let asked = expansions(visit.call);
    expand.extend(asked.iter().map(String::as_str));
    let site = visit.site()?;
    let page = site.contents.get(&id).ok_or_else(errors::v1_not_found)?;
    Ok(Reply::json(200, &objects::content(site, page, &expand)))
}

fn read(body: &Value) -> Result<Wish, Reply> {
    let destination = body.get("destination").ok_or_else(|| errors::v1_invalid("destination is required"))?;
    let text = |field: &str| destination.get(field).and_then(Value::as_str);
    let (Some(kind), Some(value)) = (text("type"), text("value")) else {
        return Err(errors::v1_invalid("destination needs a type and a value"));
    };
    let value = value.to_owned();
    let destination = match kind {
        "space" => Destination::Space(value),
        "parent_page" | "parent_content" => Destination::Below(value),
        "existing_page" => Destination::Over(value),
        other => return Err(errors::v1_invalid(format!("destination.type {other} is not known"))),
    };
    let flag = |field: &str| body.get(field).and_then(Value::as_bool).unwrap_or(false);
    let replaced = body.pointer("/body/storage/value").and_then(Value::as_str);
    let replaced =
        replaced.map(|value| Body { representation: Representation::Storage, value: value.to_owned() });
    if let Some(body) = &replaced {
        body.check().map_err(errors::v1_invalid)?;
    }
    Ok(Wish {
        destination,
        title: body.get("pageTitle").and_then(Value::as_str).map(str::to_owned),
        body: replaced,
        labels: flag("copyLabels"),
        attachments: flag("copyAttachments"),
    })
}
