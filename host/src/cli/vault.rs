//! `actionbay vault`

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::home::Home;
use super::master_key::{NEW_MASTER_KEY, beside, keyring, new_from_environment, refuse_with_data, source};
use super::output::{Output, table};
use crate::failure::{Failure, FailureKind, Result};
use crate::vault::{KeySource, MasterKey, MasterKeyUse, Rotated, Vault as Sealing, replace_key_file};

#[derive(Debug, Subcommand)]
pub(super) enum Vault {
    /// Show which master keys the store is under, and how much under each
    #[command(after_help = "Example: actionbay vault status")]
    Status,
    /// Go over to another master key, while other processes go on
    ///
    /// Where the key comes from a file, the new one is made beside it (FILE.new), is used by every process from then
    /// on, and takes the file's place at the end; the key before it stays as FILE.old. A rotation that was
    /// interrupted goes on when this is run again.
    RotateKey(RotateKey),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay vault rotate-key
  actionbay vault rotate-key --new-key-file ~/keys/actionbay-2.key

ACTIONBAY_NEW_MASTER_KEY gives the new key in base64 instead. Processes that have the old
key from the environment must be given it too before, lest they cannot read what was rotated.")]
pub(super) struct RotateKey {
    /// The new key's file, outside the data directory; made with a new key if there is none
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
}

impl Vault {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::Status => {
                let store = home.existing_store()?;
                let vault = Sealing::open(Arc::new(store), keyring(&home.folder()?, false)?)?;
                let keys = vault.master_keys()?;
                output.result(&keys, || people(&keys))
            }
            Self::RotateKey(verb) => verb.run(home, output),
        }
    }
}

impl RotateKey {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let folder = home.folder()?;
        let store = home.existing_store()?;
        let _alone = alone(&folder)?;
        let source = source(&folder)?;
        let current = source.read(false)?;
        // Before any file is made: a store of another key is refused here.
        let vault = Sealing::open(Arc::new(store), keyring(&folder, false)?)?;
        let new = self.new_key(&folder, &source)?;
        let is_in_place = current.id_text() == new.id_text();
        if let (KeySource::File(file), false) = (&source, is_in_place) {
            place_beside(&new, file)?;
        }
        let rotated = vault.rotate_to(&new)?;
        if let (KeySource::File(file), false) = (&source, is_in_place) {
            replace_key_file(file, &beside(file, "new"), &beside(file, "old"))?;
        }
        let next = self.what_next(&source, is_in_place);
        let value = serde_json::json!({ "rotated": rotated, "next": next });
        output.result(&value, || told(&rotated, &next))
    }

    /// The new key: from the file named, from the environment, or from the file beside the old one. A file that
    /// is not there is made.
    fn new_key(&self, folder: &Path, source: &KeySource) -> Result<MasterKey> {
        let new = match (&self.new_key_file, new_from_environment(), source) {
            (Some(_), Some(_), _) => {
                return Err(Failure::new(
                    FailureKind::InvalidInput,
                    "two-new-keys",
                    format!("Both --new-key-file and {NEW_MASTER_KEY} give a new key."),
                )
                .hint("Give one of them."));
            }
            (Some(file), None, _) => {
                refuse_with_data(file, folder)
                    .map_err(|failure| wrong(failure.hint("Name a file elsewhere.")))?;
                KeySource::File(file.clone())
            }
            (None, Some(new), _) => new,
            (None, None, KeySource::File(file)) => KeySource::File(beside(file, "new")),
            (None, None, _) => {
                return Err(Failure::new(
                    FailureKind::InvalidInput,
                    "no-new-key",
                    "There is no new key to rotate to.",
                )
                .hint(format!("Give one with --new-key-file FILE, or in {NEW_MASTER_KEY}.")));
            }
        };
        new.read(true).map_err(wrong)
    }

    /// What a person has to do yet, in a sentence.
    fn what_next(&self, source: &KeySource, is_in_place: bool) -> String {
        let new = match &self.new_key_file {
            Some(file) => format!("the key in {}", file.display()),
            None => format!("the key in {NEW_MASTER_KEY}"),
        };
        match source {
            _ if is_in_place => "Nothing is left to do.".to_owned(),
            KeySource::File(file) => format!(
                "{} holds the new key. {} holds the one before it, which opens backups only: move it to where they are kept safe.",
                file.display(),
                beside(file, "old").display()
            ),
            KeySource::Command(_) => {
                format!("Have the command of ACTIONBAY_MASTER_KEY_COMMAND print {new} from here on.")
            }
            _ => format!(
                "Set ACTIONBAY_MASTER_KEY to {new} from here on: the one before it opens backups only."
            ),
        }
    }
}

/// The call was wrong, rather than what is stored.
fn wrong(failure: Failure) -> Failure {
    Failure { kind: FailureKind::InvalidInput, ..failure }
}

/// Puts the new key where every process looks for it, before anything is under it.
fn place_beside(new: &MasterKey, file: &Path) -> Result<()> {
    let place = beside(file, "new");
    let there = new.save(&place)?;
    if there.id_text() == new.id_text() {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::InvalidInput,
        "another-new-key",
        format!("{} holds the key {}, of a rotation that has not ended.", place.display(), there.id_text()),
    )
    .hint("End it first by running: actionbay vault rotate-key"))
}

/// Holds every other rotation of the store off; ends with the process, however that ends.
fn alone(folder: &Path) -> Result<File> {
    let path = folder.join("rotation.lock");
    let trouble = |error: std::io::Error| {
        Failure::storage("no-lock", format!("The file {} cannot be locked: {error}.", path.display()))
            .hint("Check that the data directory may be written.")
    };
    let file = File::options().create(true).append(true).open(&path).map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            FailureKind::Conflict,
            "rotation-runs",
            "Another process is rotating the master key of this store.",
        )
        .hint("Wait until it has ended.")),
        Err(TryLockError::Error(error)) => Err(trouble(error)),
    }
}

fn told(rotated: &Rotated, next: &str) -> String {
    let to = &rotated.to;
    let done = match &rotated.from {
        Some(from) => format!("The store went from the master key {from} to {to}."),
        None => format!("The store is under the master key {to}."),
    };
    let many = match (rotated.data_keys, rotated.secrets) {
        (0, 0) => String::new(),
        (keys, 0) => format!(" Data keys rewrapped: {keys}."),
        (keys, secrets) => format!(" Data keys rewrapped: {keys}. Secrets given a data key: {secrets}."),
    };
    format!("{done}{many}\n{next}")
}

fn people(keys: &[MasterKeyUse]) -> String {
    let row = |key: &MasterKeyUse| {
        vec![
            key.id.clone(),
            if key.retiring { "retiring" } else { "current" }.to_owned(),
            if key.at_hand { "yes" } else { "no" }.to_owned(),
            key.data_keys.to_string(),
            key.secrets.to_string(),
        ]
    };
    let mut text = table(
        &["master key", "state", "at hand", "data keys", "secrets"],
        &keys.iter().map(row).collect::<Vec<_>>(),
    );
    if keys.iter().any(|key| key.retiring) {
        text.push_str("A rotation has not ended. End it with: actionbay vault rotate-key\n");
    }
    text
}
