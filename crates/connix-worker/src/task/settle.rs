//! Settling a model's tool calls, in order.
//!
//! A call is journalled before it runs and after it. One of which an earlier attempt journalled the beginning alone runs
//! again if that does no harm; otherwise the model is told that its outcome is unknown (`runtime.md` 2.5).

use std::rc::Rc;
use std::time::Instant;

use connix_worker_protocol::log::LogLevel;
use serde_json::{Value, json};

use super::conversation::OpenCall;
use super::freezer::Freezer;
use super::journal::{self, ToolFinished, ToolStarted};
use super::outcome::Outcome;
use super::steps::{Steps, timed_out};
use crate::model::ToolCall;
use crate::tools::{self, Arguments, Effect, Tool, ToolContext, ToolError};

impl Steps<'_> {
    pub(super) async fn settle(&mut self, calls: Vec<OpenCall>) -> Result<(), Outcome> {
        for open in calls {
            self.step_boundary().await?;
            let result = match self.prepared(&open) {
                Ok((tool, arguments)) => self.run_tool(&open.call, &*tool, &arguments).await?,
                Err(error) => Err(error),
            };
            self.note_failure(&open.call, &result);
            let result = result.unwrap_or_else(|error| error.to_value());
            // before it is cut: of what is cut apart a part would be left
            let result = tools::bounded(self.session.redaction.current().document(result));
            let OpenCall { call: ToolCall { id: call_id, name, .. }, .. } = open;
            self.append(vec![journal::tool_finished(&ToolFinished { call_id, name, result })]).await?;
        }
        Ok(())
    }

    /// What to run, if the call may run.
    fn prepared(&self, open: &OpenCall) -> Result<(Rc<dyn Tool>, Arguments), ToolError> {
        let tool = self.toolbox.tool(&open.call);
        let repeatable = tool.as_ref().is_ok_and(|tool| tool.effect() == Effect::Repeatable);
        if open.started && !repeatable {
            return Err(ToolError::outcome_unknown());
        }
        Ok((tool?, tools::arguments(&open.call)?))
    }

    /// Runs a call. A task without time left ends; a pause stops the clock.
    async fn run_tool(
        &mut self,
        call: &ToolCall,
        tool: &dyn Tool,
        arguments: &Arguments,
    ) -> Result<Result<Value, ToolError>, Outcome> {
        let started = ToolStarted { call_id: &call.id, name: &call.name };
        self.append(vec![journal::tool_started(&started)]).await?;

        let (freezer, clock) = Freezer::new();
        let (began, left) = (Instant::now(), self.remaining());
        let config = Rc::clone(&self.config);
        let redactor = self.session.redaction.current();
        let context = ToolContext {
            call_id: &call.id,
            workspace: &self.session.workspace,
            environment: &config.config.environment_variables,
            time_limit: self.session.tool_time_limit().min(left),
            clock: clock.clone(),
            redactor: &redactor,
        };
        let result = tokio::select! {
            result = tool.run(arguments, &context) => Some(result),
            () = clock.elapsed(left) => None,
            never = freezer.follow(self.session) => match never {},
        };
        self.deadline += freezer.frozen_for();
        self.session.status.park(false);
        let details = json!({"tool": call.name, "seconds": began.elapsed().as_secs_f64()});
        self.session.log.write(LogLevel::Debug, "Tool ran", details, Some(&self.task.id));
        result.ok_or_else(timed_out)
    }

    fn note_failure(&self, call: &ToolCall, result: &Result<Value, ToolError>) {
        if let Err(ToolError { code, detail }) = result {
            let details = json!({"tool": call.name, "error": code, "detail": detail});
            self.session.log.write(LogLevel::Warn, "A tool call failed", details, Some(&self.task.id));
        }
    }
}
