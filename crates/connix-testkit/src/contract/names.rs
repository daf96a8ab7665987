//! What must be unique, and how a duplicate is told.

use super::tenant::Outcome;
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::Change;
use connix_domain::id::{AgentId, ProjectId, UserId};
use connix_domain::name::{CanonicalName, OrganisationName};
use connix_domain::organisation::Organisation;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectPhase};

fn duplicate(entity: Entity, field: &'static str) -> Outcome {
    Err(CommitError::Duplicate { entity, field })
}

fn shouted(organisation: &Organisation) -> Organisation {
    let name = OrganisationName::parse(&organisation.name.as_str().to_uppercase()).expect("a name by the rule");
    Organisation { name, ..samples::organisation() }
}

/// Committer: "A duplicate name MUST be reported as such, with its entity and field."
pub async fn a_duplicate_name_is_reported_with_its_entity_and_field(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("taken").await;
    tenant.agent(&project, "worker").await;
    let organisation = Organisation { id: samples::organisation().id, ..tenant.organisation.clone() };
    let outcome = tenant.commit([Change::CreateOrganisation(organisation)]).await;
    assert_eq!(outcome, duplicate(Entity::Organisation, "name"));
    let outcome = tenant.commit([Change::CreateProject(tenant.draft("taken").await)]).await;
    assert_eq!(outcome, duplicate(Entity::Project, "canonical_name"));
    let outcome = tenant.commit([Change::CreateAgent(samples::agent(&project, "worker"))]).await;
    assert_eq!(outcome, duplicate(Entity::Agent, "name"));

    let other = tenant.project("other").await;
    let renamed = Project { canonical_name: project.canonical_name, version: 2, ..other.clone() };
    assert_eq!(tenant.commit([Change::UpdateProject(renamed)]).await, duplicate(Entity::Project, "canonical_name"));
    let second = tenant.agent(&other, "second").await;
    tenant.agent(&other, "third").await;
    let renamed = Agent { name: samples::agent_name("third"), version: 2, ..second };
    assert_eq!(tenant.commit([Change::UpdateAgent(renamed)]).await, duplicate(Entity::Agent, "name"));
}

/// Committer: "Names MUST be unique without regard to case for projects, teams and organisations, and exactly for agents; …"
pub async fn names_are_unique_without_regard_to_case_and_for_agents_exactly(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("Mixed-Case").await;
    let outcome = tenant.commit([Change::CreateProject(tenant.draft("mixed-cASE").await)]).await;
    assert_eq!(outcome, duplicate(Entity::Project, "canonical_name"));
    let outcome = tenant.commit([Change::CreateOrganisation(shouted(&tenant.organisation))]).await;
    assert_eq!(outcome, duplicate(Entity::Organisation, "name"));

    tenant.agent(&project, "Worker").await;
    tenant.agent(&project, "worker").await;
    let other = tenant.project("other").await;
    tenant.agent(&other, "Worker").await;
    Tenant::new(subject).await.project("mixed-case").await;
    assert_eq!(tenant.store.agent_name_taken(tenant.scope(), other.id, "Worker").await, Ok(true));
    assert_eq!(tenant.store.agent_name_taken(tenant.scope(), other.id, "worker").await, Ok(false));
    let found = tenant.store.project_by_name(tenant.scope(), "mIXED-case").await;
    assert_eq!(found, Ok(Some(project)));
}

/// Committer: "… a deleted project's or agent's name MUST be free."
pub async fn the_name_of_something_deleted_is_free(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let home = tenant.project("home").await;
    for _ in 0..3 {
        let project = tenant.project("again").await;
        let deleted = Project { phase: ProjectPhase::Deleted, version: 2, ..project };
        tenant.must([Change::UpdateProject(deleted)]).await;
        assert_eq!(tenant.store.project_by_name(tenant.scope(), "again").await, Ok(None));
        let agent = tenant.agent(&home, "again").await;
        tenant.must([Change::UpdateAgent(Agent { phase: AgentPhase::Deleted, version: 2, ..agent })]).await;
        assert_eq!(tenant.store.agent_name_taken(tenant.scope(), home.id, "again").await, Ok(false));
    }
}

/// Identifiers, numbers and keys are told as duplicates too.
pub async fn every_other_rule_of_uniqueness_names_its_field(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("first").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let event = samples::event(&project);
    let key = samples::api_key(tenant.org());
    tenant.must([Change::Raise(event.clone()), Change::CreateApiKey(key.clone())]).await;

    let name = CanonicalName::derive(&samples::display_name("another name"), 0);
    let same_id = Project { number: tenant.number().await, canonical_name: name.clone(), ..project.clone() };
    let same_number = Project { id: ProjectId::new(chance()), canonical_name: name, ..project.clone() };
    let same_name = Agent { id: AgentId::new(chance()), name: samples::agent_name("x"), ..agent.clone() };
    let foreign = Tenant::new(subject).await;
    let cases = [
        (
            Change::CreateOrganisation(Organisation { id: tenant.org(), ..samples::organisation() }),
            Entity::Organisation,
            "id",
        ),
        (Change::CreateProject(same_id), Entity::Project, "id"),
        (Change::CreateProject(same_number), Entity::Project, "number"),
        (Change::CreateAgent(Agent { id: agent.id, ..same_name }), Entity::Agent, "id"),
        (Change::CreateTask(task), Entity::Task, "id"),
        (Change::Raise(event), Entity::Event, "id"),
        (
            Change::CreateApiKey(connix_domain::api_key::ApiKey { user: UserId::new(1), ..key.clone() }),
            Entity::ApiKey,
            "id",
        ),
        (Change::CreateApiKey(connix_domain::api_key::ApiKey { org: foreign.org(), ..key }), Entity::ApiKey, "id"),
    ];
    for (change, entity, field) in cases {
        let what = format!("{change:?}");
        assert_eq!(tenant.commit([change]).await, duplicate(entity, field), "{what}");
    }
}
