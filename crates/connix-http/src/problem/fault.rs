//! One thing that is wrong with one field, in the forms that the vocabularies need.

use serde_json::Value;
use std::borrow::Cow;

/// A broken rule of a field, a query parameter or a header.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Dotted path of the field.
    pub(crate) field: String,
    /// What was sent, where a document shows it back.
    pub(crate) value: Option<Value>,
    /// `details.issue` of the upper and dotted vocabularies: the rule without its subject.
    pub(crate) issue: Option<Cow<'static, str>>,
    /// The whole sentence when it is not field and issue.
    sentence: Option<String>,
}

impl Fault {
    /// A rule as a phrase that the field's name can stand before: `is required`, `must be a string`.
    pub fn new(field: impl Into<String>, issue: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), value: None, issue: Some(issue.into()), sentence: None }
    }

    /// A rule as a whole sentence, which is then the issue too.
    pub fn sentence(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self { field: field.into(), value: None, issue: Some(sentence.clone().into()), sentence: Some(sentence) }
    }

    /// Only which field it is and what it held; the problem's message says the rest.
    pub fn of_value(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { field: field.into(), value: Some(value.into()), issue: None, sentence: None }
    }

    /// Shows the value that was sent.
    #[must_use]
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// `details[].message` of the lower vocabulary: the sentence, or the field's last name and the issue
    /// (`config.max_tokens` + `must be a positive integer` = `Max tokens must be a positive integer`).
    #[must_use]
    pub fn message(&self) -> String {
        match (&self.sentence, &self.issue) {
            (Some(sentence), _) => sentence.clone(),
            (None, Some(issue)) => format!("{} {issue}", subject(&self.field)),
            (None, None) => format!("{} is not accepted", subject(&self.field)),
        }
    }
}

impl From<connix_domain::fault::Fault> for Fault {
    fn from(fault: connix_domain::fault::Fault) -> Self {
        Self::sentence(fault.field, fault.message)
    }
}

/// The last segment of a dotted path as it begins a sentence.
fn subject(path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path).replace('_', " ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_the_document_words_it() {
        assert_eq!(
            Fault::new("config.max_tokens", "must be a positive integer").message(),
            "Max tokens must be a positive integer"
        );
        assert_eq!(
            Fault::new("config.temperature", "must be between 0 and 2").message(),
            "Temperature must be between 0 and 2"
        );
    }
}
