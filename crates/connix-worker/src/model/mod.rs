//! A thin, lenient client of OpenAI-compatible chat-completions endpoints.
//!
//! "Compatible" servers differ in a hundred small ways on which strictly typed clients break (null content, missing
//! usage, errors with status 200), so what is read is picked out of the JSON and everything else is ignored. Answers are
//! not streamed: an agent's task has no reader before it is done.

mod directory;
mod endpoint;
mod estimate;
mod fault;
mod reply;
mod retry;

pub use directory::offered_models;
pub(crate) use endpoint::{ChatEndpoint, ChatRequest};
pub(crate) use fault::{FaultKind, ModelFault};
pub(crate) use reply::{Answer, ModelReply, ToolCall};
pub(crate) use retry::wait_before_retry;
