//! Sealing: XChaCha20-Poly1305 with the place of a secret as associated data.
//!
//! A sealed secret is one byte of format, the id of its key, a random nonce of 24 bytes (long enough to be
//! drawn at random for ever), and the ciphertext. What it is bound to is not in it: a reader states the place
//! it reads from, and a secret that was moved does not open.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::master_key::{ID_LENGTH, MasterKey};
use super::store::{Collection, Expect, Record, RecordKey, Store, StoreError, Write};
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::SecretString;

/// The format of a sealed secret.
const FORMAT: u8 = 1;

/// The length of a nonce in bytes.
const NONCE: usize = 24;

/// The record by which a store knows its key: sealed like any secret, with nothing in it.
const KEY_CHECK: &str = "key-check";

/// The record that names the store, so that a secret of another store does not open here.
const STORE_ID: &str = "store-id";

/// Where a secret belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    /// The workspace.
    pub workspace: String,
    /// What it belongs to, such as `connection/…` or `profile/…`.
    pub owner: String,
    /// Which of its secrets it is.
    pub field: &'static str,
}

impl SecretPlace {
    /// A place.
    pub fn new(workspace: impl AsRef<str>, owner: impl Into<String>, field: &'static str) -> Self {
        Self { workspace: workspace.as_ref().to_owned(), owner: owner.into(), field }
    }

    /// The key of its record.
    pub fn key(&self) -> RecordKey {
        RecordKey::new(Collection::Secrets, &self.workspace, format!("{}/{}", self.owner, self.field))
    }
}

/// Seals secrets on their way into a store, and opens them on their way out.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn Store>,
    key: Arc<MasterKey>,
    store_id: String,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("key", &self.key)
            .field("store_id", &self.store_id)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault of a store with its master key; a new store takes the key for good.
    ///
    /// # Errors
    /// `Storage` where the store was sealed with another key, or cannot be used.
    pub fn open(store: Arc<dyn Store>, key: MasterKey) -> Result<Self> {
        let mut vault = Self { store, key: Arc::new(key), store_id: String::new() };
        match vault.read_id()? {
            Some(id) => vault.store_id = id,
            None => vault.found()?,
        }
        vault.check_key()?;
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

    /// The write that stores a secret, to be committed with what it belongs to.
    ///
    /// # Errors
    /// `Internal` where the system has no randomness to give.
    pub fn seal(&self, place: &SecretPlace, secret: &SecretString) -> Result<Write> {
        Ok(Write::put(place.key(), Expect::Any, self.sealed(place, secret.expose_secret().as_bytes())?))
    }

    /// The secret at a place, if there is one.
    ///
    /// # Errors
    /// `Storage` where it does not open here, or the store cannot be used.
    pub fn read(&self, place: &SecretPlace) -> Result<Option<SecretString>> {
        let Some(record) = self.store.get(&place.key()).map_err(store_failure)? else { return Ok(None) };
        let opened = self.opened(place, &record.body)?;
        let text = std::str::from_utf8(&opened).map_err(|_| unreadable(place))?;
        Ok(Some(SecretString::from(text.to_owned())))
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

    fn read_id(&self) -> Result<Option<String>> {
        let record = self.store.get(&vault_key(STORE_ID)).map_err(store_failure)?;
        Ok(record.map(|record| String::from_utf8_lossy(&record.body).into_owned()))
    }

    /// Gives a new store its id and its key check, unless another process was first.
    fn found(&mut self) -> Result<()> {
        self.store_id = crate::ids::random_id("store-")?;
        let check = self.sealed(&check_place(), b"")?;
        let founded = self.store.commit(&[
            Write::put(vault_key(STORE_ID), Expect::Absent, self.store_id.clone().into_bytes()),
            Write::put(vault_key(KEY_CHECK), Expect::Absent, check),
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

    fn check_key(&self) -> Result<()> {
        let check = self.store.get(&vault_key(KEY_CHECK)).map_err(store_failure)?;
        let body = check.map(|record| record.body).unwrap_or_default();
        match self.opened(&check_place(), &body) {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::new(
                FailureKind::Storage,
                "wrong-master-key",
                format!(
                    "The store was sealed with the master key {}, and this one is {}.",
                    sealed_with(&body).unwrap_or_else(|| "of an unknown id".to_owned()),
                    self.key.id_text()
                ),
            )
            .hint("Give the key that the store was made with. Nothing was changed.")),
        }
    }

    fn sealed(&self, place: &SecretPlace, secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Failure::internal("The system gives no random numbers."))?;
        let payload = Payload { msg: secret, aad: &self.bound_to(place) };
        let ciphertext = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Failure::internal("A secret is too large to be sealed."))?;
        Ok([&[FORMAT], self.key.id().as_slice(), &nonce, &ciphertext].concat())
    }

    fn opened(&self, place: &SecretPlace, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (key_id, nonce, ciphertext) = parts(sealed).ok_or_else(|| unreadable(place))?;
        if key_id != self.key.id() {
            return Err(unreadable(place));
        }
        let payload = Payload { msg: ciphertext, aad: &self.bound_to(place) };
        let opened =
            self.cipher().decrypt(XNonce::from_slice(nonce), payload).map_err(|_| unreadable(place))?;
        Ok(Zeroizing::new(opened))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.bytes().into())
    }

    /// The associated data: each part with its length before it, so that no two places read the same.
    fn bound_to(&self, place: &SecretPlace) -> Vec<u8> {
        let parts = ["actionbay", &self.store_id, &place.workspace, &place.owner, place.field];
        parts
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_le_bytes()[..], part.as_bytes()].concat())
            .collect()
    }
}

fn vault_key(id: &str) -> RecordKey {
    RecordKey::new(Collection::Vault, "", id)
}

fn check_place() -> SecretPlace {
    SecretPlace::new("", "vault", KEY_CHECK)
}

/// Key id, nonce and ciphertext of a sealed secret.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let rest = sealed.strip_prefix(&[FORMAT])?;
    let (key_id, rest) = rest.split_at_checked(ID_LENGTH)?;
    let (nonce, ciphertext) = rest.split_at_checked(NONCE)?;
    Some((key_id, nonce, ciphertext))
}

fn sealed_with(sealed: &[u8]) -> Option<String> {
    parts(sealed).map(|(key_id, ..)| key_id.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unreadable(place: &SecretPlace) -> Failure {
    Failure::storage(
        "secret-unreadable",
        format!(
            "The stored {} of {} does not open: it was damaged, moved, or sealed with another key.",
            place.field, place.owner
        ),
    )
    .hint("Restore the store from a backup, or authorize again.")
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn store_failure(error: StoreError) -> Failure {
    match error {
        StoreError::Conflict(_) => {
            Failure::new(FailureKind::Conflict, "changed-in-between", format!("Nothing was stored: {error}."))
        }
        StoreError::Unavailable(_) => {
            Failure::storage("store-unavailable", format!("The store cannot be used: {error}."))
        }
    }
}

#[cfg(test)]
mod tests;
