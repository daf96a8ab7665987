//! The audit log: who did what to which resource through which credential (contract section 10). An entry commits with its
//! change; what was refused has entries of its own. Entries are only ever added.

use crate::Timestamp;
use crate::agent::Agent;
use crate::api_key::ApiKey;
use crate::event::Actor;
use crate::id::OrgId;
use crate::member::Member;
use crate::oauth::client::OAuthClient;
use crate::organisation::Organisation;
use crate::phases;
use crate::project::Project;
use std::fmt::Display;
use std::net::IpAddr;

/// The call by which something is done, as the listener saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What was called: an operation of the API, such as `createProject`, or a command.
    pub action: String,
    /// The name of the request.
    pub request_id: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the sender calls itself. At most [`Origin::LONGEST_AGENT`] characters of it.
    pub user_agent: Option<String>,
}

impl Origin {
    /// What is kept of a `User-Agent`, in characters.
    pub const LONGEST_AGENT: usize = 200;

    /// A call that came over no network.
    pub fn local(action: impl Into<String>) -> Self {
        Self { action: action.into(), request_id: None, address: None, user_agent: None }
    }
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which kind of resource, such as `project`; `path` where it never came to one.
    pub kind: &'static str,
    /// Its identifier, or the path.
    pub id: String,
}

impl Target {
    /// A resource.
    pub fn new(kind: &'static str, id: impl Display) -> Self {
        Self { kind, id: id.to_string() }
    }
}

phases! {
    /// What became of it.
    pub enum Outcome {
        /// It was done.
        Done = "done",
        /// The credential did not allow it.
        Refused = "refused",
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Whose log it is in.
    pub org: OrgId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Through which credential: the public part of a key, the id of a grant. `None` on the command line.
    pub credential: Option<String>,
    /// By which call.
    pub origin: Origin,
    /// The kind of what it was done to.
    pub target_kind: String,
    /// The identifier of what it was done to.
    pub target_id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The names of the fields that changed. Never their values.
    pub changed: Vec<String>,
}

/// An entry with its place in its organisation's log, which starts at 1 and has no gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedEntry {
    /// Its place.
    pub sequence: i64,
    /// What was done.
    pub entry: AuditEntry,
}

/// The names of the fields in which two states differ.
macro_rules! changed {
    ($before:expr, $after:expr; $($name:literal: $($field:ident).+),+ $(,)?) => {
        [$(($before.$($field).+ != $after.$($field).+).then_some($name)),+].into_iter().flatten().collect()
    };
}

/// What a change made of a project.
pub fn changed_in_project(before: &Project, after: &Project) -> Vec<&'static str> {
    changed!(before, after;
        "name": name, "canonical_name": canonical_name, "description": description, "visibility": visibility,
        "team_id": team, "metadata": metadata, "status": phase)
}

/// What a change or command made of an agent.
pub fn changed_in_agent(before: &Agent, after: &Agent) -> Vec<&'static str> {
    changed!(before, after;
        "name": name, "description": description, "config.model": config.model, "config.temperature": config.temperature,
        "config.max_tokens": config.max_tokens, "config.tools": config.tools, "config.system_prompt": config.system_prompt,
        "environment_variables": environment, "metadata": metadata, "status": phase)
}

/// What a change made of a member.
pub fn changed_in_member(before: &Member, after: &Member) -> Vec<&'static str> {
    changed!(before, after;
        "email": email, "role": role, "disabled": disabled_at, "password": password, "password_link": invitation,
        "upstream_account": upstream)
}

/// What a change made of an API key.
pub fn changed_in_key(before: &ApiKey, after: &ApiKey) -> Vec<&'static str> {
    changed!(before, after;
        "name": name, "permissions": permissions, "projects": projects, "rate_limits": limits, "expires_at": expires_at,
        "replaced_by": successor)
}

/// What a change made of an application.
pub fn changed_in_client(before: &OAuthClient, after: &OAuthClient) -> Vec<&'static str> {
    changed!(before, after;
        "name": name, "redirect_uris": redirect_uris, "scopes": scopes, "status": status, "client_secret": secrets)
}

/// What a change made of an organisation.
pub fn changed_in_organisation(before: &Organisation, after: &Organisation) -> Vec<&'static str> {
    changed!(before, after; "name": name, "rate_limits": limits)
}
