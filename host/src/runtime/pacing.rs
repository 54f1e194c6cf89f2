//! Not asking more of a vendor than it gives: pauses it asks for, and repeats of what changes nothing.
//!
//! A pause is the site's, not the call's: once one call was told to wait, or the site's budget is spent, no other sends
//! anything there before that is over. A short pause is waited for; a long one is told to the caller. A request that may
//! change something is never sent twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::CallCost;
use super::budget::Budgets;
use crate::clock::Clock;
use crate::egress::Response;
use crate::failure::{Failure, FailureKind, Result};

/// The longest pause that is waited for, in seconds: a person waits for the answer.
const LONGEST_WAIT: u64 = 10;

/// How often a request is sent at most, as vendors advise.
const TRIES: u32 = 4;

/// The first pause where the vendor names none, in milliseconds; each one after is twice as long.
const FIRST_PAUSE: u64 = 500;

/// The longest pause that a vendor is believed, in seconds: a day.
const LONGEST_PAUSE: u64 = 24 * 60 * 60;

/// Keeps the pauses and the budgets of all calls of a host.
#[derive(Clone)]
pub struct Pacer {
    clock: Arc<dyn Clock>,
    /// Until when nothing is sent, in seconds since 1970 UTC, by site.
    paused: Arc<Mutex<HashMap<String, u64>>>,
    budgets: Budgets,
}

impl Pacer {
    /// Pauses by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, paused: Arc::default(), budgets: Budgets::default() }
    }

    /// The clock that pauses are measured by.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Takes a request's points from the site's budget, and waits for a short pause.
    ///
    /// # Errors
    /// `RateLimited`, with the seconds, where the pause is longer, or than the call may still last.
    pub(super) fn admit(&self, site: &str, cost: Option<&CallCost>, left: Duration) -> Result<()> {
        let now = self.clock.now()?;
        let paused = self.pauses().get(site).copied().filter(|until| now < *until);
        if let Some(until) = paused {
            self.wait(until - now, left, "The vendor asked to send nothing")?;
        }
        let Some(cost) = cost else { return Ok(()) };
        let take = || Ok(self.budgets.take(site, cost, self.clock.now()?));
        let Err(until) = take()? else { return Ok(()) };
        let spent = "The points that the vendor gives for this time are spent, and nothing is sent";
        self.wait(until.saturating_sub(self.clock.now()?), left, spent)?;
        take()?.map_err(|until| too_long(spent, until.saturating_sub(now)))
    }

    /// Waits, if that is for a short time and ends within the call.
    fn wait(&self, seconds: u64, left: Duration, why: &str) -> Result<()> {
        if seconds > LONGEST_WAIT || Duration::from_secs(seconds) >= left {
            return Err(too_long(why, seconds));
        }
        self.clock.wait(Duration::from_secs(seconds));
        Ok(())
    }

    /// Counts what an answer cost beyond its request, and notes the pause that it asks for by telling that nothing is
    /// left. Without a clock there is nothing to note.
    pub(super) fn settle(&self, site: &str, cost: Option<&CallCost>, objects: u64, response: &Response) {
        let Ok(now) = self.clock.now() else { return };
        if let Some(cost) = cost {
            self.budgets.settle(site, cost, objects, response, now);
        }
        if response.header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0")
            && let Some(seconds) = pause_of(response, now)
        {
            self.pause(site, now + seconds, now);
        }
    }

    /// Notes what an answer says of pauses, and waits before a repeat. Whether the request is to be sent again.
    pub(super) fn again(
        &self,
        site: &str,
        result: &Result<Response>,
        is_safe: bool,
        tries: u32,
        left: Duration,
    ) -> Result<bool> {
        let now = self.clock.now()?;
        let asked = match result {
            Ok(response) if response.status == 429 => {
                let pause = pause_of(response, now);
                if let Some(seconds) = pause {
                    self.pause(site, now + seconds, now);
                }
                pause
            }
            Ok(response) if matches!(response.status, 502..=504) => pause_of(response, now),
            Err(failure) if failure.kind == FailureKind::Unreachable => None,
            _ => return Ok(false),
        };
        let wait = asked.map_or_else(|| backoff(tries), Duration::from_secs);
        if !is_safe || tries >= TRIES || wait > Duration::from_secs(LONGEST_WAIT) || wait >= left {
            return Ok(false);
        }
        self.clock.wait(wait);
        Ok(true)
    }

    fn pause(&self, site: &str, until: u64, now: u64) {
        let mut paused = self.pauses();
        paused.retain(|_, until| now < *until);
        paused.insert(site.to_owned(), until);
    }

    fn pauses(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_long(why: &str, seconds: u64) -> Failure {
    let mut failure =
        Failure::new(FailureKind::RateLimited, "rate-limited", format!("{why} for {seconds} seconds more."))
            .hint("Try again after that.");
    failure.retry_after = u32::try_from(seconds).ok();
    failure
}

/// The pause before the next try, spread over its second half so that not all come back at once.
fn backoff(tries: u32) -> Duration {
    let full = FIRST_PAUSE << tries.saturating_sub(1).min(10);
    let mut byte = [0u8; 1];
    // Without randomness all wait as long.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(full / 2 + full / 2 * u64::from(byte[0]) / 255)
}

/// The pause that an answer asks for, in seconds: by `retry-after`, by `x-ratelimit-reset` as a date (ISO 8601), or by the
/// longest `t` of `ratelimit` (the draft *RateLimit header fields for HTTP*).
fn pause_of(response: &Response, now: u64) -> Option<u64> {
    let date = |text: &str| {
        let at = humantime::parse_rfc3339_weak(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(at.as_secs().saturating_sub(now))
    };
    let header = |name| response.header(name).map(str::trim);
    let seconds = header("retry-after")
        .and_then(|text| text.parse().ok())
        .or_else(|| header("x-ratelimit-reset").and_then(date))
        .or_else(|| header("ratelimit").and_then(longest_t))?;
    Some(seconds.min(LONGEST_PAUSE))
}

/// The longest `t` among the entries of a structured header, each `"name";r=…;t=…` with its parameters in any order.
fn longest_t(text: &str) -> Option<u64> {
    let parameters = text.split([',', ';']).map(str::trim);
    parameters.filter_map(|parameter| parameter.strip_prefix("t=")?.trim().parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(name: &str, value: &str) -> Option<u64> {
        let headers = vec![(name.to_owned(), value.to_owned())];
        pause_of(&Response { status: 429, headers, body: Vec::new() }, 1_000)
    }

    /// RATE-1, RATE-2, RATE-4
    #[test]
    fn a_pause_is_read_from_each_header_that_vendors_use_and_from_none_that_makes_no_sense() {
        assert_eq!(pause("Retry-After", " 7 "), Some(7));
        assert_eq!(pause("X-RateLimit-Reset", "1970-01-01T00:20:00Z"), Some(200));
        assert_eq!(pause("X-RateLimit-Reset", "1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(pause("RateLimit", "\"global-app-quota\";r=0;t=30"), Some(30));
        assert_eq!(pause("RateLimit", "\"a\";t=3, \"b\";t=40;r=1"), Some(40));
        assert_eq!(pause("Retry-After", "99999999"), Some(LONGEST_PAUSE));
        for (name, value) in [
            ("Retry-After", "-1"),
            ("Retry-After", "soon"),
            ("X-RateLimit-Reset", "1700000000"),
            ("RateLimit", "\"global-app-quota\""),
            ("RateLimit", "t"),
            ("X-Other", "5"),
        ] {
            assert_eq!(pause(name, value), None, "{name}: {value}");
        }
    }

    #[test]
    fn pauses_grow_and_are_spread() {
        for tries in 1..4 {
            let full = FIRST_PAUSE << (tries - 1);
            let pause = u64::try_from(backoff(tries).as_millis()).unwrap();
            assert!((full / 2..=full).contains(&pause), "{tries}: {pause}");
        }
    }
}
