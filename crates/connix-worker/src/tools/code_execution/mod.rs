//! `code_execution`: runs a program that the model wrote, in the project's workspace and in the sandbox.

mod changes;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{self, Arguments};
use super::{Effect, Tool, ToolContext, ToolError};
use crate::sandbox::{Bounds, Program, Ran, Sandbox};
use changes::Changes;

/// A program is one argument of its interpreter, of which the kernel takes no longer ones.
const LONGEST_CODE: usize = 100_000;

/// A full workspace can still be read and made emptier.
const DISK_FULL: &str =
    "disk full: the workspace holds as much as it may; files must be removed before new ones can be written";

/// The tool.
pub(crate) struct CodeExecution(Arc<Sandbox>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    language: Language,
    code: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    Python,
    Bash,
}

impl Language {
    /// The interpreter, up to the program. Python writes no compiled files, and what it prints arrives at once, so that
    /// it is there when the program is ended.
    fn interpreter(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "-B", "-u", "-c"],
            Self::Bash => &["bash", "-c"],
        }
    }
}

impl CodeExecution {
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> Self {
        Self(sandbox)
    }
}

#[async_trait(?Send)]
impl Tool for CodeExecution {
    fn name(&self) -> &str {
        "code_execution"
    }

    fn description(&self) -> &str {
        "Run a Python or bash program in the project's workspace folder, which is its current directory; files written \
         there stay. There is no network. Returns exit_code, stdout, stderr, duration in seconds, timed_out and \
         files_changed."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "language": {"type": "string", "enum": ["python", "bash"], "description": "What the program is written in"},
                "code": {"type": "string", "description": "The whole program", "maxLength": LONGEST_CODE}
            },
            "required": ["language", "code"],
            "additionalProperties": false
        })
    }

    fn effect(&self) -> Effect {
        Effect::Once
    }

    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let Asked { language, code } = arguments::read(arguments)?;
        if code.len() > LONGEST_CODE || code.contains('\0') {
            let limits = format!("code must have at most {LONGEST_CODE} bytes, and no NUL: put long data into a file");
            return Err(ToolError::invalid_arguments(limits));
        }
        let words = language.interpreter().iter().copied().map(str::to_owned).chain([code]).collect();
        let program = Program { words, environment: context.environment.clone() };
        let changes = Changes::since_now(context.workspace).await;
        let bounds = Bounds { time: context.time_limit, clock: &context.clock, redactor: context.redactor };
        let ran = self.0.run(program, bounds).await.map_err(ToolError::unavailable)?;
        Ok(result(ran, changes.until_now().await))
    }
}

/// As the model reads it.
fn result(ran: Ran, files_changed: Value) -> Value {
    let mut result = json!({
        "exit_code": ran.end.code,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
        "duration": (ran.took.as_secs_f64() * 1000.0).round() / 1000.0,
        "timed_out": ran.timed_out,
        "files_changed": files_changed,
    });
    if let Some(signal) = ran.end.signal {
        result["signal"] = signal.into();
    }
    if ran.end.out_of_memory {
        result["error"] = "out of memory".into();
    } else if ran.end.disk_full {
        result["error"] = DISK_FULL.into();
    }
    result
}
