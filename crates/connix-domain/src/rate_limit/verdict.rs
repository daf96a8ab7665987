//! Whether a request passes, and how the budgets stand that it asked for.

use super::{Policy, Window};
use crate::Timestamp;

/// How one budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub policy: Policy,
    /// How much there is of it in a window.
    pub limit: i64,
    /// How much is left of it in this one.
    pub remaining: i64,
    /// This window.
    pub window: Window,
    /// Whether it is why the request does not pass.
    pub violated: bool,
}

/// Whether a request passes. It has counted in each of its policies, or in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// When it was given, by the clock that the windows go by.
    pub at: Timestamp,
    /// How the budgets stand, in the order of the claims.
    pub standings: Vec<Standing>,
}

impl Verdict {
    /// Whether the request passes.
    pub fn passes(&self) -> bool {
        self.standings.iter().all(|standing| !standing.violated)
    }

    /// After how many whole seconds the last violated window has ended; at least 1. `None` for a request that passes.
    pub fn retry_after(&self) -> Option<u64> {
        self.standings.iter().filter(|standing| standing.violated).map(|standing| standing.window.left(self.at)).max()
    }

    /// How a policy's budget stands.
    pub fn of(&self, policy: Policy) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.policy == policy)
    }
}
