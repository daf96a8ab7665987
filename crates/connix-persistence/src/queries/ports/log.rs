//! Log lines. Their total, and the place of an offset, come from counts of lines by minute, hour and day, so that neither
//! costs more the longer the history is.

use super::rows::LogRow;
use super::spans::{moment, within};
use super::sql::Sql;
use super::tables::log;
use super::{DB, Store, decoded};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::id::AgentId;
use connix_domain::log::{LogLine, PlacedLine};
use connix_domain::page::{LogQuery, Page, Window};
use connix_domain::port::store::{LogReader, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::telemetry::{Grain, Span};
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Up to this offset the lines are simply counted off.
const SHALLOW: i64 = 100;

/// The filters as a value.
fn matching(scope: OrgScope, query: &LogQuery) -> IntoBoxed<'static, log::table, DB> {
    let own = log::table.filter(log::org_id.eq(scope.org().to_string()));
    let mut filtered = own.filter(log::agent_id.eq(query.agent.to_string())).into_boxed();
    if let Some(level) = query.level {
        filtered = filtered.filter(log::level.eq(level.as_str()));
    }
    if let Some(start) = query.start {
        filtered = filtered.filter(log::at.ge(At(start)));
    }
    if let Some(end) = query.end {
        filtered = filtered.filter(log::at.lt(At(end)));
    }
    filtered
}

/// What lines are counted by: few grains, since every line is counted in each.
const GRAINS: [Grain; 3] = [Grain::Minute, Grain::Hour, Grain::Day];

/// `org_id = … AND agent_id = … [AND level = …]`
fn own<ST>(sql: Sql<ST>, scope: OrgScope, query: &LogQuery) -> Sql<ST> {
    let sql = sql.sql("org_id = ").value(scope.org().to_string());
    let sql = sql.sql(" AND agent_id = ").value(query.agent.to_string());
    match query.level {
        Some(level) => sql.sql(" AND level = ").value(level.as_str()),
        None => sql,
    }
}

/// `count(*) AS lines FROM log WHERE …` of a piece that is less than a minute.
fn edge<ST>(sql: Sql<ST>, scope: OrgScope, query: &LogQuery, span: Span) -> Sql<ST> {
    let sql = own(sql.sql("count(*) AS lines FROM log WHERE "), scope, query);
    let sql = sql.sql(" AND at >= ").value(moment(span.from));
    sql.sql(" AND at < ").value(moment(span.until))
}

/// How many lines there are in all.
fn total(scope: OrgScope, query: &LogQuery, spans: &[Span]) -> Sql<BigInt> {
    let sum = Sql::new().sql("SELECT CAST(coalesce(sum(lines), 0) AS BIGINT) FROM (");
    let sum = sum.each(spans, " UNION ALL ", |sql, span| match span.grain {
        Some(grain) => {
            let sql = sql.sql("SELECT CAST(coalesce(sum(lines), 0) AS BIGINT) AS lines FROM log_count WHERE ");
            within(own(sql, scope, query), grain, *span)
        }
        None => edge(sql.sql("SELECT "), scope, query, *span),
    });
    sum.sql(") AS pieces")
}

/// How many lines there are in each day, hour and minute of each piece: (place of the piece, start, lines). What is less than
/// a minute is one bucket.
fn buckets(scope: OrgScope, query: &LogQuery, spans: &[Span]) -> Sql<(BigInt, BigInt, BigInt)> {
    let placed = spans.iter().zip(0_i64..);
    Sql::new().each(placed, " UNION ALL ", |sql, (span, place)| {
        let sql = sql.sql("SELECT CAST(").value(place).sql(" AS BIGINT) AS place, ");
        match span.grain {
            Some(grain) => {
                let sql = sql.sql("start, CAST(sum(lines) AS BIGINT) AS lines FROM log_count WHERE ");
                within(own(sql, scope, query), grain, *span).sql(" GROUP BY start")
            }
            None => edge(sql.sql("CAST(").value(span.from).sql(" AS BIGINT) AS start, "), scope, query, *span),
        }
    })
}

/// The bucket that holds the line after `offset` newer ones.
#[derive(Debug, Clone, Copy)]
struct Place {
    span: Span,
    /// How many lines of the bucket are newer.
    offset: i64,
}

/// The place of an offset among counted buckets.
fn place(spans: &[Span], mut counted: Vec<(i64, i64, i64)>, mut offset: i64) -> Option<Place> {
    counted.sort_unstable_by(|one, other| other.cmp(one)); // the newest first
    let (place, start, _) = counted.into_iter().find(|(_, _, lines)| {
        let here = offset < *lines;
        offset -= if here { 0 } else { *lines };
        here
    })?;
    let piece = *spans.get(usize::try_from(place).ok()?)?;
    let until = piece.grain.map_or(piece.until, |grain| start + grain.micros());
    Some(Place { span: Span { from: start, until, ..piece }, offset })
}

impl Store {
    /// The same question beginning at the minute that its offset leads to, where what is left of the offset is short; and how
    /// many lines there are in all. No question when there are not that many.
    async fn seek(&self, scope: OrgScope, query: &LogQuery, spans: &[Span]) -> Result<Found, ReadError> {
        let counted: Vec<(i64, i64, i64)> = self.browse(|| buckets(scope, query, spans)).await?;
        let total = counted.iter().map(|(_, _, lines)| lines).sum();
        let mut found = place(spans, counted, query.window.offset);
        while let Some(Place { span, offset }) = found
            && let Some(grain @ (Grain::Day | Grain::Hour)) = span.grain
        {
            let finer = [Span { grain: grain.finer(&GRAINS), ..span }];
            let counted = self.browse(|| buckets(scope, query, &finer)).await?;
            found = place(&finer, counted, offset);
        }
        let question = found.map(|Place { span, offset }| LogQuery {
            end: Some(moment(span.until)),
            window: Window { offset, ..query.window },
            ..query.clone()
        });
        Ok((question, total))
    }
}

/// Where an offset leads to, and how many lines there are.
type Found = (Option<LogQuery>, i64);

#[async_trait]
impl LogReader for Store {
    async fn logs(&self, scope: OrgScope, query: &LogQuery) -> Result<Page<LogLine>, ReadError> {
        let newest = |query: &LogQuery| {
            let part = matching(scope, query).limit(query.window.limit).offset(query.window.offset);
            part.order((log::at.desc(), log::position.desc())).select(LogRow::as_select())
        };
        let spans = Span::cascade(query.start, query.end, &GRAINS);
        if spans.is_empty() {
            return Ok(Page { items: Vec::new(), total: 0 });
        }
        if query.window.offset <= SHALLOW {
            let (rows, total) = self.page(true, || newest(query), || total(scope, query, &spans)).await?;
            return Ok(Page { items: decoded(rows)?, total });
        }
        let (question, total) = self.seek(scope, query, &spans).await?;
        let Some(question) = question else { return Ok(Page { items: Vec::new(), total }) };
        Ok(Page { items: decoded(self.browse(|| newest(&question)).await?)?, total })
    }

    async fn logs_after(
        &self,
        scope: OrgScope,
        agent: AgentId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PlacedLine>, ReadError> {
        let lines = || {
            let own = log::table.filter(log::org_id.eq(scope.org().to_string()));
            let later = own.filter(log::agent_id.eq(agent.to_string())).filter(log::position.gt(after));
            later.order(log::position).limit(limit).select((log::position, LogRow::as_select()))
        };
        let rows: Vec<(i64, LogRow)> = self.browse(lines).await?;
        rows.into_iter().map(|(position, row)| Ok(PlacedLine { position, line: row.try_into()? })).collect()
    }

    async fn logs_before_last(&self, scope: OrgScope, agent: AgentId, count: i64) -> Result<i64, ReadError> {
        let before = || {
            let own = log::table.filter(log::org_id.eq(scope.org().to_string()));
            let newest_first = own.filter(log::agent_id.eq(agent.to_string())).order(log::position.desc());
            newest_first.offset(count).limit(1).select(log::position)
        };
        let position: Option<i64> = self.browse(before).await?.pop();
        Ok(position.unwrap_or(0))
    }
}
