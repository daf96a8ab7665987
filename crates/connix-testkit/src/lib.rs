//! What tests of Connix and of other adapters stand on.
//!
//! | part | what |
//! |---|---|
//! | [`contract`] | the suite that every store passes: [`store_contract!`] makes a test of each case |
//! | [`limits_contract`](mod@limits_contract) | the suite that all budgets of requests pass: [`limits_contract!`](macro@crate::limits_contract) |
//! | [`memory`] | a store in memory, for tests of what stands above the ports |
//! | [`clock`], [`ids`] | time and chance, decided by the test |
//! | [`samples`] | values of the domain, with every field filled where that matters |
//! | [`fake_model`] | a model endpoint that plays a script |
//! | [`fake_search`] | a search endpoint |
//! | [`fake_provider`] | an OpenID Connect provider, which can lie |
//! | [`proxy`] | a network that can freeze |
#![warn(missing_docs)]

pub mod clock;
pub mod contract;
pub mod fake_mcp;
pub mod fake_model;
pub mod fake_provider;
pub mod fake_search;
pub mod ids;
pub mod limits_contract;
pub mod memory;
pub mod proxy;
pub mod samples;

pub use clock::ManualClock;
pub use ids::{CountingIds, RandomIds};
pub use memory::{MemoryLimits, MemoryStore};
