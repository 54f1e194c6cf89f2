//! What was said in a conversation, with files by their names.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Console, layout};
use crate::dialog::Line;
use crate::failure::{FailureKind, Result};
use crate::ids::{FileId, WorkspaceId};
use crate::service::files::{StoredFiles, ids_in};

/// The files that a conversation names and that are there still: what they are called, by their ids.
pub(super) struct FileNames(BTreeMap<String, String>);

impl FileNames {
    /// Those of these lines.
    pub(super) fn of(files: &StoredFiles, workspace: &WorkspaceId, lines: &[Line]) -> Result<Self> {
        let mut names = BTreeMap::new();
        let texts = lines.iter().flat_map(|line| {
            let details = line.said.details.iter().map(|detail| detail.value.as_str());
            std::iter::once(line.said.text.as_str()).chain(details)
        });
        for (_, id) in texts.flat_map(ids_in) {
            if names.contains_key(id) {
                continue;
            }
            match files.facts(workspace, &FileId::new(id)?) {
                Ok(facts) => drop(names.insert(id.to_owned(), facts.name)),
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(Self(names))
    }

    /// A text, in which files are links.
    fn linked(&self, console: &Console, text: &str) -> Markup {
        let (mut parts, mut end) = (Vec::new(), 0);
        for (at, id) in ids_in(text) {
            if let Some(name) = self.0.get(id) {
                parts.push((text.get(end..at).unwrap_or_default(), id, name));
                end = at + id.len();
            }
        }
        html! {
            @for (before, id, name) in parts {
                (before) a href=(console.at(&format!("/files/{id}"))) { (layout::line(name)) }
            }
            (text.get(end..).unwrap_or_default())
        }
    }
}

pub(super) fn said(console: &Console, names: &FileNames, line: &Line) -> Markup {
    let said = &line.said;
    html! {
        @if line.by_user { span class="skip" { "You: " } }
        (names.linked(console, &said.text))
        @if !said.details.is_empty() {
            details {
                summary { "More" }
                dl {
                    @for detail in &said.details {
                        dt { (detail.label) } dd { (names.linked(console, &layout::line(&detail.value))) }
                    }
                }
            }
        }
        @if let Some(button) = &said.button {
            p { a class="button" href=(button.url) rel="noopener noreferrer" target="_blank" { (layout::line(&button.label)) } }
        }
    }
}
