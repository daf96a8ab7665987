//! Custom attributes of a resource: a JSON object with limits (contract section 5).

use crate::fault::Fault;
use serde_json::{Map, Value};

/// At most this many keys.
pub const MOST_KEYS: usize = 64;
/// A key has at most this many characters.
pub const LONGEST_KEY: usize = 64;
/// The whole object, printed compactly, has at most this many bytes.
pub const LARGEST: usize = 16 * 1024;

/// A JSON object of at most 64 keys of at most 64 characters, 16 KiB in all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Takes an object that keeps the limits.
    ///
    /// # Errors
    /// The first limit that is broken, on field `metadata`.
    pub fn parse(object: Map<String, Value>) -> Result<Self, Fault> {
        Self::parse_beside(object, |_, _| false)
    }

    /// Takes an object among whose attributes are the service's own: those that `owned` tells count in no limit, so that
    /// what was read can be sent back.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_beside(object: Map<String, Value>, owned: impl Fn(&str, &Value) -> bool) -> Result<Self, Fault> {
        let given = object.iter().filter(|(key, value)| !owned(key, value));
        check(given.map(|(key, value)| (key.clone(), value.clone())).collect())?;
        Ok(Self(object))
    }

    /// What a store kept; it was checked when it was written.
    pub fn restore(value: Value) -> Self {
        match value {
            Value::Object(object) => Self(object),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Self::default(),
        }
    }
    /// The object as JSON.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
    /// Sets a key that the service owns.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }
    /// Sets a key that the service owns and puts it before all others: the order in which documents show it.
    pub fn set_first(&mut self, key: &str, value: impl Into<Value>) {
        let rest = std::mem::take(&mut self.0);
        self.0.insert(key.to_owned(), value.into());
        self.0.extend(rest.into_iter().filter(|(k, _)| k != key));
    }

    /// The scalar attributes in a form that a store can search: each as [`label`] prints it.
    pub fn labels(&self) -> String {
        self.0.iter().filter_map(|(key, value)| scalar(value).map(|text| label(key, &text))).collect()
    }
}

fn check(given: Map<String, Value>) -> Result<(), Fault> {
    if given.len() > MOST_KEYS {
        return Err(Fault::new("metadata", format!("Metadata must have at most {MOST_KEYS} keys")));
    }
    if given.keys().any(|key| key.is_empty() || key.chars().count() > LONGEST_KEY) {
        return Err(Fault::new("metadata", format!("Metadata keys must have 1 to {LONGEST_KEY} characters")));
    }
    if Value::Object(given).to_string().len() > LARGEST {
        return Err(Fault::new("metadata", format!("Metadata must be at most {LARGEST} bytes of JSON")));
    }
    Ok(())
}

/// How `metadata.KEY=VALUE` looks inside [`Metadata::labels`]; the separators are control characters that no key or
/// query value holds.
pub fn label(key: &str, value: &str) -> String {
    format!("\u{1f}{key}\u{1e}{value}\u{1f}")
}

/// The text by which a scalar is searched; objects and lists are not.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Null => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: Value) -> Result<Metadata, Fault> {
        Metadata::parse(value.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn each_limit_is_enforced() {
        let many: Map<String, Value> = (0..65).map(|n| (n.to_string(), json!(1))).collect();
        assert!(Metadata::parse(many).is_err());
        assert!(parse(json!({ "k".repeat(65): 1 })).is_err());
        assert!(parse(json!({ "k": "v".repeat(LARGEST) })).is_err());
        assert!(parse(json!({ "k".repeat(64): "v" })).is_ok());
    }

    #[test]
    fn attributes_keep_the_order_they_were_given_in_but_for_one_that_is_put_first() {
        let mut metadata = parse(json!({"team": "a", "created_by": "somebody", "app": 1})).unwrap();
        metadata.set("app", 2);
        metadata.set("version", "1.0.0");
        metadata.set_first("created_by", "user_1");
        let printed = metadata.to_value().to_string();
        assert_eq!(printed, r#"{"created_by":"user_1","team":"a","app":2,"version":"1.0.0"}"#);
    }

    #[test]
    fn what_is_written_is_restored_and_anything_else_is_nothing() {
        let metadata = parse(json!({"b": {"deep": [1, null]}, "a": "x"})).unwrap();
        assert_eq!(Metadata::restore(metadata.to_value()), metadata);
        assert_eq!(Metadata::restore(json!([1])), Metadata::default());
    }

    #[test]
    fn a_label_is_found_only_whole() {
        let labels =
            parse(json!({"team": "customer-success", "n": 3, "on": true, "deep": {"x": 1}})).map(|m| m.labels());
        let labels = labels.unwrap_or_default();
        assert!(labels.contains(&label("team", "customer-success")));
        assert!(labels.contains(&label("n", "3")) && labels.contains(&label("on", "true")));
        assert!(!labels.contains(&label("team", "customer")));
        assert!(!labels.contains(&label("am", "customer-success")));
    }
}
