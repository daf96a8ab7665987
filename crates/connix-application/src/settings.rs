//! What the use cases need to know of the operator's settings.

use connix_domain::agent::RuntimeKind;
use connix_domain::oauth::signing_key::SigningAlgorithm;
use connix_domain::port::secrets::Secret;
use connix_domain::price::PriceTable;
use connix_domain::rate_limit::Figures;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// The model endpoint that agents ask.
#[derive(Debug, Clone)]
pub struct Llm {
    /// An OpenAI-compatible endpoint, such as `http://127.0.0.1:11434/v1`; `None` until one is set.
    pub base_url: Option<String>,
    /// Its credential.
    pub api_key: Option<Secret>,
    /// The model of an agent whose maker gave none.
    pub default_model: String,
    /// What models cost.
    pub prices: PriceTable,
}

/// The worker protocol's times. `3 · heartbeat ≤ park < fence < lease` must hold (`runtime.md` 2.4).
#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    /// How often a worker has to be heard.
    pub heartbeat: Duration,
    /// How long a task stays with a worker that is not heard.
    pub lease: Duration,
    /// How long a worker may wait for a task in one call.
    pub claim_wait: Duration,
    /// How long a worker that is told to leave may finish what it does.
    pub stop_grace: Duration,
    /// How long an attempt may go without progress before it is taken for stalled.
    pub stall: Duration,
}

impl Intervals {
    /// The times that go with a lease. `stall` is how long an attempt may go without progress; at least a lease.
    pub fn new(lease: Duration, stall: Duration) -> Self {
        Self {
            heartbeat: lease / 6,
            lease,
            claim_wait: Duration::from_secs(25),
            stop_grace: Duration::from_secs(10),
            stall: stall.max(lease),
        }
    }
}

impl Default for Intervals {
    fn default() -> Self {
        Self::new(Duration::from_secs(30), Duration::from_secs(600))
    }
}

/// What workers are told of their tools, as the worker protocol writes it. The application carries it and does not look into
/// it. It may hold secrets, so it is not printed.
#[derive(Clone)]
pub struct ToolTerms(pub Value);

impl Default for ToolTerms {
    /// The protocol's own defaults.
    fn default() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }
}

impl fmt::Debug for ToolTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToolTerms")
    }
}

/// How often who may ask.
#[derive(Debug, Clone)]
pub struct RateLimits {
    /// What each policy lets pass, unless a credential has its own figure.
    pub figures: Figures,
    /// So many wrong credentials may come from one address in a minute.
    pub failed_credentials: u32,
}

/// The operator's settings, as far as use cases depend on them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public address of the service, without a slash at its end: who issues codes and tokens.
    pub issuer: String,
    /// How new access tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// The model endpoint.
    pub llm: Llm,
    /// Who runs the workers of agents that do not say.
    pub runtime: RuntimeKind,
    /// What workers are told of their tools.
    pub tools: ToolTerms,
    /// The worker protocol's times.
    pub intervals: Intervals,
    /// How often running agents are measured.
    pub sample_every: Duration,
    /// At most this many calls of the model in one attempt.
    pub max_steps: u32,
    /// How long log lines and resource samples are kept.
    pub retention: Duration,
    /// How often who may ask; `None`: as often as they like.
    pub rate_limits: Option<RateLimits>,
}
