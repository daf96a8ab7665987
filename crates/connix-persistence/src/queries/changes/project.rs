//! Projects.

use super::rows::ProjectRow;
use super::tables::{agent, journal, log, project, task};
use super::{Must, Unit, dialect, stale};
use connix_domain::agent::AgentPhase;
use connix_domain::id::{OrgId, ProjectId};
use connix_domain::lifecycle::Words;
use connix_domain::port::store::Entity;
use connix_domain::project::{Project, ProjectPhase};
use diesel::prelude::*;

impl Unit {
    pub(super) fn create_project(&mut self, project: Project) {
        self.push(Must::Run, diesel::insert_into(project::table).values(ProjectRow::from(project)));
    }

    pub(super) fn update_project(&mut self, project: Project) {
        let row = project::table.find((project.org.to_string(), project.id.to_string()));
        let read = row.filter(project::version.eq(project.version - 1));
        self.push(Must::Touch(stale(Entity::Project)), diesel::update(read).set(ProjectRow::from(project)));
    }

    pub(super) fn project_unchanged(&mut self, org: OrgId, id: ProjectId, version: i64) {
        let read = project::table
            .select(project::version)
            .filter(project::org_id.eq(org.to_string()))
            .filter(project::id.eq(id.to_string()))
            .filter(project::version.eq(version));
        self.push(Must::Find(stale(Entity::Project)), dialect::for_share!(read));
    }

    pub(super) fn no_live_agents(&mut self, org: OrgId, id: ProjectId) {
        let alive = AgentPhase::ALL.iter().filter(|phase| phase.is_alive()).map(|phase| phase.as_str());
        let live = agent::table
            .select(agent::id)
            .filter(agent::org_id.eq(org.to_string()))
            .filter(agent::project_id.eq(id.to_string()))
            .filter(agent::phase.eq_any(alive.collect::<Vec<_>>()));
        self.push(Must::Miss(stale(Entity::Agent)), live);
    }

    /// The children first: nothing may point at a row that is gone.
    pub(super) fn purge_project(&mut self, org: OrgId, id: ProjectId) {
        let (org, id) = (org.to_string(), id.to_string());
        let own = agent::table.filter(agent::org_id.eq(org.clone())).filter(agent::project_id.eq(id.clone()));
        let agents = own.clone().select(agent::id);
        let tasks = task::table.filter(task::org_id.eq(org.clone())).filter(task::agent_id.eq_any(agents.clone()));
        let entries = journal::table.filter(journal::org_id.eq(org.clone()));
        let lines = log::table.filter(log::org_id.eq(org.clone())).filter(log::agent_id.eq_any(agents));
        let purged = entries.filter(journal::task_id.eq_any(tasks.clone().select(task::id)));
        self.push(Must::Run, diesel::delete(purged));
        self.push(Must::Run, diesel::delete(tasks));
        self.push(Must::Run, diesel::delete(lines));
        self.push(Must::Run, diesel::delete(own));
        let row = project::table.find((org, id)).filter(project::phase.eq(ProjectPhase::Deleted.as_str()));
        self.push(Must::Touch(stale(Entity::Project)), diesel::delete(row));
    }
}
