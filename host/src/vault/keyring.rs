//! The master keys that a process holds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::key_source::KeySource;
use super::master_key::MasterKey;
use crate::failure::Result;

/// The shortest time between two looks at the sources for the same key: a source may be a command.
const PAUSE: Duration = Duration::from_secs(5);

/// The master keys of a process: one, or during a rotation both.
///
/// Which of them seals is not said here but by the store, for all processes alike. A keyring that was made from
/// sources looks at them again when a record names a key it does not hold, so that a process that runs on
/// through a rotation finds the key where the rotation put it.
#[derive(Debug)]
pub struct Keyring {
    first: Arc<MasterKey>,
    held: Mutex<Held>,
    sources: Vec<KeySource>,
}

#[derive(Debug)]
struct Held {
    keys: Vec<Arc<MasterKey>>,
    /// Which key was looked for last, and when.
    looked: Option<(String, Instant)>,
}

impl From<MasterKey> for Keyring {
    fn from(key: MasterKey) -> Self {
        let first = Arc::new(key);
        let held = Held { keys: vec![Arc::clone(&first)], looked: None };
        Self { first, held: Mutex::new(held), sources: Vec::new() }
    }
}

impl Keyring {
    /// A keyring from where its keys come from: one source that must give a key, and others that may.
    ///
    /// `may_create` as in [`KeySource::read`], of the first.
    ///
    /// # Errors
    /// `Storage` where the first gives no key, or another gives something that is none.
    pub fn from_sources(first: KeySource, others: Vec<KeySource>, may_create: bool) -> Result<Self> {
        let mut keyring = Self::from(first.read(may_create)?);
        for source in &others {
            if let Some(key) = source.read_if_there()? {
                keyring = keyring.with(key);
            }
        }
        keyring.sources = std::iter::once(first).chain(others).collect();
        Ok(keyring)
    }

    /// The same, with one more key.
    #[must_use]
    pub fn with(self, key: MasterKey) -> Self {
        self.add(key);
        self
    }

    /// The key that a new store takes.
    pub(super) fn first(&self) -> &Arc<MasterKey> {
        &self.first
    }

    pub(super) fn add(&self, key: MasterKey) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).add(key);
    }

    /// The key of an id, if there is one.
    pub(super) fn find(&self, id: &str) -> Option<Arc<MasterKey>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.find(id);
        let may_look = held.looked.as_ref().is_none_or(|(last, at)| last != id || at.elapsed() >= PAUSE);
        if found.is_some() || self.sources.is_empty() || !may_look {
            return found;
        }
        held.looked = Some((id.to_owned(), Instant::now()));
        // A source that gives nothing is no worse than the key that is missing, which the caller tells.
        for key in self.sources.iter().filter_map(|source| source.read_if_there().ok().flatten()) {
            held.add(key);
        }
        held.find(id)
    }

    /// The ids of the keys, for people.
    pub(super) fn ids(&self) -> String {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.keys.iter().map(|key| key.id_text()).collect::<Vec<_>>().join(" and ")
    }
}

impl Held {
    fn find(&self, id: &str) -> Option<Arc<MasterKey>> {
        self.keys.iter().find(|key| key.id_text() == id).cloned()
    }

    fn add(&mut self, key: MasterKey) {
        if self.find(&key.id_text()).is_none() {
            self.keys.push(Arc::new(key));
        }
    }
}
