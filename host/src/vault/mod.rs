//! Secrets at rest, and the store of everything else.
//!
//! A [`Store`] keeps records and knows nothing of secrets; the [`Vault`] seals secrets before a store sees
//! them. The two are apart so that an embedder can bring a database without touching cryptography, and so that
//! no store, backup or replica ever holds a token in the clear.
//!
//! Promises, each with a test:
//! - a sealed secret opens only in the workspace, for the owner, in the field and in the store it was sealed for,
//! - an existing store opens with its own master key or not at all,
//! - a batch of writes happens as a whole or not at all, and only if nobody else wrote in between.

mod master_key;
mod sealing;
mod sqlite;
mod store;

pub use master_key::{KeySource, MasterKey};
pub use sealing::{SecretPlace, Vault};
pub use sqlite::SqliteStore;
pub use store::{Collection, DenyStore, Expect, MemoryStore, Record, RecordKey, Store, StoreError, Write};

#[cfg(test)]
mod store_tests;
