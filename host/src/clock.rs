//! What time it is, as an embedder can decide it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::failure::{Failure, FailureKind, Result};

/// Tells the time. A guest never sees it.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// `Denied` where there is no clock; `Internal` where it cannot be read.
    fn now(&self) -> Result<u64>;
}

/// The clock of a host that was given none: nothing that expires can be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyClock;

impl Clock for DenyClock {
    fn now(&self) -> Result<u64> {
        Err(Failure::new(FailureKind::Denied, "no-clock", "This host was given no clock.")
            .hint("Give the host a clock, such as SystemClock."))
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<u64> {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(|since| since.as_secs())
            .map_err(|_| Failure::internal("The machine's clock stands before 1970."))
    }
}
