//! What an operator can set of the service.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// What an operator can set of the service. What is left out has its default.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Settings {
    /// How many requests of the API are worked on at a time; each takes a thread. More are answered with 429.
    #[serde(deserialize_with = "at_least_one")]
    pub concurrent_requests: usize,
    /// How many requests may wait for something to happen.
    #[serde(deserialize_with = "at_least_one")]
    pub waiting_requests: usize,
    /// How many requests a key may send in a minute, all at once or one after the other.
    #[serde(deserialize_with = "at_least_one")]
    pub requests_per_minute: u32,
    /// For how many days runs are kept.
    pub keep_runs_days: u64,
    /// For how many days the audit log is kept.
    pub keep_audit_days: u64,
    /// How large a file may be that is sent for a run, or that one makes, in bytes.
    pub file_bytes: u64,
    /// How long the body of a request may take. It is not the operator's to set.
    #[serde(skip)]
    pub longest_body: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // As many as a small machine has memory for.
            concurrent_requests: 64,
            waiting_requests: 128,
            // A hundred a second: a platform may have one key for all of its users.
            requests_per_minute: 6_000,
            keep_runs_days: 30,
            // Who did what is asked for later than what came of a run.
            keep_audit_days: 365,
            // Vendors take a hundred megabytes and more, and nearly all that people attach is far smaller. Here a file is
            // held in memory while it is sealed, and lies in the store for a day.
            file_bytes: 25 << 20,
            longest_body: Duration::from_secs(30),
        }
    }
}

/// A number of what there must be, or nobody is ever served.
fn at_least_one<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + PartialOrd + From<u8>,
{
    let number = N::deserialize(deserializer)?;
    if number < N::from(1) {
        return Err(serde::de::Error::custom("it must be at least 1"));
    }
    Ok(number)
}

impl Settings {
    /// For how many seconds runs are kept.
    pub(super) fn keep_runs(&self) -> u64 {
        self.keep_runs_days.saturating_mul(DAY)
    }

    /// For how many seconds the audit log is kept.
    pub(super) fn keep_audit(&self) -> u64 {
        self.keep_audit_days.saturating_mul(DAY)
    }
}

/// How long the end of the service waits for what is running: as long as a call may take, and a little.
pub const LAST_RUNS: Duration = Duration::from_secs(130);
