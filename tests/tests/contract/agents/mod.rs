//! Agents, their tasks and their logs (contract sections 6 and 8).

mod actions;
mod changing;
mod creating;
mod deleting;
mod environment;
mod fields;
mod journal;
mod launching;
mod listing;
mod logs;
mod mcp_servers;
mod metrics;
mod names;
mod stats;
mod streams;
mod task_answers;
mod task_lists;
mod task_queue;
mod tools;
mod transitions;
mod worker_sessions;
mod worker_tasks;
