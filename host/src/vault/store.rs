//! The store, as embedders may implement it: versioned records, written in batches.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// What kind of record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Collection {
    /// What the vault knows of itself.
    Vault,
    /// Authorization profiles.
    Profiles,
    /// Authorizations that wait for their callback.
    PendingAuthorizations,
    /// Links at which people connect accounts.
    Links,
    /// Connections.
    Connections,
    /// What came of runs that have a name.
    Outcomes,
    /// The keys of the HTTP API, without what is secret in them.
    Keys,
    /// Runs that the service was asked for.
    Runs,
    /// Which of them are running, and in which process.
    RunningRuns,
    /// What is known of the processes that run them.
    Instances,
    /// Authorizations that a platform asked for, and what came of them.
    ConnectSessions,
    /// What the service answered under a name of the caller's.
    Answers,
    /// Files that runs are given, and that they make: whose they are. What they are is in the vault.
    Files,
    /// Who did what.
    Audit,
    /// How workspaces have integrations configured.
    Integrations,
    /// Who is logged in to the console.
    ConsoleSessions,
    /// Dialogs made of templates.
    Dialogs,
    /// Conversations: whose they are and how they stand. What was said is in the vault.
    Conversations,
    /// Standard responses that workspaces changed.
    Responses,
    /// Addresses that are told what happens.
    Webhooks,
    /// What they are to be told still.
    Deliveries,
    /// What the operator approved of integrations.
    Approvals,
    /// Sealed secrets of the others.
    Secrets,
    /// The keys that secrets are sealed with, one an owner, wrapped by a master key.
    DataKeys,
}

impl Collection {
    /// Its name, stable, for a column or a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Profiles => "profiles",
            Self::PendingAuthorizations => "pending-authorizations",
            Self::Links => "links",
            Self::Connections => "connections",
            Self::Outcomes => "outcomes",
            Self::Keys => "keys",
            Self::Runs => "runs",
            Self::RunningRuns => "running-runs",
            Self::Instances => "instances",
            Self::ConnectSessions => "connect-sessions",
            Self::Answers => "answers",
            Self::Files => "files",
            Self::Webhooks => "webhooks",
            Self::Deliveries => "deliveries",
            Self::Audit => "audit",
            Self::Integrations => "integrations",
            Self::ConsoleSessions => "console-sessions",
            Self::Dialogs => "dialogs",
            Self::Conversations => "conversations",
            Self::Responses => "responses",
            Self::Approvals => "approvals",
            Self::Secrets => "secrets",
            Self::DataKeys => "data-keys",
        }
    }
}

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// The kind of record.
    pub collection: Collection,
    /// The workspace that owns it; empty for what belongs to the whole deployment.
    pub workspace: String,
    /// Its id within the two.
    pub id: String,
}

impl RecordKey {
    /// A key.
    pub fn new(collection: Collection, workspace: impl Into<String>, id: impl Into<String>) -> Self {
        Self { collection, workspace: workspace.into(), id: id.into() }
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its content: JSON, or a sealed secret.
    pub body: Vec<u8>,
    /// Counts its writes, from 1.
    pub generation: i64,
}

/// What must be true of a record for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// There is none.
    Absent,
    /// It is at this generation.
    Generation(i64),
}

/// What a write does to its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives it this content.
    Put(Vec<u8>),
    /// Deletes it.
    Delete,
    /// Nothing: the batch only depends on what is expected of it.
    Keep,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which record.
    pub key: RecordKey,
    /// What must be true of it.
    pub expect: Expect,
    /// What becomes of it.
    pub change: Change,
}

impl Write {
    /// Writes a record.
    pub fn put(key: RecordKey, expect: Expect, body: Vec<u8>) -> Self {
        Self { key, expect, change: Change::Put(body) }
    }

    /// Deletes a record.
    pub fn delete(key: RecordKey, expect: Expect) -> Self {
        Self { key, expect, change: Change::Delete }
    }

    /// Leaves a record as it is, and lets the batch happen only if it is as expected.
    pub fn check(key: RecordKey, expect: Expect) -> Self {
        Self { key, expect, change: Change::Keep }
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else wrote in between; nothing was written.
    #[error("the record {collection}/{id} was changed in between", collection = .0.collection.as_str(), id = .0.id)]
    Conflict(RecordKey),
    /// The store cannot be used.
    #[error("{0}")]
    Unavailable(String),
}

/// Keeps records.
///
/// Several hosts may share one store: what [`Store::commit`] promises is all the coordination they have.
pub trait Store: Send + Sync {
    /// One record.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn get(&self, key: &RecordKey) -> Result<Option<Record>, StoreError>;

    /// All records of a kind in a workspace, ordered by id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn list(&self, collection: Collection, workspace: &str) -> Result<Vec<(String, Record)>, StoreError>;

    /// The last records of a kind in a workspace, of those whose ids come before `before` where it is given: at most so
    /// many, the last one first.
    ///
    /// For kinds that grow by the day and whose ids say when: a store answers it from the order of its keys; as it is, it
    /// reads all of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn list_before(
        &self,
        collection: Collection,
        workspace: &str,
        before: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let mut records = self.list(collection, workspace)?;
        records.retain(|(id, _)| before.is_none_or(|before| id.as_str() < before));
        records.reverse();
        records.truncate(most);
        Ok(records)
    }

    /// The connections of a workspace to an integration that are this end user's, or, without one, that serve
    /// everybody, ordered by id. Every run asks for them.
    ///
    /// Whose a connection is stands in its record: a JSON object with the fields `integration` and `user`, where
    /// `user` may be null. A store that is to hold the connections of many users answers this from an index; as it
    /// is, it reads all connections of the workspace.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn connections_for(
        &self,
        workspace: &str,
        integration: &str,
        user: Option<&str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let mut records = self.list(Collection::Connections, workspace)?;
        records.retain(|(_, record)| is_for(&record.body, integration, user));
        Ok(records)
    }

    /// All records of a kind in every workspace, ordered by workspace and id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn list_all(&self, collection: Collection) -> Result<Vec<(RecordKey, Record)>, StoreError>;

    /// The workspaces that have records of a kind, ordered.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn workspaces(&self, collection: Collection) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        self.visit_all(collection, &mut |key, _| names.push(key.workspace))?;
        names.dedup();
        Ok(names)
    }

    /// Shows all records of a kind in every workspace, one after the other, to `visit`, which does not use the store
    /// itself.
    ///
    /// For kinds whose records may be large: a store that can reads one at a time; as it is, it reads all of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn visit_all(
        &self,
        collection: Collection,
        visit: &mut dyn FnMut(RecordKey, Record),
    ) -> Result<(), StoreError> {
        self.list_all(collection)?.into_iter().for_each(|(key, record)| visit(key, record));
        Ok(())
    }

    /// Does all of the writes in their order, or none: an expectation is of what the writes before it left. Once it
    /// returns, they survive a crash.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where an expectation does not hold; [`StoreError::Unavailable`].
    fn commit(&self, writes: &[Write]) -> Result<(), StoreError>;
}

/// The store of a host that was given none: it keeps nothing and says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyStore;

impl DenyStore {
    fn denied<T>() -> Result<T, StoreError> {
        Err(StoreError::Unavailable("this host was given no store".to_owned()))
    }
}

impl Store for DenyStore {
    fn get(&self, _: &RecordKey) -> Result<Option<Record>, StoreError> {
        Self::denied()
    }

    fn list(&self, _: Collection, _: &str) -> Result<Vec<(String, Record)>, StoreError> {
        Self::denied()
    }

    fn list_all(&self, _: Collection) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        Self::denied()
    }

    fn commit(&self, _: &[Write]) -> Result<(), StoreError> {
        Self::denied()
    }
}

/// Keeps records as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<BTreeMap<RecordKey, Record>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &RecordKey) -> Result<Option<Record>, StoreError> {
        Ok(self.records.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn list(&self, collection: Collection, workspace: &str) -> Result<Vec<(String, Record)>, StoreError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let from = RecordKey::new(collection, workspace, "");
        Ok(records
            .range(from..)
            .take_while(|(key, _)| key.collection == collection && key.workspace == workspace)
            .map(|(key, record)| (key.id.clone(), record.clone()))
            .collect())
    }

    fn list_all(&self, collection: Collection) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(records
            .range(RecordKey::new(collection, "", "")..)
            .take_while(|(key, _)| key.collection == collection)
            .map(|(key, record)| (key.clone(), record.clone()))
            .collect())
    }

    fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut undo = Vec::new();
        for write in writes {
            let before = records.get(&write.key).cloned();
            let generation = before.as_ref().map(|record| record.generation);
            if !holds(write.expect, generation) {
                for (key, before) in undo.into_iter().rev() {
                    match before {
                        Some(record) => drop(records.insert(key, record)),
                        None => drop(records.remove(&key)),
                    }
                }
                return Err(StoreError::Conflict(write.key.clone()));
            }
            match &write.change {
                Change::Put(body) => {
                    let record =
                        Record { body: body.clone(), generation: generation.unwrap_or_default() + 1 };
                    drop(records.insert(write.key.clone(), record));
                }
                Change::Delete => drop(records.remove(&write.key)),
                Change::Keep => {}
            }
            undo.push((write.key.clone(), before));
        }
        Ok(())
    }
}

/// Whether the record of a connection is for an integration and an end user, or for everybody.
fn is_for(body: &[u8], integration: &str, user: Option<&str>) -> bool {
    #[derive(Deserialize)]
    struct Whose<'a> {
        #[serde(borrow)]
        integration: Cow<'a, str>,
        #[serde(borrow)]
        user: Option<Cow<'a, str>>,
    }
    serde_json::from_slice::<Whose<'_>>(body)
        .is_ok_and(|whose| whose.integration == integration && whose.user.as_deref() == user)
}

/// Whether an expectation holds of a record at this generation, or of none.
pub(super) fn holds(expect: Expect, generation: Option<i64>) -> bool {
    match expect {
        Expect::Any => true,
        Expect::Absent => generation.is_none(),
        Expect::Generation(expected) => generation == Some(expected),
    }
}
