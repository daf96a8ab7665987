//! What an agent can do besides talking: the tools that a model may call.
//!
//! A [`Tool`] is a name, a schema for the model, and `run`. A [`Toolbox`] holds those of one attempt, made from the
//! agent's configuration and the operator's settings ([`connix_worker_protocol::tools::ToolSettings`]).
//! `task::settle` calls them: it journals each call before and after, freezes it while the agent is paused, and drops it
//! when the task is called off.
//!
//! *Invariant.* Whatever a tool does, or fails to do, the model is told and the agent goes on: a tool cannot end a task.
//!
//! Those of MCP servers come from elsewhere ([`mcp`]).
//!
//! **To add one:** a file here with the tool, its line in [`toolbox::BUILT_IN`], and its arm in `toolbox::built_in`.

mod arguments;
mod bounded;
mod code_execution;
mod context;
mod data_analysis;
mod error;
mod inventory;
mod knowledge_base;
mod mcp;
mod ml_training;
pub(crate) mod own_program;
mod supplies;
mod toolbox;
mod web_search;
mod workspace_files;

use async_trait::async_trait;
use serde_json::Value;

pub(crate) use arguments::{Arguments, arguments};
pub(crate) use bounded::bounded;
pub use context::CallClock;
pub(crate) use context::ToolContext;
pub(crate) use error::ToolError;
pub use inventory::{FoundTool, Inventory, Missing, inventory};
pub(crate) use supplies::Supplies;
pub(crate) use toolbox::Toolbox;

/// What a model may call.
///
/// **Cancelling a call is dropping its future.** A tool whose work goes on elsewhere, in a process say, ends it in a
/// `Drop`, certainly and at once.
#[async_trait(?Send)]
pub(crate) trait Tool {
    /// The name by which a model calls it: 1 to 64 of `A-Z a-z 0-9 _ -`.
    fn name(&self) -> &str;

    /// What it is for, to the model.
    fn description(&self) -> &str;

    /// JSON schema of the arguments, an object's.
    fn parameters(&self) -> Value;

    /// What a second run of the same call would do.
    fn effect(&self) -> Effect;

    /// Runs a call, within [`ToolContext::time_limit`].
    ///
    /// # Errors
    /// For the model, which may try something else.
    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError>;
}

/// What a second run of the same call does, which decides what becomes of a call during which the worker was lost
/// (`runtime.md` 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The same as one run: it only reads, or writes the same once more. Run again.
    Repeatable,
    /// Perhaps something else. The model is told `outcome_unknown`.
    Once,
}
