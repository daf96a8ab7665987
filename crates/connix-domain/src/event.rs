//! What happened: one durable, ordered sequence per organisation (contract section 7). An event commits with its change.

use crate::Timestamp;
use crate::agent::Agent;
use crate::id::{EventId, OrgId, ProjectId, UserId};
use crate::phases;
use crate::project::Project;
use crate::task::Task;
use serde_json::{Value, json};
use std::fmt;

phases! {
    /// The names of OVER's "supported events".
    pub enum EventKind {
        /// A project was created.
        ProjectCreated = "project.created",
        /// A PUT or PATCH changed something of a project; archiving too.
        ProjectUpdated = "project.updated",
        /// A project was deleted and what ran in it is gone.
        ProjectDeleted = "project.deleted",
        /// An agent's worker is first ready after create, start from stopped or error, or restart.
        AgentLaunched = "agent.launched",
        /// One of an agent's tasks completed.
        AgentCompleted = "agent.completed",
        /// A task failed for good, or the agent entered `error`.
        AgentFailed = "agent.failed",
        /// An accepted stop or delete of a live agent has taken effect: its process is gone.
        AgentStopped = "agent.stopped",
    }
}

/// Who caused something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A member, through one of their credentials.
    Member(UserId),
    /// The service itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(user) => fmt::Display::fmt(user, f),
            Self::System => f.write_str("system"),
        }
    }
}

impl std::str::FromStr for Actor {
    type Err = crate::id::InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "system" { Ok(Self::System) } else { text.parse().map(Self::Member) }
    }
}

/// Something that happened, before it has an identifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// What.
    pub kind: EventKind,
    /// Why, where it is not plain from the kind.
    pub reason: Option<String>,
    /// Ids, names and statuses; never configuration, prompts or secrets.
    pub data: Value,
}

/// An event as it is stored; the store gives it its number in the organisation's sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its identifier, the same over all deliveries.
    pub id: EventId,
    /// Whose sequence it belongs to.
    pub org: OrgId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub created_at: Timestamp,
    /// The project it happened in.
    pub project: ProjectId,
    /// Who caused it.
    pub actor: Actor,
    /// Why, where it is not plain from the kind.
    pub reason: Option<String>,
    /// Ids, names and statuses.
    pub data: Value,
}

/// An event with its place in the organisation's sequence, which starts at 1 and has no gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencedEvent {
    /// Its place.
    pub sequence: i64,
    /// What happened.
    pub event: Event,
}

impl Happening {
    fn new(kind: EventKind, data: Value) -> Self {
        Self { kind, reason: None, data }
    }
    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// `project.created`, `.updated` or `.deleted`.
    pub fn of_project(kind: EventKind, project: &Project) -> Self {
        let data = json!({ "project": {
            "id": project.id.to_string(), "number": project.number, "name": project.name.as_str(),
            "canonical_name": project.canonical_name.as_str(), "status": project.phase.as_str(),
        }});
        Self::new(kind, data)
    }
    /// `agent.launched`: the worker of this incarnation is ready.
    pub fn agent_launched(agent: &Agent) -> Self {
        Self::new(EventKind::AgentLaunched, agent_data(agent))
    }
    /// `agent.stopped`: the process is gone.
    pub fn agent_stopped(agent: &Agent) -> Self {
        Self::new(EventKind::AgentStopped, agent_data(agent))
    }
    /// `agent.failed` with scope `agent`: it entered `error`.
    pub fn agent_failed(agent: &Agent, reason: &str) -> Self {
        let mut data = agent_data(agent);
        data["scope"] = json!("agent");
        Self::new(EventKind::AgentFailed, data).because(reason)
    }
    /// `agent.completed`: a task completed.
    pub fn task_completed(agent: &Agent, task: &Task) -> Self {
        let mut data = agent_data(agent);
        data["task"] = task_data(task);
        Self::new(EventKind::AgentCompleted, data)
    }
    /// `agent.failed` with scope `task`: a task failed for good.
    pub fn task_failed(agent: &Agent, task: &Task) -> Self {
        let mut data = agent_data(agent);
        data["scope"] = json!("task");
        data["task"] = task_data(task);
        let reason = task.error.as_ref().map_or("failed", |e| e.code.as_str());
        Self::new(EventKind::AgentFailed, data).because(reason)
    }
}

fn agent_data(agent: &Agent) -> Value {
    json!({ "agent": {
        "id": agent.id.to_string(), "name": agent.name.as_str(), "project_id": agent.project.to_string(),
        "status": agent.phase.status(), "incarnation": agent.control.incarnation,
    }})
}

fn task_data(task: &Task) -> Value {
    json!({
        "id": task.id.to_string(), "status": task.phase.as_str(), "attempts": task.attempt,
        "usage": { "prompt_tokens": task.usage.prompt, "completion_tokens": task.usage.completion,
                   "total_tokens": task.usage.total() },
        "duration": task.duration_seconds(),
    })
}
