//! What every route has in common (contract sections 2 and 4), and the utility routes (section 11).

mod bodies;
mod browsers;
mod compression;
mod conditional;
mod credentials;
mod headers;
mod idempotency;
mod openapi;
mod permissions;
mod routes;
mod slow_requests;
mod tenancy;
mod transport;
mod utility;
