//! A unit of work that is told by its number: several rows, an event and an idempotency record.

use chrono::{DateTime, Days};
use connix_domain::agent::{Agent, AgentConfig, NewAgent, RuntimeKind};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Event, EventKind};
use connix_domain::id::{AgentId, EventId, OrgId, ProjectId, TaskId, UserId};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::metadata::Metadata;
use connix_domain::name::{AgentName, CanonicalName, DisplayName, NameIssue};
use connix_domain::port::secrets::Sealed;
use connix_domain::project::{Project, ProjectPhase, Visibility};
use connix_domain::task::{Task, TaskOrder};
use serde_json::Value;

/// The key of a unit's idempotency record.
pub(crate) fn key(org: OrgId, number: u64) -> IdempotencyKey {
    IdempotencyKey { org, key: format!("unit {number}") }
}

/// The unit of this number. `project_number` is one that the store gave.
pub(crate) fn unit(org: OrgId, number: u64, project_number: i64) -> Result<ChangeSet, NameIssue> {
    let now = DateTime::UNIX_EPOCH;
    let user = UserId::new(1);
    let canonical_name = CanonicalName::parse(&format!("unit-{number}"))?;
    let project = Project {
        org,
        id: ProjectId::new(number),
        number: project_number,
        name: DisplayName::from(&canonical_name),
        canonical_name,
        description: Some("x".repeat(500)),
        phase: ProjectPhase::Active,
        visibility: Visibility::Private,
        team: None,
        created_by: user,
        metadata: Metadata::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let new = NewAgent {
        org,
        id: AgentId::new(number),
        project: project.id,
        name: AgentName::parse("worker")?,
        description: None,
        config: AgentConfig::of_model("model"),
        environment: None,
        metadata: Metadata::default(),
        created_by: user,
        runtime: RuntimeKind::Local,
    };
    let agent = Agent::create(new, now);
    let order = TaskOrder {
        input: Value::String("work".to_owned()),
        metadata: Metadata::default(),
        timeout_seconds: 900,
        max_attempts: 3,
    };
    let task = Task::new(org, TaskId::new(number), agent.id, project.id, order, now);
    let event = Event {
        id: EventId::new(number),
        org,
        kind: EventKind::ProjectCreated,
        created_at: now,
        project: project.id,
        actor: Actor::System,
        reason: None,
        data: Value::Null,
    };
    let record = IdempotencyRecord {
        key: key(org, number),
        fingerprint: String::new(),
        answer: Sealed(vec![0; 200]),
        created_at: now,
        expires_at: now + Days::new(365_000),
    };
    Ok(ChangeSet::new()
        .with(Change::Remember(record))
        .with(Change::CreateProject(project))
        .with(Change::CreateAgent(agent))
        .with(Change::CreateTask(task))
        .with(Change::Raise(event)))
}
