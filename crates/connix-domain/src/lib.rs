//! What Connix is: organisations, projects, agents and their tasks, the rules of their lives, and the ports through which
//! a service stores and runs them.
//!
//! The crate knows no technology: no database, no HTTP, no serialisation, no clock, no randomness. Everything here is a
//! value or a pure function of values, so that other services can use it as it stands (see `examples/`).
//!
//! | to learn about | read |
//! |---|---|
//! | identifiers and names | [`id`], [`name`] |
//! | lifecycles, their tables | [`lifecycle`], [`project::ProjectPhase`], [`agent::AgentPhase`], [`task::TaskPhase`] |
//! | writing | [`change_set::ChangeSet`] and [`port::store::Committer`] |
//! | reading | the reader ports in [`port::store`] |
//! | figures over time | [`telemetry`], [`port::telemetry`] |
//! | who may do what | [`access::Access`], [`role::Role`], [`permission::Permission`] |
//! | what happened | [`event::Event`] |
//! | applications that act for people | [`oauth`] |
//! | people who sign in through another provider | [`upstream`] |
#![warn(missing_docs)]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod agent;
pub mod api_key;
pub mod audit;
pub mod browser_session;
pub mod change_set;
pub mod confinement;
pub mod event;
pub mod fault;
pub mod grace;
pub mod id;
pub mod idempotency;
pub mod journal;
pub mod lifecycle;
pub mod log;
pub mod member;
pub mod metadata;
pub mod name;
pub mod oauth;
pub mod organisation;
pub mod page;
pub mod permission;
pub mod port;
pub mod price;
pub mod project;
pub mod rate_limit;
pub mod role;
pub mod scope;
pub mod sign_in;
pub mod task;
pub mod team;
pub mod telemetry;
pub mod tool;
pub mod upstream;

/// An instant in UTC. Stores keep microseconds; [`port::clock::Clock`] gives no more than that.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
