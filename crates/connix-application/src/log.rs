//! An agent's log: reading it, and the lines that the service itself notes.

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::page::{LogQuery, Page};
use connix_domain::permission::Permission;
use connix_domain::task::{Task, TaskPhase};
use serde_json::{Value, json};

impl App {
    /// A part of an agent's log, the newest first. `query.agent` is set here.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn logs(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        query: LogQuery,
    ) -> Result<Page<LogLine>, Error> {
        caller.may(Permission::AgentsRead)?;
        let (_, agent) = self.reachable_agent(caller, wanted, agent).await?;
        Ok(self.store().logs(caller.scope, &LogQuery { agent: agent.id, ..query }).await?)
    }

    /// A line of the service itself. What it tells of the worker's words is told without the agent's secrets.
    pub(crate) fn note(&self, agent: &Agent, level: LogLevel, message: &str, context: Value) -> Change {
        let (message, context) = match self.redactor(agent) {
            Ok(redactor) => (redactor.text(message).into_owned(), redactor.document(context)),
            Err(error) => (error.to_string(), json!({})),
        };
        Change::AppendLogs(vec![LogLine {
            org: agent.org,
            agent: agent.id,
            key: LineKey::Service(self.ports.ids.bits()),
            at: self.now(),
            level,
            message,
            context,
        }])
    }

    /// The line about an attempt that is over (contract section 6, "Logs").
    pub(crate) fn note_attempt(&self, agent: &Agent, task: &Task) -> Change {
        let id = task.id.to_string();
        let error = task.error.as_ref();
        let code = error.map_or("", |e| e.code.as_str());
        let why = error.map_or("", |e| e.message.as_str());
        match task.phase {
            TaskPhase::Completed => {
                let context =
                    json!({ "task_id": id, "duration": task.duration_seconds(), "tokens_used": task.usage.total() });
                self.note(agent, LogLevel::Info, "Task completed successfully", context)
            }
            TaskPhase::Failed => {
                let context = json!({ "task_id": id, "error": code, "attempts": task.attempt });
                self.note(agent, LogLevel::Error, &format!("Task failed: {why}"), context)
            }
            TaskPhase::Cancelled => self.note(agent, LogLevel::Info, "Task cancelled", json!({ "task_id": id })),
            TaskPhase::Queued | TaskPhase::Running => {
                let context = json!({ "task_id": id, "error": code, "failures": task.failures, "not_before": task.not_before.map(shown) });
                let message = if error.is_some() {
                    format!("Task attempt failed and will be repeated: {why}")
                } else {
                    "Task attempt was given back".to_owned()
                };
                self.note(agent, LogLevel::Warn, &message, context)
            }
        }
    }
}

/// A time as the API shows it (contract section 2).
pub(crate) fn shown(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
