//! Periods: `start_time`, `end_time`, `interval` (AGNT; contract section 6, "Stats and metrics").

use super::Query;
use crate::route::{Parameter, ParameterType};
use chrono::{DateTime, TimeDelta, Utc};
use connix_domain::telemetry::{Interval, InvalidPeriod, MOST_BUCKETS, Period};

/// The parameters of a period.
pub(crate) const PERIOD: &[Parameter] = &[
    Parameter::new("start_time", ParameterType::Instant, "From then on; by default 24 hours before the end"),
    Parameter::new("end_time", ParameterType::Instant, "Until before then; by default now"),
    Parameter::new(
        "interval",
        ParameterType::Words(&["1m", "5m", "15m", "1h", "1d"]),
        "Length of a series' intervals, aligned to UTC; at most 1,500 of them (default 1h)",
    ),
];

/// How long a period is that nobody said the beginning of.
const USUAL: TimeDelta = TimeDelta::hours(24);

impl Query {
    /// A period; `now` is the end of one that nobody said the end of. `None` after a fault.
    pub(crate) fn period(&mut self, now: DateTime<Utc>) -> Option<Period> {
        let faults = self.faults.len();
        let (start, end) = (self.instant("start_time"), self.instant("end_time"));
        let interval = self.word("interval").unwrap_or(Interval::Hour);
        if self.faults.len() > faults {
            return None;
        }
        let until = end.unwrap_or(now);
        let period = Period::new(start.unwrap_or(until - USUAL), until, interval);
        match period {
            Ok(period) => return Some(period),
            Err(InvalidPeriod::Empty) if end.is_some() => self.fault("end_time", "must be after start_time"),
            Err(InvalidPeriod::Empty) => self.fault("start_time", "must be before now when there is no end_time"),
            Err(InvalidPeriod::TooLong) => {
                let issue = format!(
                    "cuts the period into more than {MOST_BUCKETS} intervals; choose a longer one, or a shorter period"
                );
                self.fault("interval", issue);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfc3339::parse;

    fn read(text: &str) -> (Option<Period>, Vec<String>) {
        let mut query = Query::of(text);
        let period = query.period(parse("2024-01-15T17:00:00Z").unwrap());
        let faults = query.finish().err();
        (period, faults.map_or_else(Vec::new, |p| p.faults().iter().map(|fault| fault.field.clone()).collect()))
    }

    #[test]
    fn what_is_left_out_is_the_last_day_by_the_hour() {
        let table = [
            ("", ("2024-01-14T17:00:00Z", "2024-01-15T17:00:00Z", Interval::Hour)),
            ("end_time=2024-01-10", ("2024-01-09", "2024-01-10", Interval::Hour)),
            ("start_time=2024-01-15&interval=1m", ("2024-01-15", "2024-01-15T17:00:00Z", Interval::Minute)),
            ("start_time=2024-01-01&end_time=2024-02-01&interval=1d", ("2024-01-01", "2024-02-01", Interval::Day)),
        ];
        for (text, (start, end, interval)) in table {
            let expected = Period::new(parse(start).unwrap(), parse(end).unwrap(), interval).ok();
            assert_eq!(read(text), (expected, Vec::new()), "{text}");
        }
    }

    #[test]
    fn a_period_that_is_none_is_refused_by_the_parameter_that_is_wrong() {
        for (text, parameter) in [
            ("interval=2h", "interval"),
            ("interval=", "interval"),
            ("interval=1H", "interval"),
            ("start_time=yesterday", "start_time"),
            ("end_time=2024-13-45", "end_time"),
            ("start_time=2024-01-02&end_time=2024-01-01", "end_time"),
            ("start_time=2024-01-02&end_time=2024-01-02", "end_time"),
            ("start_time=2024-01-16", "start_time"),
            ("start_time=2024-01-01&end_time=2024-01-03&interval=1m", "interval"),
            ("start_time=2020-01-01&interval=1h", "interval"),
            ("interval=1h&interval=1h", "interval"),
            ("step=1h", "step"),
        ] {
            assert_eq!(read(text).1, [parameter], "{text}");
        }
    }

    #[test]
    fn fifteen_hundred_intervals_are_allowed() {
        assert_eq!(read("start_time=2024-01-01T00:00:00Z&end_time=2024-01-02T01:00:00Z&interval=1m").1, [""; 0]);
        let one_more = "start_time=2024-01-01T00:00:00Z&end_time=2024-01-02T01:00:00.000001Z&interval=1m";
        assert_eq!(read(one_more).1, ["interval"]);
    }
}
