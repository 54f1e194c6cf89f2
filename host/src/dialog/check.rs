//! Whether a dialog can be gone through: all that is wrong with one is told at once.

use std::collections::BTreeSet;

use serde_json::Value;

use super::making::is_name;
use super::model::{Dialog, Node};
use super::render::Renderer;
use crate::failure::{Failure, FailureKind, Result, Violation};
use crate::ids::is_id;

/// The most nodes: a form of a hundred fields, and what is around it.
const MOST_NODES: usize = 200;

/// The longest text of a node, in characters.
const LONGEST: usize = 20_000;

/// Checks a dialog.
///
/// # Errors
/// `InvalidInput`, with a violation for everything that is wrong.
pub(super) fn check(dialog: &Dialog) -> Result<()> {
    let mut found = Vec::new();
    let mut wrong = |place: String, message: String| found.push(Violation { pointer: place, message });
    if !is_name(&dialog.name) {
        wrong(
            "/name".to_owned(),
            "A name has letters, digits and underscores, and begins with no digit.".to_owned(),
        );
    }
    if !dialog.reference.is_empty() && !is_id(&dialog.reference) {
        wrong(
            "/reference".to_owned(),
            "A reference has 1 to 64 letters, digits, dots, dashes and underscores.".to_owned(),
        );
    }
    if dialog.nodes.len() > MOST_NODES {
        wrong("/nodes".to_owned(), format!("There are more than {MOST_NODES} nodes."));
    }
    let mut names = BTreeSet::new();
    for (index, node) in dialog.nodes.iter().take(MOST_NODES).enumerate() {
        let at = format!("/nodes/{index}");
        if !is_name(node.name()) || node.name() == "entities" {
            let why =
                "A name has letters, digits and underscores, begins with no digit, and is not \"entities\".";
            wrong(format!("{at}/name"), why.to_owned());
        }
        if !names.insert(node.name()) && !matches!(node, Node::Intent(_)) {
            wrong(format!("{at}/name"), format!("Another node is called {} too.", node.name()));
        }
        for (part, text) in texts(node) {
            if text.chars().count() > LONGEST {
                wrong(format!("{at}/{part}"), format!("It has more than {LONGEST} characters."));
            }
            if let Err(failure) = Renderer::check(text) {
                wrong(format!("{at}/{part}"), failure.message);
            }
        }
        let next = match node {
            Node::Entity(entity) => {
                if !(1..=5).contains(&entity.retries) {
                    wrong(format!("{at}/retries"), "It is 1 to 5.".to_owned());
                }
                &entity.on_failure
            }
            Node::Service(service) => {
                if !(1..=60).contains(&service.timeout_seconds) {
                    wrong(format!("{at}/timeout-seconds"), "It is 1 to 60.".to_owned());
                }
                &service.on_failure
            }
            _ => &None,
        };
        let later = dialog.nodes.get(index + 1..).unwrap_or_default();
        if let Some(next) = next
            && !later.iter().any(|node| node.name() == next)
        {
            wrong(format!("{at}/on-failure"), format!("There is no later node \"{next}\"."));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let first =
        found.first().map(|first| format!("{}: {}", first.pointer, first.message)).unwrap_or_default();
    Err(Failure::new(
        FailureKind::InvalidInput,
        "invalid-dialog",
        format!("The dialog cannot be held: {first}"),
    )
    .violations(found))
}

/// The texts of a node that are filled in, with where they are.
fn texts(node: &Node) -> Vec<(String, &str)> {
    match node {
        Node::Intent(_) => Vec::new(),
        Node::Entity(entity) => {
            let error = entity.error_prompt.as_deref().map(|text| ("error-prompt".to_owned(), text));
            [("prompt".to_owned(), entity.prompt.as_str())].into_iter().chain(error).collect()
        }
        Node::Confirmation(confirmation) => vec![("prompt".to_owned(), confirmation.prompt.as_str())],
        Node::Service(service) => strings(&service.request, "request".to_owned()),
        Node::Message(message) => {
            let mut texts = vec![("text".to_owned(), message.text.as_str())];
            for (index, detail) in message.details.iter().enumerate() {
                texts.push((format!("details/{index}/value"), detail.value.as_str()));
            }
            texts.extend(message.button.iter().map(|button| ("button/url".to_owned(), button.url.as_str())));
            texts
        }
    }
}

fn strings(value: &Value, at: String) -> Vec<(String, &str)> {
    match value {
        Value::String(text) => vec![(at, text)],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| strings(item, format!("{at}/{index}")))
            .collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, field)| strings(field, format!("{at}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}
