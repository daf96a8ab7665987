//! Dropping what is old, in slices: other work goes between two of them.

use super::Store;
use super::dialect::sql_types::Instant;
use super::rows::LogRow;
use super::rows::parsed;
use super::spans::moment;
use super::sql::Sql;
use super::tables::log;
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::id::{AgentId, OrgId};
use connix_domain::log::LogLine;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// So many lines or samples are removed at once.
const SLICE: i64 = 2000;

/// Lines that only say that others were dropped: their keys begin like this.
const MARK: char = 'd';

/// The agents that have lines from before the end of a day.
fn holders(scope: OrgScope, before: i64) -> Sql<Text> {
    let sql = Sql::new().sql("SELECT DISTINCT agent_id FROM log_count WHERE org_id = ").value(scope.org().to_string());
    sql.sql(" AND grain = 'day' AND start < ").value(before)
}

/// The oldest line from before a moment that is no mark.
fn oldest(org: OrgId, agent: &str, before: Timestamp) -> Sql<BigInt> {
    let sql = Sql::new().sql("SELECT position FROM log WHERE org_id = ").value(org.to_string());
    let sql = sql.sql(" AND agent_id = ").value(agent).sql(" AND at < ").value(before);
    sql.sql(" AND substr(key, 1, 1) <> 'd' ORDER BY at, position LIMIT 1")
}

impl Store {
    pub(super) async fn forget_lines(&self, scope: OrgScope, before: Timestamp) -> Result<u64, ReadError> {
        let mut dropped = 0;
        let org = scope.org();
        let holders: Vec<String> = self.list(|| holders(scope, before.timestamp_micros())).await?;
        for agent in holders {
            let old: Vec<i64> = self.list(|| oldest(org, &agent, before)).await?;
            if !old.is_empty() {
                dropped += self.forget_lines_of(org, &agent, before).await?;
            }
        }
        Ok(dropped)
    }

    /// The mark first: whatever is dropped, there is a line that says so.
    async fn forget_lines_of(&self, org: OrgId, agent: &str, before: Timestamp) -> Result<u64, ReadError> {
        let agent_id: AgentId = parsed(Entity::Agent, "log_count.agent_id", agent)?;
        let mark_line = LogLine::dropped(org, agent_id, before);
        let mark_key = mark_line.key.to_string();
        let mark = || {
            let row = LogRow::from(mark_line.clone());
            let insert = diesel::insert_into(log::table).values(row);
            let unless_there = insert.on_conflict((log::org_id, log::agent_id, log::key)).do_nothing();
            unless_there.returning(log::position)
        };
        let _: Vec<i64> = self.write(mark).await?;
        let own = || log::table.filter(log::org_id.eq(org.to_string())).filter(log::agent_id.eq(agent.to_owned()));
        let old = || own().filter(log::at.lt(At(before)));
        let last_of_slice = || old().order(log::at).offset(SLICE - 1).limit(1).select(log::at);
        let mut dropped = 0;
        loop {
            let end: Option<At> = self.list(last_of_slice).await?.pop();
            let until = end.map_or(before, |end| moment(end.0.timestamp_micros() + 1)).min(before);
            let slice = || own().filter(log::at.lt(At(until))).filter(log::key.ne(mark_key.clone()));
            let keys: Vec<String> = self.write(|| diesel::delete(slice()).returning(log::key)).await?;
            dropped += keys.iter().filter(|key| !key.starts_with(MARK)).count() as u64;
            if end.is_none() {
                return Ok(dropped);
            }
        }
    }

    pub(super) async fn forget_samples(&self, scope: OrgScope, before: Timestamp) -> Result<u64, ReadError> {
        let org = scope.org().to_string();
        let last_of_slice = || {
            let sql = Sql::<Instant>::new().sql("SELECT at FROM resource_sample WHERE org_id = ").value(org.clone());
            let sql = sql.sql(" AND at < ").value(before);
            sql.sql(" ORDER BY at LIMIT 1 OFFSET ").value(SLICE - 1)
        };
        let mut dropped = 0;
        loop {
            let end: Option<At> = self.list(last_of_slice).await?.pop();
            let until = end.map_or(before, |end| moment(end.0.timestamp_micros() + 1)).min(before);
            let slice = || {
                let delete = Sql::<BigInt>::new().sql("DELETE FROM resource_sample WHERE org_id = ").value(org.clone());
                delete.sql(" AND at < ").value(until).sql(" RETURNING incarnation")
            };
            let gone: Vec<i64> = self.write(slice).await?;
            dropped += gone.len() as u64;
            if end.is_none() {
                return Ok(dropped);
            }
        }
    }
}
