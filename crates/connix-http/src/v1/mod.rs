//! `/api/v1`: the Connix API. One module per resource: its entries of the route table, its handlers, its representation.

pub(crate) mod agent;
pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod equipment;
pub(crate) mod log;
pub(crate) mod member;
pub(crate) mod metrics;
pub(crate) mod oauth_client;
pub(crate) mod organisation;
pub(crate) mod project;
mod rate_limits;
mod rotation;
pub(crate) mod task;
pub(crate) mod team;
pub(crate) mod usage;
pub(crate) mod utility;
pub(crate) mod worker;
