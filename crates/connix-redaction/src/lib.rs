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
mod pieces;
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

/// Bytes of forms that are known besides the values as they are: some four kilobytes of usual values in every form. Rare forms of
/// more values are left out, since whoever sets the values has it in his hands how large all this becomes.
const MOST_FORMS: usize = 128 << 10;

/// Knows values and finds them again.
#[derive(Default)]
pub struct Redactor {
    /// What is looked for, in order.
    forms: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
}

impl Redactor {
    /// A redactor of these values. Those shorter than [`SHORTEST`] are left out; a value of several lines is known line by line, a long
    /// one piece by piece. Of very many values (see [`Redactor::memory_usage`]) not every form is known, but always the value as it is.
    pub fn new<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let pieces: BTreeSet<&str> = values.into_iter().flat_map(pieces::of).collect();
        let mut all: BTreeSet<Vec<u8>> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        let mut room = MOST_FORMS;
        for kind in forms::KINDS {
            let forms = pieces.iter().flat_map(|piece| kind(piece)).filter(|form| form.len() >= SHORTEST);
            for form in forms {
                if form.len() <= room && !all.contains(&form) {
                    room -= form.len();
                    all.insert(form);
                }
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

    /// Bytes of memory that it takes.
    pub fn memory_usage(&self) -> usize {
        let forms: usize = self.forms.iter().map(|form| form.capacity() + size_of::<Vec<u8>>()).sum();
        forms + self.finder.as_ref().map_or(0, AhoCorasick::memory_usage)
    }

    /// A text without the values.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.finder {
            Some(finder) if finder.is_match(text) => {
                // forms are whole characters, so that what is between them is too; pieces of one value have one mask
                let mut kept = String::with_capacity(text.len());
                let mut masked_until = None;
                finder.replace_all_with(text, &mut kept, |found, _, kept| {
                    if masked_until != Some(found.start()) {
                        kept.push_str(MASK);
                    }
                    masked_until = Some(found.end());
                    true
                });
                Cow::Owned(kept)
            }
            // no automaton could be made of so much: then nothing is shown that could hold one
            None if !self.is_empty() => Cow::Borrowed(MASK),
            _ => Cow::Borrowed(text),
        }
    }

    /// Takes the values out of every text of a document, keys too. Keys that are plain words, of small letters and underscores, are those
    /// of whoever wrote the document: they stay.
    pub fn document(&self, document: Value) -> Value {
        if self.is_empty() {
            return document;
        }
        match document {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.document(item)).collect(),
            Value::Object(entries) => {
                let entry = |(key, value): (String, Value)| (self.key(key), self.document(value));
                Value::Object(entries.into_iter().map(entry).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => document,
        }
    }

    fn key(&self, key: String) -> String {
        let is_word = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_word { key } else { self.text(&key).into_owned() }
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
