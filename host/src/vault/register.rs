//! The register of master keys: one record of the store that says which key wraps data keys, and which one is
//! being retired.
//!
//! It is one record so that a rotation begins and ends with one write. Whoever makes a data key makes it on the
//! condition that the register is as it was read: from the moment a rotation is announced, nothing comes under
//! the old key any more, and what is under it can be counted down to nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::cipher::{BY_MASTER_KEY, Sealed, bound_to, id_text};
use super::master_key::MasterKey;
use super::sealing::{Vault, store_failure, vault_key};
use super::store::{Expect, RecordKey, StoreError, Write};
use crate::failure::{Failure, FailureKind, Result};

/// The register's record.
const REGISTER: &str = "master-keys";

/// What stores had instead of a register: the check of their one key.
const KEY_CHECK: &str = "key-check";

/// Which master keys a store is under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Register {
    /// The one that wraps.
    pub(super) current: Entry,
    /// The one that still opens what it wrapped, until a rotation is over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) retiring: Option<Entry>,
}

/// A key, and the proof of it: nothing, sealed with the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Entry {
    pub(super) id: String,
    check: String,
}

impl Entry {
    pub(super) fn new(key: &MasterKey, store_id: &str) -> Result<Self> {
        let check = key.key().seal(BY_MASTER_KEY, &key.id(), &check_bound_to(store_id), b"")?;
        Ok(Self { id: key.id_text(), check: STANDARD.encode(check) })
    }

    /// Whether a key is this one: the id alone would be a weak proof.
    fn is_of(&self, key: &MasterKey, store_id: &str) -> bool {
        STANDARD.decode(&self.check).is_ok_and(|check| {
            Sealed::parse(&check)
                .filter(|sealed| sealed.format == BY_MASTER_KEY && sealed.key_id == key.id())
                .is_some_and(|sealed| sealed.open(key.key(), &check_bound_to(store_id)).is_some())
        })
    }
}

fn check_bound_to(store_id: &str) -> Vec<u8> {
    bound_to(&["actionbay", store_id, "", "vault", KEY_CHECK])
}

pub(super) fn register_key() -> RecordKey {
    vault_key(REGISTER)
}

impl Register {
    /// The write that stores it.
    pub(super) fn write(&self, expect: Expect) -> Result<Write> {
        let body =
            serde_json::to_vec(self).map_err(|_| Failure::internal("The register cannot be written."))?;
        Ok(Write::put(register_key(), expect, body))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.current).chain(&self.retiring)
    }
}

impl Vault {
    /// The register, with the generation of its record.
    pub(super) fn register(&self) -> Result<(Register, i64)> {
        let Some(record) = self.get(&register_key())? else {
            self.adopt()?;
            let record = self.get(&register_key())?.ok_or_else(|| self.wrong_key(&[]))?;
            return Ok((read(&record.body)?, record.generation));
        };
        Ok((read(&record.body)?, record.generation))
    }

    /// Refuses a store that is under none of the keys at hand.
    pub(super) fn check_keys(&self) -> Result<()> {
        let (register, _) = self.register()?;
        if register.entries().any(|entry| self.holds(entry)) {
            return Ok(());
        }
        let ids: Vec<&str> = register.entries().map(|entry| entry.id.as_str()).collect();
        Err(self.wrong_key(&ids))
    }

    /// Whether the key of an entry is at hand.
    pub(super) fn holds(&self, entry: &Entry) -> bool {
        self.keys.find(&entry.id).is_some_and(|key| entry.is_of(&key, &self.store_id))
    }

    /// Gives a store that knows one key a register, unless another process was first. A store of another key
    /// is left as it is.
    fn adopt(&self) -> Result<()> {
        let Some(record) = self.get(&vault_key(KEY_CHECK))? else { return Ok(()) };
        let id = Sealed::parse(&record.body).map(|sealed| id_text(&sealed.key_id)).unwrap_or_default();
        let current = Entry { id, check: STANDARD.encode(&record.body) };
        if !self.holds(&current) {
            return Err(self.wrong_key(&[&current.id]));
        }
        let register = Register { current, retiring: None };
        let adopted = self.store.commit(&[
            register.write(Expect::Absent)?,
            Write::delete(vault_key(KEY_CHECK), Expect::Generation(record.generation)),
        ]);
        match adopted {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(store_failure(error)),
        }
    }

    fn wrong_key(&self, sealed_with: &[&str]) -> Failure {
        let known: Vec<&str> = sealed_with.iter().copied().filter(|id| !id.is_empty()).collect();
        let known = if known.is_empty() { "of an unknown id".to_owned() } else { known.join(" and ") };
        Failure::new(
            FailureKind::Storage,
            "wrong-master-key",
            format!("The store was sealed with the master key {known}, and this one is {}.", self.keys.ids()),
        )
        .hint("Give the key that the store was made with or last rotated to. Nothing was changed.")
    }
}

fn read(body: &[u8]) -> Result<Register> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::storage("record-unreadable", format!("The register of master keys cannot be read: {error}."))
            .hint("Restore the store from a backup.")
    })
}
