//! The worker's side of the protocol: typed calls, and what their failures mean.

mod call_error;
mod client;
mod persist;

pub(crate) use call_error::{CallError, root_cause};
pub(crate) use client::ServerClient;
pub(crate) use persist::persist;
