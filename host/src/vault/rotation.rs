//! Rotation of the master key, while other processes go on.
//!
//! | step | what is written |
//! |---|---|
//! | announce | the register: the new key wraps, the old one retires |
//! | rewrap | each data key under the old key, one by one, if nobody changed it meanwhile |
//! | reseal | each secret that is sealed with the old key itself, with a data key (stores of an early version) |
//! | drop | the register: the old key is gone, which is refused while anything is under it |
//!
//! Every step is one batch, so that an interruption falls between two of them; whoever rotates to the same key
//! again goes on where it ended.

use serde::Serialize;

use super::cipher::{BY_MASTER_KEY, Sealed, WRAPPED_KEY, id_text};
use super::data_keys::Owner;
use super::master_key::MasterKey;
use super::register::{Entry, Register};
use super::sealing::{SecretPlace, Vault, store_failure, unreadable};
use super::store::{Collection, Expect, Record, RecordKey, StoreError, Write};
use crate::failure::{Failure, FailureKind, Result};

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Rotated {
    /// The key that was retired; absent: there was nothing left to do.
    pub from: Option<String>,
    /// The key that the store is under.
    pub to: String,
    /// How many data keys were rewrapped.
    pub data_keys: usize,
    /// How many secrets were sealed with the old key itself, and have data keys since.
    pub secrets: usize,
}

/// A master key of a store, and what depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MasterKeyUse {
    /// Its id.
    pub id: String,
    /// Whether it is being retired by a rotation that has not ended.
    pub retiring: bool,
    /// Whether this process holds it.
    pub at_hand: bool,
    /// How many data keys it wraps.
    pub data_keys: usize,
    /// How many secrets it seals itself: those of an early version that were not written since.
    pub secrets: usize,
}

impl Vault {
    /// Has the store go over to another master key. Interrupted, it goes on when called again with the same.
    ///
    /// # Errors
    /// `Conflict` where a rotation to another key has not ended; `Storage` where the old key is not at hand,
    /// something under it does not open, or the store cannot be used.
    pub fn rotate_to(&self, new: &MasterKey) -> Result<Rotated> {
        self.keys.add(new.duplicate());
        let mut rotated = Rotated { from: None, to: new.id_text(), data_keys: 0, secrets: 0 };
        let Some(old) = self.announce(new)? else { return Ok(rotated) };
        rotated.from = Some(old.id.clone());
        // What somebody else wrote meanwhile is found by the next round, and nothing comes under the old key.
        loop {
            let (keys, secrets) = self.under(&old.id)?;
            if keys.is_empty() && secrets.is_empty() {
                break;
            }
            if !self.holds(&old) {
                return Err(self.key_not_given(&old.id));
            }
            for (key, record) in keys {
                rotated.data_keys += usize::from(self.rewrap(&key, &record, new)?);
            }
            for (key, record) in secrets {
                rotated.secrets += usize::from(self.reseal(&key, &record)?);
            }
        }
        self.drop_master_key(&old.id)?;
        Ok(rotated)
    }

    /// The master keys of the store, the current one first.
    ///
    /// # Errors
    /// `Storage` where the store cannot be used.
    pub fn master_keys(&self) -> Result<Vec<MasterKeyUse>> {
        let (register, _) = self.register()?;
        register
            .entries()
            .map(|entry| {
                let (keys, secrets) = self.under(&entry.id)?;
                Ok(MasterKeyUse {
                    id: entry.id.clone(),
                    retiring: entry.id != register.current.id,
                    at_hand: self.holds(entry),
                    data_keys: keys.len(),
                    secrets: secrets.len(),
                })
            })
            .collect()
    }

    /// Forgets a master key that was retired.
    ///
    /// # Errors
    /// `Conflict` where it is the current one, or anything is still under it, with how much; `Storage` where
    /// the store cannot be used.
    pub fn drop_master_key(&self, id: &str) -> Result<()> {
        loop {
            let (register, generation) = self.register()?;
            let is_current = register.current.id == id;
            if !is_current && register.retiring.as_ref().is_none_or(|entry| entry.id != id) {
                return Ok(());
            }
            let (keys, secrets) = self.under(id)?;
            if is_current || !keys.is_empty() || !secrets.is_empty() {
                return Err(in_use(id, keys.len(), secrets.len()));
            }
            let register = Register { retiring: None, ..register };
            match self.store.commit(&[register.write(Expect::Generation(generation))?]) {
                Err(StoreError::Conflict(_)) => {}
                result => return result.map_err(store_failure),
            }
        }
    }

    /// Announces the new key, unless that was done before. Gives the key to retire, if there is one.
    fn announce(&self, new: &MasterKey) -> Result<Option<Entry>> {
        loop {
            let (register, generation) = self.register()?;
            if register.current.id == new.id_text() {
                return Ok(register.retiring);
            }
            if let Some(retiring) = &register.retiring {
                return Err(under_way(retiring, &register.current));
            }
            if !self.holds(&register.current) {
                return Err(self.key_not_given(&register.current.id));
            }
            let current = Entry::new(new, &self.store_id)?;
            let announced = Register { current, retiring: Some(register.current) };
            match self.store.commit(&[announced.write(Expect::Generation(generation))?]) {
                Ok(()) => return Ok(announced.retiring),
                // Somebody else announced: see what.
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(store_failure(error)),
            }
        }
    }

    /// The data keys that a master key wraps, and the secrets that it seals itself.
    #[expect(clippy::type_complexity, reason = "the same kind of list twice, used in this file alone")]
    fn under(&self, id: &str) -> Result<(Vec<(RecordKey, Record)>, Vec<(RecordKey, Record)>)> {
        let list = |collection, format| {
            let mut records = Vec::new();
            // One at a time: files are among what is sealed.
            let visited = self.store.visit_all(collection, &mut |key, record| {
                let is_under = |sealed: &Sealed<'_>| sealed.format == format && id_text(&sealed.key_id) == id;
                if Sealed::parse(&record.body).as_ref().is_some_and(is_under) {
                    records.push((key, record));
                }
            });
            visited.map(|()| records).map_err(store_failure)
        };
        Ok((list(Collection::DataKeys, WRAPPED_KEY)?, list(Collection::Secrets, BY_MASTER_KEY)?))
    }

    /// Wraps a data key with the new key; false: it was changed or deleted meanwhile.
    fn rewrap(&self, key: &RecordKey, record: &Record, new: &MasterKey) -> Result<bool> {
        let owner = Owner { workspace: &key.workspace, owner: &key.id };
        let data_key = self.unwrapped(owner, &record.body)?;
        let wrapped = self.wrapped(owner, &data_key, new)?;
        self.done(&[Write::put(key.clone(), Expect::Generation(record.generation), wrapped)])
    }

    /// Seals a secret with the data key of its owner; false: it was changed or deleted meanwhile.
    fn reseal(&self, key: &RecordKey, record: &Record) -> Result<bool> {
        let place = SecretPlace::of(key).ok_or_else(|| unreadable("secret", &key.id))?;
        let opened = self.opened(&place, &record.body)?;
        let unchanged = Write::check(key.clone(), Expect::Generation(record.generation));
        let batch = self.sealing(&[unchanged], &[(place, opened.as_slice())])?;
        self.done(&batch)
    }

    fn done(&self, batch: &[Write]) -> Result<bool> {
        match self.store.commit(batch) {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(store_failure(error)),
        }
    }
}

fn in_use(id: &str, data_keys: usize, secrets: usize) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "master-key-in-use",
        format!("The master key {id} is still in use, by {data_keys} data keys and {secrets} secrets."),
    )
    .hint("Rotate to another key first: actionbay vault rotate-key")
}

fn under_way(old: &Entry, new: &Entry) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "rotation-under-way",
        format!("A rotation from the master key {} to {} has not ended.", old.id, new.id),
    )
    .hint(format!("End it first: run vault rotate-key with the key {} as the new one.", new.id))
}

#[cfg(test)]
mod tests;
