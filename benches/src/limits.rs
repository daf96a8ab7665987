//! What it costs a request to be taken from the budgets of its credential. The goal (`shared/reference/performance.md` section 9) is 2 µs
//! at most for all that is done of this kind.

use crate::Outcome;
use chrono::Utc;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::rate_limit::{Figures, Overrides, Policy};
use connix_persistence::Database;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many requests are measured at a time, and so often; the first round warms up.
const REQUESTS: usize = 100_000;
const ROUNDS: usize = 9;
/// The most that judging a request may cost, in nanoseconds.
const GOAL: f64 = 2000.0;
/// More than is measured.
const PLENTY: u32 = 1_000_000_000;

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Utc::now()
    }
}

/// Prints what a request costs on the budgets of a database; gives the cases that miss the goal.
pub(crate) async fn measure(name: &str, database: &Database) -> Outcome<Vec<String>> {
    let limits = database.limits(database.clock(Arc::new(Wall)).await?).await?;
    warm_up(limits.as_ref()).await?;
    println!("{name}: nanoseconds (median) of a request's rate limits, of at most {GOAL}\n");
    let plenty = Figures::default().with(Policy::Hour, PLENTY).with(Policy::Minute, PLENTY);
    let nothing = Figures::default().with(Policy::Minute, 0);
    let one = ["busy".to_owned()];
    let mut missed = Vec::new();
    let many: Vec<_> = (0..10_000).map(|number| format!("key {number}")).collect();
    for (case, figures, keys) in [
        ("one key that has plenty left", &plenty, &one[..]),
        ("10,000 keys by turns that have plenty left", &plenty, &many[..]),
        ("one key that has nothing left", &nothing, &one[..]),
    ] {
        let cost = median(limits.as_ref(), figures, keys).await?;
        println!("{case:<44}{cost:>12.0}");
        if cost > GOAL {
            missed.push(format!("{name}: {case} ({cost:.0} ns)"));
        }
    }
    println!("{:<44}{:>12.0}", "a key's 100 of a minute, leases included", whole_minutes(limits.as_ref()).await?);
    println!();
    limits.close().await;
    Ok(missed)
}

/// Servers of PostgreSQL lease nothing before they can be heard.
async fn warm_up(limits: &dyn Limits) -> Outcome<()> {
    let claims = Figures::default().claims(&Overrides::default(), Policy::Minute, false);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        limits.take("warm", &claims).await?;
    }
    Ok(())
}

async fn median(limits: &dyn Limits, figures: &Figures, keys: &[String]) -> Outcome<f64> {
    let (own, mut rounds) = (Overrides::default(), Vec::new());
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        for key in keys.iter().cycle().take(REQUESTS) {
            limits.take(key, &figures.claims(&own, Policy::Minute, false)).await?;
        }
        if round > 0 {
            rounds.push(begun.elapsed().as_nanos() as f64 / REQUESTS as f64);
        }
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[rounds.len() / 2])
}

/// Keys that have not asked before use the whole minute that the contract gives them.
async fn whole_minutes(limits: &dyn Limits) -> Outcome<f64> {
    let claims = Figures::default().claims(&Overrides::default(), Policy::Minute, false);
    let (keys, begun) = (200, Instant::now());
    for key in 0..keys {
        let key = format!("minute {key}");
        for _ in 0..100 {
            limits.take(&key, &claims).await?;
        }
    }
    Ok(begun.elapsed().as_nanos() as f64 / f64::from(keys * 100))
}
