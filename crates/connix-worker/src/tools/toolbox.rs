//! The tools of one attempt, and which of them a model's call means.

use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::code_execution::CodeExecution;
use super::mcp::{self, McpServers};
use super::ml_training::MlTraining;
use super::own_program::{OwnProgram, OwnTool};
use super::web_search::WebSearch;
use super::{Missing, Supplies, Tool, ToolError};
use crate::model::ToolCall;

/// The tools that an agent's configuration names.
#[derive(Default)]
pub(crate) struct Toolbox {
    tools: Vec<Rc<dyn Tool>>,
    servers: McpServers,
    /// Those that it names and that cannot work here, with the reason.
    missing: BTreeMap<String, ToolError>,
}

impl Toolbox {
    /// The tools `names` stands for.
    pub(crate) async fn open(names: &[String], supplies: &Supplies) -> Self {
        let mut toolbox = Self { servers: McpServers::open(names, supplies).await, ..Self::default() };
        for name in names.iter().filter(|name| !mcp::is_mcp(name)) {
            match built_in(name, supplies).await {
                Ok(tool) => toolbox.tools.push(tool),
                Err(missing) => {
                    let error = ToolError::unavailable(format!("'{name}' cannot be used: {}", missing.reason));
                    toolbox.missing.insert(name.clone(), error);
                }
            }
        }
        toolbox
    }

    /// Takes up what has changed at MCP servers.
    pub(crate) async fn refresh(&mut self) {
        self.servers.refresh().await;
    }

    /// Waits for something with the processes of MCP servers stopped; what does not have to be waited for stops nothing.
    pub(crate) async fn at_rest<T>(&self, wait: impl Future<Output = T>) -> T {
        let mut wait = pin!(wait);
        if let Some(at_once) = wait.as_mut().now_or_never() {
            return at_once;
        }
        self.servers.freeze(true);
        let waited = wait.await;
        self.servers.freeze(false);
        waited
    }

    /// As a chat-completions request describes them.
    pub(crate) fn schemas(&self) -> Vec<Value> {
        let schema = |tool: &Rc<dyn Tool>| {
            let (name, description, parameters) = (tool.name(), tool.description(), tool.parameters());
            json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
        };
        self.all().map(schema).collect()
    }

    /// The tool that a call means.
    ///
    /// # Errors
    /// `unknown_tool`, `tool_unavailable`.
    pub(crate) fn tool(&self, call: &ToolCall) -> Result<Rc<dyn Tool>, ToolError> {
        if let Some(tool) = self.all().find(|tool| tool.name() == call.name) {
            return Ok(Rc::clone(tool));
        }
        let missing = self.missing.get(&call.name).cloned().or_else(|| self.servers.missing(&call.name));
        Err(missing.unwrap_or_else(|| self.unknown(&call.name)))
    }

    fn all(&self) -> impl Iterator<Item = &Rc<dyn Tool>> {
        self.tools.iter().chain(self.servers.tools())
    }

    fn unknown(&self, name: &str) -> ToolError {
        let names: Vec<&str> = self.all().map(|tool| tool.name()).collect();
        let available = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let shown: String = name.chars().take(64).collect();
        ToolError::new("unknown_tool", format!("There is no tool '{shown}'. Available: {available}"))
    }
}

/// The tools of this program: their names, and what people are told of them.
pub(crate) const BUILT_IN: &[(&str, &str)] = &[
    ("web_search", "Searches the web and gives the model titles, addresses and snippets of what it finds"),
    (
        "code_execution",
        "Runs Python and bash programs that the model writes, in the project's workspace, without network",
    ),
    ("data_analysis", "Describes CSV and JSON Lines files of the workspace and answers SQL queries about them"),
    ("knowledge_base", "Searches the documents in the workspace's knowledge/ folder"),
    ("ml_training", "Trains regressions and random forests on a table of the workspace, or at the agent's ML_ENDPOINT"),
];

/// The tool of this name.
///
/// # Errors
/// Why it cannot work here.
pub(super) async fn built_in(name: &str, supplies: &Supplies) -> Result<Rc<dyn Tool>, Missing> {
    let settings = &supplies.settings;
    match name {
        "code_execution" => {
            supplies.sandboxed().await?;
            Ok(Rc::new(CodeExecution::new(Arc::clone(&supplies.sandbox))))
        }
        "data_analysis" => Ok(Rc::new(own(OwnTool::DataAnalysis, supplies).await?)),
        "knowledge_base" => Ok(Rc::new(own(OwnTool::KnowledgeBase, supplies).await?)),
        "ml_training" => {
            Ok(Rc::new(MlTraining::new(own(OwnTool::MlTraining, supplies).await?, supplies.outbound.clone())))
        }
        "web_search" => {
            let url = settings.web_search_url.as_deref().ok_or(Missing::setting("tools.web_search.url"))?;
            Ok(Rc::new(WebSearch::new(url, supplies.traffic.clone())?))
        }
        _ => Err(Missing { reason: "this worker has no such tool".to_owned(), setting: None }),
    }
}

/// A tool whose work is done by this program, confined.
async fn own(tool: OwnTool, supplies: &Supplies) -> Result<OwnProgram, Missing> {
    supplies.sandboxed().await?;
    Ok(OwnProgram::new(tool, Arc::clone(&supplies.sandbox)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> ToolCall {
        ToolCall { id: "c1".to_owned(), name: "web_search".to_owned(), arguments: arguments.to_owned() }
    }

    #[test]
    fn a_name_that_the_agent_does_not_have_is_unknown() {
        let error = Toolbox::default().tool(&call("{}")).err().unwrap();
        assert_eq!(error.to_string(), "unknown_tool: There is no tool 'web_search'. Available: none");
    }
}
