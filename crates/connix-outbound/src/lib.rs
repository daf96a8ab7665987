//! The address rule: where the service may be sent by somebody else's word (contract section 7).
//!
//! Webhook targets, and whatever an agent's tool dials, name hosts that the service itself can reach and the one who
//! named them cannot. So they may be public addresses alone, unless the operator's `…allow_cidrs` says otherwise. It is
//! judged twice, since a name may mean something else a moment later:
//!
//! 1. [`Target::parse`] judges the URL as it is written, when it is registered;
//! 2. [`GuardedClient`] judges every address its host resolves to when it is dialled, dials one of exactly those, and
//!    follows no redirect.
//!
//! What tenants name for their own use, at any time, is judged more strictly ([`AddressRule::for_tenants`]): never the
//! service's own places ([`Reserved`]). What the operator himself configured for one use needs no judgement.
//!
//! What is moved is counted ([`Traffic`]).
//!
//! [`AddressRule`] is the judgement of a single address: pure, and what the other two ask.

mod address;
mod client;
mod reserved;
mod resolver;
mod rule;
mod target;
mod traffic;

pub use address::is_public;
pub use client::{DialError, GuardedClient, root_cause};
pub use reserved::{NoPlace, Reserved};
pub use rule::{AddressRule, Blocked, Standing};
pub use target::{Target, TargetFault};
pub use traffic::{Moved, Traffic};
