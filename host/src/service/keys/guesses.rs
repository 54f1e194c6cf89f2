//! Whoever guesses keys has to wait, and nobody else.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};

use super::UNKNOWN;
use crate::failure::{Failure, FailureKind};

/// How many wrong keys are answered as such in a minute. It is for all together, since nobody says who they are: so that only
/// what is wrong is counted, and a key that is right gets through meanwhile.
const GUESSES: u32 = 30;

/// The wrong keys that came to one process.
pub(in crate::service) struct Guesses {
    bucket: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Guesses {
    pub(in crate::service) fn new() -> Self {
        let per_minute = NonZeroU32::new(GUESSES).unwrap_or(NonZeroU32::MIN);
        Self {
            bucket: DefaultDirectRateLimiter::direct(Quota::per_minute(per_minute)),
            clock: DefaultClock::default(),
        }
    }

    /// What is told of a key that let nobody in: why, or that there were too many that nobody has.
    pub(in crate::service) fn told(&self, failure: Failure) -> Failure {
        if failure.code != UNKNOWN {
            return failure;
        }
        let Err(not_until) = self.bucket.check() else { return failure };
        let wait = not_until.wait_time_from(self.clock.now());
        let mut failure =
            Failure::new(FailureKind::RateLimited, "too-many-guesses", "Too many wrong keys were tried.");
        failure.retry_after = u32::try_from(wait.as_secs_f64().ceil() as u64).ok();
        failure.hint("Wait a minute, or use a key that there is.")
    }
}
