//! Projects, on both mounts (contract section 5).

mod canonical_names;
mod changes;
mod creating;
mod default_project;
mod deleting;
mod fields;
mod filters;
mod listing;
mod naming;
mod organisation_api;
mod usage;
