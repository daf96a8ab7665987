//! The agent's own log, which its owner reads over the API. What the worker's operator should know goes to `tracing`.

mod buffer;
mod delivery;

use std::sync::{Mutex, MutexGuard, PoisonError};

use connix_worker_protocol::log::{LogLevel, LogLine};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::clock;
use buffer::LogBuffer;

/// Takes lines at any time; [`AgentLog::deliver`] brings them to the server.
#[derive(Debug, Default)]
pub(crate) struct AgentLog {
    buffer: Mutex<LogBuffer>,
    written: Notify,
}

impl AgentLog {
    /// Writes a line. `context` is a JSON object, or null for none.
    pub(crate) fn write(&self, level: LogLevel, message: &str, context: Value, task_id: Option<&str>) {
        let context = if let Value::Object(details) = context { details } else { Map::new() };
        let line = LogLine {
            timestamp: clock::now(),
            level,
            message: message.to_owned(),
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
