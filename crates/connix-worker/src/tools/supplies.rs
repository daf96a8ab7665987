//! What all tools of a session share.

use std::sync::Arc;

use connix_outbound::{AddressRule, GuardedClient, Traffic};
use connix_worker_protocol::tools::ToolSettings;

use super::Missing;
use super::mcp::Failures;
use crate::sandbox::Sandbox;

const USER_AGENT: &str = concat!("connix-worker/", env!("CARGO_PKG_VERSION"));

/// The operator's settings, and what was made of them.
#[derive(Debug)]
pub(crate) struct Supplies {
    pub(crate) settings: ToolSettings,
    /// For what a tool dials by an agent's word.
    pub(crate) outbound: GuardedClient,
    /// What tools move by the operator's own word is counted here.
    pub(crate) traffic: Traffic,
    /// For every program that a tool runs.
    pub(crate) sandbox: Arc<Sandbox>,
    /// MCP servers that could not be used of late.
    pub(crate) mcp_failures: Arc<Failures>,
}

impl Supplies {
    /// What tools move is counted in `traffic`.
    pub(crate) fn new(settings: ToolSettings, traffic: Traffic, sandbox: Sandbox) -> Self {
        // What is no network allows nothing; the server has checked them.
        let allowed = settings.allow_cidrs.iter().filter_map(|network| network.parse().ok()).collect();
        let reserved = settings.reserved.iter().filter_map(|listener| listener.parse().ok()).collect();
        let rule = AddressRule::for_tenants("tools.allow_cidrs", allowed, reserved);
        let outbound = GuardedClient::new(rule, USER_AGENT).counting(traffic.clone());
        Self { settings, outbound, traffic, sandbox: Arc::new(sandbox), mcp_failures: Arc::default() }
    }

    /// Whether programs can be run as the settings ask.
    pub(crate) async fn sandboxed(&self) -> Result<(), Missing> {
        match self.sandbox.hold().await {
            Ok(_) => Ok(()),
            Err(why) => Err(Missing {
                reason: format!("programs cannot be confined here: {why}"),
                setting: Some("runtime.sandbox"),
            }),
        }
    }
}
