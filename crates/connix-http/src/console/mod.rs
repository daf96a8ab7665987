//! `/console`: pages for people. Rendered here, without scripts, for keyboards, screen readers and phones.
//!
//! Whatever changes something is a form that carries a token of its browser and session, and comes from a page of ours
//! (`shared/reference/reliability.md` 2.5).

mod account;
mod browser_name;
mod consent;
mod cookie;
pub(crate) mod page;
mod password;
mod sign_in;
mod upstream;
mod visit;

pub use upstream::CALLBACK as UPSTREAM_CALLBACK;
pub(crate) use visit::Visit;

use crate::route::Route;

/// The entries of the table.
pub(crate) const ROUTES: &[&[Route]] =
    &[sign_in::ROUTES, upstream::ROUTES, consent::ROUTES, account::ROUTES, password::ROUTES, page::ROUTES];
