//! The worker against a scripted server and a scripted model, over real HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod attempts;
mod code_execution;
mod consumption;
mod eventually;
mod mcp_endpoint;
mod mcp_program;
mod model_faults;
mod orders;
mod outages;
mod own_tools;
mod process;
mod running_worker;
mod scripted_server;
mod tools;
mod workspace;
