//! The failure catalogue (`reference/runtime.md` section 6): what is done to the real binary, and what it makes of it. A case is
//! named by its sentence, its number stands above it. Those about shim, re-adoption and shards (F10, F20–F27, F29, F30 "leave", F58,
//! F59) are of designs that contract section 8 leaves out.
//!
//! | entries | where |
//! |---|---|
//! | F01 F02 F03 F05 F46 | `launching` |
//! | F04 F06 F09 F20 F26, and a worker frozen over a server's end | `interrupted` |
//! | F18 F19 F31 F32 F33 F34 F40 | `silent` |
//! | F41 (in time), F42, F43 | `commands` |
//! | F49 F50 | `model_faults` |
//! | F54 | `outage` |
//! | O34 of `reliability.md` | `lost_answers` |
//! | F55 | `connix-server`, `system.rs`: the clock cannot be set here |
//! | F35–F37 F60 | `contract`, `agents/worker_tasks.rs`, `agents/worker_sessions.rs` |
//! | F28 | `contract`, `operating`: a second server on the same folder |
//! | F38 F39 F41 (too late) F44 F45 | `e2e`, `at_work.rs`, and `contract`, `agents/task_queue.rs` |
//! | F47 F48 F56 | `contract`, `agents/fields.rs`, `agents/task_queue.rs`, `http/idempotency.rs` |
//! | F07 F08 F11–F17 F51 F52 | the tools: `e2e` and `connix-worker` |
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test fails by panicking and says what it measured")]

mod commands;
mod interrupted;
mod launching;
mod lost_answers;
mod model_faults;
mod outage;
mod silent;
