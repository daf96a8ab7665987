//! Figures as the API shows them: numbers to the sixth place, and the period they are about.

use crate::rfc3339::Instant;
use connix_domain::telemetry::Period;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A measured or computed number, shown to the sixth place: what lies beyond is the arithmetic's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure(pub(crate) f64);

impl Figure {
    /// How many per minute; 0 over no time.
    pub(crate) fn rate(count: i64, minutes: f64) -> Self {
        Self(if minutes > 0.0 { count as f64 / minutes } else { 0.0 })
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded = (self.0 * 1e6).round() / 1e6;
        serializer.serialize_f64(if rounded.is_finite() { rounded } else { 0.0 })
    }
}

impl JsonSchema for Figure {
    fn schema_name() -> Cow<'static, str> {
        f64::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        f64::json_schema(generator)
    }
}

/// The period that figures are about.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Period")]
pub(crate) struct PeriodView {
    /// From then on.
    start_time: Instant,
    /// Until before then.
    end_time: Instant,
    /// `1m`, `5m`, `15m`, `1h` or `1d`.
    interval: &'static str,
}

impl PeriodView {
    pub(crate) fn of(period: Period) -> Self {
        Self { start_time: period.start().into(), end_time: period.end().into(), interval: period.interval().as_str() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_to_the_sixth_place() {
        let shown = |figure| serde_json::to_string(&Figure(figure)).unwrap();
        assert_eq!([shown(2.34), shown(0.1 + 0.2), shown(1.0 / 3.0), shown(0.0)], ["2.34", "0.3", "0.333333", "0.0"]);
        assert_eq!(shown(f64::INFINITY), "0.0");
    }

    #[test]
    fn a_rate_over_no_time_is_none() {
        assert_eq!((Figure::rate(90, 60.0), Figure::rate(7, 0.0)), (Figure(1.5), Figure(0.0)));
    }
}
