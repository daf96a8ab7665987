//! What a worker is told about the tools that its agent may use.

use serde::{Deserialize, Serialize};

/// The operator's settings of tools, part of [`crate::session::Welcome`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolSettings {
    /// How tools that run foreign code or read foreign data are confined.
    pub sandbox: SandboxMode,
    /// Longest time of one call, unless the task has less left.
    pub time_limit_ms: u64,
    /// Networks, as CIDR, whose addresses a tool may dial although they are not public.
    pub allow_cidrs: Vec<String>,
    /// Base URL of the SearXNG-compatible endpoint that `web_search` asks; absent when none is set.
    pub web_search_url: Option<String>,
}

/// How tools are confined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// Fully, or they do not run.
    #[default]
    Strict,
    /// Not at all: the operator's explicit choice.
    None,
}

impl Default for ToolSettings {
    /// What a server of before this part of the protocol means.
    fn default() -> Self {
        Self { sandbox: SandboxMode::Strict, time_limit_ms: 60_000, allow_cidrs: Vec::new(), web_search_url: None }
    }
}
