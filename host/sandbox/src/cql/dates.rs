//! Dates in queries: written out, or given by a function. All of them are in UTC.

use time::{Date, Duration, Month, OffsetDateTime, Time};

use crate::clock::Moment;

/// From when until before when a written date lasts: a day, or the minute that it names.
pub(super) fn range(text: &str) -> Option<(Moment, Moment)> {
    let (date, clock) = match text.split_once([' ', 'T']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut numbers = date.splitn(3, ['-', '/']).map(str::parse::<u16>);
    let (year, month, day) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let (time, length) = match clock {
        None => (Time::MIDNIGHT, Duration::DAY),
        Some(clock) => {
            let (hour, minute) = clock.split_once(':')?;
            (Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()?, Duration::MINUTE)
        }
    };
    let start = date.with_time(time).assume_utc();
    Some((moment(start), moment(start.checked_add(length)?)))
}

/// Whether a function gives a date: `now()`, `startOfDay("-1d")` and their like.
pub(super) fn is_function(name: &str, arguments: &[String]) -> bool {
    call(Moment(0), name, arguments).is_some()
}

/// The moment that a function gives.
pub(super) fn call(now: Moment, name: &str, arguments: &[String]) -> Option<Moment> {
    let now = OffsetDateTime::from_unix_timestamp(now.0.div_euclid(1000)).ok()?;
    let midnight = now.replace_time(Time::MIDNIGHT);
    let monday = i64::from(now.weekday().number_days_from_monday());
    let week = midnight.checked_sub(Duration::days(monday))?;
    let month = midnight.replace_day(1).ok()?;
    let year = month.replace_month(Month::January).ok()?;
    let (start, next) = match name.to_lowercase().as_str() {
        "now" => (now, now),
        "startofday" => (midnight, midnight),
        "startofweek" => (week, week),
        "startofmonth" => (month, month),
        "startofyear" => (year, year),
        "endofday" => (midnight, shift(midnight, 1, 'd')?),
        "endofweek" => (week, shift(week, 1, 'w')?),
        "endofmonth" => (month, shift(month, 1, 'M')?),
        "endofyear" => (year, shift(year, 1, 'y')?),
        _ => return None,
    };
    let moved = match arguments {
        [] => next,
        [offset] => {
            let unit = offset.chars().last()?;
            let number = offset.strip_suffix(unit)?;
            let number: i32 = number.strip_prefix('+').unwrap_or(number).parse().ok()?;
            shift(next, number, unit)?
        }
        _ => return None,
    };
    // The end of something is the last moment before the next one begins.
    Some(Moment(moment(moved).0 - i64::from(start != next)))
}

fn shift(from: OffsetDateTime, number: i32, unit: char) -> Option<OffsetDateTime> {
    let count = i64::from(number);
    let by = match unit {
        'm' => Duration::minutes(count),
        'h' => Duration::hours(count),
        'd' => Duration::days(count),
        'w' => Duration::weeks(count),
        'M' => return months(from, number),
        'y' => return months(from, number.checked_mul(12)?),
        _ => return None,
    };
    from.checked_add(by)
}

fn months(from: OffsetDateTime, number: i32) -> Option<OffsetDateTime> {
    let all = from
        .year()
        .checked_mul(12)?
        .checked_add(i32::from(u8::from(from.month())) - 1)?
        .checked_add(number)?;
    let month = Month::try_from(u8::try_from(all.rem_euclid(12) + 1).ok()?).ok()?;
    let year = all.div_euclid(12);
    let day = from.day().min(month.length(year));
    Some(from.replace_date(Date::from_calendar_date(year, month, day).ok()?))
}

fn moment(at: OffsetDateTime) -> Moment {
    Moment(at.unix_timestamp().saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lasts_a_day_and_a_time_a_minute() {
        let (from, until) = range("2026/11/21").unwrap();
        assert_eq!(
            (from.iso().as_str(), until.iso().as_str()),
            ("2026-11-21T00:00:00.000Z", "2026-11-22T00:00:00.000Z")
        );
        assert_eq!(range("2026-11-21 10:30").unwrap().1.iso(), "2026-11-21T10:31:00.000Z");
        for wrong in ["2026-13-01", "2026-02-30", "yesterday", "2026-11", "2026-11-21 25:00"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn functions_count_from_now() {
        let now = range("2026-03-31 10:30").unwrap().0;
        let at = |name: &str, offset: &str| {
            let arguments = if offset.is_empty() { Vec::new() } else { vec![offset.to_owned()] };
            call(now, name, &arguments).map(Moment::iso)
        };
        assert_eq!(at("startOfDay", "-1d").unwrap(), "2026-03-30T00:00:00.000Z");
        assert_eq!(at("now", "-4h").unwrap(), "2026-03-31T06:30:00.000Z");
        assert_eq!(at("now", "-1M").unwrap(), "2026-02-28T10:30:00.000Z");
        assert_eq!(at("endOfMonth", "").unwrap(), "2026-03-31T23:59:59.999Z");
        assert_eq!(at("startOfWeek", "").unwrap(), "2026-03-30T00:00:00.000Z");
        assert_eq!(at("startOfYear", "+1y").unwrap(), "2027-01-01T00:00:00.000Z");
        assert_eq!(at("now", "-1x"), None);
        assert_eq!(at("someday", ""), None);
    }
}
