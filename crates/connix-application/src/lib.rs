//! What Connix does: one method of [`App`] per use case, each `authorize → load → decide → commit`.
//!
//! Policy and decision are pure functions of the domain; a use case only brings them what they need and writes what
//! they decide, as one [`ChangeSet`](connix_domain::change_set::ChangeSet). Effects outside the store are never done
//! here: the [`Supervisor`] converges processes towards what has been committed.
#![warn(missing_docs)]

mod administration;
mod agent;
mod api_key;
mod app;
mod audit;
mod authentication;
mod caller;
mod commit;
mod console;
mod equipment;
mod error;
mod exposed_credentials;
mod failed_credentials;
mod follow;
mod idempotency;
mod known_credentials;
mod log;
mod member;
mod member_administration;
mod metering;
mod metrics;
mod network;
mod numbers;
mod oauth;
mod order;
mod organisation;
mod presence;
mod project;
mod project_order;
mod rate_limits;
mod redaction;
mod settings;
mod supervisor;
mod task;
mod team;
mod ticket;
mod usage;
mod wakeups;
mod watchdog;
mod worker;

pub use administration::{CannotStart, FirstStart, NewKey, OrgRef};
pub use agent::AgentDetails;
pub use api_key::{IssuedKey, KeyOrder, KeyUpdate};
pub use app::{App, Ports, Upstream};
pub use caller::{Caller, Precondition, ProjectRef};
pub use console::{
    Arrival, Departure, Entered, Guest, PasswordRefusal, SignInRefusal, SignedIn, UpstreamAnswer, UpstreamRefusal,
};
pub use equipment::Models;
pub use error::{Error, Resource};
pub use follow::{JournalFollower, LogFollower, LogStart, Next, Over, Step};
pub use idempotency::{Idempotency, Remember};
pub use member::InvitedMember;
pub use metrics::AgentMetrics;
pub use oauth::{
    Authorization, CallingClient, ClientCredentials, ClientOrder, ClientOrigins, Decision, Introspection, IssuedTokens,
    NewClient, Question, TokenFailure,
};
pub use order::{AgentCommand, AgentOrder, AgentUpdate};
pub use project_order::{Naming, ProjectOrder, Removed};
pub use settings::{Intervals, Llm, RateLimits, Settings, ToolTerms};
pub use supervisor::Supervisor;
pub use ticket::Ticket;
pub use usage::ProjectUsage;
pub use worker::{
    Claimed, Directive, Report, Reported, SessionGrant, Wanted, Worker, WorkerFailure, WorkerLine, WorkerNote,
};
