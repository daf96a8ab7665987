//! Takes secret values out of what is printed (`reliability.md` 2.13): as they are, and as base64, percent-encoding, hexadecimal
//! and JSON strings show them, also where a text comes in chunks.
//!
//! Both sides use it: a worker before anything leaves it, the server before anything is stored.
//!
//! ```
//! use connix_redaction::Redactor;
//!
//! let redactor = Redactor::new(["correct-horse-5"]);
//! assert_eq!(redactor.text("it is correct-horse-5!"), "it is ***!");
//! assert_eq!(redactor.text("it is Y29ycmVjdC1ob3JzZS01"), "it is ***");
//! ```
#![warn(missing_docs)]

mod forms;
mod stream;

pub use stream::Stream;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// What stands where a secret was.
pub const MASK: &str = "***";
/// A shorter value is not looked for: it stands in too many texts by chance.
pub const SHORTEST: usize = 8;

/// Knows values and finds them again.
#[derive(Default)]
pub struct Redactor {
    /// Every form of every value, the longest first.
    forms: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
}

impl Redactor {
    /// A redactor of these values. Those shorter than [`SHORTEST`] are left out; a value of several lines is known line by line too.
    pub fn new<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut all = BTreeSet::new();
        for value in values {
            for part in value.lines().chain([value]).map(str::trim).filter(|part| part.len() >= SHORTEST) {
                all.extend(forms::of(part));
            }
        }
        let forms: Vec<_> = all.into_iter().collect();
        let finder = (!forms.is_empty())
            .then(|| AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(&forms).ok())
            .flatten();
        Self { forms, finder }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// A text without the values.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.finder {
            Some(finder) if finder.is_match(text) => {
                // forms are whole characters, so that what is between them is too
                let mut kept = String::with_capacity(text.len());
                finder.replace_all_with(text, &mut kept, |_, _, kept| {
                    kept.push_str(MASK);
                    true
                });
                Cow::Owned(kept)
            }
            // no automaton could be made of so much: then nothing is shown that could hold one
            None if !self.is_empty() => Cow::Borrowed(MASK),
            _ => Cow::Borrowed(text),
        }
    }

    /// Takes the values out of every text of a document, keys too.
    pub fn document(&self, document: Value) -> Value {
        if self.is_empty() {
            return document;
        }
        match document {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.document(item)).collect(),
            Value::Object(entries) => {
                let entry = |(key, value): (String, Value)| (self.text(&key).into_owned(), self.document(value));
                Value::Object(entries.into_iter().map(entry).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => document,
        }
    }

    /// Takes the values out of bytes that come in chunks.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.forms.len())
    }
}

#[cfg(test)]
mod tests;
