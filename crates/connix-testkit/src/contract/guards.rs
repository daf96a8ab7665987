//! Guards: what was decided on still holds at the moment of the commit.

use super::tenant::{Outcome, renamed};
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::AgentId;
use connix_domain::lifecycle::Words;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectPhase};

fn stale(entity: Entity) -> Outcome {
    Err(CommitError::Stale { entity })
}

/// `Change::ProjectUnchanged`
pub async fn a_project_that_changed_fails_the_unit(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("guarded").await;
    let guard = |version| Change::ProjectUnchanged { org: project.org, id: project.id, version };
    let agent = samples::agent(&project, "kept");
    tenant.must([guard(1), Change::CreateAgent(agent.clone())]).await;
    for wrong in [0, 2] {
        let refused = [Change::CreateAgent(samples::agent(&project, "refused")), guard(wrong)];
        assert_eq!(tenant.commit(refused).await, stale(Entity::Project));
    }
    let elsewhere = Change::ProjectUnchanged { org: Tenant::new(subject).await.org(), id: project.id, version: 1 };
    assert_eq!(tenant.commit([elsewhere]).await, stale(Entity::Project));
    assert_eq!(tenant.store.agents_of(tenant.scope(), project.id).await, Ok(vec![agent]));
}

/// `Change::AgentUnchanged`
pub async fn an_agent_that_changed_fails_the_unit(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("guarded").await;
    let agent = tenant.agent(&project, "worker").await;
    let guard = |version| Change::AgentUnchanged { org: agent.org, id: agent.id, version };
    tenant.must([guard(1), Change::CreateTask(samples::task(&agent))]).await;
    let refused = [Change::CreateTask(samples::task(&agent)), guard(2)];
    assert_eq!(tenant.commit(refused).await, stale(Entity::Agent));
    let unknown = Change::AgentUnchanged { org: agent.org, id: AgentId::new(0), version: 1 };
    assert_eq!(tenant.commit([unknown]).await, stale(Entity::Agent));
    assert_eq!(tenant.store.open_tasks(tenant.scope(), agent.id).await, Ok(1));
}

/// `Change::NoLiveAgents`
pub async fn live_agents_fail_the_unit_as_of_the_changes_before(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("guarded").await;
    let neighbour = tenant.project("neighbour").await;
    tenant.agent(&neighbour, "alive").await;
    let guard = || Change::NoLiveAgents { org: project.org, project: project.id };
    tenant.must([guard()]).await;
    let mut agent = tenant.agent(&project, "worker").await;
    for phase in AgentPhase::ALL {
        agent = Agent { phase: *phase, version: agent.version + 1, ..agent };
        let expected = if phase.is_alive() { stale(Entity::Agent) } else { Ok(()) };
        // with the change before it in the same unit, and on its own
        assert_eq!(tenant.commit([Change::UpdateAgent(agent.clone()), guard()]).await, expected, "{phase}");
        if phase.is_alive() {
            tenant.must([Change::UpdateAgent(agent.clone())]).await;
        }
        assert_eq!(tenant.commit([guard()]).await, expected, "{phase}");
    }
}

/// A guard is neither a change nor a version.
pub async fn a_guard_changes_nothing(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("guarded").await;
    let agent = tenant.agent(&project, "worker").await;
    let guards = [
        Change::ProjectUnchanged { org: project.org, id: project.id, version: 1 },
        Change::AgentUnchanged { org: agent.org, id: agent.id, version: 1 },
    ];
    tenant.must(guards).await;
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project)));
    assert_eq!(tenant.reread(&agent).await, agent);
}

/// Nobody makes an agent in a project while somebody else, elsewhere, deletes it because it has none.
pub async fn a_guard_and_an_update_exclude_each_other(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let other = subject.another().await;
    for round in 0..20 {
        let project = tenant.project(&format!("contended-{round}")).await;
        let version = project.version;
        let create = ChangeSet::new()
            .with(Change::ProjectUnchanged { org: project.org, id: project.id, version })
            .with(Change::CreateAgent(samples::agent(&project, "worker")));
        let deleted = Project { phase: ProjectPhase::Deleted, ..renamed(&project, "gone") };
        let delete = ChangeSet::new()
            .with(Change::UpdateProject(deleted))
            .with(Change::NoLiveAgents { org: project.org, project: project.id });
        let (created, deleted) = tokio::join!(tenant.store.commit(create), other.commit(delete));
        let expected = if created.is_ok() { stale(Entity::Agent) } else { Ok(()) };
        assert_eq!(deleted, expected, "round {round}: {created:?}");
        let agents = tenant.store.agents_of(tenant.scope(), project.id).await.map(|agents| agents.len());
        assert_eq!(agents, Ok(usize::from(created.is_ok())));
        let seen = other.project(tenant.scope(), project.id).await.map(|project| project.is_some());
        assert_eq!(seen, Ok(created.is_ok()));
    }
}
