//! What an edit would lose.

use std::collections::HashMap;

use super::super::storage;

/// Something of the page that an edit would drop or alter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The id of its marker, if it has one.
    pub id: Option<String>,
    /// What it is, such as `macro: jira: DOC-1`.
    pub what: String,
}

impl Loss {
    pub(super) fn marker(id: &str, label: &str) -> Self {
        Self { id: Some(id.to_owned()), what: label.to_owned() }
    }

    /// An element around words that has no marker of its own.
    pub(super) fn unseen(name: &str) -> Self {
        Self { id: None, what: format!("element: {name}") }
    }
}

/// Attributes and elements that were in some bytes and are not in those that replace them. Markers are looked after
/// elsewhere.
pub(super) fn altered(before: &str, after: &str) -> Vec<Loss> {
    let mut tags: HashMap<String, usize> = HashMap::new();
    for tag in storage::tags(after) {
        *tags.entry(tag).or_default() += 1;
    }
    let mut lost = Vec::new();
    for tag in storage::tags(before) {
        match tags.get_mut(&tag).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => lost.push(Loss { id: None, what: format!("attributes: <{tag}>") }),
        }
    }
    lost.dedup();
    lost
}
