//! The dialogs of a workspace: made when a template is installed, changed by people, brought up to date when asked.

use serde::Serialize;

use super::check::check;
use super::making;
use super::model::Dialog;
use crate::authorization::Connection;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, TemplateId, WorkspaceId};
use crate::vault::{CHANGED_IN_BETWEEN, Collection, Expect, Record, RecordKey, Write};

/// How many dialogs of one name are told apart by a number.
const MOST_OF_A_NAME: u32 = 1_000;

/// What installing a template made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Installed {
    /// The dialog.
    pub dialog: Dialog,
    /// The connections that lack scopes for it.
    pub lacking: Vec<Connection>,
}

impl Host {
    /// Installs a template and makes its dialog.
    ///
    /// # Errors
    /// As [`install_template`](Self::install_template). A template that was installed before and has no dialog gets one.
    pub fn install(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &str,
    ) -> Result<Installed> {
        let plugin = self.plugin(integration)?;
        let template = plugin.known_template(template)?;
        let lacking = match self.install_template(workspace, integration, template.id.as_str()) {
            Ok(lacking) => lacking,
            Err(failure) if failure.code == "template-exists" => {
                if self.dialog_of(workspace, integration, &template.id)?.is_some() {
                    return Err(failure);
                }
                Vec::new()
            }
            Err(failure) => return Err(failure),
        };
        // It stays when an integration is deleted, and is there again when the template is.
        if let Some(dialog) = self.dialog_of(workspace, integration, &template.id)? {
            return Ok(Installed { dialog, lacking });
        }
        let base = making::camel(template.id.as_str());
        for number in 1..=MOST_OF_A_NAME {
            let name = if number == 1 { base.clone() } else { format!("{base}{number}") };
            let dialog = making::make(plugin.manifest(), template, name)?;
            match self.put_dialog(workspace, &dialog, Expect::Absent) {
                Ok(()) => return Ok(Installed { dialog, lacking }),
                Err(failure) if failure.code == CHANGED_IN_BETWEEN => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::new(
            FailureKind::Conflict,
            "dialog-exists",
            format!("There are too many dialogs {base}."),
        ))
    }

    /// Takes a template away, with its dialog.
    ///
    /// # Errors
    /// As [`uninstall_template`](Self::uninstall_template).
    pub fn uninstall(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &TemplateId,
    ) -> Result<Vec<Connection>> {
        let lacking = self.uninstall_template(workspace, integration, template)?;
        if let Some(dialog) = self.dialog_of(workspace, integration, template)? {
            self.authorizations()
                .vault
                .commit(&[Write::delete(key(workspace, &dialog.name), Expect::Any)])?;
        }
        Ok(lacking)
    }

    /// Takes one dialog away, whatever its template is. What is installed stays, and conversations go on with the dialog as it
    /// was when they began.
    ///
    /// # Errors
    /// `NotFound`, with those that there are; `Storage`.
    pub fn delete_dialog(&self, workspace: &WorkspaceId, name: &str) -> Result<Dialog> {
        let (dialog, generation) = self.stored_dialog(workspace, name)?;
        let gone = Write::delete(key(workspace, name), Expect::Generation(generation));
        self.authorizations().vault.commit(&[gone])?;
        Ok(dialog)
    }

    /// The dialogs of a workspace, ordered by name.
    ///
    /// # Errors
    /// `Storage`.
    pub fn dialogs(&self, workspace: &WorkspaceId) -> Result<Vec<Dialog>> {
        let stored = self.authorizations().vault.list(Collection::Dialogs, workspace.as_str())?;
        stored.iter().map(|(_, record)| read(record)).collect()
    }

    /// A dialog.
    ///
    /// # Errors
    /// `NotFound`, with those that there are; `Storage`.
    pub fn dialog(&self, workspace: &WorkspaceId, name: &str) -> Result<Dialog> {
        Ok(self.stored_dialog(workspace, name)?.0)
    }

    /// Changes a dialog. What conversations are at stays as it was when they began.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput`, with all that is wrong with it; `Conflict` where it is not at this version;
    /// `Storage`.
    pub fn edit_dialog(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        version: Option<u64>,
        change: impl FnOnce(&mut Dialog),
    ) -> Result<Dialog> {
        let (before, generation) = self.stored_dialog(workspace, name)?;
        if version.is_some_and(|version| version != before.version) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "dialog-changed",
                format!("The dialog {name} is at version {}: somebody else changed it.", before.version),
            )
            .hint("Look at it again, and make your change anew."));
        }
        let mut after = before.clone();
        change(&mut after);
        // What it is of does not change.
        after.name.clone_from(&before.name);
        after.reference.clone_from(&before.reference);
        after.integration.clone_from(&before.integration);
        after.template.clone_from(&before.template);
        after.made_from.clone_from(&before.made_from);
        (after.version, after.edited) = (before.version, before.edited);
        if after == before {
            return Ok(before);
        }
        check(&after)?;
        (after.version, after.edited) = (before.version + 1, true);
        self.put_dialog(workspace, &after, Expect::Generation(generation))?;
        Ok(after)
    }

    /// Makes a dialog anew from its template as it is by now.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where a person changed it, and `overwrite` is not said; `Storage`.
    pub fn update_dialog(&self, workspace: &WorkspaceId, name: &str, overwrite: bool) -> Result<Dialog> {
        let (before, generation) = self.stored_dialog(workspace, name)?;
        if before.edited && !overwrite {
            return Err(Failure::new(
                FailureKind::Conflict,
                "dialog-edited",
                format!("The dialog {name} was changed here, and making it anew would lose that."),
            )
            .hint("Export it first, then say that it may be overwritten."));
        }
        let plugin = self.plugin(&before.integration)?;
        let template = plugin.known_template(before.template.as_str())?;
        let fresh = making::make(plugin.manifest(), template, before.name.clone())?;
        let reference = if before.reference.is_empty() { fresh.reference } else { before.reference };
        let fresh = Dialog { version: before.version + 1, reference, ..fresh };
        self.put_dialog(workspace, &fresh, Expect::Generation(generation))?;
        Ok(fresh)
    }

    /// Whether the template of a dialog is another by now than the one that it was made from.
    ///
    /// # Errors
    /// `NotFound` where integration or template are gone.
    pub fn is_outdated(&self, dialog: &Dialog) -> Result<bool> {
        let plugin = self.plugin(&dialog.integration)?;
        Ok(making::fingerprint(plugin.known_template(dialog.template.as_str())?)? != dialog.made_from)
    }

    /// What the services of a dialog are called: of an integration that is enabled they are its own, else they are left to
    /// themselves.
    ///
    /// # Errors
    /// `Storage`.
    pub fn service_type(&self, workspace: &WorkspaceId, dialog: &Dialog) -> Result<&'static str> {
        let configuration = self.configuration(workspace, &dialog.integration)?;
        let is_on = configuration.is_some_and(|configuration| configuration.enabled);
        Ok(if is_on { "integration service" } else { "custom service" })
    }

    /// The dialog of a template, if there is one.
    pub(super) fn dialog_of(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &TemplateId,
    ) -> Result<Option<Dialog>> {
        let is_of = |dialog: &Dialog| dialog.integration == *integration && dialog.template == *template;
        Ok(self.dialogs(workspace)?.into_iter().find(is_of))
    }

    pub(super) fn stored_dialog(&self, workspace: &WorkspaceId, name: &str) -> Result<(Dialog, i64)> {
        let record = self.authorizations().vault.get(&key(workspace, name))?;
        let Some(record) = record else {
            let known: Vec<String> = self.dialogs(workspace)?.into_iter().map(|dialog| dialog.name).collect();
            let hint = match known.is_empty() {
                true => {
                    "Install a template first: actionbay templates install INTEGRATION TEMPLATE".to_owned()
                }
                false => format!("Dialogs: {}.", known.join(", ")),
            };
            return Err(Failure::new(
                FailureKind::NotFound,
                "unknown-dialog",
                format!("There is no dialog \"{name}\"."),
            )
            .hint(hint));
        };
        Ok((read(&record)?, record.generation))
    }

    pub(super) fn put_dialog(&self, workspace: &WorkspaceId, dialog: &Dialog, expect: Expect) -> Result<()> {
        self.authorizations().vault.commit(&[write(workspace, dialog, expect)?])
    }
}

pub(super) fn write(workspace: &WorkspaceId, dialog: &Dialog, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(dialog).map_err(|_| Failure::internal("A dialog makes no JSON."))?;
    Ok(Write::put(key(workspace, &dialog.name), expect, body))
}

pub(super) fn key(workspace: &WorkspaceId, name: &str) -> RecordKey {
    RecordKey::new(Collection::Dialogs, workspace.as_str(), name)
}

fn read(record: &Record) -> Result<Dialog> {
    serde_json::from_slice(&record.body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored dialog cannot be read."))
}
