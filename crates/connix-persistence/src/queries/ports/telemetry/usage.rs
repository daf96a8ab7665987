//! What a project used, by model, and what it stored: known by the minute.

use super::Store;
use super::spans::{moment, whole, within};
use super::sql::Sql;
use connix_domain::Timestamp;
use connix_domain::id::ProjectId;
use connix_domain::port::store::ReadError;
use connix_domain::scope::OrgScope;
use connix_domain::task::Usage;
use connix_domain::telemetry::{Grain, ModelUsage, Period, Span, UsageReport};
use diesel::sql_types::{BigInt, Text};
use futures_util::future::try_join;
use std::collections::BTreeMap;

/// A bucket, a model, and what was used of it, in the order of [`SUMS`].
type UsageRow = (i64, String, i64, i64, i64, i64, i64, i64);
type UsageTypes = (BigInt, Text, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

const SUMS: &str = ", model, CAST(sum(prompt_tokens) AS BIGINT), CAST(sum(completion_tokens) AS BIGINT), \
    CAST(sum(model_requests) AS BIGINT), CAST(sum(completed) AS BIGINT), CAST(sum(failed) AS BIGINT), \
    CAST(sum(agent_micros) AS BIGINT)";

fn rolled(scope: OrgScope, project: ProjectId, spans: &[(Grain, Span)], length: i64) -> Sql<UsageTypes> {
    let sql = Sql::new().sql("SELECT start - start % ").value(length).sql(" AS bucket").sql(SUMS).sql(" FROM (");
    let sql = sql.each(spans, " UNION ALL ", |sql, (grain, span)| {
        let sql = sql.sql("SELECT * FROM project_usage WHERE org_id = ").value(scope.org().to_string());
        within(sql.sql(" AND project_id = ").value(project.to_string()), *grain, *span)
    });
    sql.sql(") AS pieces GROUP BY bucket, model")
}

/// What was last measured in each row's time, and when.
fn stored(scope: OrgScope, project: ProjectId, spans: &[(Grain, Span)], length: i64) -> Sql<(BigInt, BigInt, BigInt)> {
    Sql::new().each(spans, " UNION ALL ", |sql, (grain, span)| {
        let sql = sql.sql("SELECT start - start % ").value(length).sql(" AS bucket, measured_at, bytes");
        let sql = sql.sql(" FROM project_storage WHERE org_id = ").value(scope.org().to_string());
        within(sql.sql(" AND project_id = ").value(project.to_string()), *grain, *span)
    })
}

fn used(
    (bucket, model, prompt, completion, requests, completed, failed, agent_micros): UsageRow,
) -> (Timestamp, ModelUsage) {
    let usage = Usage { prompt, completion, requests };
    (moment(bucket), ModelUsage { model, usage, completed, failed, agent_micros })
}

impl Store {
    pub(super) async fn report_usage(
        &self,
        scope: OrgScope,
        project: ProjectId,
        period: &Period,
    ) -> Result<UsageReport, ReadError> {
        let minutes = period.in_whole_minutes();
        let spans = whole(&Span::cascade(Some(minutes.start()), Some(minutes.end()), &period.interval().grains()));
        let length = period.interval().micros();
        let used_rows = self.browse(|| rolled(scope, project, &spans, length));
        let stored_rows = self.browse(|| stored(scope, project, &spans, length));
        let (found, mut measured): (Vec<UsageRow>, Vec<(i64, i64, i64)>) = try_join(used_rows, stored_rows).await?;
        let mut buckets: BTreeMap<Timestamp, Vec<ModelUsage>> = BTreeMap::new();
        for (bucket, usage) in found.into_iter().map(used) {
            buckets.entry(bucket).or_default().push(usage);
        }
        measured.sort_unstable_by_key(|(_, at, _)| *at);
        let stored = measured.into_iter().map(|(bucket, _, bytes)| (moment(bucket), bytes)).collect();
        Ok(UsageReport::new(&minutes, buckets, &stored))
    }
}
