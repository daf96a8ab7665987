//! The headers that say how a caller's budgets stand, in the document.

use crate::limit_headers::DOCUMENTED;
use serde_json::{Map, Value, json};

const RETRY_AFTER: &str = "Retry-After";

/// The components.
pub(super) fn headers() -> Map<String, Value> {
    let header = |summary: &str| json!({"description": summary, "schema": {"type": "integer", "format": "int64"}});
    let mut all: Map<_, _> = DOCUMENTED.iter().map(|(name, summary)| ((*name).to_owned(), header(summary))).collect();
    all.insert(RETRY_AFTER.to_owned(), header("Whole seconds until it may be tried again"));
    all
}

/// References to those of every answer to an authenticated call.
pub(super) fn references() -> Map<String, Value> {
    DOCUMENTED.iter().map(|(name, _)| ((*name).to_owned(), reference(name))).collect()
}

/// References to those of a 429.
pub(super) fn of_refusal() -> Value {
    let mut all = references();
    all.insert(RETRY_AFTER.to_owned(), reference(RETRY_AFTER));
    all.into()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}
