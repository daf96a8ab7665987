//! `/api/v1`: the Connix API. One module per resource: its entries of the route table, its handlers, its representation.

pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod equipment;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod project;
pub(crate) mod task;
pub(crate) mod usage;
pub(crate) mod utility;
pub(crate) mod worker;
