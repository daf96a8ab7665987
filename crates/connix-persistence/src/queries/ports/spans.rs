//! Questions to rollups: which rows a [`Span`] stands for.

use super::sql::Sql;
use connix_domain::Timestamp;
use connix_domain::telemetry::{Grain, Span};

/// `grain = … AND start >= … AND start < …` of a span of whole grains.
pub(super) fn within<ST>(sql: Sql<ST>, grain: Grain, span: Span) -> Sql<ST> {
    let sql = sql.sql(" AND grain = ").value(grain.as_str());
    sql.sql(" AND start >= ").value(span.from).sql(" AND start < ").value(span.until)
}

/// The spans that whole grains answer for.
pub(super) fn whole(spans: &[Span]) -> Vec<(Grain, Span)> {
    spans.iter().filter_map(|span| Some((span.grain?, *span))).collect()
}

/// The spans that rows themselves must answer for.
pub(super) fn edges(spans: &[Span]) -> Vec<(Timestamp, Timestamp)> {
    let edges = spans.iter().filter(|span| span.grain.is_none());
    edges.map(|span| (moment(span.from), moment(span.until))).collect()
}

/// Microseconds since 1970 as a time.
pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}
