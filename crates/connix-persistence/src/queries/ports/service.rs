//! What the service reads for its own work, across organisations.

use super::rows::{AgentRow, ApiKeyRow, OrganisationRow, ProjectRow, TaskRow};
use super::tables::{agent, api_key, counter, idempotency, organisation, project, property, task};
use super::{Store, decoded, only, single};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, ProcessPhase};
use connix_domain::api_key::ApiKey;
use connix_domain::lifecycle::Words;
use connix_domain::organisation::Organisation;
use connix_domain::port::secrets::PresentedKey;
use connix_domain::port::store::{ReadError, ServiceReader};
use connix_domain::project::Project;
use connix_domain::task::{Task, TaskPhase};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// So many expired records are removed at once: other work goes between two slices.
const SLICE: i64 = 1000;

#[async_trait]
impl ServiceReader for Store {
    async fn organisations(&self) -> Result<Vec<Organisation>, ReadError> {
        let all = || organisation::table.order((organisation::created_at, organisation::id));
        decoded(self.list(|| all().select(OrganisationRow::as_select())).await?)
    }

    async fn presented_key(&self, key: &PresentedKey) -> Result<Option<ApiKey>, ReadError> {
        let shown = || {
            let named = api_key::table.filter(api_key::kid.eq(key.kid.as_str().to_owned()));
            named.filter(api_key::digest.eq(key.digest.0.to_vec())).select(ApiKeyRow::as_select())
        };
        only(self.look_up(shown).await?)
    }

    async fn property(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let value = || property::table.find(name.to_owned()).select(property::value);
        let found: Vec<Vec<u8>> = self.look_up(value).await?;
        Ok(found.into_iter().next())
    }

    async fn reserve_project_numbers(&self, count: i64) -> Result<i64, ReadError> {
        let reserve = || {
            let numbers = diesel::update(counter::table.find("project"));
            numbers.set(counter::last.eq(counter::last + count)).returning(counter::last)
        };
        let last: i64 = single(self.write(reserve).await?)?;
        Ok(last - count + 1)
    }

    async fn agents_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Agent>, ReadError> {
        let due = || {
            let due = agent::table.filter(agent::due_at.le(At(now)));
            due.order((agent::due_at, agent::id)).limit(limit).select(AgentRow::as_select())
        };
        decoded(self.list(due).await?)
    }

    async fn agents_with_process(&self) -> Result<Vec<Agent>, ReadError> {
        let live: Vec<_> = ProcessPhase::ALL.iter().filter(|p| p.is_live()).map(|p| p.as_str()).collect();
        let agents = || {
            let live = agent::table.filter(agent::process.eq_any(live.clone()));
            live.order((agent::org_id, agent::id)).select(AgentRow::as_select())
        };
        decoded(self.list(agents).await?)
    }

    async fn tasks_without_lease(&self, now: Timestamp, limit: i64) -> Result<Vec<Task>, ReadError> {
        let over = || {
            let running = task::table.filter(task::phase.eq(TaskPhase::Running.as_str()));
            let over = running.filter(task::lease_until.le(At(now)));
            over.order((task::lease_until, task::id)).limit(limit).select(TaskRow::as_select())
        };
        decoded(self.list(over).await?)
    }

    async fn projects_to_purge(&self, limit: i64) -> Result<Vec<Project>, ReadError> {
        let empty = || {
            let below =
                agent::table.filter(agent::org_id.eq(project::org_id)).filter(agent::project_id.eq(project::id));
            // as a literal, so that the database sees that its partial index applies
            let deleted = project::table.filter(sql::<Bool>("project.phase = 'deleted'"));
            let empty = deleted.filter(not(exists(below)));
            empty.order((project::org_id, project::id)).limit(limit).select(ProjectRow::as_select())
        };
        decoded(self.list(empty).await?)
    }

    async fn forget_expired(&self, now: Timestamp) -> Result<u64, ReadError> {
        let expired = || idempotency::table.filter(idempotency::expires_at.le(At(now)));
        let last_of_slice = || {
            let in_order = expired().order(idempotency::expires_at).offset(SLICE - 1).limit(1);
            in_order.select(idempotency::expires_at)
        };
        let mut forgotten = 0;
        loop {
            let end: Option<At> = self.list(last_of_slice).await?.pop();
            let slice = || idempotency::table.filter(idempotency::expires_at.le(end.unwrap_or(At(now))));
            let gone: Vec<At> = self.write(|| diesel::delete(slice()).returning(idempotency::expires_at)).await?;
            forgotten += gone.len() as u64;
            if end.is_none() {
                return Ok(forgotten);
            }
        }
    }

    async fn ping(&self) -> Result<(), ReadError> {
        let ping = || {
            let pings = diesel::update(counter::table.find("ping"));
            pings.set(counter::last.eq(counter::last + 1)).returning(counter::last)
        };
        let _: i64 = single(self.write(ping).await?)?;
        Ok(())
    }
}
