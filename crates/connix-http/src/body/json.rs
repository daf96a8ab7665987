//! A strict reader of JSON: what two programs might read differently is refused, and so is what would exhaust us.
//!
//! Refused beside malformed JSON: duplicate keys, nesting deeper than 32, more than 10,000 values, C0 control characters
//! other than tab, LF and CR in any string, lone surrogates, numbers no `f64` holds, invalid UTF-8, a byte order mark, and
//! a top level that is not an object (contract section 2, `reliability.md` 2.11). Every refusal says line and column.

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Deepest nesting; the top-level object is level 1.
const DEEPEST: usize = 32;
/// Most values in one document, counting objects, lists and scalars.
const MOST_VALUES: usize = 10_000;

/// Reads one JSON object.
///
/// # Errors
/// What is wrong, for the sender, with line and column.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| invalid_utf8(bytes, error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err("byte order mark at line 1 column 1".to_owned());
    }
    let budget = Cell::new(MOST_VALUES);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 1, budget: &budget }.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err("it must be a JSON object at line 1 column 1".to_owned())
        }
    }
}

/// Where the first byte stands that is not UTF-8.
fn invalid_utf8(bytes: &[u8], offset: usize) -> String {
    let before = bytes.get(..offset).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    format!("invalid UTF-8 at line {line} column {column}")
}

/// A value at a depth of the document, and how many more the document may have.
#[derive(Clone, Copy)]
struct Node<'b> {
    depth: usize,
    budget: &'b Cell<usize>,
}

impl Node<'_> {
    /// A value inside this one.
    fn inner(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn may_nest<E: de::Error>(self) -> Result<(), E> {
        if self.depth > DEEPEST { Err(E::custom(format_args!("nested deeper than {DEEPEST}"))) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.budget.get().checked_sub(1) else {
            return Err(de::Error::custom(format_args!("more than {MOST_VALUES} values")));
        };
        self.budget.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        printable(value)?;
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        printable(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.may_nest()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.inner())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.may_nest()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            printable(&key)?;
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key `{key}`")));
            }
            let value = entries.next_value_seed(self.inner())?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Refuses C0 control characters other than tab, LF and CR.
fn printable<E: de::Error>(text: &str) -> Result<(), E> {
    match text.bytes().find(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        Some(byte) => Err(E::custom(format_args!("control character U+{byte:04X} in a string"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(text: &str) -> String {
        parse_object(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_object_is_read_as_it_stands_and_keeps_the_order_of_its_keys() {
        let text = r#"{"b": [1, -2, 2.5, 18446744073709551615], "a": {"t": "x\ty\nz\r", "n": null, "y": true}}"#;
        let object = parse_object(text.as_bytes()).unwrap();
        assert_eq!(Value::Object(object.clone()), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(object.keys().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn what_is_not_one_json_object_is_refused_with_line_and_column() {
        for (text, expected) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("{\"name\":", "EOF while parsing a value at line 1 column 8"),
            ("{\n  \"a\": 1,\n}", "trailing comma at line 3 column 1"),
            ("{} {}", "trailing characters at line 1 column 4"),
            ("[]", "it must be a JSON object at line 1 column 1"),
            ("null", "it must be a JSON object at line 1 column 1"),
            ("\"x\"", "it must be a JSON object at line 1 column 1"),
            ("\u{feff}{}", "byte order mark at line 1 column 1"),
            ("{'a': 1}", "key must be a string at line 1 column 2"),
        ] {
            assert_eq!(refusal(text), expected, "{text:?}");
        }
    }

    #[test]
    fn ambiguous_or_unstorable_content_is_refused() {
        for (text, expected) in [
            (r#"{"name":"aaa","name":"bbb"}"#, "duplicate key `name`"),
            (r#"{"a":{"k":1,"\u006b":2}}"#, "duplicate key `k`"),
            (r#"{"a":"\u0000"}"#, "control character U+0000"),
            (r#"{"a":["x\u001b[1m"]}"#, "control character U+001B"),
            (r#"{"\u0007":1}"#, "control character U+0007"),
            (r#"{"a":"\ud800"}"#, "unexpected end of hex escape"),
            (r#"{"a":"\ud800\u0041"}"#, "lone leading surrogate"),
            (r#"{"a":"\udc00"}"#, "lone leading surrogate"),
            (r#"{"a":1e400}"#, "number out of range"),
            (r#"{"a":NaN}"#, "expected value"),
            ("{\"a\":\"line\nbreak\"}", "control character"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(expected) && refusal.contains(" at line "), "{text}: {refusal}");
        }
    }

    #[test]
    fn invalid_utf8_is_refused_where_it_stands() {
        assert_eq!(parse_object(b"{\"a\":\n \"\xff\"}").unwrap_err(), "invalid UTF-8 at line 2 column 3");
    }

    #[test]
    fn nesting_ends_at_32_however_deep_the_document_goes() {
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(parse_object(nested(32).as_bytes()).is_ok());
        for depth in [33, 128, 100_000] {
            assert!(refusal(&nested(depth)).starts_with("nested deeper than 32"), "{depth}");
        }
        assert!(refusal(&format!("{{\"a\":{}", "[".repeat(100_000))).starts_with("nested deeper than 32"));
    }

    #[test]
    fn a_document_has_at_most_ten_thousand_values() {
        let list = |values: usize| json!({"a": vec![0; values]}).to_string();
        assert!(parse_object(list(9_998).as_bytes()).is_ok());
        assert!(refusal(&list(9_999)).starts_with("more than 10000 values"));
    }
}
