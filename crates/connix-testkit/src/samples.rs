//! Values of the domain for tests, each with an identifier of its own. The plain ones are as a maker leaves them, the
//! full ones have something in every field.

pub mod oauth;

use crate::ids::chance;
use chrono::{DateTime, Duration};
use connix_domain::Timestamp;
use connix_domain::agent::{
    Agent, AgentConfig, AgentFault, AgentPhase, Control, Exit, NewAgent, ProcessPhase, RuntimeKind,
};
use connix_domain::api_key::{ApiKey, Digest, Kid};
use connix_domain::audit::{AuditEntry, Origin, Outcome};
use connix_domain::event::{Actor, Event, EventKind};
use connix_domain::id::{AgentId, EventId, OrgId, ProjectId, SessionId, TaskId, TeamId, UserId};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::journal::{EntryKind, JournalEntry};
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::member::{EmailAddress, Invitation, Member, Password, PasswordHash};
use connix_domain::metadata::Metadata;
use connix_domain::name::{AgentName, CanonicalName, DisplayName, KeyName, OrganisationName, TeamName};
use connix_domain::organisation::Organisation;
use connix_domain::permission::{Permission, Permissions};
use connix_domain::port::secrets::Sealed;
use connix_domain::project::{Project, ProjectPhase, Visibility};
use connix_domain::rate_limit::{Overrides, Policy};
use connix_domain::role::Role;
use connix_domain::task::{Task, TaskError, TaskOrder, TaskPhase, Usage};
use connix_domain::team::Team;
use connix_domain::upstream::UpstreamAccount;
use serde_json::{Value, json};
use std::net::IpAddr;

/// The moment that the times of samples are counted from. Its microseconds are not zero.
pub fn noon() -> Timestamp {
    DateTime::from_timestamp_micros(1_767_268_800_123_456).unwrap_or_default()
}

/// So many seconds after [`noon`].
pub fn after(seconds: i64) -> Timestamp {
    noon() + Duration::seconds(seconds)
}

/// An object of attributes.
///
/// # Panics
/// When it breaks the limits of metadata.
pub fn metadata(value: Value) -> Metadata {
    Metadata::parse(value.as_object().cloned().unwrap_or_default()).expect("attributes within the limits")
}

/// An organisation with a name of its own.
///
/// # Panics
/// Never: the name obeys the rule.
pub fn organisation() -> Organisation {
    let id = OrgId::new(chance());
    let name = OrganisationName::parse(&format!("Org {:x}", id.bits())).expect("a name by the rule");
    Organisation::new(id, name, UserId::new(chance()), noon())
}

/// An e-mail address.
///
/// # Panics
/// When the text is none.
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an e-mail address")
}

/// A member with a role.
pub fn member(org: OrgId, role: Role) -> Member {
    Member { role, ..Member::first_owner(org, UserId::new(chance()), noon()) }
}

/// A member with something in every field.
pub fn full_member(org: OrgId) -> Member {
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&chance().to_be_bytes());
    Member {
        email: Some(email(&format!("Ünï.{:x}@example.com", chance()))),
        password: Some(Password {
            hash: PasswordHash("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".to_owned()),
            set_at: after(5),
        }),
        invitation: Some(Invitation { digest: Digest(digest), expires_at: after(600) }),
        upstream: Some(upstream_account()),
        disabled_at: Some(after(50)),
        updated_at: after(51),
        version: 4,
        ..member(org, Role::Admin)
    }
}

/// An account at a provider that nobody else has.
pub fn upstream_account() -> UpstreamAccount {
    UpstreamAccount { issuer: "https://id.example".to_owned(), subject: format!("Sub-{:x}", chance()) }
}

/// A team of this name.
///
/// # Panics
/// When the name breaks the rule.
pub fn team(org: OrgId, name: &str) -> Team {
    let name = TeamName::parse(name).expect("a name by the rule");
    Team { org, id: TeamId::new(chance()), name, created_at: noon(), updated_at: noon(), version: 1 }
}

/// An entry of the audit log.
pub fn audit_entry(org: OrgId) -> AuditEntry {
    AuditEntry {
        org,
        at: noon(),
        actor: Actor::System,
        credential: None,
        origin: Origin::local("keys create"),
        target_kind: "api_key".to_owned(),
        target_id: "cx_0123456789AB".to_owned(),
        outcome: Outcome::Done,
        changed: Vec::new(),
    }
}

/// An entry of the audit log with something in every field.
pub fn full_audit_entry(org: OrgId) -> AuditEntry {
    AuditEntry {
        actor: Actor::Member(UserId::new(chance())),
        credential: Some("cx_0123456789AB".to_owned()),
        origin: Origin {
            action: "updateProject".to_owned(),
            request_id: Some("req_1".to_owned()),
            address: Some(IpAddr::from([192, 0, 2, 7])),
            user_agent: Some("curl/8 \"ünï\"".to_owned()),
        },
        target_kind: "project".to_owned(),
        target_id: ProjectId::new(chance()).to_string(),
        outcome: Outcome::Refused,
        changed: vec!["name".to_owned(), "metadata".to_owned()],
        ..audit_entry(org)
    }
}

/// A project with the given number and canonical name.
///
/// # Panics
/// When the name breaks the rule.
pub fn project(org: OrgId, number: i64, canonical: &str) -> Project {
    let canonical_name = CanonicalName::parse(canonical).expect("a name by the rule");
    Project {
        org,
        id: ProjectId::new(chance()),
        number,
        name: DisplayName::from(&canonical_name),
        canonical_name,
        description: None,
        phase: ProjectPhase::Active,
        visibility: Visibility::Private,
        team: None,
        created_by: UserId::new(chance()),
        metadata: Metadata::default(),
        created_at: noon(),
        updated_at: noon(),
        version: 1,
    }
}

/// A project with something in every field.
pub fn full_project(org: OrgId, number: i64, canonical: &str) -> Project {
    Project {
        description: Some("Line one\nline two, ünïcode and \"quotes\"".to_owned()),
        visibility: Visibility::Shared,
        team: Some(TeamId::new(chance())),
        metadata: metadata(json!({"zeta": 1, "alpha": ["x", null, {"deep": 0.1}], "exact": 0.123_456_789_012_345_68})),
        updated_at: after(61),
        version: 7,
        ..project(org, number, canonical)
    }
}

/// A text as the name of an agent.
///
/// # Panics
/// When it breaks the rule.
pub fn agent_name(name: &str) -> AgentName {
    AgentName::parse(name).expect("a name by the rule")
}

/// A text as the display name of a project.
///
/// # Panics
/// When it breaks the rule.
pub fn display_name(name: &str) -> DisplayName {
    DisplayName::parse(name).expect("a name by the rule")
}

/// A new agent of a project, to be launched by the server.
pub fn agent(project: &Project, name: &str) -> Agent {
    let new = NewAgent {
        org: project.org,
        id: AgentId::new(chance()),
        project: project.id,
        name: agent_name(name),
        description: None,
        config: AgentConfig::of_model("test-model"),
        environment: None,
        metadata: Metadata::default(),
        created_by: UserId::new(chance()),
        runtime: RuntimeKind::Local,
    };
    Agent::create(new, noon())
}

/// An agent with something in every field.
pub fn full_agent(project: &Project, name: &str, phase: AgentPhase, process: ProcessPhase) -> Agent {
    Agent {
        description: Some("does the work".to_owned()),
        config: AgentConfig {
            model: "model/with-slash".to_owned(),
            temperature: 0.1 + 0.2,
            max_tokens: i64::from(i32::MAX),
            tools: vec!["web_search".to_owned(), "code_execution".to_owned()],
            system_prompt: Some("Be brief.\n\u{1F916}".to_owned()),
        },
        environment: Some(Sealed(vec![0, 255, 1, 254])),
        metadata: metadata(json!({"created_by": "user_1", "team": "a", "version": "2.0.0"})),
        runtime: RuntimeKind::External,
        phase,
        control: full_control(process),
        updated_at: after(5),
        last_activity: Some(after(6)),
        version: 12,
        ..agent(project, name)
    }
}

fn full_control(process: ProcessPhase) -> Control {
    Control {
        generation: 2,
        config_revision: 3,
        applied_revision: 4,
        incarnation: 5,
        process,
        process_since: after(7),
        failures: vec![after(8), after(9)],
        retry_at: Some(after(10)),
        restarts: 11,
        announce: false,
        stops_owed: 2,
        update_until: Some(after(12)),
        last_exit: Some(Exit {
            code: Some(-1),
            signal: Some(9),
            reason: "killed".to_owned(),
            detail: "out of memory\n".to_owned(),
            at: after(13),
        }),
        fault: Some(AgentFault { code: "crash_loop".to_owned(), message: "too often".to_owned() }),
        session: Some(SessionId::new(chance())),
        nonce: Some("nonce".to_owned()),
        token: Some(Digest([7; 32])),
    }
}

/// A new task of an agent.
pub fn task(agent: &Agent) -> Task {
    let order =
        TaskOrder { input: json!("do it"), metadata: Metadata::default(), timeout_seconds: 900, max_attempts: 3 };
    Task::new(agent.org, TaskId::new(chance()), agent.id, agent.project, order, noon())
}

/// A task with something in every field.
pub fn full_task(agent: &Agent, phase: TaskPhase) -> Task {
    Task {
        order: TaskOrder {
            input: json!({"b": [1, 2.5], "a": null}),
            metadata: metadata(json!({"job": "nightly"})),
            timeout_seconds: 86_400,
            max_attempts: 10,
        },
        phase,
        attempt: 4,
        failures: 2,
        not_before: Some(after(1)),
        incarnation: Some(3),
        model: Some("gpt-4".to_owned()),
        lease_until: Some(after(2)),
        cancel_requested_at: Some(after(3)),
        output: Some(json!({"answer": 42, "nul": "\u{0}"})),
        error: Some(TaskError { code: "llm_not_configured".to_owned(), message: "set llm.base_url".to_owned() }),
        usage: Usage { prompt: 10, completion: 20, requests: 3 },
        started_at: Some(after(4)),
        attempt_started_at: Some(after(5)),
        completed_at: Some(after(6)),
        updated_at: after(7),
        version: 9,
        charged_to: Some("0123456789AB".to_owned()),
        ..task(agent)
    }
}

/// An entry of a task's journal.
pub fn journal_entry(task: &Task, sequence: i64) -> JournalEntry {
    JournalEntry {
        org: task.org,
        task: task.id,
        sequence,
        attempt: 1,
        kind: EntryKind::Message,
        data: json!({"text": format!("entry {sequence}")}),
        at: after(sequence),
    }
}

/// A log line of an agent's worker.
pub fn log_line(agent: &Agent, sequence: i64) -> LogLine {
    LogLine {
        org: agent.org,
        agent: agent.id,
        key: LineKey::Worker { incarnation: 1, sequence },
        at: after(sequence),
        level: LogLevel::Info,
        message: format!("line {sequence}"),
        context: json!({"sequence": sequence}),
    }
}

/// An event of a project.
pub fn event(project: &Project) -> Event {
    Event {
        id: EventId::new(chance()),
        org: project.org,
        kind: EventKind::ProjectUpdated,
        created_at: noon(),
        project: project.id,
        actor: Actor::Member(project.created_by),
        reason: Some("because".to_owned()),
        data: json!({"project": {"id": project.id.to_string()}}),
    }
}

/// A first answer that is kept for a day.
pub fn record(org: OrgId, key: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        key: IdempotencyKey { org, key: key.to_owned() },
        fingerprint: "f".to_owned(),
        answer: Sealed(vec![1, 0, 2]),
        created_at: noon(),
        expires_at: noon() + Duration::days(1),
    }
}

/// An API key with everything set.
///
/// # Panics
/// Never: the name obeys the rule.
pub fn api_key(org: OrgId) -> ApiKey {
    let kid = || Kid::new(format!("{:012x}", chance() >> 16));
    ApiKey {
        org,
        kid: kid(),
        line: kid(),
        digest: Digest([9; 32]),
        name: KeyName::parse("ci").expect("a name by the rule"),
        user: UserId::new(chance()),
        permissions: Permissions::from_iter([Permission::ProjectsRead, Permission::AuditRead]),
        projects: Some(vec![ProjectId::new(2), ProjectId::new(1)]),
        limits: Overrides::from_iter([(Policy::Minute, 5), (Policy::AgentsLogs, u32::MAX)]),
        created_at: noon(),
        updated_at: after(1),
        expires_at: Some(after(60)),
        revoked_at: None,
        successor: Some(kid()),
        last_used_at: Some(after(2)),
        version: 1,
    }
}
