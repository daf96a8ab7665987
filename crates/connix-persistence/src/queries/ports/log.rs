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
const SHALLOW: i64 = 1000;

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

/// How many lines there are in each piece: (place of the piece, lines).
fn counts(scope: OrgScope, query: &LogQuery, spans: &[Span]) -> Sql<(BigInt, BigInt)> {
    let placed = spans.iter().zip(0_i64..);
    Sql::new().each(placed, " UNION ALL ", |sql, (span, place)| {
        let sql = sql.sql("SELECT CAST(").value(place).sql(" AS BIGINT) AS place, ");
        match span.grain {
            Some(grain) => {
                let sql = sql.sql("CAST(coalesce(sum(lines), 0) AS BIGINT) AS lines FROM log_count WHERE ");
                within(own(sql, scope, query), grain, *span)
            }
            None => {
                let sql = own(sql.sql("count(*) AS lines FROM log WHERE "), scope, query);
                let sql = sql.sql(" AND at >= ").value(moment(span.from));
                sql.sql(" AND at < ").value(moment(span.until))
            }
        }
    })
}

/// How many lines there are in all.
fn total(scope: OrgScope, query: &LogQuery, spans: &[Span]) -> Sql<BigInt> {
    let sum = Sql::new().sql("SELECT CAST(coalesce(sum(lines), 0) AS BIGINT) FROM (");
    sum.join(counts(scope, query, spans)).sql(") AS pieces")
}

/// The piece that holds the line after `offset` newer ones, and how many of these are in it. The pieces are given from the
/// newest to the oldest.
fn holding<T>(pieces: impl Iterator<Item = (T, i64)>, mut offset: i64) -> Option<(T, i64)> {
    for (piece, lines) in pieces {
        if offset < lines {
            return Some((piece, offset));
        }
        offset -= lines;
    }
    None
}

/// How many lines there are in each day, hour or minute of a piece: (start, lines), the newest first.
fn buckets(scope: OrgScope, query: &LogQuery, grain: Grain, span: Span) -> Sql<(BigInt, BigInt)> {
    let sql = Sql::new().sql("SELECT start, CAST(sum(lines) AS BIGINT) FROM log_count WHERE ");
    within(own(sql, scope, query), grain, span).sql(" GROUP BY start ORDER BY start DESC")
}

impl Store {
    /// The same question beginning at the minute that the offset leads to: what is left of the offset is short. `None` when
    /// there are not that many lines.
    async fn seek(&self, scope: OrgScope, query: &LogQuery, pieces: Vec<(Span, i64)>) -> Found {
        let mut found = holding(pieces.into_iter(), query.window.offset);
        while let Some((span, offset)) = found
            && let Some(grain) = span.grain
        {
            let counted: Vec<(i64, i64)> = self.list(|| buckets(scope, query, grain, span)).await?;
            let finer = |start| Span { grain: grain.finer(&GRAINS), from: start, until: start + grain.micros() };
            found = holding(counted.into_iter().map(|(start, lines)| (finer(start), lines)), offset);
        }
        Ok(found.map(|(span, offset)| LogQuery {
            end: Some(moment(span.until)),
            window: Window { offset, ..query.window },
            ..query.clone()
        }))
    }
}

/// Where an offset leads to.
type Found = Result<Option<LogQuery>, ReadError>;

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
        let mut counted: Vec<(i64, i64)> = self.list(|| counts(scope, query, &spans)).await?;
        counted.sort_unstable();
        let pieces = spans.iter().copied().zip(counted.into_iter().map(|(_, lines)| lines)).rev();
        let pieces: Vec<_> = pieces.collect();
        let total = pieces.iter().map(|(_, lines)| lines).sum();
        let Some(place) = self.seek(scope, query, pieces).await? else {
            return Ok(Page { items: Vec::new(), total });
        };
        Ok(Page { items: decoded(self.list(|| newest(&place)).await?)?, total })
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
        let rows: Vec<(i64, LogRow)> = self.list(lines).await?;
        rows.into_iter().map(|(position, row)| Ok(PlacedLine { position, line: row.try_into()? })).collect()
    }

    async fn logs_before_last(&self, scope: OrgScope, agent: AgentId, count: i64) -> Result<i64, ReadError> {
        let before = || {
            let own = log::table.filter(log::org_id.eq(scope.org().to_string()));
            let newest_first = own.filter(log::agent_id.eq(agent.to_string())).order(log::position.desc());
            newest_first.offset(count).limit(1).select(log::position)
        };
        let position: Option<i64> = self.look_up(before).await?.pop();
        Ok(position.unwrap_or(0))
    }
}
