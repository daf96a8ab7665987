//! Instants as the API reads and writes them: RFC 3339, UTC, `Z`, to the microsecond (contract section 2).

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// An instant on its way out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Instant(DateTime<Utc>);

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// Reads an instant, or a bare date that stands for its midnight; to the microsecond that stores keep.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let bare_date = text.len() == "2024-01-15".len();
    let midnight = if bare_date { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = DateTime::parse_from_rfc3339(&midnight).ok()?.to_utc();
    Some(at.trunc_subsecs(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_and_bare_dates_are_instants() {
        for (text, expected) in [
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00.123456Z"),
            ("2024-01-15T12:30:00.5+02:00", "2024-01-15T10:30:00.500Z"),
            ("2024-01-01", "2024-01-01T00:00:00Z"),
        ] {
            let shown = parse(text).map(|at| serde_json::to_value(Instant(at)).unwrap());
            assert_eq!(shown, Some(expected.into()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "now",
            "2024-13-45",
            "2024-1-5",
            "+2024-1-05",
            "300000-01-01",
            "300000-01-01T00:00:00Z",
            "1705334400",
            "2024-01-15T10:30:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
