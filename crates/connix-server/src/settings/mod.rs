//! The settings of the service, typed. What each means, and its default, stands in `config/default.toml`.
//!
//! There is no `#[serde(default)]` here, but for the keys of lists' items: the defaults are that file, which is compiled in, so a
//! setting that is not documented there cannot exist. Read them with [`load::load`]; nothing else in the workspace reads the environment.

pub(crate) mod load;
mod mcp;
mod price;
pub(crate) mod print;
mod programs;
mod secret_text;
mod upstream;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;

use connix_domain::oauth::signing_key::SigningAlgorithm;
use connix_domain::port::secrets::Secret;
use connix_persistence::DatabaseUrl;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub(crate) use mcp::McpServer;
pub(crate) use price::ModelPrice;
pub(crate) use programs::Programs;
pub(crate) use upstream::Upstream;
pub(crate) use value::{HttpUrl, LogLevel, Origin};

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) server: Server,
    pub(crate) operations: Operations,
    pub(crate) streams: Streams,
    pub(crate) database: Database,
    pub(crate) log: Log,
    pub(crate) llm: Llm,
    pub(crate) runtime: Runtime,
    pub(crate) tools: Tools,
    pub(crate) telemetry: Telemetry,
    pub(crate) identity: Identity,
    pub(crate) rate_limits: RateLimits,
    pub(crate) webhooks: Webhooks,
}

/// The API's listener.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    #[serde(with = "value::unset_when_empty")]
    pub(crate) public_url: Option<HttpUrl>,
    pub(crate) cors_origins: Vec<Origin>,
    pub(crate) trusted_proxies: Vec<IpNet>,
}

/// Who people and applications are.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    #[serde(with = "value::text")]
    pub(crate) signing_algorithm: SigningAlgorithm,
    pub(crate) upstream: Upstream,
}

/// The operations listener.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operations {
    pub(crate) listen: SocketAddr,
}

/// Streams of events.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Streams {
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) heartbeat_seconds: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) patience_seconds: u64,
}

/// The store.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    #[serde(with = "value::text")]
    pub(crate) url: DatabaseUrl,
}

/// The log on standard error.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: LogLevel,
    pub(crate) format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// One object per line.
    Json,
}

/// The endpoint of the models.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Llm {
    #[serde(with = "value::unset_when_empty")]
    pub(crate) base_url: Option<HttpUrl>,
    #[serde(with = "value::hidden")]
    pub(crate) api_key: Option<Secret>,
    pub(crate) default_model: String,
    pub(crate) prices: Vec<ModelPrice>,
    pub(crate) currency: String,
}

/// Where agents run.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Runtime {
    pub(crate) kind: RuntimeKind,
    pub(crate) worker_command: Vec<String>,
    #[serde(deserialize_with = "value::between::<3, 86_400, _>")]
    pub(crate) lease_seconds: u32,
    #[serde(deserialize_with = "value::between::<1, 86_400, _>")]
    pub(crate) stall_seconds: u32,
    pub(crate) sandbox: Sandbox,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) workspace_bytes: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) workspace_files: u64,
    pub(crate) shell_sessions: bool,
    pub(crate) programs: Programs,
}

/// Who starts the agents' processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuntimeKind {
    /// The server, as its children.
    Local,
    /// Their owners.
    External,
}

/// How the programs of tools are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sandbox {
    /// Fully; where the kernel cannot, the tools that need it are refused.
    Strict,
    /// Not at all.
    None,
}

/// What tools may reach.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tools {
    pub(crate) allow_cidrs: Vec<IpNet>,
    pub(crate) time_limit_seconds: u32,
    pub(crate) mcp: Vec<McpServer>,
    pub(crate) web_search: WebSearch,
}

/// The tool `web_search`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebSearch {
    #[serde(with = "value::unset_when_empty")]
    pub(crate) url: Option<HttpUrl>,
}

/// Log lines and resource samples.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    #[serde(deserialize_with = "value::between::<1, 36_500, _>")]
    pub(crate) retention_days: u32,
    #[serde(deserialize_with = "value::between::<1, 3600, _>")]
    pub(crate) sample_seconds: u32,
}

/// Limits of requests.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimits {
    pub(crate) enabled: bool,
    pub(crate) requests_per_hour: u32,
    pub(crate) requests_per_minute: u32,
    pub(crate) tokens_per_hour: u32,
    #[serde(deserialize_with = "value::between::<1, 1_000_000, _>")]
    pub(crate) failed_credentials_per_minute: u32,
    pub(crate) agents: AgentRateLimits,
}

/// Limits by the minute of the calls about agents.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentRateLimits {
    pub(crate) list: u32,
    pub(crate) create: u32,
    pub(crate) get: u32,
    pub(crate) update: u32,
    pub(crate) delete: u32,
    pub(crate) actions: u32,
    pub(crate) logs: u32,
    pub(crate) metrics: u32,
}

/// Deliveries of events.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhooks {
    pub(crate) allow_cidrs: Vec<IpNet>,
    pub(crate) retry_schedule_seconds: Vec<u32>,
}
