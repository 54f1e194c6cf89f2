//! Data keys: each owner's secrets have a key of their own, and only that key is sealed with a master key.
//!
//! So a rotation of the master key touches one short record an owner and no secret, and a deleted owner's
//! secrets stay closed in every copy of the store, since the key that was deleted with it is nowhere else.

use super::cipher::{BY_DATA_KEY, Key, KeyId, Sealed, WRAPPED_KEY, bound_to, id_text};
use super::master_key::MasterKey;
use super::register::register_key;
use super::sealing::{SecretPlace, Vault, unreadable};
use super::store::{Change, Collection, Expect, RecordKey, Write};
use crate::failure::{Failure, FailureKind, Result};

/// The key of one owner.
pub(super) struct DataKey(Key);

impl DataKey {
    pub(super) fn random() -> Result<Self> {
        Key::random().map(Self)
    }

    pub(super) fn id(&self) -> KeyId {
        self.0.id(b"actionbay data key id\0")
    }

    pub(super) fn key(&self) -> &Key {
        &self.0
    }
}

/// Whose data key it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) workspace: &'a str,
    pub(super) owner: &'a str,
}

impl<'a> Owner<'a> {
    pub(super) fn of(place: &'a SecretPlace) -> Self {
        Self { workspace: &place.workspace, owner: &place.owner }
    }

    /// The record of its data key.
    pub(super) fn key(self) -> RecordKey {
        RecordKey::new(Collection::DataKeys, self.workspace, self.owner)
    }

    fn bound_to(self, store_id: &str) -> Vec<u8> {
        bound_to(&["actionbay data key", store_id, self.workspace, self.owner])
    }
}

impl Vault {
    /// The batch that does these writes and seals these secrets, each with the data key of its owner.
    ///
    /// It happens only if the data keys stay what they are meanwhile. A batch that also deletes the data key of
    /// an owner seals with a fresh one.
    pub(super) fn sealing(&self, writes: &[Write], secrets: &[(SecretPlace, &[u8])]) -> Result<Vec<Write>> {
        let mut batch = Vec::with_capacity(writes.len() + 2 * secrets.len());
        let mut keys: Vec<(RecordKey, DataKey)> = Vec::new();
        for (place, secret) in secrets {
            let record = Owner::of(place).key();
            if !keys.iter().any(|(known, _)| *known == record) {
                let afresh = writes.iter().any(|write| write.key == record && write.change == Change::Delete);
                let (key, conditions) = self.key_to_seal_with(place, afresh)?;
                batch.extend(conditions);
                keys.push((record.clone(), key));
            }
            if let Some((_, key)) = keys.iter().find(|(known, _)| *known == record) {
                batch.push(Write::put(place.key(), Expect::Any, self.sealed(key, place, secret)?));
            }
        }
        let kept = writes.iter().filter(|write| !keys.iter().any(|(record, _)| *record == write.key));
        // The caller's first: what it expects is what a conflict should name.
        Ok(kept.cloned().chain(batch).collect())
    }

    /// The data key for an owner's secrets, and the writes that make it or hold it in place.
    fn key_to_seal_with(&self, place: &SecretPlace, afresh: bool) -> Result<(DataKey, Vec<Write>)> {
        let owner = Owner::of(place);
        let stored = self.get(&owner.key())?;
        let expect = match stored {
            Some(record) if !afresh => {
                let unchanged = Write::check(owner.key(), Expect::Generation(record.generation));
                return Ok((self.unwrapped(owner, &record.body)?, vec![unchanged]));
            }
            Some(record) => Expect::Generation(record.generation),
            None => Expect::Absent,
        };
        let (register, generation) = self.register()?;
        let master =
            self.keys.find(&register.current.id).ok_or_else(|| self.key_not_given(&register.current.id))?;
        let key = DataKey::random()?;
        let made = Write::put(owner.key(), expect, self.wrapped(owner, &key, &master)?);
        Ok((key, vec![Write::check(register_key(), Expect::Generation(generation)), made]))
    }

    fn sealed(&self, key: &DataKey, place: &SecretPlace, secret: &[u8]) -> Result<Vec<u8>> {
        key.key().seal(BY_DATA_KEY, &key.id(), &place.bound_to(&self.store_id), secret)
    }

    /// A data key as it is stored.
    pub(super) fn wrapped(&self, owner: Owner<'_>, key: &DataKey, master: &MasterKey) -> Result<Vec<u8>> {
        master.key().seal(WRAPPED_KEY, &master.id(), &owner.bound_to(&self.store_id), key.key().bytes())
    }

    /// A data key from what is stored.
    ///
    /// # Errors
    /// `Storage` where its master key is not at hand, or it was damaged or moved.
    pub(super) fn unwrapped(&self, owner: Owner<'_>, body: &[u8]) -> Result<DataKey> {
        let sealed = Sealed::parse(body)
            .filter(|sealed| sealed.format == WRAPPED_KEY)
            .ok_or_else(|| unreadable("data key", owner.owner))?;
        let id = id_text(&sealed.key_id);
        let master = self.keys.find(&id).ok_or_else(|| self.key_not_given(&id))?;
        sealed
            .open(master.key(), &owner.bound_to(&self.store_id))
            .and_then(|bytes| Key::from_bytes(&bytes))
            .map(DataKey)
            .ok_or_else(|| unreadable("data key", owner.owner))
    }

    /// A key of the store is needed that this process was not given: a rotation is or was under way.
    pub(super) fn key_not_given(&self, id: &str) -> Failure {
        Failure::new(
            FailureKind::Storage,
            "master-key-not-given",
            format!("This needs the master key {id}, and only {} was given.", self.keys.ids()),
        )
        .hint(format!(
            "The master key is being rotated: give the key {id} too (the new one in ACTIONBAY_NEW_MASTER_KEY), or end the rotation with: actionbay vault rotate-key"
        ))
    }
}
