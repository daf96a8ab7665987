//! `/v1`: the organisation API (WORK), another view of the same projects.

pub(crate) mod project;
