//! What can be chosen about a store.

use connix_domain::port::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;

/// What can be chosen about a store; the defaults are what measured best.
#[derive(Clone)]
pub struct Options {
    /// Where the size and the time of each group of commits are noted.
    pub metrics: Option<Arc<dyn Metrics>>,
    /// PostgreSQL: how many failing units a group drops and is sent again without, before each unit is sent for itself
    /// under a savepoint. With more, sending again costs more than it saves.
    pub culprits: usize,
    /// PostgreSQL: how long a short read may stay without an answer before its connection is given up; a longer read, and a
    /// group of commits, twice as long, which is more than the 5 s after which the server stops a statement by itself. A
    /// server or a network that is frozen says nothing at all.
    pub patience: Duration,
    /// PostgreSQL: how long another process that migrates the database is waited for. (A SQLite file is waited for 5 s.)
    pub migration_patience: Duration,
    /// PostgreSQL: a connection is replaced when it has been open for one to two times this: names move to other addresses.
    pub lifetime: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            metrics: None,
            culprits: 3,
            patience: Duration::from_secs(3),
            migration_patience: Duration::from_secs(30),
            lifetime: Duration::from_secs(150),
        }
    }
}
