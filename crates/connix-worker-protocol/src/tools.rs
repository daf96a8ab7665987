//! What a worker is told about the tools that its agent may use.

use serde::{Deserialize, Serialize};

use crate::mcp::McpServer;
use crate::sandbox::SandboxSettings;

/// The operator's settings of tools, part of [`crate::session::Welcome`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolSettings {
    /// How tools that run foreign code or read foreign data are confined.
    pub sandbox: SandboxSettings,
    /// Longest time of one call, unless the task has less left.
    pub time_limit_ms: u64,
    /// Networks, as CIDR, whose addresses an agent may have a tool dial although they are not public.
    pub allow_cidrs: Vec<String>,
    /// Where no agent may have a tool dial, whatever `allow_cidrs` says: the service's own listeners and what the operator
    /// configured for it, as `host:port`. An unspecified address stands for every one that is not public.
    pub reserved: Vec<String>,
    /// Base URL of the SearXNG-compatible endpoint that `web_search` asks; absent when none is set.
    pub web_search_url: Option<String>,
    /// MCP servers. None for a worker of another host: what they are told of them is the operator's own.
    pub mcp: Vec<McpServer>,
}

impl Default for ToolSettings {
    /// What a server of before this part of the protocol means.
    fn default() -> Self {
        Self {
            sandbox: SandboxSettings::default(),
            time_limit_ms: 60_000,
            allow_cidrs: Vec::new(),
            reserved: Vec::new(),
            web_search_url: None,
            mcp: Vec::new(),
        }
    }
}
