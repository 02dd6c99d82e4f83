//! From when to when: what is read as a span or an end, how it is written again, and what
//! is asked of a validity, each at the second where the answer changes.

use certforge::validity::{BACKDATE, LEAF_LIMIT_DAYS, LEAF_WARNING_DAYS, rfc3339};
use certforge::{Error, LeafRequest, Lifetime, Validity};
use time::macros::{datetime, offset};
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-23 12:05 UTC);

fn span(text: &str) -> (u32, Duration) {
    match text.parse::<Lifetime>().unwrap_or_else(|e| panic!("{text}: {e}")) {
        Lifetime::For { months, rest } => (months, rest),
        other => panic!("{text}: {other:?}"),
    }
}

/// Why a text is no lifetime.
fn reason(text: &str) -> String {
    match text.parse::<Lifetime>() {
        Err(Error::Validity { input, reason }) => {
            assert_eq!(input, text);
            reason
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn between(from: OffsetDateTime, to: OffsetDateTime) -> Validity {
    Validity::between(from, to).unwrap()
}

#[test]
fn every_unit_has_its_length_in_each_spelling() {
    for (spellings, months, rest) in [
        (&["3y", "3year", "3years", "3Y", "3 years"][..], 36, Duration::ZERO),
        (&["3mo", "3month", "3months", "3 Months"], 3, Duration::ZERO),
        (&["3w", "3week", "3weeks"], 0, Duration::days(21)),
        (&["3d", "3day", "3days", "3", " 3 "], 0, Duration::days(3)),
        (&["3h", "3hour", "3hours"], 0, Duration::hours(3)),
        (&["3min", "3minute", "3minutes"], 0, Duration::minutes(3)),
        (&["3s", "3sec", "3second", "3seconds"], 0, Duration::seconds(3)),
    ] {
        for text in spellings {
            assert_eq!(span(text), (months, rest), "{text}");
        }
    }
}

#[test]
fn parts_add_up_in_any_order_and_with_blanks() {
    let whole = (14, Duration::days(10) + Duration::hours(4) + Duration::minutes(5) + Duration::seconds(6));
    assert_eq!(span("1y2mo1w3d4h5min6s"), whole);
    assert_eq!(span("6s 5min 4h 3d 1w 2mo 1y"), whole);
    assert_eq!(span(" 1 year  2 months 1 week 3 days 4 hours 5 minutes 6 seconds "), whole);
    assert_eq!(span("1y1y"), (24, Duration::ZERO));
    assert_eq!(span("1d1d"), (0, Duration::days(2)));
    // Nothing of one kind beside something of another is something.
    assert_eq!(span("0mo1s"), (0, Duration::SECOND));
    assert_eq!(span("1mo0d"), (1, Duration::ZERO));
}

#[test]
fn a_lifetime_is_written_as_it_is_read() {
    for (text, written) in [
        ("1y", "1y"),
        ("12mo", "1y"),
        ("11mo", "11mo"),
        ("14mo", "1y2mo"),
        ("90d", "90d"),
        ("3w", "21d"),
        ("24h", "1d"),
        ("25h", "1d3600s"),
        ("1s", "1s"),
        ("1y6mo3d1h", "1y6mo3d3600s"),
        ("2030-01-31", "2030-01-31T23:59:59Z"),
        ("2030-01-31T10:00:00+09:00", "2030-01-31T01:00:00Z"),
    ] {
        let read: Lifetime = text.parse().unwrap();
        assert_eq!(read.to_string(), written, "{text}");
        assert_eq!(written.parse::<Lifetime>().unwrap(), read, "{text}");
    }
    assert_eq!(Lifetime::days(0).to_string(), "0s");
    assert_eq!(Lifetime::days(825).to_string(), "825d");
}

#[test]
fn what_is_no_lifetime_says_why() {
    for (text, wanted) in [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("y", "`y` does not start with a number"),
        ("1y-6mo", "`-6mo` does not start with a number"),
        ("1.5y", "1 has no unit"),
        ("1y6", "6 has no unit"),
        ("6 1y", "6 has no unit"),
        ("4294967296d", "4294967296 is too large"),
        ("5q", "`q` is not one of y, mo, w, d, h, min, s"),
        ("5m", "`m` may be months or minutes: write mo or min"),
        ("0", "it is no time at all"),
        ("0y0mo0d", "it is no time at all"),
        ("400000000y", "400000000y is too long"),
        ("4294967295mo1mo", "1mo is too long"),
        ("357913941y4mo", "4mo is too long"),
        ("2030-02-30", "there is no such day; a date is YYYY-MM-DD"),
        ("2030-13-01", "there is no such day; a date is YYYY-MM-DD"),
        ("2030-00-01", "there is no such day; a date is YYYY-MM-DD"),
        ("30-1-1-1", "there is no such day; a date is YYYY-MM-DD"),
        ("+203-1-1", "there is no such day; a date is YYYY-MM-DD"),
        ("2030--1-1", "there is no such day; a date is YYYY-MM-DD"),
    ] {
        assert_eq!(reason(text), wanted, "{text}");
    }
    for text in ["2030-01-31T25:00:00Z", "2030-01-31 10:00", "2030-01-31T10:00:00", "20300-01-31"] {
        assert!(reason(text).starts_with("it is not a time by RFC 3339"), "{text}: {}", reason(text));
    }
    assert_eq!(reason("9999-12-31T23:59:59-01:00"), "it ends after the year 9999");
}

#[test]
fn a_month_ends_where_its_last_day_is() {
    for (start, text, end) in [
        ("2027-01-31T12:05:00Z", "1mo", "2027-02-28T11:59:59Z"),
        ("2028-01-31T12:05:00Z", "1mo", "2028-02-29T11:59:59Z"),
        ("2028-02-29T12:05:00Z", "1y", "2029-02-28T11:59:59Z"),
        ("2027-12-31T12:05:00Z", "1mo", "2028-01-31T11:59:59Z"),
        ("2027-12-31T12:05:00Z", "2mo", "2028-02-29T11:59:59Z"),
        ("2027-11-15T12:05:00Z", "13mo", "2028-12-15T11:59:59Z"),
        ("2027-01-31T12:05:00Z", "1mo1d", "2027-03-01T11:59:59Z"),
    ] {
        let Lifetime::Until(now) = start.parse().unwrap() else { panic!("{start}") };
        let validity = text.parse::<Lifetime>().unwrap().starting(now).unwrap();
        assert_eq!(rfc3339(validity.not_after()), end, "{start} + {text}");
        assert_eq!(validity.not_before(), now - BACKDATE);
    }
}

#[test]
fn the_first_and_the_last_moment_that_can_be_written() {
    let last: Lifetime = "9999-12-31".parse().unwrap();
    assert_eq!(rfc3339(last.starting(NOW).unwrap().not_after()), "9999-12-31T23:59:59Z");
    // From the year 2026 on, 7,973 years and a bit more than a month are left.
    assert!("7973y1mo".parse::<Lifetime>().unwrap().starting(NOW).is_ok());
    for text in ["7974y", "95700mo", "4294967295d"] {
        let e = text.parse::<Lifetime>().unwrap().starting(NOW).unwrap_err();
        assert!(e.to_string().contains("after the year 9999"), "{text}: {e}");
    }
    assert!(Validity::between(datetime!(1970-01-01 0:00 UTC), NOW).is_ok());
    assert!(Validity::between(datetime!(1969-12-31 23:59:59 UTC), NOW).is_err());
    assert!(Validity::between(NOW, datetime!(9999-12-31 23:59:59 UTC)).is_ok());
    // In UTC that is a year later, which nothing can write.
    assert!(Validity::between(NOW, datetime!(9999-12-31 23:59:59 -1)).is_ok_and(|v| v.not_after() > NOW));
}

#[test]
fn a_clock_is_believed_from_2026_on() {
    let day = Lifetime::days(1);
    assert!(day.starting(datetime!(2026-01-01 0:00 UTC)).is_ok());
    let e = day.starting(datetime!(2025-12-31 23:59:59 UTC)).unwrap_err();
    assert!(matches!(&e, Error::Clock { now } if now == "2025-12-31T23:59:59Z"), "{e:?}");
    // The clock's year is that in UTC.
    assert!(day.starting(datetime!(2026-01-01 0:30 +1)).is_err());
    assert!(day.starting(datetime!(2025-12-31 23:30 -1)).is_ok());
}

#[test]
fn an_end_has_to_come() {
    for (end, good) in [
        (NOW - Duration::SECOND, false),
        (NOW, false),
        (NOW + Duration::milliseconds(999), false),
        (NOW + Duration::SECOND, true),
    ] {
        assert_eq!(Lifetime::Until(end).starting(NOW).is_ok(), good, "{end}");
    }
    assert!("1s".parse::<Lifetime>().unwrap().starting(NOW).is_err());
    assert!("2s".parse::<Lifetime>().unwrap().starting(NOW).is_ok());
}

#[test]
fn of_a_span_below_a_day_nothing_is_lost_to_back_dating() {
    for (text, length) in
        [("5min", Duration::minutes(5)), ("1h", Duration::hours(1)), ("86399s", Duration::seconds(86_399))]
    {
        let validity = text.parse::<Lifetime>().unwrap().starting(NOW).unwrap();
        assert_eq!(validity.not_before(), NOW - BACKDATE, "{text}");
        assert_eq!(validity.not_after(), NOW + length - Duration::SECOND, "{text}");
    }
    // A day and more are that long all in all: 825 days are what Apple's platforms take.
    let day = Lifetime::days(1).starting(NOW).unwrap();
    assert_eq!(day.length(), Duration::days(1));
}

#[test]
fn both_ends_belong_to_it() {
    let one = between(NOW, NOW);
    assert_eq!(one.length(), Duration::SECOND);
    assert!(one.contains(NOW));
    assert!(Validity::between(NOW, NOW - Duration::SECOND).is_err());
    let day = between(NOW, NOW + Duration::days(1) - Duration::SECOND);
    assert_eq!(day.length(), Duration::days(1));
    for (at, inside) in [
        (day.not_before() - Duration::SECOND, false),
        (day.not_before(), true),
        (day.not_after(), true),
        (day.not_after() + Duration::SECOND, false),
    ] {
        assert_eq!(day.contains(at), inside, "{at}");
    }
}

#[test]
fn times_are_whole_seconds_of_utc() {
    let v = between(datetime!(2026-11-23 13:05:00.999 +1), datetime!(2026-11-24 0:00:00.5 UTC));
    assert_eq!((v.not_before(), v.not_before().offset()), (NOW, offset!(UTC)));
    assert_eq!(v.not_before().nanosecond(), 0);
    assert_eq!(rfc3339(v.not_after()), "2026-11-24T00:00:00Z");
    assert_eq!(rfc3339(datetime!(2026-01-02 3:04:05 +1)), "2026-01-02T02:04:05Z");
}

#[test]
fn days_left_are_whole_days_and_negative_when_over() {
    let v = between(NOW, NOW + Duration::days(10));
    for (now, days) in [
        (NOW, 10),
        (NOW + Duration::SECOND, 9),
        (NOW + Duration::days(9), 1),
        (NOW + Duration::days(10), 0),
        (NOW + Duration::days(10) + Duration::milliseconds(999), 0),
        (NOW + Duration::days(10) + Duration::SECOND, -1),
        (NOW + Duration::days(11), -1),
        (NOW + Duration::days(11) + Duration::SECOND, -2),
    ] {
        assert_eq!(v.days_left(now), days, "{now}");
    }
}

#[test]
fn what_is_long_is_due_30_days_before_and_what_is_short_a_third() {
    for (days, limit) in [(365, 30), (91, 30), (90, 30), (60, 20), (3, 1)] {
        let v = Lifetime::days(days).starting(NOW).unwrap();
        let from = v.not_after() - Duration::days(limit);
        assert!(!v.is_due(from, None), "{days}");
        assert!(v.is_due(from + Duration::SECOND, None), "{days}");
    }
    let v = Lifetime::days(365).starting(NOW).unwrap();
    let week = Some(Duration::days(7));
    assert!(!v.is_due(v.not_after() - Duration::days(7), week));
    assert!(v.is_due(v.not_after() - Duration::days(7) + Duration::SECOND, week));
    assert!(v.is_due(v.not_after() + Duration::SECOND, Some(Duration::ZERO)));
    assert!(!v.is_due(v.not_after(), Some(Duration::ZERO)));
}

#[test]
fn what_two_have_in_common() {
    let at = |days| NOW + Duration::days(days);
    let (early, late) = (between(at(0), at(10)), between(at(5), at(15)));
    let both = Some(between(at(5), at(10)));
    assert_eq!((early.intersection(&late), late.intersection(&early)), (both, both));
    assert_eq!(early.intersection(&between(at(10), at(11))), Some(between(at(10), at(10))));
    assert_eq!(early.intersection(&between(at(11), at(12))), None);
    assert_eq!(early.intersection(&between(at(2), at(3))), Some(between(at(2), at(3))));

    assert_eq!(late.within(&early), (between(at(5), at(10)), true));
    assert_eq!(early.within(&late), (between(at(5), at(10)), false));
    assert_eq!(early.within(&early), (early, false));
}

#[test]
fn a_leaf_is_warned_of_and_refused_at_the_day() {
    let plan = |days: i64, long| {
        let lifetime = Lifetime::days(u32::try_from(days).unwrap());
        LeafRequest::new(["a.example"]).unwrap().lifetime(lifetime).allow_long(long).plan(NOW)
    };
    let codes =
        |days, long| -> Vec<&str> { plan(days, long).unwrap().findings().iter().map(|f| f.code).collect() };
    assert_eq!(codes(LEAF_WARNING_DAYS, false), [""; 0]);
    assert_eq!(codes(LEAF_WARNING_DAYS + 1, false), ["validity.long"]);
    assert_eq!(codes(LEAF_LIMIT_DAYS, false), ["validity.long"]);
    assert_eq!(codes(LEAF_LIMIT_DAYS + 1, true), ["validity.apple"]);
    let e = plan(LEAF_LIMIT_DAYS + 1, false).unwrap_err();
    assert!(matches!(e, Error::ValidityTooLong { days: 826, limit: 825 }), "{e}");
}
