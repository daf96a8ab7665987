//! One tool of an MCP server.

use std::sync::Arc;

use async_trait::async_trait;
use rmcp::model::Tool as Offered;
use serde_json::Value;

use super::connection::Connection;
use super::{listing, name, result};
use crate::tools::{Arguments, Effect, Tool, ToolContext, ToolError};

/// The tool.
pub(super) struct McpTool {
    function: String,
    description: String,
    schema: Value,
    effect: Effect,
    offered: String,
    connection: Arc<Connection>,
}

impl McpTool {
    pub(super) fn new(offered: &Offered, connection: Arc<Connection>) -> Self {
        Self {
            function: name::function(connection.name(), &offered.name),
            description: listing::description(offered),
            schema: listing::schema(offered),
            effect: effect(offered),
            offered: offered.name.to_string(),
            connection,
        }
    }

    /// What the server calls it.
    pub(super) fn offered(&self) -> &str {
        &self.offered
    }

    async fn call(&self, arguments: &Arguments) -> Result<Value, ToolError> {
        let answered = self.connection.call(&self.offered, arguments).await;
        answered.map_err(|fault| fault.to_tool_error()).and_then(result::told)
    }
}

/// What the server says of it; without a word of the server's it may do anything.
fn effect(offered: &Offered) -> Effect {
    let hinted = offered
        .annotations
        .as_ref()
        .is_some_and(|hints| hints.read_only_hint == Some(true) || hints.idempotent_hint == Some(true));
    if hinted { Effect::Repeatable } else { Effect::Once }
}

#[async_trait(?Send)]
impl Tool for McpTool {
    fn name(&self) -> &str {
        &self.function
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn parameters(&self) -> Value {
        self.schema.clone()
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let limit = context.time_limit.min(self.connection.time_limit());
        let follow_pauses = async {
            loop {
                context.clock.frozen().await;
                self.connection.freeze(true);
                context.clock.thawed().await;
                self.connection.freeze(false);
            }
        };
        let answered = tokio::select! {
            answered = self.call(arguments) => answered,
            () = context.clock.elapsed(limit) => Err(ToolError::timed_out()),
            () = follow_pauses => Err(ToolError::timed_out()),
        };
        self.connection.freeze(false);
        let redactor = self.connection.redactor();
        match answered {
            Ok(result) => Ok(redactor.document(result)),
            Err(ToolError { code, detail }) => Err(ToolError { code, detail: redactor.text(&detail).into_owned() }),
        }
    }
}
