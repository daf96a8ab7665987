//! A task under claims, results and cancellation: in any order (`sequences`), and its rules one by one (`rules`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rules;
mod sequences;

use connix_domain::Timestamp;
use connix_domain::id::{AgentId, OrgId, ProjectId, TaskId};
use connix_domain::metadata::Metadata;
use connix_domain::task::{Task, TaskError, TaskOrder, Usage};
use serde_json::json;

/// So many milliseconds after the beginning of the test's time.
fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_700_000_000_000 + milliseconds).unwrap()
}

/// A task given at the beginning.
fn new_task(max_attempts: i64) -> Task {
    let order =
        TaskOrder { input: json!("Summarise"), metadata: Metadata::default(), timeout_seconds: 900, max_attempts };
    Task::new(OrgId::new(1), TaskId::new(2), AgentId::new(3), ProjectId::new(4), order, at(0))
}

fn lease() -> chrono::Duration {
    chrono::Duration::seconds(30)
}

fn error(code: &str) -> TaskError {
    TaskError { code: code.to_owned(), message: "It did not work".to_owned() }
}

fn usage(prompt: i64, completion: i64) -> Usage {
    Usage { prompt, completion, requests: 1 }
}
