//! The vault: what seals secrets on their way into a store, and opens them on their way out.

use std::borrow::Cow;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::cipher::{BY_DATA_KEY, BY_MASTER_KEY, Sealed, bound_to, id_text};
use super::data_keys::Owner;
use super::keyring::Keyring;
use super::register::{Entry, Register};
use super::store::{Collection, Expect, Record, RecordKey, Store, StoreError, Write};
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::{ExposeSecret as _, SecretString};

/// The code of a failure to store because somebody else wrote in between.
pub(crate) const CHANGED_IN_BETWEEN: &str = "changed-in-between";

/// The record that names the store, so that a secret of another store does not open here.
const STORE_ID: &str = "store-id";

/// How often a batch is sealed anew when a data key was made or rewrapped meanwhile: each time somebody else got
/// something done, which is soon over for one owner.
const TRIES: usize = 16;

/// Where a secret belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    /// The workspace.
    pub workspace: String,
    /// What it belongs to, such as `connection/…` or `profile/…`.
    pub owner: String,
    /// Which of its secrets it is.
    pub field: Cow<'static, str>,
}

impl SecretPlace {
    /// A place.
    pub fn new(
        workspace: impl AsRef<str>,
        owner: impl Into<String>,
        field: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { workspace: workspace.as_ref().to_owned(), owner: owner.into(), field: field.into() }
    }

    /// The key of its record.
    pub fn key(&self) -> RecordKey {
        RecordKey::new(Collection::Secrets, &self.workspace, format!("{}/{}", self.owner, self.field))
    }

    /// The place of a secret's record.
    pub(super) fn of(key: &RecordKey) -> Option<Self> {
        let (owner, field) = key.id.rsplit_once('/')?;
        Some(Self::new(&key.workspace, owner, field.to_owned()))
    }

    /// The writes that delete the secret, and with it the data key of its owner: none of the owner's secrets
    /// opens from then on, in no copy of the store.
    pub fn destroy(&self) -> [Write; 2] {
        [Write::delete(self.key(), Expect::Any), Write::delete(Owner::of(self).key(), Expect::Any)]
    }

    pub(super) fn bound_to(&self, store_id: &str) -> Vec<u8> {
        bound_to(&["actionbay", store_id, &self.workspace, &self.owner, &self.field])
    }
}

/// Seals secrets on their way into a store, and opens them on their way out.
#[derive(Clone)]
pub struct Vault {
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: Arc<Keyring>,
    pub(super) store_id: String,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("keys", &self.keys)
            .field("store_id", &self.store_id)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault of a store with its master key, or with both during a rotation; a new store takes the
    /// first.
    ///
    /// # Errors
    /// `Storage` where the store was sealed with another key, or cannot be used.
    pub fn open(store: Arc<dyn Store>, keys: impl Into<Keyring>) -> Result<Self> {
        let mut vault = Self { store, keys: Arc::new(keys.into()), store_id: String::new() };
        match vault.read_id()? {
            Some(id) => vault.store_id = id,
            None => vault.found()?,
        }
        vault.check_keys()?;
        Ok(vault)
    }

    /// Whether a store was used by a vault before.
    ///
    /// # Errors
    /// `Storage` where it cannot be used.
    pub fn exists(store: &dyn Store) -> Result<bool> {
        Ok(store.get(&vault_key(STORE_ID)).map_err(store_failure)?.is_some())
    }

    /// The store below.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The secret at a place, if there is one.
    ///
    /// # Errors
    /// `Storage` where it does not open here, or the store cannot be used.
    pub fn read(&self, place: &SecretPlace) -> Result<Option<SecretString>> {
        let Some(opened) = self.read_bytes(place)? else { return Ok(None) };
        let text = std::str::from_utf8(&opened).map_err(|_| unreadable(&place.field, &place.owner))?;
        Ok(Some(SecretString::from(text.to_owned())))
    }

    /// The same, of what need not be a text.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_bytes(&self, place: &SecretPlace) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let mut tried: Option<Record> = None;
        loop {
            let Some(record) = self.get(&place.key())? else { return Ok(None) };
            match self.opened(place, &record.body) {
                Ok(opened) => return Ok(Some(opened)),
                // The secret and its key are two records: they may have been replaced between the two looks.
                Err(_) if tried.as_ref() != Some(&record) => tried = Some(record),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Does all of the writes and seals the secrets, each with the data key of its owner, or none of it.
    ///
    /// An owner's data key is made with its first secret. Writes that delete it ([`SecretPlace::destroy`]) have
    /// the owner begin with a fresh one.
    ///
    /// # Errors
    /// `Conflict` where somebody else wrote in between; `Storage` where the store cannot be used, or a master
    /// key that it takes is not at hand.
    pub fn commit_with(&self, writes: &[Write], secrets: &[(SecretPlace, &SecretString)]) -> Result<()> {
        let secrets =
            secrets.iter().map(|(place, secret)| (place.clone(), secret.expose_secret().as_bytes()));
        self.commit_with_bytes(writes, &secrets.collect::<Vec<_>>())
    }

    /// The same, of what need not be a text.
    ///
    /// # Errors
    /// As [`commit_with`](Self::commit_with).
    pub fn commit_with_bytes(&self, writes: &[Write], secrets: &[(SecretPlace, &[u8])]) -> Result<()> {
        let mut tries = 1..=TRIES;
        loop {
            let batch = self.sealing(writes, secrets)?;
            match self.store.commit(&batch) {
                // Another process made, rewrapped or replaced a key meanwhile: look again.
                Err(StoreError::Conflict(key))
                    if matches!(key.collection, Collection::DataKeys | Collection::Vault)
                        && tries.next().is_some() => {}
                result => return result.map_err(store_failure),
            }
        }
    }

    /// Does all of the writes, or none.
    ///
    /// # Errors
    /// `Conflict` where somebody else wrote in between; `Storage` where the store cannot be used.
    pub fn commit(&self, writes: &[Write]) -> Result<()> {
        self.store.commit(writes).map_err(store_failure)
    }

    /// One record.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn get(&self, key: &RecordKey) -> Result<Option<Record>> {
        self.store.get(key).map_err(store_failure)
    }

    /// All records of a kind in a workspace.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn list(&self, collection: Collection, workspace: &str) -> Result<Vec<(String, Record)>> {
        self.store.list(collection, workspace).map_err(store_failure)
    }

    /// The last records of a kind in a workspace, of those whose ids come before `before`, the last one first.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn list_before(
        &self,
        collection: Collection,
        workspace: &str,
        before: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, Record)>> {
        self.store.list_before(collection, workspace, before, most).map_err(store_failure)
    }

    /// The workspaces that have records of a kind.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn workspaces(&self, collection: Collection) -> Result<Vec<String>> {
        self.store.workspaces(collection).map_err(store_failure)
    }

    /// All records of a kind in every workspace.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn list_all(&self, collection: Collection) -> Result<Vec<(RecordKey, Record)>> {
        self.store.list_all(collection).map_err(store_failure)
    }

    /// The connections of a workspace to an integration that are this end user's, or that serve everybody.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn connections_for(
        &self,
        workspace: &str,
        integration: &str,
        user: Option<&str>,
    ) -> Result<Vec<(String, Record)>> {
        self.store.connections_for(workspace, integration, user).map_err(store_failure)
    }

    fn read_id(&self) -> Result<Option<String>> {
        let record = self.store.get(&vault_key(STORE_ID)).map_err(store_failure)?;
        Ok(record.map(|record| String::from_utf8_lossy(&record.body).into_owned()))
    }

    /// Gives a new store its id and its first master key, unless another process was first.
    fn found(&mut self) -> Result<()> {
        self.store_id = crate::ids::random_id("store-")?;
        let current = Entry::new(self.keys.first(), &self.store_id)?;
        let founded = self.store.commit(&[
            Write::put(vault_key(STORE_ID), Expect::Absent, self.store_id.clone().into_bytes()),
            Register { current, retiring: None }.write(Expect::Absent)?,
        ]);
        match founded {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict(_)) => {
                self.store_id = self.read_id()?.unwrap_or_default();
                Ok(())
            }
            Err(error) => Err(store_failure(error)),
        }
    }

    /// What was sealed for a place, with the data key of its owner or, long ago, with a master key.
    pub(super) fn opened(&self, place: &SecretPlace, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let unreadable = || unreadable(&place.field, &place.owner);
        let sealed = Sealed::parse(bytes).ok_or_else(unreadable)?;
        let bound_to = place.bound_to(&self.store_id);
        match sealed.format {
            BY_DATA_KEY => {
                let owner = Owner::of(place);
                let record = self.get(&owner.key())?.ok_or_else(unreadable)?;
                let key = self.unwrapped(owner, &record.body)?;
                if sealed.key_id != key.id() {
                    return Err(unreadable());
                }
                sealed.open(key.key(), &bound_to).ok_or_else(unreadable)
            }
            BY_MASTER_KEY => {
                let id = id_text(&sealed.key_id);
                let key = self.keys.find(&id).ok_or_else(|| self.key_not_given(&id))?;
                sealed.open(key.key(), &bound_to).ok_or_else(unreadable)
            }
            _ => Err(unreadable()),
        }
    }
}

pub(super) fn vault_key(id: &str) -> RecordKey {
    RecordKey::new(Collection::Vault, "", id)
}

pub(super) fn unreadable(what: &str, owner: &str) -> Failure {
    Failure::storage(
        "secret-unreadable",
        format!(
            "The stored {what} of {owner} does not open: it was damaged, moved, or sealed with another key."
        ),
    )
    .hint("Restore the store from a backup, or authorize again.")
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
pub(super) fn store_failure(error: StoreError) -> Failure {
    match error {
        StoreError::Conflict(_) => {
            Failure::new(FailureKind::Conflict, CHANGED_IN_BETWEEN, format!("Nothing was stored: {error}."))
        }
        StoreError::Unavailable(_) => {
            Failure::storage("store-unavailable", format!("The store cannot be used: {error}."))
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
