//! Reads a JSON object field by field and collects *everything* that is wrong with it (contract section 2 and 4).
//!
//! A getter gives `None` when the field is absent or wrong; a wrong one is noted. [`Fields::finish`] then refuses what was
//! noted, and every key that no getter asked for. Values are borrowed from the body.

use crate::problem::{Fault, Problem};
use connix_domain::agent::Patch;
use connix_domain::lifecycle::Words;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A JSON object being read.
pub(crate) struct Fields<'b> {
    object: &'b Map<String, Value>,
    /// Path of this object within the body, with a dot behind it, or nothing.
    prefix: String,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl<'b> Fields<'b> {
    /// Reads the whole body.
    pub(crate) fn of(object: &'b Map<String, Value>) -> Self {
        Self { object, prefix: String::new(), known: Vec::new(), faults: Vec::new() }
    }

    /// The value of `key`, whatever it is; the key is known from here on.
    pub(crate) fn any(&mut self, key: &'static str) -> Option<&'b Value> {
        self.known.push(key);
        self.object.get(key)
    }

    /// A string.
    pub(crate) fn string(&mut self, key: &'static str) -> Option<&'b str> {
        self.typed(key, "must be a string", Value::as_str)
    }

    /// A string that has to be there.
    pub(crate) fn required_string(&mut self, key: &'static str) -> Option<&'b str> {
        self.require(key);
        self.string(key)
    }

    /// A string or `null`: `Some(None)` is an explicit `null`.
    pub(crate) fn nullable_string(&mut self, key: &'static str) -> Option<Option<&'b str>> {
        match self.any(key)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text)),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.fault(key, "must be a string or null");
                None
            }
        }
    }

    /// A whole number; `issue` is what the sender of anything else is told.
    pub(crate) fn integer(&mut self, key: &'static str, issue: &'static str) -> Option<i64> {
        self.typed(key, issue, Value::as_i64)
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "must be true or false", Value::as_bool)
    }

    /// A key of a partial update; `null` resets it.
    pub(crate) fn patch<T>(
        &mut self,
        key: &'static str,
        issue: &'static str,
        read: impl FnOnce(&'b Value) -> Option<T>,
    ) -> Patch<T> {
        match self.any(key) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Reset,
            Some(value) => match read(value) {
                Some(value) => Patch::Set(value),
                None => {
                    self.fault(key, issue);
                    Patch::Keep
                }
            },
        }
    }

    /// A JSON object with keys of the sender's own.
    pub(crate) fn object(&mut self, key: &'static str) -> Option<&'b Map<String, Value>> {
        self.typed(key, "must be an object", Value::as_object)
    }

    /// The strings of a list under `key`; each entry that is none is a fault of its own, `tools[2]`.
    pub(crate) fn strings_of(&mut self, key: &'static str, list: &[Value]) -> Vec<String> {
        for (index, _) in list.iter().enumerate().filter(|(_, entry)| !entry.is_string()) {
            self.fault(&format!("{key}[{index}]"), "must be a string");
        }
        list.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
    }

    /// The strings of an object under `key`, by name; each value that is none is a fault of its own, `variables.NAME`.
    pub(crate) fn named_strings_of(&mut self, key: &'static str, object: &Map<String, Value>) -> Vec<(String, String)> {
        for (name, _) in object.iter().filter(|(_, value)| !value.is_string()) {
            self.fault(&format!("{key}.{name}"), "must be a string");
        }
        object.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// One of a closed set of words.
    pub(crate) fn word<W: Words>(&mut self, key: &'static str) -> Option<W> {
        self.one_of(key, W::ALL)
    }

    /// One of a few words.
    pub(crate) fn one_of<W: Words>(&mut self, key: &'static str, words: &[W]) -> Option<W> {
        let text = self.string(key)?;
        let word = words.iter().copied().find(|word| word.as_str() == text);
        if word.is_none() {
            self.fault(key, one_of(words));
        }
        word
    }

    /// An object with known keys, read by `read`; its faults and unknown keys are noted under its path.
    pub(crate) fn nested<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Fields<'b>) -> T) -> Option<T> {
        let object = self.object(key)?;
        let mut fields =
            Fields { object, prefix: format!("{}{key}.", self.prefix), known: Vec::new(), faults: Vec::new() };
        let value = read(&mut fields);
        self.faults.extend(fields.into_faults());
        Some(value)
    }

    /// Keys the service owns: they may be sent back as they are, and nothing else. Judge them when the resource is known.
    pub(crate) fn owned(&mut self, keys: &[&'static str]) -> Echo<'b> {
        Echo(keys.iter().filter_map(|key| self.any(key).map(|sent| ((*key).to_owned(), sent))).collect())
    }

    /// The same for keys of an object that is otherwise the sender's own.
    pub(crate) fn owned_within(&mut self, parent: &'static str, keys: &[&'static str]) -> Echo<'b> {
        let object = self.object.get(parent).and_then(Value::as_object);
        let sent = keys.iter().filter_map(|key| Some((format!("{parent}.{key}"), object?.get(*key)?)));
        Echo(sent.collect())
    }

    /// A key whose value nobody looks at: a figure that moves by itself and may come back as it was read.
    pub(crate) fn ignored(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// What a parser of the domain makes of a text, or its complaint as the field's issue.
    pub(crate) fn parsed<T, E: std::fmt::Display>(&mut self, key: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|issue| self.fault(key, issue.to_string())).ok()
    }

    /// What a check of the domain makes of a value, or the faults it names itself.
    pub(crate) fn checked<T, F>(&mut self, result: Result<T, F>) -> Option<T>
    where
        F: IntoIterator<Item = connix_domain::fault::Fault>,
    {
        result.map_err(|faults| self.faults.extend(faults.into_iter().map(Fault::from))).ok()
    }

    /// Notes a fault of `key`, as a phrase its name can stand before.
    pub(crate) fn fault(&mut self, key: &str, issue: impl Into<Cow<'static, str>>) {
        self.faults.push(Fault::new(format!("{}{key}", self.prefix), issue));
    }

    /// Refuses the body if anything was wrong with it.
    ///
    /// # Errors
    /// All the faults, in the order in which the fields were read; unknown keys come last.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let faults = self.into_faults();
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }

    fn into_faults(mut self) -> Vec<Fault> {
        let unknown = self.object.keys().filter(|key| !self.known.contains(&key.as_str()));
        self.faults.extend(unknown.map(|key| Fault::new(format!("{}{key}", self.prefix), "is not a known field")));
        self.faults
    }

    /// Notes a fault unless `key` is there.
    pub(crate) fn require(&mut self, key: &'static str) {
        if !self.object.contains_key(key) {
            self.fault(key, "is required");
        }
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        issue: &'static str,
        read: impl FnOnce(&'b Value) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.any(key)?);
        if value.is_none() {
            self.fault(key, issue);
        }
        value
    }
}

/// What was sent of the keys that the service owns, by dotted path.
pub(crate) struct Echo<'b>(Vec<(String, &'b Value)>);

impl Echo<'_> {
    /// Whether there is nothing to judge.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Judges it by the resource as it is shown now.
    ///
    /// # Errors
    /// A fault for every key that is not what it was.
    pub(crate) fn unchanged(&self, present: &impl Serialize) -> Result<(), Problem> {
        let present = serde_json::to_value(present).map_err(Problem::internal)?;
        let held = |path: &str| present.pointer(&format!("/{}", path.replace('.', "/")));
        let changed = self.0.iter().filter(|(path, sent)| held(path) != Some(sent));
        let faults: Vec<_> = changed.map(|(path, _)| Fault::new(path.clone(), "cannot be changed")).collect();
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }
}

/// `must be one of active, archived`.
pub(crate) fn one_of<W: Words>(words: &[W]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.as_str()).collect();
    format!("must be one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn issues(problem: &Problem) -> Vec<(String, String)> {
        problem.faults().iter().map(|fault| (fault.field.clone(), fault.message())).collect()
    }

    fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(field, message)| ((*field).to_owned(), (*message).to_owned())).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_with_dotted_paths() {
        let body = json!({
            "name": 7,
            "description": [],
            "config": {"max_tokens": 1.5, "tools": ["a", 1, null], "modle": "gpt-4"},
            "surprise": true,
        });
        let mut fields = Fields::of(body.as_object().unwrap());
        fields.required_string("name");
        fields.nullable_string("description");
        fields.required_string("input");
        fields.nested("config", |config| {
            config.integer("max_tokens", "must be a positive integer");
            let tools = config.any("tools").and_then(Value::as_array).unwrap();
            config.strings_of("tools", tools);
        });
        assert_eq!(
            issues(&fields.finish().unwrap_err()),
            said(&[
                ("name", "Name must be a string"),
                ("description", "Description must be a string or null"),
                ("input", "Input is required"),
                ("config.max_tokens", "Max tokens must be a positive integer"),
                ("config.tools[1]", "Tools[1] must be a string"),
                ("config.tools[2]", "Tools[2] must be a string"),
                ("config.modle", "Modle is not a known field"),
                ("surprise", "Surprise is not a known field"),
            ])
        );
    }

    #[test]
    fn good_fields_are_read_and_absent_ones_told_from_null() {
        let body = json!({"name": "a", "description": null, "n": 3, "t": 0.5, "one": 1, "none": null, "m": {"k": 1}});
        let mut fields = Fields::of(body.as_object().unwrap());
        assert_eq!(fields.required_string("name"), Some("a"));
        assert_eq!(fields.nullable_string("description"), Some(None));
        assert_eq!(fields.nullable_string("absent"), None);
        assert_eq!(fields.integer("n", "must be an integer"), Some(3));
        assert_eq!(fields.patch("t", "must be a number", Value::as_f64), Patch::Set(0.5));
        assert_eq!(fields.patch("one", "must be a number", Value::as_f64), Patch::Set(1.0));
        assert_eq!(fields.patch("none", "must be a number", Value::as_f64), Patch::Reset);
        assert_eq!(fields.patch("absent", "must be a number", Value::as_f64), Patch::Keep);
        assert_eq!(fields.object("m").map(Map::len), Some(1));
        assert!(fields.finish().is_ok());
    }

    #[test]
    fn a_key_of_the_service_may_be_sent_back_unchanged_and_not_otherwise() {
        let body = json!({"id": 7, "status": "active", "stats": 1});
        let mut fields = Fields::of(body.as_object().unwrap());
        let echo = fields.owned(&["id", "status", "created_at"]);
        fields.ignored(&["stats"]);
        assert!(fields.finish().is_ok());
        assert!(echo.unchanged(&json!({"id": 7, "status": "active", "created_at": "2024-01-15T10:30:00Z"})).is_ok());
        let refused = echo.unchanged(&json!({"id": 7, "status": "archived"})).unwrap_err();
        assert_eq!(issues(&refused), said(&[("status", "Status cannot be changed")]));
    }
}
