//! Adding and removing labels, which only v1 does.

use serde_json::{Value, json};

use crate::errors;
use crate::http::{Answer, Reply};
use crate::routes::Visit;
use crate::site::labels::Label;
use crate::site::{Content, Status};

use super::{body, editable, objects};

const PREFIXES: &[&str] = &["global", "my", "team", "system"];
const LONGEST: usize = 255;
/// The most labels that an answer shows.
const SHOWN: usize = 200;
/// Characters that no label has.
const FORBIDDEN: &[char] = &[
    ' ', ':', ';', ',', '.', '?', '&', '[', ']', '(', ')', '#', '^', '*', '@', '!', '<', '>', '\t', '\n',
    '\r',
];

/// Adds labels. Those that are there stay, and the answer shows all.
pub(crate) fn add(visit: &mut Visit<'_>) -> Answer {
    let content = editable(visit)?;
    let id = content.id;
    let labels = match body::read(visit.call)? {
        Value::Array(labels) => labels,
        one @ Value::Object(_) => vec![one],
        _ => return Err(unreadable()),
    };
    let labels = labels.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let state = &mut *visit.state;
    let site = state.sites.get_mut(visit.site).ok_or_else(errors::v1_not_found)?;
    let added: Vec<u64> = labels.into_iter().map(|label| site.labels.make(label, &mut state.ids)).collect();
    let content = site.contents.get_mut(&id).ok_or_else(errors::v1_not_found)?;
    content.labels.extend(added);
    let content = site.contents.get(&id).ok_or_else(errors::v1_not_found)?;
    let shown: Vec<_> =
        content.labels.iter().take(SHOWN).filter_map(|id| objects::label(site, *id)).collect();
    let size = shown.len();
    let links = json!({"base": site.base(), "context": "/wiki"});
    Ok(Reply::json(
        200,
        &json!({"results": shown, "start": 0, "limit": SHOWN, "size": size, "_links": links}),
    ))
}

/// Removes the label that the query names. One that is not there is no error.
pub(crate) fn remove(visit: &mut Visit<'_>) -> Answer {
    let name = visit.call.query("name").map(str::to_owned);
    let name = name.ok_or_else(|| errors::v1_invalid("The query parameter name is required"))?;
    take(visit, &name)
}

/// The same with the name in the path, where a slash cannot stand.
pub(crate) fn remove_named(visit: &mut Visit<'_>) -> Answer {
    let name = visit.parameter("label").to_owned();
    if name.contains('/') {
        return Err(errors::v1_invalid("A label with a slash can only be removed by query parameter"));
    }
    take(visit, &name)
}

fn take(visit: &mut Visit<'_>, name: &str) -> Answer {
    let content = editable(visit)?;
    if content.status == Status::Archived {
        return Err(errors::v1_forbidden());
    }
    let id = content.id;
    let site = visit.site_mut()?;
    let (prefix, name) = match name.split_once(':') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => (prefix, rest),
        _ => ("global", name),
    };
    let label = Label { prefix: prefix.to_owned(), name: name.to_lowercase() };
    let label = site.labels.id(&label);
    if let (Some(label), Some(content)) = (label, site.contents.get_mut(&id)) {
        remove_from(content, label);
    }
    Ok(Reply::empty(204))
}

fn remove_from(content: &mut Content, label: u64) {
    content.labels.remove(&label);
}

fn read(value: &Value) -> Result<Label, Reply> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).ok_or_else(unreadable);
    let (prefix, name) = (text("prefix")?, text("name")?.to_lowercase());
    if !PREFIXES.contains(&prefix) {
        return Err(errors::v1_invalid(format!("The label prefix {prefix} is not known")));
    }
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(errors::v1_invalid(format!("A label has 1 to {LONGEST} characters")));
    }
    if name.contains(FORBIDDEN) {
        return Err(errors::v1_invalid(format!("The label {name} contains invalid characters")));
    }
    Ok(Label { prefix: prefix.to_owned(), name })
}

fn unreadable() -> Reply {
    errors::v1_invalid("Could not parse Labels")
}
