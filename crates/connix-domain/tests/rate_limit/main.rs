//! Rate limits: the rules, and what holds of any sequence of requests.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fixture/mod.rs"]
#[expect(dead_code, reason = "other tests need the rest")]
mod fixture;
mod leases;
mod rules;
mod sequences;

use connix_domain::rate_limit::{Claim, Draw, Figures, Policy};

/// One of an hour's requests and one of a minute's.
fn claims(hour: u32, minute: u32) -> [Claim; 3] {
    let figures = Figures::default().with(Policy::Hour, hour).with(Policy::Minute, minute);
    figures.claims(&[].into_iter().collect(), Policy::Minute, false)
}

fn take(policy: Policy, limit: i64) -> Claim {
    Claim { policy, limit, draw: Draw::Take }
}
