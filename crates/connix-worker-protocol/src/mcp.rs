//! MCP servers that the operator registered: programs and endpoints that bring tools of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// One of them, part of [`crate::tools::ToolSettings`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpServer {
    /// What configurations call it: `mcp:<name>`. Lower-case letters, digits and hyphens.
    pub name: String,
    /// How it is spoken to.
    #[serde(flatten)]
    pub reach: McpReach,
    /// Longest time of one call, and of its start.
    pub timeout_ms: u64,
    /// What must not stand in anything that it says.
    #[serde(default)]
    pub secrets: Vec<Secret>,
}

/// How an MCP server is spoken to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum McpReach {
    /// A program, over its standard input and output.
    Program(McpProgram),
    /// An endpoint, over streamable HTTP.
    Endpoint(McpEndpoint),
}

/// A program that is an MCP server. The worker runs it in the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpProgram {
    /// Its name and arguments; [`WORKSPACE`] in an argument stands for the project's folder.
    pub command: Vec<String>,
    /// Its environment variables, besides those that every program has.
    #[serde(default)]
    pub env: BTreeMap<String, Secret>,
    /// Folders that it may read besides the system's own and `runtime.programs.readable`.
    #[serde(default)]
    pub readable: Vec<PathBuf>,
}

/// What stands for the project's folder in [`McpProgram::command`].
pub const WORKSPACE: &str = "{workspace}";

/// An endpoint that is an MCP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpEndpoint {
    /// Where it is.
    pub url: String,
    /// Sent with every request.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_kind_of_server_survives_the_way_and_shows_no_secret_when_printed() {
        let secret = || BTreeMap::from([("TOKEN".to_owned(), Secret::new("canary"))]);
        let program = McpProgram { command: vec!["files".to_owned()], env: secret(), readable: vec!["/opt".into()] };
        let endpoint = McpEndpoint { url: "https://mcp.example.com/".to_owned(), headers: secret() };
        for reach in [McpReach::Program(program), McpReach::Endpoint(endpoint)] {
            let secrets = vec![Secret::new("canary")];
            let server = McpServer { name: "files".to_owned(), reach, timeout_ms: 1, secrets };
            let sent = serde_json::to_string(&server).unwrap();
            assert_eq!(serde_json::from_str::<McpServer>(&sent).unwrap(), server);
            assert!(!format!("{server:?}").contains("canary"));
        }
    }
}
