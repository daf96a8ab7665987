//! An agent as AGNT shows it (contract section 6).

use super::reveal::Environment;
use crate::figure::Figure;
use crate::query::OffsetPagination;
use crate::rfc3339::Instant;
use connix_application::AgentDetails;
use connix_domain::agent::{Agent, AgentFault, EnvironmentVariables, Exit};
use connix_domain::id::AgentId;
use connix_domain::telemetry::TaskTotals;
use connix_domain::tool::ToolCatalogue;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Agent")]
pub(crate) struct AgentView<'a> {
    /// `agent_` and 16 hexadecimal digits.
    id: String,
    name: &'a str,
    description: Option<&'a str>,
    project_id: String,
    /// `creating`, `running`, `paused`, `stopped`, `error` or `updating`.
    status: &'static str,
    config: ConfigView<'a>,
    /// Custom attributes, with `created_by` and `version`.
    #[schemars(with = "Map<String, Value>")]
    metadata: Value,
    created_at: Instant,
    updated_at: Instant,
    /// The last sign of work.
    last_activity: Option<Instant>,
    /// Why the service gave up on it, in status `error`.
    error: Option<FaultView<'a>>,
    runtime: RuntimeView<'a>,
    /// What its tasks came to; shown by *get* alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<StatsView>,
}

/// What an agent's tasks came to since it was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentStats")]
struct StatsView {
    /// Completed, failed and open ones; cancelled ones are left out.
    total_tasks: i64,
    completed_tasks: i64,
    failed_tasks: i64,
    /// `completed_tasks / total_tasks`, to 3 places.
    success_rate: Figure,
    /// Of the tasks that completed, in seconds.
    avg_response_time: Figure,
}

/// How an agent thinks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentConfig")]
struct ConfigView<'a> {
    model: &'a str,
    temperature: f64,
    max_tokens: i64,
    tools: &'a [String],
    #[serde(flatten)]
    inner: Option<InnerConfigView<'a>>,
}

/// What lists leave out.
#[derive(Debug, Serialize, JsonSchema)]
struct InnerConfigView<'a> {
    system_prompt: Option<&'a str>,
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    environment_variables: Map<String, Value>,
}

/// Why the service gave up.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentFault")]
struct FaultView<'a> {
    code: &'a str,
    message: &'a str,
}

/// What an agent's process really does.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentRuntime")]
struct RuntimeView<'a> {
    /// `local` or `external`.
    kind: &'static str,
    /// `none`, `waiting_for_worker`, `starting`, `ready`, `parked`, `stopping` or `backoff`.
    phase: &'static str,
    incarnation: i64,
    restarts: i64,
    next_retry_at: Option<Instant>,
    /// By when the start or update under way has to be over: the service ends it then.
    deadline: Option<Instant>,
    last_exit: Option<ExitView<'a>>,
    /// Tools of its config that cannot be used now: a call of one tells the model so.
    degraded_tools: Vec<&'a str>,
}

/// How a process ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentExit")]
struct ExitView<'a> {
    code: Option<i32>,
    signal: Option<i32>,
    reason: &'a str,
    at: Instant,
}

impl<'a> AgentView<'a> {
    /// Everything: what *get*, *create* and *PUT* show.
    pub(super) fn whole(details: &'a AgentDetails, environment: Environment) -> Self {
        let mut view = Self::listed(&details.agent);
        view.config.inner = Some(InnerConfigView::of(&details.agent, &details.environment, environment));
        view.stats = details.stats.as_ref().map(StatsView::of);
        view
    }

    /// Says which of its tools cannot be used now.
    pub(super) fn with_tools_of(mut self, catalogue: &ToolCatalogue) -> Self {
        self.runtime.degraded_tools = catalogue.degraded(self.config.tools);
        self
    }

    /// Without prompt and environment variables: what a list shows.
    pub(super) fn listed(agent: &'a Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.as_str(),
            description: agent.description.as_deref(),
            project_id: agent.project.to_string(),
            status: agent.phase.status(),
            config: ConfigView {
                model: &agent.config.model,
                temperature: agent.config.temperature,
                max_tokens: agent.config.max_tokens,
                tools: &agent.config.tools,
                inner: None,
            },
            metadata: agent.metadata.to_value(),
            created_at: agent.created_at.into(),
            updated_at: agent.updated_at.into(),
            last_activity: agent.last_activity.map(Instant::from),
            error: agent.control.fault.as_ref().map(FaultView::of),
            runtime: RuntimeView::of(agent),
            stats: None,
        }
    }
}

impl StatsView {
    fn of(totals: &TaskTotals) -> Self {
        let (figures, in_progress) = (totals.figures, totals.in_progress);
        Self {
            total_tasks: figures.total(in_progress),
            completed_tasks: figures.completed,
            failed_tasks: figures.failed,
            success_rate: Figure(figures.success_rate(in_progress)),
            avg_response_time: Figure(figures.average_response_seconds()),
        }
    }
}

impl<'a> FaultView<'a> {
    fn of(fault: &'a AgentFault) -> Self {
        Self { code: &fault.code, message: &fault.message }
    }
}

impl<'a> RuntimeView<'a> {
    fn of(agent: &'a Agent) -> Self {
        let control = &agent.control;
        Self {
            kind: agent.runtime.as_str(),
            phase: control.process.as_str(),
            incarnation: control.incarnation,
            restarts: control.restarts,
            next_retry_at: control.retry_at.map(Instant::from),
            deadline: agent.deadline().map(Instant::from),
            last_exit: control.last_exit.as_ref().map(ExitView::of),
            degraded_tools: Vec::new(),
        }
    }
}

impl<'a> ExitView<'a> {
    fn of(exit: &'a Exit) -> Self {
        Self { code: exit.code, signal: exit.signal, reason: &exit.reason, at: exit.at.into() }
    }
}

impl<'a> InnerConfigView<'a> {
    fn of(agent: &'a Agent, variables: &EnvironmentVariables, shown: Environment) -> Self {
        let environment_variables = match shown {
            Environment::Masked => variables.masked().map(|(name, value)| (name.to_owned(), value.into())).collect(),
            Environment::Revealed => variables.iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
        };
        Self { system_prompt: agent.config.system_prompt.as_deref(), environment_variables }
    }
}

/// A part of a project's agents.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AgentList<'a> {
    pub(super) agents: Vec<AgentView<'a>>,
    pub(super) pagination: OffsetPagination,
}

/// What is left of a deleted agent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AgentRemoved {
    message: &'static str,
    agent_id: String,
}

impl AgentRemoved {
    pub(super) fn of(agent: AgentId) -> Self {
        Self { message: "Agent deleted successfully", agent_id: agent.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connix_domain::Timestamp;
    use connix_domain::agent::{AgentConfig, NewAgent, RuntimeKind};
    use connix_domain::id::{OrgId, ProjectId, UserId};
    use connix_domain::metadata::Metadata;
    use connix_domain::name::AgentName;
    use serde_json::json;

    fn agent() -> Agent {
        let metadata = json!({"environment": "production", "team": "customer-success"});
        let new = NewAgent {
            org: OrgId::new(1),
            id: AgentId::new(0x9876_5432_10fe_dcba),
            project: ProjectId::new(0x1234_5678_90ab_cdef),
            name: AgentName::parse("Customer Support Agent").unwrap(),
            description: Some("Handles customer inquiries and support requests".to_owned()),
            config: AgentConfig {
                temperature: 0.3,
                max_tokens: 1024,
                system_prompt: Some("You are a helpful customer support agent".to_owned()),
                ..AgentConfig::of_model("gpt-4")
            },
            environment: None,
            metadata: Metadata::restore(metadata),
            created_by: UserId::new(0x1234_5678_90ab_cdef),
            runtime: RuntimeKind::Local,
        };
        let now: Timestamp = "2024-01-15T16:45:00Z".parse().unwrap();
        Agent::create(new, now)
    }

    #[test]
    fn a_listed_agent_shows_the_keys_of_the_document_in_its_order() {
        let shown = serde_json::to_string(&AgentView::listed(&agent())).unwrap();
        let documented = concat!(
            r#"{"id":"agent_9876543210fedcba","name":"Customer Support Agent","#,
            r#""description":"Handles customer inquiries and support requests","project_id":"proj_1234567890abcdef","#,
            r#""status":"creating","config":{"model":"gpt-4","temperature":0.3,"max_tokens":1024,"tools":[]},"#,
            r#""metadata":{"created_by":"user_1234567890abcdef","environment":"production","team":"customer-success","#,
            r#""version":"1.0.0"},"created_at":"2024-01-15T16:45:00Z","updated_at":"2024-01-15T16:45:00Z","#,
            r#""last_activity":null,"#,
        );
        assert!(shown.starts_with(documented), "{shown}");
    }

    #[test]
    fn prompt_and_variables_are_shown_only_on_its_own_page() {
        let agent = agent();
        let mut view = AgentView::listed(&agent);
        let listed = serde_json::to_value(&view).unwrap();
        assert!(listed["config"].get("system_prompt").is_none());
        assert!(listed["config"].get("environment_variables").is_none());
        let pairs = [("SUPPORT_QUEUE", "high_priority"), ("API_KEY", "hidden")];
        let variables =
            EnvironmentVariables::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        view.config.inner = Some(InnerConfigView::of(&agent, &variables, Environment::Masked));
        let whole = serde_json::to_value(&view).unwrap();
        assert_eq!(whole["config"]["system_prompt"], "You are a helpful customer support agent");
        assert_eq!(
            whole["config"]["environment_variables"],
            json!({"SUPPORT_QUEUE": "high_priority", "API_KEY": "***"})
        );
        view.config.inner = Some(InnerConfigView::of(&agent, &variables, Environment::Revealed));
        let revealed = serde_json::to_value(&view).unwrap();
        assert_eq!(revealed["config"]["environment_variables"]["API_KEY"], "hidden");
    }
}
