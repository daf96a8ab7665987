//! What is sent to give a task: read, and the schema that documents it.

use crate::body::JsonBody;
use crate::problem::Problem;
use connix_domain::task::TaskOrder;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// A task.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
pub(crate) struct CreateTask {
    /// What is to be done: a text or an object, not empty.
    input: Input,
    metadata: Option<Map<String, Value>>,
    /// How long one attempt may take (default 900).
    #[schemars(range(min = 1, max = 86_400))]
    timeout_seconds: Option<i64>,
    /// After how many failed attempts it is given up (default 3).
    #[schemars(range(min = 1, max = 10))]
    max_attempts: Option<i64>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "documents what `input` may be")]
enum Input {
    Text(String),
    Object(Map<String, Value>),
}

/// Reads a task.
///
/// # Errors
/// Every broken field.
pub(super) fn order(body: &JsonBody) -> Result<TaskOrder, Problem> {
    let mut fields = body.fields();
    fields.require("input");
    let input = fields.any("input").cloned();
    let metadata = fields.metadata().unwrap_or_default();
    let timeout = fields.integer("timeout_seconds", "must be an integer");
    let attempts = fields.integer("max_attempts", "must be an integer");
    let order = TaskOrder {
        input: input.clone().unwrap_or_default(),
        metadata,
        timeout_seconds: timeout.unwrap_or(TaskOrder::DEFAULT_TIMEOUT),
        max_attempts: attempts.unwrap_or(TaskOrder::DEFAULT_ATTEMPTS),
    };
    if input.is_some() {
        fields.checked(order.faults().or(()));
    }
    fields.finish()?;
    Ok(order)
}
