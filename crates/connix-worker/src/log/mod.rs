//! The agent's own log, which its owner reads over the API. What the worker's operator should know goes to `tracing`.

mod buffer;
mod delivery;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connix_worker_protocol::log::{LogLevel, LogLine};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::clock;
use crate::redaction::Redaction;
use buffer::LogBuffer;

/// Takes lines at any time; [`AgentLog::deliver`] brings them to the server.
#[derive(Debug, Default)]
pub(crate) struct AgentLog {
    redaction: Arc<Redaction>,
    buffer: Mutex<LogBuffer>,
    written: Notify,
}

impl AgentLog {
    /// A log without the agent's secrets.
    pub(crate) fn new(redaction: Arc<Redaction>) -> Self {
        Self { redaction, ..Self::default() }
    }

    /// Writes a line. `context` is a JSON object, or null for none.
    pub(crate) fn write(&self, level: LogLevel, message: &str, context: Value, task_id: Option<&str>) {
        let redactor = self.redaction.current();
        let context = if let Value::Object(details) = redactor.document(context) { details } else { Map::new() };
        let line = LogLine {
            timestamp: clock::now(),
            level,
            message: redactor.text(message).into_owned(),
            context,
            task_id: task_id.map(str::to_owned),
        };
        self.buffer().push(line);
        self.written.notify_one();
    }

    fn buffer(&self) -> MutexGuard<'_, LogBuffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
