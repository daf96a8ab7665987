//! The API contract from outside: every example of the source documents that is built, every rule of `contract.md` that can be
//! seen over HTTP or on the command line, and the bad inputs of `reliability.md` section 4. Each case runs on both stores.
//!
//! Initials in the case files name the document that a case comes from: PROJ, OVER, AGNT, CANO, WORK; H01, K01, V01, I01 and
//! T01 are rows of `reliability.md`.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod agents;
mod audit;
mod console;
mod http;
mod identity;
mod oauth;
mod operating;
mod projects;
mod rate_limits;
