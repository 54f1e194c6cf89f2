//! What time it is, as an embedder can decide it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::failure::{Failure, FailureKind, Result};

/// Tells the time. A guest never sees it.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// `Denied` where there is no clock; `Internal` where it cannot be read.
    fn now(&self) -> Result<u64>;

    /// Waits, on the thread of the caller.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
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

/// Seconds since 1970 as date and time in UTC, for people; what is beyond the year 9999 is for ever.
pub(crate) fn date(seconds: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    if seconds > LAST {
        return "for ever".to_owned();
    }
    humantime::format_rfc3339_seconds(UNIX_EPOCH + std::time::Duration::from_secs(seconds)).to_string()
}

/// A day, in UTC.
#[cfg(feature = "service")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(u64);

#[cfg(feature = "service")]
impl Day {
    const SECONDS: u64 = 24 * 60 * 60;

    /// A day from text, as in `2026-01-31`. Those before 1970 are as the first of that year.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let has_form = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let begins = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok();
        let begins = begins.and_then(|time| Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs()));
        match begins {
            Some(begins) if has_form => Ok(Self(begins)),
            _ if has_form && text < "1970" => Ok(Self(0)),
            _ => Err(Failure::new(FailureKind::InvalidInput, "bad-day", format!("\"{text}\" is no day."))
                .hint("Write it as in 2026-01-31.")),
        }
    }

    /// When it begins, in seconds since 1970 UTC.
    pub(crate) fn begins(self) -> u64 {
        self.0
    }

    /// When it is over.
    pub(crate) fn ends(self) -> u64 {
        self.0 + Self::SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn no_number_of_seconds_is_too_large_to_be_shown() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(date(253_402_300_800), "for ever");
        assert_eq!(date(u64::MAX), "for ever");
    }
}
