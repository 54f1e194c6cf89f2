//! Dialogs taken from one workspace or deployment to another: with the profiles they are connected by, without secrets,
//! and never with a token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::check;
use super::making::new_reference;
use super::model::Dialog;
use super::responses::ENGLISH;
use super::store::{key, write};
use crate::authorization::{Profile, ProfileKind};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::WorkspaceId;
use crate::vault::{Expect, Write};

/// What the format of exports is called, with its version.
const FORMAT: &str = "actionbay-dialogs/1";

/// Dialogs and what belongs to them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Export {
    /// The format.
    pub format: String,
    /// The dialogs.
    pub dialogs: Vec<Dialog>,
    /// The workspace's own profiles of their integrations, without secrets: for whoever makes them anew.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// The workspace's own standard responses, by language.
    #[serde(default)]
    pub responses: BTreeMap<String, BTreeMap<String, String>>,
}

/// How dialogs are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Import {
    /// They replace all dialogs that there are.
    Full,
    /// They replace those of the same reference, or else of the same name, and the others stay.
    Merge,
}

/// What was taken in.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Imported {
    /// The dialogs that there were not before.
    pub added: Vec<String>,
    /// The dialogs that were replaced.
    pub replaced: Vec<String>,
    /// The dialogs that are gone.
    pub removed: Vec<String>,
    /// The profiles that have to be made, since a secret is not exported.
    pub profiles_to_make: Vec<String>,
}

impl Host {
    /// All dialogs of a workspace, to be taken elsewhere.
    ///
    /// # Errors
    /// `Storage`.
    pub fn export_dialogs(&self, workspace: &WorkspaceId) -> Result<Export> {
        let dialogs = self.dialogs(workspace)?;
        let mut profiles = self.profiles(workspace)?;
        profiles.retain(|profile| {
            let is_used = dialogs.iter().any(|dialog| dialog.integration == profile.integration);
            profile.kind == ProfileKind::Custom && is_used
        });
        let mut responses = BTreeMap::new();
        for language in self.languages(workspace)? {
            let own = self.own_responses(workspace, &language)?;
            if !own.is_empty() {
                responses.insert(language, own);
            }
        }
        Ok(Export { format: FORMAT.to_owned(), dialogs, profiles, responses })
    }

    /// Takes dialogs in. All of them are, or none.
    ///
    /// # Errors
    /// `InvalidInput` for another format, or a dialog that cannot be held; `Storage`.
    pub fn import_dialogs(&self, workspace: &WorkspaceId, export: &Export, how: Import) -> Result<Imported> {
        if export.format != FORMAT {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "other-format",
                format!("The export is of the format \"{}\", and this host reads {FORMAT}.", export.format),
            ));
        }
        let present = self.dialogs(workspace)?;
        let mut imported = Imported::default();
        let mut writes: Vec<Write> = Vec::new();
        // What is replaced under another name, whose record does not become the new one's.
        let mut renamed: Vec<&str> = Vec::new();
        for (index, dialog) in export.dialogs.iter().enumerate() {
            check(dialog)
                .map_err(|failure| Failure { message: format!("{}: {failure}", dialog.name), ..failure })?;
            let earlier = export.dialogs.get(..index).unwrap_or_default();
            if earlier.iter().any(|earlier| earlier.name == dialog.name || is_same(earlier, dialog)) {
                return Err(Failure::new(
                    FailureKind::InvalidInput,
                    "dialog-twice",
                    format!("The export has the dialog {} twice.", dialog.name),
                ));
            }
            let by_reference = present.iter().find(|present| is_same(present, dialog));
            let by_name = present.iter().find(|present| present.name == dialog.name);
            let before = by_reference.or(by_name);
            if let (Some(same), Some(other)) = (by_reference, by_name)
                && how == Import::Merge
                && same.name != other.name
                && !export.dialogs.iter().any(|dialog| is_same(dialog, other))
            {
                return Err(name_is_taken(same, other));
            }
            let list = if before.is_some() { &mut imported.replaced } else { &mut imported.added };
            list.push(dialog.name.clone());
            renamed.extend(before.map(|before| before.name.as_str()).filter(|name| *name != dialog.name));
            let version = before.map_or(1, |before| before.version + 1);
            let mut taken = Dialog { version, ..dialog.clone() };
            // An export that names no reference does not take one away.
            if taken.reference.is_empty() {
                let known = before.map(|before| before.reference.clone());
                let is_free =
                    |known: &String| export.dialogs.iter().all(|exported| exported.reference != *known);
                taken.reference = known.filter(is_free).map_or_else(new_reference, Ok)?;
            }
            writes.push(write(workspace, &taken, Expect::Any)?);
        }
        let is_written = |name: &str| export.dialogs.iter().any(|dialog| dialog.name == name);
        let is_over = |name: &str| how == Import::Full || renamed.contains(&name);
        for gone in present.iter().filter(|dialog| !is_written(&dialog.name) && is_over(&dialog.name)) {
            imported.removed.push(gone.name.clone());
            writes.push(Write::delete(key(workspace, &gone.name), Expect::Any));
        }
        let known = self.profiles(workspace)?;
        let lacking =
            export.profiles.iter().filter(|profile| known.iter().all(|known| known.id != profile.id));
        imported.profiles_to_make = lacking.map(|profile| profile.id.to_string()).collect();
        for (language, texts) in &export.responses {
            let texts = texts.iter().map(|(name, text)| (name.as_str(), Some(text.as_str())));
            writes.push(self.responses_with(workspace, language, texts)?);
        }
        self.authorizations().vault.commit(&writes)?;
        Ok(imported)
    }

    /// The languages in which a workspace has standard responses of its own, and English.
    fn languages(&self, workspace: &WorkspaceId) -> Result<Vec<String>> {
        let stored =
            self.authorizations().vault.list(crate::vault::Collection::Responses, workspace.as_str())?;
        let mut languages: Vec<String> = stored.into_iter().map(|(language, _)| language).collect();
        if !languages.iter().any(|language| language == ENGLISH) {
            languages.push(ENGLISH.to_owned());
        }
        Ok(languages)
    }
}

/// Whether two dialogs are one, by what it is known by wherever it is taken to.
fn is_same(one: &Dialog, other: &Dialog) -> bool {
    !one.reference.is_empty() && one.reference == other.reference
}

fn name_is_taken(same: &Dialog, other: &Dialog) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "dialog-exists",
        format!(
            "The export has the dialog {} as {}, and another dialog is called that here.",
            same.name, other.name
        ),
    )
    .hint(format!("Delete the dialog {} first, or import all of it in full.", other.name))
}
