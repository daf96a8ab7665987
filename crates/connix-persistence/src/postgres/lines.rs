//! Many log lines in one statement: an array a column, so that the text is the same however many there are, and the triggers
//! count them together.

use super::DB;
use super::queries::rows::LogRow;
use crate::instant::At;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, Json, Text, Timestamptz};
use serde_json::Value;

/// `INSERT INTO log …` of any number of lines, numbered in their order.
#[derive(Default)]
pub(super) struct Lines {
    orgs: Vec<String>,
    agents: Vec<String>,
    keys: Vec<String>,
    times: Vec<At>,
    levels: Vec<String>,
    messages: Vec<String>,
    contexts: Vec<Value>,
}

impl FromIterator<LogRow> for Lines {
    fn from_iter<I: IntoIterator<Item = LogRow>>(rows: I) -> Self {
        let mut lines = Self::default();
        for row in rows {
            lines.orgs.push(row.org_id);
            lines.agents.push(row.agent_id);
            lines.keys.push(row.key);
            lines.times.push(row.at);
            lines.levels.push(row.level);
            lines.messages.push(row.message);
            lines.contexts.push(row.context);
        }
        lines
    }
}

impl QueryFragment<DB> for Lines {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO log (org_id, agent_id, key, at, level, message, context) \
             SELECT org_id, agent_id, key, at, level, message, context FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.orgs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.agents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.levels)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.messages)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Json>, _>(&self.contexts)?;
        out.push_sql(
            ") WITH ORDINALITY AS line (org_id, agent_id, key, at, level, message, context, place) ORDER BY place \
             ON CONFLICT (org_id, agent_id, key) DO NOTHING",
        );
        Ok(())
    }
}
