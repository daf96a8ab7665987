//! A store beside the store in memory, which counts everything anew: whatever is written to both must be told alike by both.

use super::{Shared, Subject, Tenant};
use crate::MemoryStore;
use crate::ids::chance;
use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::project::Project;
use std::sync::Arc;

/// One organisation in two stores.
pub(super) struct Twins {
    pub(super) tenant: Tenant,
    pub(super) model: Tenant,
    pub(super) project: Project,
    pub(super) agent: Agent,
}

impl Twins {
    /// An organisation with a project and an agent, in both.
    pub(super) async fn new(subject: &dyn Subject) -> Self {
        let tenant = Tenant::new(subject).await;
        let memory = Shared(Arc::new(MemoryStore::new())).store();
        let model = Tenant { store: memory, organisation: tenant.organisation.clone() };
        let project = tenant.project("twins").await;
        let agent = tenant.agent(&project, "worker").await;
        let all = [
            Change::CreateOrganisation(model.organisation.clone()),
            Change::CreateProject(project.clone()),
            Change::CreateAgent(agent.clone()),
        ];
        model.must(all).await;
        Self { tenant, model, project, agent }
    }

    /// The same unit to both.
    pub(super) async fn must(&self, changes: impl IntoIterator<Item = Change>) {
        let changes: Vec<_> = changes.into_iter().collect();
        self.tenant.must(changes.clone()).await;
        self.model.must(changes).await;
    }
}

/// Something below `bound`.
pub(super) fn below(bound: u64) -> i64 {
    (chance() % bound) as i64
}
