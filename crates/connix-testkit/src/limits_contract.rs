//! The suite that every adapter of the port [`Limits`] passes. [`limits_contract!`](macro@crate::limits_contract) makes a test of each case.
//!
//! A case works on subjects of its own, at a time of its own.

use crate::ManualClock;
use crate::ids::chance;
use async_trait::async_trait;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::rate_limit::{Claim, Draw, Figures, Overrides, Policy, Verdict};
use futures_util::future::join_all;
use std::sync::Arc;

/// Budgets under test.
#[async_trait]
pub trait LimitsSubject: Send + Sync {
    /// The same budgets as another process has them, by the same clock; the same handle, where there is only one process.
    async fn open(&self, clock: Arc<dyn Clock>) -> Vec<Arc<dyn Limits>>;
}

/// Makes a test of every case, for the subjects that the given `async fn` makes.
#[macro_export]
macro_rules! limits_contract {
    ($fresh:path) => {
        $crate::limits_cases!(limits_tests $fresh);
    };
}

/// A test for each case of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! limits_tests {
    ($fresh:path; $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::limits_contract::run($fresh, $crate::limits_contract::$case);
        }
    )+};
}

/// The names of the cases.
#[doc(hidden)]
#[macro_export]
macro_rules! limits_case_names {
    (; $($case:ident)+) => { &[$(stringify!($case)),+] };
}

/// The list.
#[doc(hidden)]
#[macro_export]
macro_rules! limits_cases {
    ($make:ident $($fresh:path)?) => {
        $crate::$make! { $($fresh)?;
            in_each_of_50_windows_exactly_as_many_pass_as_there_are_units
            of_a_thousand_at_once_exactly_a_hundred_pass
            what_one_process_leaves_another_may_use_to_the_last_unit
            it_takes_from_all_of_the_policies_or_from_none
            the_thousand_and_first_of_an_hour_is_refused_until_the_hour_ends
            subjects_and_policies_are_independent
            a_new_window_is_whole_and_aligned_to_the_clock
            a_new_figure_holds_at_once_and_what_was_taken_stays_taken
            what_remains_falls_by_one_and_never_rises_within_a_window
            charged_tokens_are_gone_for_everybody_and_may_be_more_than_were_left
            what_a_process_that_ended_has_not_used_is_there_for_others
        }
    };
}

/// Runs a case on a fresh subject, on a multi-threaded runtime of its own.
///
/// # Panics
/// When the case fails, or no runtime can be made.
pub fn run<S: LimitsSubject>(fresh: impl AsyncFnOnce() -> S, case: impl AsyncFnOnce(World)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let subject = fresh().await;
        let begun = Timestamp::from_timestamp(1_800_000_000 + (chance() % 1_000_000) as i64 * 3600, 0);
        let clock = Arc::new(ManualClock::at(begun.expect("a time")));
        let processes = subject.open(clock.clone()).await;
        case(World { processes, clock }).await;
    });
}

/// Processes that share budgets, and their clock, which shows the beginning of an hour.
pub struct World {
    processes: Vec<Arc<dyn Limits>>,
    clock: Arc<ManualClock>,
}

impl World {
    fn pass(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }

    /// Asks of the `number`th process, by turns.
    async fn ask(&self, number: usize, subject: &str, claims: &[Claim]) -> Verdict {
        let process = &self.processes[number % self.processes.len()];
        process.take(subject, claims).await.expect("an answer")
    }

    /// So many ask at once, of all processes by turns; gives how many pass.
    async fn at_once(&self, count: usize, subject: &str, claims: &[Claim]) -> usize {
        let asked = (0..count).map(|number| {
            let (process, subject) = (Arc::clone(&self.processes[number % self.processes.len()]), subject.to_owned());
            let claims = claims.to_vec();
            tokio::spawn(async move { process.take(&subject, &claims).await.expect("an answer").passes() })
        });
        join_all(asked.collect::<Vec<_>>())
            .await
            .into_iter()
            .filter(|passed| *passed.as_ref().expect("no panic"))
            .count()
    }
}

fn new_subject() -> String {
    format!("subject {:016x}", chance())
}

fn claims(hour: u32, minute: u32) -> [Claim; 3] {
    let figures = Figures::default().with(Policy::Hour, hour).with(Policy::Minute, minute);
    figures.claims(&Overrides::default(), Policy::Minute, false)
}

fn remaining(verdict: &Verdict, policy: Policy) -> i64 {
    verdict.of(policy).expect("a claim").remaining
}

/// G9, R07: 24 connections, each as a client that asks for the next when it has its answer.
pub async fn in_each_of_50_windows_exactly_as_many_pass_as_there_are_units(world: World) {
    let subject = new_subject();
    let world = Arc::new(world);
    for (window, each) in [20_usize, 1, 5, 7, 3].into_iter().cycle().take(50).enumerate() {
        let connections = (0..24).map(|connection| {
            let (world, subject) = (Arc::clone(&world), subject.clone());
            tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..each {
                    passed += usize::from(world.ask(connection, &subject, &claims(1_000_000, 100)).await.passes());
                }
                passed
            })
        });
        let passed = join_all(connections.collect::<Vec<_>>()).await;
        let passed: usize = passed.into_iter().map(|connection| connection.expect("no panic")).sum();
        assert_eq!(passed, (24 * each).min(100), "window {window}, {each} each");
        world.pass(60);
    }
}

/// Contract section 3.
pub async fn of_a_thousand_at_once_exactly_a_hundred_pass(world: World) {
    assert_eq!(world.at_once(1000, &new_subject(), &claims(1_000_000, 100)).await, 100);
}

/// The first process holds what it has not used, and falls silent; the second uses all of it.
pub async fn what_one_process_leaves_another_may_use_to_the_last_unit(world: World) {
    let subject = new_subject();
    let claims = claims(50, 40);
    for _ in 0..3 {
        assert!(world.ask(0, &subject, &claims).await.passes());
    }
    let mut passed = 0;
    while world.ask(1, &subject, &claims).await.passes() {
        passed += 1;
    }
    assert_eq!(passed, 37);
    assert!(!world.ask(0, &subject, &claims).await.passes());
    world.pass(60);
    assert_eq!(world.at_once(60, &subject, &claims).await, 10, "of the hour's 50, 40 are gone");
}

/// R08.
pub async fn it_takes_from_all_of_the_policies_or_from_none(world: World) {
    let subject = new_subject();
    let claims = claims(30, 5);
    assert_eq!(world.at_once(20, &subject, &claims).await, 5);
    assert_eq!(remaining(&world.ask(0, &subject, &claims).await, Policy::Hour), 25);
    world.pass(60);
    assert_eq!(world.at_once(20, &subject, &claims).await, 5);
    for _ in 0..4 {
        world.pass(60);
        assert_eq!(world.at_once(20, &subject, &claims).await, 5);
    }
    world.pass(60);
    assert_eq!(world.at_once(20, &subject, &claims).await, 0, "the hour's 30 have passed");
    let refused = world.ask(0, &subject, &claims).await;
    assert_eq!((refused.retry_after(), remaining(&refused, Policy::Minute)), (Some(3600 - 360), 5));
}

/// R02.
pub async fn the_thousand_and_first_of_an_hour_is_refused_until_the_hour_ends(world: World) {
    let (subject, claims) = (new_subject(), claims(1000, 100));
    for minute in 0..20 {
        assert_eq!(world.at_once(50, &subject, &claims).await, 50, "minute {minute}");
        world.pass(60);
    }
    let refused = world.ask(0, &subject, &claims).await;
    assert_eq!((refused.passes(), refused.retry_after()), (false, Some(3600 - 1200)));
    world.pass(3600 - 1200);
    assert!(world.ask(1, &subject, &claims).await.passes());
}

/// R09.
pub async fn subjects_and_policies_are_independent(world: World) {
    let (one, other) = (new_subject(), new_subject());
    assert_eq!(world.at_once(20, &one, &claims(100, 10)).await, 10);
    assert_eq!(world.at_once(20, &other, &claims(100, 10)).await, 10);
    let list = Figures::default().with(Policy::AgentsList, 15).claims(&Overrides::default(), Policy::AgentsList, false);
    assert_eq!(world.at_once(20, &one, &list).await, 15);
}

/// R05, R06.
pub async fn a_new_window_is_whole_and_aligned_to_the_clock(world: World) {
    let subject = new_subject();
    world.pass(59);
    assert_eq!(world.at_once(15, &subject, &claims(1000, 10)).await, 10);
    world.pass(1);
    assert_eq!(world.at_once(15, &subject, &claims(1000, 10)).await, 10);
    let refused = world.ask(0, &subject, &claims(1000, 10)).await;
    let resets: Vec<_> = refused.standings.iter().map(|standing| standing.window.closes).collect();
    let now = world.clock.now().timestamp();
    assert_eq!(resets, [now + 3540, now + 60, now + 3540]);
    assert!(resets.iter().all(|reset| reset % 60 == 0));
}

/// A key's own limits are changed.
pub async fn a_new_figure_holds_at_once_and_what_was_taken_stays_taken(world: World) {
    let subject = new_subject();
    assert_eq!(world.at_once(10, &subject, &claims(1000, 20)).await, 10);
    assert_eq!(world.at_once(20, &subject, &claims(1000, 12)).await, 2);
    assert_eq!(world.at_once(20, &subject, &claims(1000, 5)).await, 0);
    assert_eq!(world.at_once(20, &subject, &claims(1000, 15)).await, 3);
}

/// R06, G9.
pub async fn what_remains_falls_by_one_and_never_rises_within_a_window(world: World) {
    let subject = new_subject();
    for sent in 0..120 {
        let verdict = world.ask(0, &subject, &claims(1000, 100)).await;
        let left = (100 - 1 - sent).max(0);
        assert_eq!((verdict.passes(), remaining(&verdict, Policy::Minute)), (sent < 100, left), "request {sent}");
        assert_eq!(remaining(&verdict, Policy::Hour), (1000 - 1 - sent).max(900));
    }
}

/// Tokens are counted when they are used, by whichever process hears of it.
pub async fn charged_tokens_are_gone_for_everybody_and_may_be_more_than_were_left(world: World) {
    let subject = new_subject();
    let need = [Claim { policy: Policy::Tokens, limit: 100, draw: Draw::Need }];
    let look = [Claim { draw: Draw::Look, ..need[0] }];
    assert_eq!(remaining(&world.ask(0, &subject, &need).await, Policy::Tokens), 100);
    assert_eq!(remaining(&world.ask(1, &subject, &look).await, Policy::Tokens), 100);
    for process in &world.processes {
        process.charge(&subject, 30).await.expect("charged");
    }
    world.pass(2);
    let left = 100 - 30 * world.processes.len() as i64;
    for number in 0..world.processes.len() {
        assert_eq!(remaining(&world.ask(number, &subject, &need).await, Policy::Tokens), left);
    }
    world.processes[0].charge(&subject, 500).await.expect("charged");
    world.pass(2);
    for number in 0..world.processes.len() {
        let refused = world.ask(number, &subject, &need).await;
        assert_eq!((refused.passes(), remaining(&refused, Policy::Tokens)), (false, 0));
        assert!(world.ask(number, &subject, &look).await.passes());
    }
    world.pass(3600);
    assert!(world.ask(0, &subject, &need).await.passes());
}

/// A server is stopped and another takes its place.
pub async fn what_a_process_that_ended_has_not_used_is_there_for_others(world: World) {
    let subject = new_subject();
    assert_eq!(world.at_once(6, &subject, &claims(1000, 100)).await, 6);
    world.processes[0].close().await;
    assert_eq!(world.at_once(200, &subject, &claims(1000, 100)).await, 94);
}
