//! A call's arguments: from the model's text to a tool's own type.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ToolError;
use crate::model::ToolCall;

/// Arguments of a call: an object, which the tool still has to check against its own schema.
pub(crate) type Arguments = Map<String, Value>;

/// What a model wrote, which may be nothing.
///
/// # Errors
/// `invalid_arguments`: it is no JSON object.
pub(crate) fn arguments(call: &ToolCall) -> Result<Arguments, ToolError> {
    if call.arguments.trim().is_empty() {
        return Ok(Arguments::new());
    }
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(ToolError::invalid_arguments("The arguments must be a JSON object")),
        Err(error) => Err(ToolError::invalid_arguments(format!("The arguments are not JSON: {error}"))),
    }
}

/// The arguments as a tool's own type.
///
/// # Errors
/// `invalid_arguments`, which names the key.
pub(crate) fn read<T: DeserializeOwned>(arguments: &Arguments) -> Result<T, ToolError> {
    serde_json::from_value(Value::Object(arguments.clone()))
        .map_err(|error| ToolError::invalid_arguments(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> ToolCall {
        ToolCall { id: "c1".to_owned(), name: "web_search".to_owned(), arguments: arguments.to_owned() }
    }

    #[test]
    fn arguments_are_an_object_or_nothing() {
        assert_eq!(arguments(&call(r#"{"a":1}"#)).unwrap()["a"], 1);
        for empty in ["", " ", "{}"] {
            assert!(arguments(&call(empty)).unwrap().is_empty());
        }
        for bad in ["[]", "{", "\"x\"", "null"] {
            assert_eq!(arguments(&call(bad)).unwrap_err().code, "invalid_arguments", "{bad}");
        }
    }
}
