//! The labels under which things are counted. Every one has few values: a route's template and not its path, a status class and not
//! the code, a model only while there are few.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) method: String,
    pub(crate) route: String,
    /// `2xx`, `4xx`, …
    pub(crate) status: &'static str,
}

/// A route, for its latency: by method and status the series would be many and each would say little.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RouteLabels {
    pub(crate) method: String,
    pub(crate) route: String,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) outcome: &'static str,
}

/// Tokens of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TokenLabels {
    pub(crate) model: String,
    /// `prompt` or `completion`.
    pub(crate) kind: &'static str,
}

/// The class of a status code.
pub(crate) const fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// The method of a request, or `OTHER`: a client may invent methods, a series of metrics may not.
pub(crate) fn known_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "OTHER",
    }
}

/// The names of models seen so far. Users choose them, so past the limit new ones are counted together.
#[derive(Debug, Default)]
pub(crate) struct SeenModels(Mutex<BTreeSet<String>>);

impl SeenModels {
    const LIMIT: usize = 100;
    const OTHER: &'static str = "other";

    /// The label of `model`.
    pub(crate) fn label(&self, model: &str) -> String {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(model) {
            if seen.len() == Self::LIMIT {
                return Self::OTHER.to_owned();
            }
            seen.insert(model.to_owned());
        }
        model.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_limit_new_models_share_one_label_and_old_ones_keep_theirs() {
        let seen = SeenModels::default();
        for number in 0..SeenModels::LIMIT {
            assert_eq!(seen.label(&format!("model-{number}")), format!("model-{number}"));
        }
        assert_eq!(seen.label("one-more"), "other");
        assert_eq!(seen.label("model-7"), "model-7");
    }

    #[test]
    fn an_invented_method_makes_no_series_of_its_own() {
        assert_eq!(known_method("BREW"), "OTHER");
        assert_eq!(known_method("PATCH"), "PATCH");
    }
}
