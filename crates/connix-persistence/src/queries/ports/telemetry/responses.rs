//! How long tasks took: few are read one by one, of many there is a histogram.

use super::dialect::sql_types::Instant;
use super::rows::parsed;
use super::spans::{whole, within};
use super::sql::Sql;
use super::tasks::took;
use super::{Store, of_agent};
use crate::instant::At;
use connix_domain::id::AgentId;
use connix_domain::lifecycle::Words;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::telemetry::{Grain, Histogram, MOST_EXACT, Period, ResponseTimes, Span};
use diesel::sql_types::{BigInt, Nullable, Text};

/// The steps of one octave: a column each, so that a row is read at once.
const STEPS: [&str; 32] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "c16", "c17",
    "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29", "c30", "c31",
];

/// When the tasks that completed in a period did, and when their last attempts began.
fn completed(scope: OrgScope, agent: AgentId, period: &Period) -> Sql<(Instant, Nullable<Instant>)> {
    let sql = of_agent(Sql::new().sql("SELECT completed_at, attempt_started_at FROM task WHERE "), scope, agent);
    let sql = sql.sql(" AND completed_at >= ").value(period.start()).sql(" AND completed_at < ").value(period.end());
    sql.sql(" AND phase = 'completed'")
}

/// How many response times of whole spans there are in each step of each octave: its lowest, and its counts in a text.
fn octaves(scope: OrgScope, agent: AgentId, spans: &[(Grain, Span)]) -> Sql<(BigInt, Text)> {
    let sql = Sql::new().sql("SELECT octave, ");
    let sql = sql.each(STEPS, " || ' ' || ", |sql, step| sql.sql("sum(").sql(step).sql(")")).sql(" FROM (");
    let sql = sql.each(spans, " UNION ALL ", |sql, (grain, span)| {
        within(of_agent(sql.sql("SELECT * FROM response_histogram WHERE "), scope, agent), *grain, *span)
    });
    sql.sql(") AS pieces GROUP BY octave")
}

/// Counts an octave.
fn add(histogram: &mut Histogram, (lowest, counts): (i64, String)) -> Result<(), ReadError> {
    let unit = (lowest / STEPS.len() as i64).max(1);
    for (count, step) in counts.split(' ').zip(0..) {
        // a figure is a part of its agent
        let count = parsed(Entity::Agent, "response_histogram", count)?;
        histogram.add((lowest + step * unit) as u64, count);
    }
    Ok(())
}

impl Store {
    /// How long the tasks took that completed in a period: `count` of them, of which some in less than a minute at its ends.
    pub(super) async fn responses(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
        count: i64,
        in_edges: impl Iterator<Item = u64>,
    ) -> Result<ResponseTimes, ReadError> {
        if count < MOST_EXACT {
            let all: Vec<(At, Option<At>)> = self.browse(|| completed(scope, agent, period)).await?;
            return Ok(ResponseTimes::exact(all.into_iter().map(|(at, started)| took(started, at)).collect()));
        }
        let spans = whole(&Span::cascade(Some(period.start()), Some(period.end()), Grain::ALL));
        let mut histogram = Histogram::new();
        if !spans.is_empty() {
            let counted: Vec<(i64, String)> = self.browse(|| octaves(scope, agent, &spans)).await?;
            counted.into_iter().try_for_each(|octave| add(&mut histogram, octave))?;
        }
        in_edges.for_each(|took| histogram.record(took));
        Ok(ResponseTimes::Estimated(histogram))
    }
}
