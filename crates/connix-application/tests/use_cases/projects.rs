//! Use cases of projects, on a memory store.

use crate::world::{World, agent_order, eventually, project_order};
use connix_application::{Error, Idempotency, Naming, Precondition, ProjectOrder, ProjectRef, Remember, Resource};
use connix_domain::agent::AgentPhase;
use connix_domain::event::EventKind;
use connix_domain::idempotency::IdempotencyKey;
use connix_domain::name::DisplayName;
use connix_domain::permission::{Permissions, Scope};
use connix_domain::project::{Project, ProjectChange, ProjectPhase};

#[tokio::test]
async fn a_first_start_makes_everything_once() {
    let world = World::new().await;
    assert!(world.app.first_start().await.unwrap().is_none());
    let default = world.app.project(&world.caller, &ProjectRef::default_project()).await.unwrap();
    assert!(default.is_default());
    assert_eq!(world.events().await[0].event.kind, EventKind::ProjectCreated);
}

#[tokio::test]
async fn a_taken_name_is_refused_in_any_case() {
    let world = World::new().await;
    world.project("ml-training").await;
    let refused = world.app.create_project(&world.caller, project_order("ML-Training"), None).await;
    assert_eq!(refused, Err(Error::ProjectNameTaken { field: "name", value: "ML-Training".into() }));
}

#[tokio::test]
async fn a_derived_name_gets_a_number_when_it_is_taken() {
    let world = World::new().await;
    let naming = Naming::Derived(DisplayName::parse("Legal Counsel Project").unwrap());
    let order = ProjectOrder { naming, ..project_order("unused") };
    let mut names = Vec::new();
    for _ in 0..3 {
        let project = world.app.create_project(&world.caller, order.clone(), None).await.unwrap();
        names.push(project.canonical_name.as_str().to_owned());
    }
    assert_eq!(names, ["legal-counsel-project", "legal-counsel-project-2", "legal-counsel-project-3"]);
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_another_request_is_refused() {
    let world = World::new().await;
    let call = |fingerprint: &str| Idempotency {
        key: IdempotencyKey { org: world.caller.scope().org(), key: "k".into() },
        fingerprint: fingerprint.into(),
    };
    let render = |project: &Project| project.id.to_string().into_bytes();
    let remember = Some(Remember { call: call("a"), render: &render });
    let project = world.app.create_project(&world.caller, project_order("once"), remember).await.unwrap();
    assert_eq!(world.app.replay(&call("a")).await, Ok(Some(project.id.to_string().into_bytes())));
    assert_eq!(world.app.replay(&call("b")).await, Err(Error::IdempotencyKeyReused));
    let remember = Some(Remember { call: call("a"), render: &render });
    let again = world.app.create_project(&world.caller, project_order("twice"), remember).await;
    assert_eq!(again, Err(Error::IdempotencyInProgress));
    let unknown = world.app.project(&world.caller, &ProjectRef::read("twice")).await;
    assert_eq!(unknown, Err(Error::NotFound(Resource::Project("twice".into()))), "a second unit leaves nothing");
}

#[tokio::test]
async fn a_write_on_an_old_version_is_refused() {
    let world = World::new().await;
    let project = world.project("versioned").await;
    let wanted = ProjectRef::Id(project.id);
    let change = ProjectChange { description: Some(Some("new".into())), ..ProjectChange::default() };
    let stale = Precondition::Versions(vec![project.version + 1]);
    let refused = world.app.change_project(&world.caller, &wanted, &stale, &change).await;
    assert_eq!(refused, Err(Error::PreconditionFailed));
    let current = Precondition::Versions(vec![project.version]);
    let changed = world.app.change_project(&world.caller, &wanted, &current, &change).await.unwrap();
    assert_eq!(changed.version, project.version + 1);
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let project = world.project("same").await;
    let change = ProjectChange { name: Some(project.name.clone()), ..ProjectChange::default() };
    let wanted = ProjectRef::Id(project.id);
    let unchanged = world.app.change_project(&world.caller, &wanted, &Precondition::None, &change).await.unwrap();
    assert_eq!(unchanged, project);
    assert_eq!(world.happened().await, [EventKind::ProjectCreated]);
}

#[tokio::test]
async fn archiving_stops_the_agents_and_an_archived_project_takes_none() {
    let world = World::new().await;
    let project = world.project("old").await;
    let wanted = ProjectRef::Id(project.id);
    let agent = world.agent_in(&wanted, "worker").await;
    let archive = ProjectChange { phase: Some(ProjectPhase::Archived), ..ProjectChange::default() };
    world.app.change_project(&world.caller, &wanted, &Precondition::None, &archive).await.unwrap();
    assert_eq!(world.seen(&agent).await.phase, AgentPhase::Stopped);
    assert_eq!(world.happened().await, [EventKind::ProjectCreated, EventKind::AgentStopped, EventKind::ProjectUpdated]);
    let refused = world.app.create_agent(&world.caller, &wanted, agent_order("late"), None).await;
    assert_eq!(refused.err(), Some(Error::ProjectArchived));
}

#[tokio::test]
async fn a_project_with_live_agents_is_deleted_only_in_cascade_and_after_them() {
    let world = World::supervised().await;
    let project = world.project("doomed").await;
    let wanted = ProjectRef::Id(project.id);
    let agent = world.agent_in(&wanted, "worker").await;
    let launch = world.launched(&agent, 1).await;
    world.attach(&launch).await;
    let refused = world.app.delete_project(&world.caller, &wanted, &Precondition::None, false).await;
    assert_eq!(refused, Err(Error::ProjectInUse(1)));
    world.app.delete_project(&world.caller, &wanted, &Precondition::None, true).await.unwrap();
    assert!(matches!(world.app.project(&world.caller, &wanted).await, Err(Error::NotFound(_))));
    assert_eq!(world.happened().await, [EventKind::ProjectCreated, EventKind::AgentLaunched]);
    eventually("the drain", || async { world.runtime.was_drained(agent.id, 1).then_some(()) }).await;
    world.runtime.end(&launch, Some(0), None, world.now());
    let all = [EventKind::ProjectCreated, EventKind::AgentLaunched, EventKind::AgentStopped, EventKind::ProjectDeleted];
    eventually("the last event", || async { (world.happened().await == all).then_some(()) }).await;
}

#[tokio::test]
async fn an_empty_project_is_deleted_at_once_and_its_name_is_free() {
    let world = World::new().await;
    let project = world.project("empty").await;
    let removed =
        world.app.delete_project(&world.caller, &ProjectRef::Id(project.id), &Precondition::None, false).await.unwrap();
    assert_eq!(removed.number, project.number);
    assert_eq!(world.happened().await, [EventKind::ProjectCreated, EventKind::ProjectDeleted]);
    world.project("empty").await;
}

#[tokio::test]
async fn the_default_project_is_protected() {
    let world = World::new().await;
    let default = ProjectRef::default_project();
    let refused = world.app.delete_project(&world.caller, &default, &Precondition::None, true).await;
    assert_eq!(refused, Err(Error::DefaultProjectProtected("deleted")));
    let archive = ProjectChange { phase: Some(ProjectPhase::Archived), ..ProjectChange::default() };
    let refused = world.app.change_project(&world.caller, &default, &Precondition::None, &archive).await;
    assert_eq!(refused, Err(Error::DefaultProjectProtected("archived")));
}

#[tokio::test]
async fn a_credential_does_what_it_holds_and_sees_what_it_reaches() {
    let world = World::new().await;
    let (mine, other) = (world.project("mine").await, world.project("other").await);
    let reader = world.caller_with(Scope::Read.permissions(), None).await;
    let refused = world.app.create_project(&reader, project_order("new"), None).await;
    assert_eq!(refused, Err(Error::Forbidden));
    let limited = world.caller_with(Permissions::all(), Some(vec![ProjectRef::Id(mine.id)])).await;
    assert!(world.app.project(&limited, &ProjectRef::Id(mine.id)).await.is_ok());
    let unseen = world.app.project(&limited, &ProjectRef::Id(other.id)).await;
    assert_eq!(unseen, Err(Error::NotFound(Resource::Project(other.id.to_string()))));
    let refused = world.app.create_project(&limited, project_order("new"), None).await;
    assert_eq!(refused, Err(Error::Forbidden));
}
