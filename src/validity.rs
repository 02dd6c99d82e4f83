//! From when to when: durations, dates, back-dating, nesting.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::error::{Error, Result};

/// How far `notBefore` lies back by default, so that a client whose clock is a
/// little behind takes a new certificate at once.
pub const BACKDATE: Duration = Duration::minutes(5);

/// The longest a leaf may be valid, in days: Apple's platforms refuse more,
/// from private CAs too (support.apple.com, article 103769).
pub const LEAF_LIMIT_DAYS: i64 = 825;

/// The length past which a leaf gets a warning, in days: browsers refuse more
/// from public CAs (CA/Browser Forum ballot SC-031).
pub const LEAF_WARNING_DAYS: i64 = 398;

/// A clock that shows less than this is wrong: this program is younger.
const EARLIEST_YEAR: i32 = 2026;

/// The last year that X.509 can write (RFC 5280 §4.1.2.5.2).
const LATEST_YEAR: i32 = 9999;
/// The first that is written: `UTCTime` has twenty years more (RFC 5280 §4.1.2.5.1), which
/// `der` does not have, and nothing is issued for them.
const FIRST_YEAR: i32 = 1970;

/// How long something is asked to be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// For a span: whole years and months by the calendar, the rest in seconds.
    For {
        /// Calendar months; a year is twelve.
        months: u32,
        /// Everything below a month.
        rest: Duration,
    },
    /// To an instant, which is the last one.
    Until(OffsetDateTime),
}

impl Lifetime {
    /// A span of days of 86,400 seconds.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self::For { months: 0, rest: Duration::days(days as i64) }
    }

    /// The validity it means at `now`: back-dated by [`BACKDATE`], both ends
    /// inclusive, so that 825 days are 825 × 86,400 seconds and not one more. A span
    /// below a day, of which five minutes are a good part, counts from `now`.
    ///
    /// # Errors
    /// [`Error::Clock`] where `now` lies before 2026; [`Error::Validity`] where
    /// the end lies before the start or past the year 9999.
    pub fn starting(self, now: OffsetDateTime) -> Result<Validity> {
        let now = whole_second(now);
        if now.year() < EARLIEST_YEAR {
            return Err(Error::Clock { now: rfc3339(now) });
        }
        let not_before = now - BACKDATE;
        let not_after = match self {
            Self::Until(end) => Some(whole_second(end)),
            Self::For { months: 0, rest } if rest < Duration::DAY => {
                now.checked_add(rest).and_then(|t| t.checked_sub(Duration::SECOND))
            }
            Self::For { months, rest } => add_months(not_before, months)
                .and_then(|t| t.checked_add(rest))
                .and_then(|t| t.checked_sub(Duration::SECOND)),
        };
        let refuse = |reason: String| Error::Validity { input: self.to_string(), reason };
        let not_after = not_after
            .filter(|end| end.year() <= LATEST_YEAR)
            .ok_or_else(|| refuse("it ends after the year 9999".to_owned()))?;
        if not_after <= now {
            return Err(refuse(format!("it ends at {}, and it is {}", rfc3339(not_after), rfc3339(now))));
        }
        Ok(Validity { not_before, not_after })
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(end) => f.write_str(&rfc3339(*end)),
            Self::For { months, rest } => {
                let (years, months) = (months / 12, months % 12);
                let (days, seconds) = (rest.whole_days(), rest.whole_seconds() % 86_400);
                let mut empty = true;
                for (n, unit) in
                    [(i64::from(years), "y"), (i64::from(months), "mo"), (days, "d"), (seconds, "s")]
                {
                    if n != 0 {
                        write!(f, "{n}{unit}")?;
                        empty = false;
                    }
                }
                if empty { f.write_str("0s") } else { Ok(()) }
            }
        }
    }
}

impl FromStr for Lifetime {
    type Err = Error;

    /// Reads a span (`90d`, `12h`, `1y6mo`, `2w`, a bare number of days) or an
    /// end (`2030-01-31`, which means all of that day in UTC, or RFC 3339).
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Validity { input: input.to_owned(), reason };
        let text = input.trim();
        if text.is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        if text.matches('-').count() >= 2 {
            return end(text).map(Self::Until).map_err(refuse);
        }
        span(text).map_err(refuse)
    }
}

fn span(text: &str) -> Result<Lifetime, String> {
    let (mut months, mut rest) = (0_u32, Duration::ZERO);
    let mut left = text;
    while !left.is_empty() {
        left = left.trim_start();
        let digits = left.len() - left.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = left.split_at(digits);
        let n: u32 = number.parse().map_err(|_| {
            if number.is_empty() {
                format!("`{left}` does not start with a number")
            } else {
                format!("{number} is too large")
            }
        })?;
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, tail) = after.split_at(letters);
        let too_long = || format!("{n}{unit} is too long");
        let seconds = match unit.to_ascii_lowercase().as_str() {
            "y" | "year" | "years" => {
                months = n.checked_mul(12).and_then(|m| months.checked_add(m)).ok_or_else(too_long)?;
                0
            }
            "mo" | "month" | "months" => {
                months = months.checked_add(n).ok_or_else(too_long)?;
                0
            }
            "w" | "week" | "weeks" => 7 * 86_400,
            "d" | "day" | "days" => 86_400,
            // A bare number is days, as in OpenSSL's -days.
            "" if text.bytes().all(|b| b.is_ascii_digit()) => 86_400,
            "h" | "hour" | "hours" => 3_600,
            "min" | "minute" | "minutes" => 60,
            "m" => return Err("`m` may be months or minutes: write mo or min".to_owned()),
            "s" | "sec" | "second" | "seconds" => 1,
            "" => return Err(format!("{n} has no unit")),
            other => return Err(format!("`{other}` is not one of y, mo, w, d, h, min, s")),
        };
        rest = rest.checked_add(Duration::seconds(i64::from(n) * seconds)).ok_or_else(too_long)?;
        left = tail;
    }
    if months == 0 && rest.is_zero() {
        return Err("it is no time at all".to_owned());
    }
    Ok(Lifetime::For { months, rest })
}

fn end(text: &str) -> Result<OffsetDateTime, String> {
    if text.len() > 10 {
        return OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|e| format!("it is not a time by RFC 3339: {e}"))?
            .checked_to_offset(UtcOffset::UTC)
            .ok_or_else(|| "it ends after the year 9999".to_owned());
    }
    let mut parts = text.splitn(3, '-');
    let mut part = || parts.next().filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let date = (|| {
        let year: i32 = part()?.parse().ok()?;
        let month: u8 = part()?.parse().ok()?;
        let day: u8 = part()?.parse().ok()?;
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
    })();
    let date = date.ok_or("there is no such day; a date is YYYY-MM-DD")?;
    let last = Time::MIDNIGHT - Duration::SECOND;
    Ok(PrimitiveDateTime::new(date, last).assume_utc())
}

/// The same day so many months later, or the month's last day where it has no such day.
fn add_months(from: OffsetDateTime, months: u32) -> Option<OffsetDateTime> {
    let total = i64::from(from.year()) * 12 + i64::from(u8::from(from.month())) - 1 + i64::from(months);
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12)).ok()? + 1).ok()?;
    let day = from.day().min(month.length(year));
    Some(from.replace_date(Date::from_calendar_date(year, month, day).ok()?))
}

/// The time in UTC, cut to whole seconds. A time that UTC cannot write, hours
/// around the years -9999 and 9999, stays in its own offset: it is refused by its year.
fn whole_second(t: OffsetDateTime) -> OffsetDateTime {
    let t = t.checked_to_offset(UtcOffset::UTC).unwrap_or(t);
    t.replace_nanosecond(0).unwrap_or(t)
}

/// From when to when a certificate is valid, both ends inclusive, in whole
/// seconds of UTC (RFC 5280 §4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// Whole days from `now` to an end; negative once it is over.
#[must_use]
pub fn days_until(end: OffsetDateTime, now: OffsetDateTime) -> i64 {
    (end - whole_second(now)).whole_seconds().div_euclid(86_400)
}

impl Validity {
    /// From `not_before` to `not_after`, both cut to whole seconds.
    ///
    /// # Errors
    /// [`Error::Validity`] where the end lies before the start or past the year 9999, or the
    /// start before 1970.
    pub fn between(not_before: OffsetDateTime, not_after: OffsetDateTime) -> Result<Self> {
        let (not_before, not_after) = (whole_second(not_before), whole_second(not_after));
        if not_after < not_before || not_after.year() > LATEST_YEAR || not_before.year() < FIRST_YEAR {
            return Err(Error::Validity {
                input: format!("{} to {}", rfc3339(not_before), rfc3339(not_after)),
                reason: "it ends before it starts, or X.509 cannot write it".to_owned(),
            });
        }
        Ok(Self { not_before, not_after })
    }

    /// Its first second.
    #[must_use]
    pub const fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// Its last second.
    #[must_use]
    pub const fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether `at` lies within it.
    #[must_use]
    pub fn contains(&self, at: OffsetDateTime) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// Its length, the last second counted: `notAfter − notBefore + 1 s`.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.not_after - self.not_before + Duration::SECOND
    }

    /// Whole days from `now` to its end; negative once it is over.
    #[must_use]
    pub fn days_left(&self, now: OffsetDateTime) -> i64 {
        days_until(self.not_after, now)
    }

    /// Whether it is time for another one: less than `within` is left, or where nobody
    /// says, less than 30 days and less than a third of it. One that has not begun serves
    /// nobody: a clock was wrong when it was made.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime, within: Option<Duration>) -> bool {
        let limit = within.unwrap_or_else(|| Duration::days(30).min(self.length() / 3));
        self.not_before > now || self.not_after - now < limit
    }

    /// The time it has in common with `other`; none where it has none.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let not_before = self.not_before.max(other.not_before);
        let not_after = self.not_after.min(other.not_after);
        (not_before <= not_after).then_some(Self { not_before, not_after })
    }

    /// The part of it that lies within `issuer`, and whether its end was cut. One that has no
    /// time in common with it stays as it is: nothing can be cut off it that would make it fit.
    #[must_use]
    pub fn within(self, issuer: &Self) -> (Self, bool) {
        let within = self.intersection(issuer).unwrap_or(self);
        (within, within.not_after < self.not_after)
    }
}

/// A time as RFC 3339 in UTC, whole seconds: `2026-11-23T12:00:00Z`.
#[must_use]
pub fn rfc3339(t: OffsetDateTime) -> String {
    let t = t.checked_to_offset(UtcOffset::UTC).unwrap_or(t);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> OffsetDateTime {
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    }

    #[test]
    fn days_are_exact_and_inclusive() {
        let v = Lifetime::days(825).starting(at("2026-11-23T12:00:00.7Z")).unwrap();
        assert_eq!(rfc3339(v.not_before()), "2026-11-23T11:55:00Z");
        assert_eq!(v.length(), Duration::days(825));
    }

    #[test]
    fn spans_and_dates_are_read() {
        let now = at("2026-11-23T12:05:00Z");
        for (text, end) in [
            ("90d", "2027-02-21T11:59:59Z"),
            ("365", "2027-11-23T11:59:59Z"),
            ("12h", "2026-11-24T00:04:59Z"),
            ("1y6mo", "2028-05-23T11:59:59Z"),
            ("2 weeks", "2026-12-07T11:59:59Z"),
            ("10y", "2036-11-23T11:59:59Z"),
            ("2030-01-31", "2030-01-31T23:59:59Z"),
            ("2030-01-31T10:00:00+09:00", "2030-01-31T01:00:00Z"),
        ] {
            let v = text.parse::<Lifetime>().unwrap().starting(now).unwrap();
            assert_eq!(rfc3339(v.not_after()), end, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_named() {
        for (text, part) in [
            ("", "empty"),
            ("abc", "`abc`"),
            ("5q", "`q`"),
            ("1y6", "6 has no unit"),
            ("0d", "no time"),
            ("2030-02-30", "no such day"),
            ("99999999999d", "too large"),
            ("2030-01-31T25:00:00Z", "RFC 3339"),
            ("9999y", ""),
            ("9999-12-31T23:59:59-01:00", "9999"),
            ("2020-01-01", ""),
        ] {
            let result = text.parse::<Lifetime>().and_then(|l| l.starting(at("2026-11-23T12:00:00Z")));
            let e = result.unwrap_err().to_string();
            assert!(e.contains(part), "{text}: {e}");
        }
    }

    #[test]
    fn month_ends_and_far_ends() {
        let v = "1mo".parse::<Lifetime>().unwrap().starting(at("2027-01-31T12:05:00Z")).unwrap();
        assert_eq!(rfc3339(v.not_after()), "2027-02-28T11:59:59Z");
        assert!("8000y".parse::<Lifetime>().unwrap().starting(at("2027-01-31T12:05:00Z")).is_err());
    }

    #[test]
    fn a_clock_before_2026_is_not_believed() {
        let e = Lifetime::days(1).starting(at("2000-01-01T00:00:00Z")).unwrap_err();
        assert_eq!(e.code(), "clock");
    }

    #[test]
    fn a_leaf_is_cut_to_its_issuer() {
        let now = at("2026-11-23T12:00:00Z");
        let issuer = Lifetime::days(30).starting(now).unwrap();
        let (cut, clamped) = Lifetime::days(365).starting(now).unwrap().within(&issuer);
        assert!(clamped);
        assert_eq!(cut.not_after(), issuer.not_after());
    }
}
