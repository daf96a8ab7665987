//! What a process and everything it has started consume, read from `/proc` (`runtime.md` 3.6).
//!
//! Used on both sides: the server measures the workers it has launched, and a worker on a customer's host measures itself.
//! Without a control group of their own this is the most that can honestly be said:
//!
//! - **processor time** is what the living processes have used and what their reaped children had used. A child whose
//!   parent ended without waiting for it takes its time with it, so the sum may lose, and never invents;
//! - **memory** is the proportional set size: a page that several processes share is counted once in all.
//!
//! There is no network here: the kernel keeps no such count per process.
#![warn(missing_docs)]

mod host;
mod table;

pub use host::Host;
pub use table::{Consumption, ProcessTable};
