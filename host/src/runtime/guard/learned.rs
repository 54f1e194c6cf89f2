//! Which container has which key, as the host was told by the vendor, kept over the runs of a connection.
//!
//! A policy that names containers by key needs the key of an id that an answer tells; it takes a request to learn it, and
//! this keeps that from being every run's. An id is never given to another container. Its key can change, so that it is
//! forgotten after a while. What key has which id is not kept: a key can pass to another container.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::access::Container;
use crate::clock::Clock;

/// How long a key is believed, in seconds: what an administrator who changes one finds bearable.
const LIFETIME: u64 = 600;
/// How many are kept, of all connections. Beyond that all are forgotten; they are learned again.
const MOST: usize = 10_000;

/// What all runs of a plugin learned.
#[derive(Clone, Default)]
pub(in crate::runtime) struct LearnedKeys(Arc<Mutex<HashMap<Named, Kept>>>);

/// A connection, and the id of a container that it reaches.
type Named = (String, String);

struct Kept {
    container: Container,
    until: u64,
}

/// The part that belongs to one connection.
pub(in crate::runtime) struct Remembered {
    all: LearnedKeys,
    connection: String,
    clock: Arc<dyn Clock>,
}

impl LearnedKeys {
    pub(in crate::runtime) fn of(&self, connection: String, clock: Arc<dyn Clock>) -> Remembered {
        Remembered { all: self.clone(), connection, clock }
    }
}

impl Remembered {
    /// The container of this id. Without a clock there is none.
    pub(super) fn by_id(&self, id: &str) -> Option<Container> {
        let now = self.clock.now().ok()?;
        let kept = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&(self.connection.clone(), id.to_owned()))?;
        (now < kept.until).then(|| kept.container.clone())
    }

    pub(super) fn keep(&self, container: &Container) {
        let (Some(id), Ok(now)) = (&container.id, self.clock.now()) else { return };
        let mut kept = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        let container = Kept { container: container.clone(), until: now.saturating_add(LIFETIME) };
        kept.insert((self.connection.clone(), id.clone()), container);
    }
}
