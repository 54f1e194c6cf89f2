//! Standard responses: all that a conversation says which is not of one dialog, and the words that it understands.
//!
//! A workspace may say its own in any language; what it does not say is as the host has it, in that language or else in
//! English.

use std::collections::BTreeMap;

use serde::Serialize;

use super::render::Renderer;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::WorkspaceId;
use crate::vault::{Collection, Expect, RecordKey, Write};

/// The language that everything is said in where nobody says another.
pub const ENGLISH: &str = "en";

/// The languages that the host speaks, with their texts.
const LANGUAGES: [(&str, &str); 2] =
    [(ENGLISH, include_str!("responses/en.json")), ("de", include_str!("responses/de.json"))];

/// The longest text, in characters.
const LONGEST: usize = 4_000;

/// What the keys of the statuses of vendors begin with.
const OF_STATUS: &str = "http-";

/// What one workspace's standard responses are in one language.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Responses(BTreeMap<String, String>);

impl Responses {
    /// The host's own, in a language; what it does not speak is English.
    pub(super) fn own(language: &str) -> Self {
        let read = |wanted: &str| {
            let text = LANGUAGES.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
            text.and_then(|text| serde_json::from_str::<BTreeMap<String, String>>(text).ok())
        };
        let mut texts = read(ENGLISH).unwrap_or_default();
        // `de-CH` is spoken as `de`.
        let spoken = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        texts.extend(read(&spoken).unwrap_or_default());
        Self(texts)
    }

    /// The text of a key; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).map(String::as_str).unwrap_or_default()
    }

    /// Whether there is a text of a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The key of what is said where the vendor answered with a status: `http-404`. There is a text of it only where a
    /// workspace says one.
    pub(super) fn of_status(status: u16) -> String {
        format!("{OF_STATUS}{status}")
    }

    #[cfg(test)]
    pub(super) fn put(&mut self, key: &str, text: &str) {
        self.0.insert(key.to_owned(), text.to_owned());
    }

    /// All keys with their texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// Whether what somebody said is one of the words of a key.
    pub(super) fn is(&self, key: &str, said: &str) -> bool {
        let said = said.trim().trim_end_matches(['.', '!']).to_lowercase();
        self.text(key).split(',').any(|word| word.trim().to_lowercase() == said)
    }

    /// What follows one of the words of a key, where somebody said more than that.
    pub(super) fn after<'t>(&self, key: &str, said: &'t str) -> Option<&'t str> {
        let said = said.trim();
        self.text(key).split(',').find_map(|word| {
            let word = word.trim();
            let head = said.get(..word.len())?;
            let rest = said.get(word.len()..)?;
            let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
            (ends && head.eq_ignore_ascii_case(word)).then_some(rest.trim())
        })
    }
}

/// The standard responses of workspaces.
impl Host {
    /// All standard responses of a workspace in a language.
    ///
    /// # Errors
    /// `Storage`.
    pub fn responses(&self, workspace: &WorkspaceId, language: &str) -> Result<Responses> {
        let mut responses = Responses::own(language);
        responses.0.extend(self.own_responses(workspace, language)?);
        Ok(responses)
    }

    /// Those that a workspace says itself.
    pub(super) fn own_responses(
        &self,
        workspace: &WorkspaceId,
        language: &str,
    ) -> Result<BTreeMap<String, String>> {
        let Some(record) = self.authorizations().vault.get(&key(workspace, language)?)? else {
            return Ok(BTreeMap::new());
        };
        serde_json::from_slice(&record.body)
            .map_err(|_| Failure::storage("record-unreadable", "Stored standard responses cannot be read."))
    }

    /// Changes a standard response; without a text it is the host's own again.
    ///
    /// # Errors
    /// `NotFound` where there is no such key; `InvalidInput` for a text that cannot be filled in; `Storage`.
    pub fn set_response(
        &self,
        workspace: &WorkspaceId,
        language: &str,
        name: &str,
        text: Option<&str>,
    ) -> Result<()> {
        let write = self.responses_with(workspace, language, [(name, text)])?;
        self.authorizations().vault.commit(&[write])
    }

    /// What stores the standard responses of a workspace with these changes.
    ///
    /// # Errors
    /// As [`set_response`](Self::set_response).
    pub(super) fn responses_with<'t>(
        &self,
        workspace: &WorkspaceId,
        language: &str,
        changes: impl IntoIterator<Item = (&'t str, Option<&'t str>)>,
    ) -> Result<Write> {
        let place = key(workspace, language)?;
        let mut own = self.own_responses(workspace, language)?;
        for (name, text) in changes {
            check(name, text)?;
            match text {
                Some(text) => drop(own.insert(name.to_owned(), text.to_owned())),
                None => drop(own.remove(name)),
            }
        }
        let body = serde_json::to_vec(&own).map_err(|_| Failure::internal("Responses make no JSON."))?;
        Ok(Write::put(place, Expect::Any, body))
    }
}

/// Whether there is such a standard response, and it may have this text.
fn check(name: &str, text: Option<&str>) -> Result<()> {
    let known = Responses::own(ENGLISH);
    if !known.has(name) && !is_of_status(name) {
        let names: Vec<&str> = known.iter().map(|(key, _)| key).collect();
        return Err(Failure::new(
            FailureKind::NotFound,
            "unknown-response",
            format!("There is no standard response \"{name}\"."),
        )
        .hint(format!(
            "They are: {}, and http-404 and such, for a status of the vendor.",
            names.join(", ")
        )));
    }
    if let Some(text) = text {
        if text.trim().is_empty() || text.chars().count() > LONGEST {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "bad-response",
                format!("A standard response has 1 to {LONGEST} characters."),
            ));
        }
        Renderer::check(text)?;
    }
    Ok(())
}

/// Whether it is the key of an error's status.
fn is_of_status(name: &str) -> bool {
    name.strip_prefix(OF_STATUS).is_some_and(|status| {
        status.len() == 3 && status.parse().is_ok_and(|status: u16| (400..600).contains(&status))
    })
}

fn key(workspace: &WorkspaceId, language: &str) -> Result<RecordKey> {
    if !crate::ids::is_id(language) {
        return Err(Failure::new(
            FailureKind::InvalidInput,
            "bad-language",
            "That is the name of no language.",
        )
        .hint("Use a tag such as en or de."));
    }
    Ok(RecordKey::new(Collection::Responses, workspace.as_str(), language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything_and_each_text_can_be_filled_in() {
        let english: Vec<String> = Responses::own(ENGLISH).0.into_keys().collect();
        for (language, text) in LANGUAGES {
            let texts: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
            assert_eq!(texts.keys().cloned().collect::<Vec<_>>(), english, "{language}");
            for text in texts.values() {
                Renderer::check(text).unwrap();
            }
        }
    }

    #[test]
    fn words_are_understood_in_any_case_and_with_what_follows_them() {
        let responses = Responses::own("de-CH");
        assert!(responses.is("yes", " JA! "));
        assert!(!responses.is("yes", "jawohl"));
        assert_eq!(Responses::own("fr").after("delete-account", "Delete account 2"), Some("2"));
        assert_eq!(Responses::own("fr").after("delete-account", "delete accounts"), None);
        assert_eq!(Responses::own("en").after("delete-account", "delete accoun\u{e9}"), None);
    }
}
