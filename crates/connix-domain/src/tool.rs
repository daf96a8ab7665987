//! The tools that a service knows, and which of them an agent's configuration may name (contract section 8).

use crate::agent::RuntimeKind;
use crate::fault::Faults;
use serde_json::Value;

/// The longest part of an unknown name that is repeated to whoever sent it, in characters.
const SHOWN: usize = 64;

/// What names of MCP servers' tools begin with.
const MCP: &str = "mcp:";

/// A tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// What a configuration calls it: `web_search`, `mcp:files`, `mcp:files/read`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON schema of the arguments that it takes from a model; `None` where it is not known.
    pub parameters: Option<Value>,
    /// Why it cannot be used now; `None` when it can.
    pub obstacle: Option<Obstacle>,
}

/// Why a tool cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// In words, for whoever wants to use it.
    pub reason: String,
    /// The setting that would change that.
    pub setting: Option<String>,
}

/// All tools that a service knows, as they were when last looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolCatalogue(Vec<Tool>);

impl ToolCatalogue {
    /// These tools, in the order in which they are listed.
    pub fn new(tools: Vec<Tool>) -> Self {
        Self(tools)
    }

    /// All of them.
    pub fn tools(&self) -> &[Tool] {
        &self.0
    }

    /// Whether a configuration may name it.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some_and(|tool| tool.obstacle.is_none())
    }

    /// Those of `names` that cannot be used, although they could when they were named.
    pub fn degraded<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        names.iter().map(String::as_str).filter(|name| !self.has(name)).collect()
    }

    /// Checks that an agent of this runtime may have these tools, at `config.tools[…]`: those of MCP servers come with what
    /// only the operator may know, so a worker on another host has none.
    pub fn check_place(names: &[String], runtime: RuntimeKind, faults: &mut Faults) {
        for (at, name) in names.iter().enumerate() {
            if runtime == RuntimeKind::External && name.starts_with(MCP) {
                let message = format!("Tool '{}' is for agents that the server runs itself", shown(name));
                faults.add(format!("config.tools[{at}]"), message);
            }
        }
    }

    /// Checks the tools that a configuration names, at `config.tools[…]`.
    pub fn check(&self, names: &[String], faults: &mut Faults) {
        for (at, name) in names.iter().enumerate() {
            let twice = names.iter().take(at).any(|earlier| earlier == name);
            let fault = match self.find(name) {
                None => Some(format!("Unknown tool '{}'. Available: {}", shown(name), self.available())),
                Some(Tool { obstacle: Some(obstacle), .. }) => Some(format!(
                    "Tool '{name}' is not available: {}. Available: {}",
                    obstacle.reason,
                    self.available()
                )),
                Some(Tool { obstacle: None, .. }) if twice => Some(format!("Tool '{name}' is named twice")),
                Some(Tool { obstacle: None, .. }) => None,
            };
            if let Some(message) = fault {
                faults.add(format!("config.tools[{at}]"), message);
            }
        }
    }

    /// One tool of an MCP server that cannot be asked for its tools is as hindered as the server.
    fn find(&self, name: &str) -> Option<&Tool> {
        let called = |name: &str| self.0.iter().find(|tool| tool.name == name);
        let server = || name.strip_prefix(MCP)?.split_once('/').map(|(server, _)| format!("{MCP}{server}"));
        called(name).or_else(|| called(&server()?).filter(|server| server.obstacle.is_some()))
    }

    fn available(&self) -> String {
        let usable = self.0.iter().filter(|tool| tool.obstacle.is_none());
        let names: Vec<_> = usable.map(|tool| tool.name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, obstacle: Option<&str>) -> Tool {
        let obstacle = obstacle.map(|reason| Obstacle { reason: reason.to_owned(), setting: None });
        Tool { name: name.to_owned(), description: String::new(), parameters: None, obstacle }
    }

    fn catalogue() -> ToolCatalogue {
        ToolCatalogue::new(vec![
            tool("web_search", Some("tools.web_search.url is not set")),
            tool("data_analysis", None),
            tool("knowledge_base", None),
        ])
    }

    fn faults(names: &[&str]) -> Vec<String> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut faults = Faults::new();
        catalogue().check(&names, &mut faults);
        faults.into_iter().map(|fault| fault.to_string()).collect()
    }

    #[test]
    fn each_unknown_tool_is_a_fault_at_its_place_that_lists_what_there_is() {
        let expected = "config.tools[1]: Unknown tool 'telepathy'. Available: data_analysis, knowledge_base";
        assert_eq!(faults(&["data_analysis", "telepathy"]), [expected]);
    }

    #[test]
    fn a_tool_without_its_setting_is_a_fault_that_names_the_setting() {
        let expected = "config.tools[0]: Tool 'web_search' is not available: tools.web_search.url is not set. \
            Available: data_analysis, knowledge_base";
        assert_eq!(faults(&["web_search"]), [expected]);
    }

    #[test]
    fn a_tool_named_twice_is_a_fault_at_its_second_place() {
        let expected = "config.tools[2]: Tool 'data_analysis' is named twice";
        assert_eq!(faults(&["data_analysis", "knowledge_base", "data_analysis"]), [expected]);
    }

    #[test]
    fn where_there_is_none_the_list_says_so_and_long_names_are_cut() {
        let mut faults = Faults::new();
        ToolCatalogue::default().check(&["x\n".repeat(100)], &mut faults);
        let message = faults.into_iter().next().unwrap().message;
        assert_eq!(message, format!("Unknown tool '{}'. Available: none", "x".repeat(64)));
    }

    #[test]
    fn a_tool_of_a_server_that_cannot_be_reached_is_refused_with_the_servers_reason() {
        let servers = ToolCatalogue::new(vec![
            tool("mcp:down", Some("it is down")),
            tool("mcp:up", None),
            tool("mcp:up/read", None),
        ]);
        let names = ["mcp:up/read", "mcp:up", "mcp:down/read", "mcp:up/write", "mcp:none/read"].map(str::to_owned);
        let mut faults = Faults::new();
        servers.check(&names, &mut faults);
        let faults: Vec<_> = faults.into_iter().map(|fault| fault.to_string()).collect();
        let expected = [
            "Tool 'mcp:down/read' is not available: it is down.",
            "Unknown tool 'mcp:up/write'.",
            "Unknown tool 'mcp:none/read'.",
        ];
        assert!(
            faults.len() == 3 && faults.iter().zip(expected).all(|(fault, words)| fault.contains(words)),
            "{faults:?}"
        );
    }

    #[test]
    fn an_agent_elsewhere_has_no_tools_of_mcp_servers() {
        let names = ["web_search", "mcp:up"].map(str::to_owned);
        let faults = |runtime| {
            let mut faults = Faults::new();
            ToolCatalogue::check_place(&names, runtime, &mut faults);
            faults.into_iter().map(|fault| fault.to_string()).collect::<Vec<_>>()
        };
        assert!(faults(RuntimeKind::Local).is_empty());
        assert_eq!(
            faults(RuntimeKind::External),
            ["config.tools[1]: Tool 'mcp:up' is for agents that the server runs itself"]
        );
    }

    #[test]
    fn what_is_gone_and_what_is_hindered_is_degraded() {
        let names = ["web_search", "data_analysis", "gone"].map(str::to_owned);
        assert_eq!(catalogue().degraded(&names), ["web_search", "gone"]);
    }
}
