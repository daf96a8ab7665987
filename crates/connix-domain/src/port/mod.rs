//! What the domain needs from the world. All ports obey these rules:
//!
//! - Domain words only; object-safe; `Send + Sync`; used as `Arc<dyn …>`.
//! - Absence is a case, not an error: a reader gives `None` or an empty page.
//! - One error enum per family, with variants that a caller can act on.
//! - What cannot fail or wait is not async: clock, ids, metrics, cryptography.
//! - Every sentence with MUST is a case of the contract suite in `connix-testkit`.

pub mod api_keys;
pub mod applications;
pub mod audit;
pub mod clock;
pub mod limits;
pub mod members;
pub mod metrics;
pub mod oauth;
pub mod runtime;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod tools;
pub mod upstream;
