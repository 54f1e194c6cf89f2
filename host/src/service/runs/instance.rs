//! Processes that carry out runs: whether they are alive.
//!
//! A process says every few seconds until when it can be taken for alive; one that was killed says it no more. That costs
//! one write, however many runs there are.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::random_id;
use crate::vault::{Collection, Expect, RecordKey, Write};

/// For how long a process that said so is taken for alive, in seconds: longer than a disk is ever busy, short enough for
/// whoever waits for a run to be told.
const ALIVE: u64 = 12;

/// How often a process says that it is alive.
pub(crate) const SAYS_SO: Duration = Duration::from_secs(3);

/// What is stored of a process.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    alive_until: u64,
}

/// A process that carries out runs.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    host: Host,
    id: String,
}

impl Instance {
    pub(super) fn new(host: &Host) -> Result<Self> {
        Ok(Self { host: host.clone(), id: random_id("i-")? })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Says that this process is alive.
    pub(crate) fn live(&self) -> Result<()> {
        let authorizations = self.host.authorizations();
        let stored = Stored { alive_until: authorizations.clock.now()?.saturating_add(ALIVE) };
        let body =
            serde_json::to_vec(&stored).map_err(|_| Failure::internal("A process cannot be written."))?;
        authorizations.vault.commit(&[Write::put(place(&self.id), Expect::Any, body)])
    }

    /// Says that this process ends.
    pub(crate) fn end(&self) -> Result<()> {
        self.host.authorizations().vault.commit(&[Write::delete(place(&self.id), Expect::Any)])
    }

    /// The processes that are alive. Those that are not are forgotten.
    pub(super) fn alive(&self) -> Result<BTreeSet<String>> {
        let authorizations = self.host.authorizations();
        let now = authorizations.clock.now()?;
        let mut alive = BTreeSet::new();
        for (id, record) in authorizations.vault.list(Collection::Instances, "")? {
            let is_alive =
                serde_json::from_slice::<Stored>(&record.body).is_ok_and(|stored| now < stored.alive_until);
            if is_alive {
                alive.insert(id);
                continue;
            }
            let gone = Write::delete(place(&id), Expect::Generation(record.generation));
            match authorizations.vault.commit(&[gone]) {
                Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(alive)
    }
}

fn place(id: &str) -> RecordKey {
    RecordKey::new(Collection::Instances, "", id)
}
