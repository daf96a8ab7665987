//! What an agent's worker used.

use super::dialect::sql_types::Instant;
use super::rows::parsed_or_none;
use super::spans::{edges, moment, whole, within};
use super::sql::Sql;
use super::{Store, of_agent, rows_if};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::id::AgentId;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::telemetry::{
    Grain, Meter, MeterSource, Period, ResourceFigures, ResourceReport, Sources, Span, Traffic,
};
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use futures_util::future::try_join3;
use std::collections::BTreeMap;

/// A bucket; count, sum and maximum of processors, memory and disk; bytes received and sent. In the order of [`SUMS`].
type FiguresRow = (i64, i64, f64, f64, i64, f64, f64, i64, f64, f64, i64, i64);
type FiguresTypes = (BigInt, BigInt, Double, Double, BigInt, Double, Double, BigInt, Double, Double, BigInt, BigInt);

const SUMS: &str = ", CAST(sum(cpu_count) AS BIGINT), sum(cpu_sum), max(cpu_max), CAST(sum(memory_count) AS BIGINT), \
    sum(memory_sum), max(memory_max), CAST(sum(disk_count) AS BIGINT), sum(disk_sum), max(disk_max), \
    CAST(sum(received) AS BIGINT), CAST(sum(sent) AS BIGINT)";

/// A sample: when, processors, memory, disk, bytes received and sent.
type SampleRow = (At, Option<f64>, Option<f64>, Option<f64>, Option<i64>, Option<i64>);
type SampleTypes = (Instant, Nullable<Double>, Nullable<Double>, Nullable<Double>, Nullable<BigInt>, Nullable<BigInt>);

type SourcesRow = (Option<String>, Option<String>, Option<String>, Option<String>);
type SourcesTypes = (Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>);

/// The figures of whole spans by bucket.
fn rolled(scope: OrgScope, agent: AgentId, spans: &[(Grain, Span)], length: i64) -> Sql<FiguresTypes> {
    let sql = Sql::new().sql("SELECT start - start % ").value(length).sql(" AS bucket").sql(SUMS).sql(" FROM (");
    let sql = sql.each(spans, " UNION ALL ", |sql, (grain, span)| {
        within(of_agent(sql.sql("SELECT * FROM resource_figure WHERE "), scope, agent), *grain, *span)
    });
    sql.sql(") AS pieces GROUP BY bucket")
}

/// The samples of the edges.
fn sampled(scope: OrgScope, agent: AgentId, edges: &[(Timestamp, Timestamp)]) -> Sql<SampleTypes> {
    Sql::new().each(edges, " UNION ALL ", |sql, (from, until)| {
        let sql = sql.sql("SELECT at, cpu, memory, disk, received, sent FROM resource_sample WHERE ");
        let sql = of_agent(sql, scope, agent).sql(" AND at >= ").value(*from);
        sql.sql(" AND at < ").value(*until)
    })
}

/// By what the last sample of a period was measured.
fn last_sources(scope: OrgScope, agent: AgentId, period: &Period) -> Sql<SourcesTypes> {
    let sql =
        Sql::new().sql("SELECT cpu_source, memory_source, disk_source, network_source FROM resource_sample WHERE ");
    let sql = of_agent(sql, scope, agent).sql(" AND at >= ").value(period.start());
    sql.sql(" AND at < ").value(period.end()).sql(" ORDER BY at DESC, incarnation DESC LIMIT 1")
}

fn figures(row: FiguresRow) -> (Timestamp, ResourceFigures) {
    let meter = |count, sum, max| Meter { count, sum, max };
    let figures = ResourceFigures {
        cpu: meter(row.1, row.2, row.3),
        memory: meter(row.4, row.5, row.6),
        disk: meter(row.7, row.8, row.9),
        traffic: Traffic { received: row.10, sent: row.11 },
    };
    (moment(row.0), figures)
}

fn sample((at, cpu, memory, disk, received, sent): SampleRow) -> (Timestamp, ResourceFigures) {
    let traffic = Traffic { received: received.unwrap_or(0), sent: sent.unwrap_or(0) };
    (at.0, ResourceFigures { cpu: Meter::of(cpu), memory: Meter::of(memory), disk: Meter::of(disk), traffic })
}

fn sources((cpu, memory, disk, network): SourcesRow) -> Result<Sources, ReadError> {
    // what a worker used is a part of its agent
    let source = |column: &str, word| parsed_or_none::<MeterSource>(Entity::Agent, column, word);
    Ok(Sources {
        cpu: source("resource_sample.cpu_source", cpu)?,
        memory: source("resource_sample.memory_source", memory)?,
        disk: source("resource_sample.disk_source", disk)?,
        network: source("resource_sample.network_source", network)?,
    })
}

impl Store {
    pub(super) async fn report_resources(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
    ) -> Result<ResourceReport, ReadError> {
        let interval = period.interval();
        let spans = Span::cascade(Some(period.start()), Some(period.end()), &interval.grains());
        let (whole, edges) = (whole(&spans), edges(&spans));
        let rolled = rows_if(!whole.is_empty(), self.browse(|| rolled(scope, agent, &whole, interval.micros())));
        let sampled = rows_if(!edges.is_empty(), self.browse(|| sampled(scope, agent, &edges)));
        let last = self.browse(|| last_sources(scope, agent, period));
        let (rolled, sampled, last): (Vec<FiguresRow>, Vec<SampleRow>, Vec<SourcesRow>) =
            try_join3(rolled, sampled, last).await?;
        let single = sampled.into_iter().map(sample).map(|(at, figures)| (interval.bucket_of(at), figures));
        let mut buckets: BTreeMap<Timestamp, ResourceFigures> = BTreeMap::new();
        for (bucket, figures) in rolled.into_iter().map(figures).chain(single) {
            let sum = buckets.entry(bucket).or_default();
            *sum = sum.plus(figures);
        }
        let sources = last.into_iter().next().map(sources).transpose()?.unwrap_or_default();
        Ok(ResourceReport::new(period, &buckets, sources))
    }
}
