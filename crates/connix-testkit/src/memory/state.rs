//! What the store in memory keeps.

use super::applications::Applications;
use super::telemetry::{Charge, Measured};
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::api_key::ApiKey;
use connix_domain::audit::PlacedEntry;
use connix_domain::event::SequencedEvent;
use connix_domain::id::{AgentId, OrgId, ProjectId, TaskId, TeamId, UserId};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::journal::JournalEntry;
use connix_domain::log::PlacedLine;
use connix_domain::member::Member;
use connix_domain::organisation::Organisation;
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::task::Task;
use connix_domain::team::Team;
use connix_domain::telemetry::ResourceSample;
use std::collections::{BTreeMap, HashMap};

/// Which sample it is: of which incarnation of an agent, and when.
type SampleKey = (OrgId, AgentId, i64, Timestamp);

/// Everything, by key.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) organisations: BTreeMap<OrgId, Organisation>,
    pub(super) api_keys: BTreeMap<String, ApiKey>,
    pub(super) members: BTreeMap<(OrgId, UserId), Member>,
    pub(super) teams: BTreeMap<(OrgId, TeamId), Team>,
    /// Since when who is in which team.
    pub(super) memberships: BTreeMap<(OrgId, TeamId, UserId), Timestamp>,
    pub(super) projects: BTreeMap<(OrgId, ProjectId), Project>,
    pub(super) agents: BTreeMap<(OrgId, AgentId), Agent>,
    pub(super) tasks: BTreeMap<(OrgId, TaskId), Task>,
    pub(super) journals: BTreeMap<(OrgId, TaskId, i64), JournalEntry>,
    /// In the order of writing.
    pub(super) logs: BTreeMap<(OrgId, AgentId), Vec<PlacedLine>>,
    pub(super) last_position: i64,
    pub(super) samples: BTreeMap<SampleKey, ResourceSample>,
    /// Those that were dropped because of their age, for the figures.
    pub(super) old_samples: BTreeMap<SampleKey, ResourceSample>,
    pub(super) charges: Vec<Charge>,
    pub(super) measured: Vec<Measured>,
    pub(super) events: BTreeMap<OrgId, Vec<SequencedEvent>>,
    pub(super) audit: BTreeMap<OrgId, Vec<PlacedEntry>>,
    pub(super) records: HashMap<IdempotencyKey, IdempotencyRecord>,
    pub(super) applications: Applications,
    pub(super) properties: BTreeMap<String, Vec<u8>>,
}

impl State {
    /// An organisation's projects that are not deleted.
    pub(super) fn projects_of(&self, org: OrgId) -> impl Iterator<Item = &Project> {
        self.projects.values().filter(move |p| p.org == org && p.phase != ProjectPhase::Deleted)
    }
    /// A project's agents, deleted ones too.
    pub(super) fn agents_of(&self, org: OrgId, project: ProjectId) -> impl Iterator<Item = &Agent> {
        self.agents.values().filter(move |a| a.org == org && a.project == project)
    }
    /// An agent's tasks.
    pub(super) fn tasks_of(&self, org: OrgId, agent: AgentId) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter(move |t| t.org == org && t.agent == agent)
    }
}
