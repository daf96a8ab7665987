//! The API on actix-web.
//!
//! A request passes, in this order: the envelope (request id, time, errors, compression), the route table
//! ([`route`]), the gate of its route (credential, permission), the reading of its query and body (`query`, `body`), and a
//! handler in `v1` or `organisation_api` that translates it for the application and the result back. Whatever goes wrong is
//! a [`problem::Problem`], which the envelope words in the vocabulary of the path.
//!
//! | to learn about | read |
//! |---|---|
//! | every route | [`route::table`] |
//! | every error | [`problem::Situation`], `docs/errors.md` |
//! | the OpenAPI document | [`openapi::document`], `docs/api/openapi.json` |
//! | the listeners | [`server`] |
#![warn(missing_docs)]

mod body;
mod call;
mod client_address;
mod compress;
mod conditional;
mod console;
mod cors;
mod credential;
mod envelope;
mod event_stream;
mod figure;
mod gate;
#[cfg(test)]
mod golden;
mod idempotency;
mod limit_headers;
mod oauth2;
pub mod openapi;
mod operations;
mod organisation_api;
mod origin;
pub mod problem;
mod query;
mod reply;
mod request_id;
mod rfc3339;
pub mod route;
pub mod server;
mod v1;

pub use client_address::TrustedProxies;
pub use console::UPSTREAM_CALLBACK;
pub use cors::Cors;
pub use event_stream::Pace;
pub use operations::Exposition;
