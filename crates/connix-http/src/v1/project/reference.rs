//! How a body names a project: by its integer, its `proj_…` or its canonical name (contract section 2).

use connix_application::ProjectRef;
use schemars::JsonSchema;
use serde_json::Value;

/// What a body may hold.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "documents what `reference` reads")]
pub(crate) enum ProjectReference {
    Number(i64),
    Text(String),
}

/// The project that a value names; `None` for what can name none.
pub(crate) fn reference(value: &Value) -> Option<ProjectRef> {
    match value {
        Value::String(text) => Some(ProjectRef::read(text)),
        Value::Number(number) if number.is_u64() => Some(ProjectRef::read(&number.to_string())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
