//! Secrets at rest, and the store of everything else.
//!
//! A [`Store`] keeps records and knows nothing of secrets; the [`Vault`] seals secrets before a store sees
//! them. The two are apart so that an embedder can bring a database without touching cryptography, and so that
//! no store, backup or replica ever holds a token in the clear.
//!
//! There are two layers: every owner's secrets are sealed with a data key of its own, and the data keys with the
//! master key, which comes from outside and can be rotated while processes go on.
//!
//! Promises, each with a test:
//! - a sealed secret opens only in the workspace, for the owner, in the field and in the store it was sealed for,
//! - a deleted owner's data key goes with it,
//! - a rotation that is interrupted at any point leaves every secret readable, and goes on when begun again,
//! - a master key that anything is sealed with is not dropped,
//! - an existing store opens with its own master key or not at all,
//! - a batch of writes happens as a whole or not at all, and only if nobody else wrote in between.

mod cipher;
mod data_keys;
mod key_command;
mod key_source;
mod keyring;
mod master_key;
mod register;
mod rotation;
mod sealing;
mod sqlite;
mod store;

pub use key_source::{KeySource, replace_key_file};
pub use keyring::Keyring;
pub use master_key::MasterKey;
pub use rotation::{MasterKeyUse, Rotated};
pub(crate) use sealing::CHANGED_IN_BETWEEN;
pub use sealing::{SecretPlace, Vault};
pub use sqlite::SqliteStore;
pub use store::{
    Change, Collection, DenyStore, Expect, MemoryStore, Record, RecordKey, Store, StoreError, Write,
};

#[cfg(test)]
mod store_tests;
