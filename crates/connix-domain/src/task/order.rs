//! What somebody asks for with a task.

use crate::fault::Faults;
use crate::metadata::Metadata;
use serde_json::Value;

/// What somebody asks for with a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskOrder {
    /// Text, or a JSON object.
    pub input: Value,
    /// Custom attributes.
    pub metadata: Metadata,
    /// How long one attempt may take, in seconds.
    pub timeout_seconds: i64,
    /// After how many failed attempts it is given up.
    pub max_attempts: i64,
}

impl TaskOrder {
    /// An attempt may take this long unless asked otherwise, in seconds.
    pub const DEFAULT_TIMEOUT: i64 = 900;
    /// This many attempts unless asked otherwise.
    pub const DEFAULT_ATTEMPTS: i64 = 3;

    /// Checks all rules.
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::new();
        let given = match &self.input {
            Value::String(text) => !text.is_empty(),
            Value::Object(object) => !object.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
        };
        faults.check(given, "input", "Input must be a non-empty string or object");
        faults.check(
            (1..=86_400).contains(&self.timeout_seconds),
            "timeout_seconds",
            "Timeout must be between 1 and 86400 seconds",
        );
        faults.check((1..=10).contains(&self.max_attempts), "max_attempts", "Max attempts must be between 1 and 10");
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faulty_fields(input: Value, timeout_seconds: i64, max_attempts: i64) -> Vec<String> {
        let order = TaskOrder { input, metadata: Metadata::default(), timeout_seconds, max_attempts };
        order.faults().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn input_is_a_text_or_an_object_with_something_in_it() {
        for input in [json!("Summarise this"), json!({"text": "…"})] {
            assert!(faulty_fields(input.clone(), 900, 3).is_empty(), "{input}");
        }
        for input in [json!(""), json!({}), json!([]), json!(["a"]), json!(1), json!(true), Value::Null] {
            assert_eq!(faulty_fields(input.clone(), 900, 3), ["input"], "{input}");
        }
    }

    #[test]
    fn each_limit_is_allowed_and_the_next_value_is_not() {
        for (timeout, attempts) in [(1, 1), (86_400, 10), (TaskOrder::DEFAULT_TIMEOUT, TaskOrder::DEFAULT_ATTEMPTS)] {
            assert!(faulty_fields(json!("x"), timeout, attempts).is_empty());
        }
        for timeout in [i64::MIN, 0, 86_401] {
            assert_eq!(faulty_fields(json!("x"), timeout, 3), ["timeout_seconds"]);
        }
        for attempts in [-1, 0, 11] {
            assert_eq!(faulty_fields(json!("x"), 900, attempts), ["max_attempts"]);
        }
    }

    #[test]
    fn all_faults_are_listed_at_once() {
        assert_eq!(faulty_fields(json!(""), 0, 0), ["input", "timeout_seconds", "max_attempts"]);
    }
}
