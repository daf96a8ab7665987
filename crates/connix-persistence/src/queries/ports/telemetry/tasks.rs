//! What an agent's tasks came to.

use super::dialect::sql_types::Instant;
use super::rows::parsed;
use super::spans::{edges, moment, whole, within};
use super::sql::Sql;
use super::{Store, of_agent, rows_if, single};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::id::AgentId;
use connix_domain::lifecycle::Words;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::task::{TaskPhase, Usage};
use connix_domain::telemetry::{Grain, Period, Span, TaskFigures, TaskReport, TaskTotals};
use diesel::sql_types::{BigInt, Nullable, Text};
use futures_util::future::try_join4;
use std::collections::BTreeMap;

/// A bucket and what is counted in it, in the order of [`SUMS`].
type FiguresRow = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
type FiguresTypes = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

const SUMS: &str = ", CAST(sum(created) AS BIGINT), CAST(sum(completed) AS BIGINT), CAST(sum(failed) AS BIGINT), \
    CAST(sum(cancelled) AS BIGINT), CAST(sum(response_micros) AS BIGINT), CAST(sum(prompt_tokens) AS BIGINT), \
    CAST(sum(completion_tokens) AS BIGINT), CAST(sum(model_requests) AS BIGINT)";

/// A bucket that all time is in.
const ALL_TIME: i64 = i64::MAX;

/// When a task ended and in which phase, when its last attempt began, and what it cost.
type EndRow = (At, String, Option<At>, i64, i64, i64);
type EndTypes = (Instant, Text, Nullable<Instant>, BigInt, BigInt, BigInt);

/// A task that ended in an edge.
struct End {
    at: Timestamp,
    took: u64,
    figures: TaskFigures,
}

fn figures(
    (bucket, created, completed, failed, cancelled, response_micros, prompt, completion, requests): FiguresRow,
) -> (Timestamp, TaskFigures) {
    let usage = Usage { prompt, completion, requests };
    (moment(bucket), TaskFigures { created, completed, failed, cancelled, response_micros, usage })
}

/// How long an attempt took.
pub(super) fn took(started: Option<At>, ended: At) -> u64 {
    let took = started.and_then(|started| (ended.0 - started.0).num_microseconds());
    took.unwrap_or(0).max(0) as u64
}

/// The figures of whole spans by bucket.
fn rolled(scope: OrgScope, agent: AgentId, spans: &[(Grain, Span)], length: i64) -> Sql<FiguresTypes> {
    let sql = Sql::new().sql("SELECT start - start % ").value(length).sql(" AS bucket").sql(SUMS).sql(" FROM (");
    let sql = sql.each(spans, " UNION ALL ", |sql, (grain, span)| {
        within(of_agent(sql.sql("SELECT * FROM task_figure WHERE "), scope, agent), *grain, *span)
    });
    sql.sql(") AS pieces GROUP BY bucket")
}

/// When the tasks were made that were made in the edges.
fn made(scope: OrgScope, agent: AgentId, edges: &[(Timestamp, Timestamp)]) -> Sql<Instant> {
    Sql::new().each(edges, " UNION ALL ", |sql, (from, until)| {
        let sql = of_agent(sql.sql("SELECT created_at FROM task WHERE "), scope, agent);
        sql.sql(" AND created_at >= ").value(*from).sql(" AND created_at < ").value(*until)
    })
}

/// The tasks that ended in the edges.
fn ended(scope: OrgScope, agent: AgentId, edges: &[(Timestamp, Timestamp)]) -> Sql<EndTypes> {
    Sql::new().each(edges, " UNION ALL ", |sql, (from, until)| {
        let sql = sql.sql(
            "SELECT completed_at, phase, attempt_started_at, prompt_tokens, completion_tokens, model_requests FROM task WHERE ",
        );
        let sql = of_agent(sql, scope, agent).sql(" AND completed_at >= ").value(*from);
        sql.sql(" AND completed_at < ").value(*until)
    })
}

/// How many tasks were made before a moment and had not ended by then.
fn open_at(scope: OrgScope, agent: AgentId, at: Timestamp) -> Sql<BigInt> {
    let spans = Span::cascade(None, Some(at), Grain::ALL);
    let sql = Sql::new().sql("SELECT CAST(coalesce(sum(tasks), 0) AS BIGINT) FROM (");
    let sql = sql.each(whole(&spans), " UNION ALL ", |sql, (grain, span)| {
        let sql = sql.sql("SELECT created - completed - failed - cancelled AS tasks FROM task_figure WHERE ");
        within(of_agent(sql, scope, agent), grain, span)
    });
    let sql = edges(&spans).into_iter().fold(sql, |sql, (from, until)| {
        let sql = of_agent(sql.sql(" UNION ALL SELECT count(*) FROM task WHERE "), scope, agent);
        let sql = sql.sql(" AND created_at >= ").value(from).sql(" AND created_at < ").value(until);
        let sql = of_agent(sql.sql(" UNION ALL SELECT -count(*) FROM task WHERE "), scope, agent);
        let sql = sql.sql(" AND completed_at >= ").value(from).sql(" AND completed_at < ").value(until);
        sql.sql(" AND phase IN ('completed', 'failed', 'cancelled')")
    });
    sql.sql(") AS pieces")
}

/// A task that ended in an edge; `None` of one that did not really.
fn end((at, phase, started, prompt, completion, requests): EndRow) -> Result<Option<End>, ReadError> {
    let phase: TaskPhase = parsed(Entity::Task, "phase", &phase)?;
    let took = took(started, at);
    let figures = TaskFigures::of_outcome(phase, took, Usage { prompt, completion, requests });
    Ok(figures.map(|figures| End { at: at.0, took, figures }))
}

impl Store {
    pub(super) async fn report_tasks(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
    ) -> Result<TaskReport, ReadError> {
        let interval = period.interval();
        let spans = Span::cascade(Some(period.start()), Some(period.end()), &interval.grains());
        let (whole, edges) = (whole(&spans), edges(&spans));
        let rolled = rows_if(!whole.is_empty(), self.browse(|| rolled(scope, agent, &whole, interval.micros())));
        let made = rows_if(!edges.is_empty(), self.browse(|| made(scope, agent, &edges)));
        let ended = rows_if(!edges.is_empty(), self.browse(|| ended(scope, agent, &edges)));
        let open = async { single(self.browse(|| open_at(scope, agent, period.end())).await?) };
        let (rolled, made, ended, open): (Vec<FiguresRow>, Vec<At>, Vec<EndRow>, i64) =
            try_join4(rolled, made, ended, open).await?;
        let ends: Vec<End> = ended.into_iter().filter_map(|row| end(row).transpose()).collect::<Result<_, _>>()?;
        let created = made.into_iter().map(|at| (interval.bucket_of(at.0), TaskFigures::of_creation()));
        let outcomes = ends.iter().map(|end| (interval.bucket_of(end.at), end.figures));
        let mut buckets: BTreeMap<Timestamp, TaskFigures> = BTreeMap::new();
        for (bucket, figures) in rolled.into_iter().map(figures).chain(created).chain(outcomes) {
            let sum = buckets.entry(bucket).or_default();
            *sum = sum.plus(figures);
        }
        let completed = buckets.values().map(|figures| figures.completed).sum();
        let in_edges = ends.iter().filter(|end| end.figures.completed > 0).map(|end| end.took);
        let responses = self.responses(scope, agent, period, completed, in_edges).await?;
        Ok(TaskReport::new(period, &buckets, open, responses))
    }

    pub(super) async fn total_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<TaskTotals, ReadError> {
        let all = whole(&Span::cascade(None, None, Grain::ALL));
        let found: Vec<FiguresRow> = self.browse(|| rolled(scope, agent, &all, ALL_TIME)).await?;
        let figures = found.into_iter().map(figures).fold(TaskFigures::default(), |sum, (_, part)| sum.plus(part));
        Ok(TaskTotals { figures, in_progress: figures.created - figures.ended() })
    }
}
