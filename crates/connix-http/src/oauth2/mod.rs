//! `/oauth2` and `/.well-known`: the endpoints that applications and resource servers speak with (contract section 10).

mod authorize;
mod client_authentication;
mod metadata;
mod token;
mod told;

use crate::route::Route;

/// The group they are documented in.
const TAG: &str = "OAuth2";

/// The entries of the table.
pub(crate) const ROUTES: &[&[Route]] = &[authorize::ROUTES, token::ROUTES, metadata::ROUTES];
