//! The sandbox's clock: the machine's, plus what scripts have advanced it by.
//!
//! Every age that the sandbox decides by (tokens, codes, leeways) is read from here, so that a test moves an
//! hour or ninety days in one request instead of sleeping.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// A moment, in milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    pub(crate) fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// The form of every date in Confluence's answers: `2026-11-21T09:30:00.000Z`.
    pub(crate) fn iso(self) -> String {
        let seconds = self.0.div_euclid(1000);
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            self.0.rem_euclid(1000)
        )
    }

    /// Year, month and day as they stand in the address of a blog post: `2026/11/21`.
    pub(crate) fn day_path(self) -> String {
        self.iso().chars().take(10).map(|c| if c == '-' { '/' } else { c }).collect()
    }
}

/// The machine's time plus an offset that only grows.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    advanced: Duration,
}

impl Clock {
    pub(crate) fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(millis(since)).plus(self.advanced)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    pub(crate) fn advanced(&self) -> Duration {
        self.advanced
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_confluence_writes_dates() {
        assert_eq!(Moment(1_795_253_400_007).iso(), "2026-11-21T09:30:00.007Z");
        assert_eq!(Moment(0).day_path(), "1970/01/01");
    }

    #[test]
    fn the_clock_moves_only_forward() {
        let mut clock = Clock::default();
        let before = clock.now();
        clock.advance(Duration::from_secs(60));
        assert!(clock.now() >= before.plus(Duration::from_secs(60)));
    }
}
