//! Tools of this program's own that read what somebody else wrote. They run as a child in the sandbox, like a model's
//! programs do: a parser that is fooled there can do no more than such a program could.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Arguments, Effect, Tool, ToolContext, ToolError, data_analysis, knowledge_base, ml_training};
use crate::sandbox::{Bounds, Ran, Sandbox};

/// Most bytes of a result: what the sandbox keeps of a program's standard output, with room to spare.
const MOST: usize = 40 << 10;

/// The exit code of a child whose tool has panicked.
pub(crate) const FAILED: i32 = 70;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OwnTool {
    DataAnalysis,
    KnowledgeBase,
    MlTraining,
}

/// What the child is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OwnCall {
    pub(crate) tool: OwnTool,
    pub(crate) arguments: Arguments,
    /// Names the call, for what is kept by call.
    pub(crate) call: String,
}

impl OwnTool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DataAnalysis => "data_analysis",
            Self::KnowledgeBase => "knowledge_base",
            Self::MlTraining => "ml_training",
        }
    }

    fn run(self, call: &OwnCall, workspace: &Path) -> Result<Value, ToolError> {
        match self {
            Self::DataAnalysis => data_analysis::run(&call.arguments, workspace),
            Self::KnowledgeBase => knowledge_base::run(&call.arguments, workspace),
            Self::MlTraining => ml_training::run(&call.arguments, &call.call, workspace),
        }
    }
}

/// The child's side: does the call and gives what is to be printed.
pub(crate) fn answer(call: &OwnCall, workspace: &Path) -> String {
    let result = call.tool.run(call, workspace).unwrap_or_else(|error| error.to_value());
    let text = result.to_string();
    if text.len() <= MOST {
        return text;
    }
    let detail = format!("The result has {} bytes, {MOST} at most: ask for less", text.len());
    ToolError::new("result_too_large", detail).to_value().to_string()
}

/// The worker's side.
pub(crate) struct OwnProgram {
    tool: OwnTool,
    sandbox: Arc<Sandbox>,
}

impl OwnProgram {
    pub(super) fn new(tool: OwnTool, sandbox: Arc<Sandbox>) -> Self {
        Self { tool, sandbox }
    }
}

#[async_trait(?Send)]
impl Tool for OwnProgram {
    fn name(&self) -> &str {
        self.tool.name()
    }

    fn description(&self) -> &str {
        match self.tool {
            OwnTool::DataAnalysis => data_analysis::DESCRIPTION,
            OwnTool::KnowledgeBase => knowledge_base::DESCRIPTION,
            OwnTool::MlTraining => ml_training::DESCRIPTION,
        }
    }

    fn parameters(&self) -> Value {
        match self.tool {
            OwnTool::DataAnalysis => data_analysis::parameters(),
            OwnTool::KnowledgeBase => knowledge_base::parameters(),
            OwnTool::MlTraining => ml_training::parameters(),
        }
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let call = OwnCall { tool: self.tool, arguments: arguments.clone(), call: file_name(context.call_id) };
        let bounds = Bounds { time: context.time_limit, clock: &context.clock, redactor: context.redactor };
        let ran = self.sandbox.run_own(call, bounds).await.map_err(ToolError::unavailable)?;
        result(&ran)
    }
}

fn result(ran: &Ran) -> Result<Value, ToolError> {
    if ran.timed_out {
        return Err(ToolError::timed_out());
    }
    if ran.end.disk_full && ran.end.code != Some(0) {
        return Err(ToolError::new("disk_full", "The workspace holds as much as it may: remove files first"));
    }
    if ran.end.signal == Some(Signal::SIGXFSZ as i32) {
        return Err(ToolError::new("file_error", "A file would have become larger than a tool may write"));
    }
    if ran.end.code == Some(FAILED) {
        return Err(ToolError::new("tool_failed", "The tool itself failed on these data"));
    }
    if ran.end.out_of_memory || ran.end.code != Some(0) {
        return Err(ToolError::new(
            "out_of_memory",
            "The call needed more memory than a tool may use: ask for less data",
        ));
    }
    let result: Value = serde_json::from_str(&ran.stdout)
        .map_err(|_| ToolError::new("tool_failed", format!("The tool gave no result. {}", ran.stderr.trim())))?;
    match (result["error"].as_str(), result["detail"].as_str()) {
        (Some(code), Some(detail)) => Err(ToolError::from_child(code, detail)),
        _ => Ok(result),
    }
}

/// A call's id as a file's name: the model's endpoint chose it.
fn file_name(call_id: &str) -> String {
    let name: String =
        call_id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(64).collect();
    if name.is_empty() { "call".to_owned() } else { name }
}

/// For descriptions of arguments.
pub(super) fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::End;

    #[test]
    fn how_a_child_ended_says_why_there_is_no_result() {
        let code = |end| {
            let (stdout, stderr, took) = (String::new(), String::new(), std::time::Duration::ZERO);
            result(&Ran { end, timed_out: false, stdout, stderr, took }).unwrap_err().code
        };
        assert_eq!(code(End { code: Some(FAILED), ..End::default() }), "tool_failed");
        assert_eq!(code(End { signal: Some(Signal::SIGABRT as i32), ..End::default() }), "out_of_memory");
        assert_eq!(code(End { signal: Some(Signal::SIGXFSZ as i32), ..End::default() }), "file_error");
        assert_eq!(code(End { disk_full: true, signal: Some(9), ..End::default() }), "disk_full");
    }

    #[test]
    fn a_calls_id_makes_a_plain_file_name() {
        assert_eq!(file_name("call_1-A"), "call_1-A");
        assert_eq!(file_name("../../etc/x"), "etcx");
        assert_eq!(file_name("../.."), "call");
    }

    #[test]
    fn an_order_survives_the_way_to_the_child() {
        let call = OwnCall { tool: OwnTool::MlTraining, arguments: Arguments::new(), call: "c".to_owned() };
        let sent = serde_json::to_string(&call).unwrap();
        assert_eq!(serde_json::from_str::<OwnCall>(&sent).unwrap().tool, OwnTool::MlTraining);
    }
}
