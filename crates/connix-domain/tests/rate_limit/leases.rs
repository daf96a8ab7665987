//! Several processes, each with leases of one pool, in any order: what an adapter over a shared store does, without the store.

use super::fixture::at;
use super::take;
use connix_domain::rate_limit::{Account, Claim, Held, Policy};
use proptest::prelude::*;

/// The pool: how many units are granted, and what each process holds of them.
struct Pool {
    limit: i64,
    granted: i64,
    leased: Vec<i64>,
}

impl Pool {
    /// A process hands in what it holds and asks for a unit and a lease of at most `most`.
    fn ask(&mut self, account: &mut Account, process: usize, claims: &[Claim], most: i64) -> bool {
        let lease = account.hand_in(claims, at(0)).remove(0);
        self.granted -= lease.units;
        self.leased[process] = 0;
        let free = self.limit - self.granted;
        let others: i64 = self.leased.iter().sum();
        let extra = if free > 0 { ((free - 1) / 2).min(most) } else { 0 };
        let passes = free > 0;
        self.granted += extra + i64::from(passes);
        self.leased[process] = extra;
        let held =
            Held { units: extra, elsewhere: self.limit - self.granted + others, alone: free <= 0 && others == 0 };
        account.learn(&lease, held, at(0));
        passes
    }

    fn recall(&mut self, accounts: &mut [Account], opens: i64) {
        for (account, leased) in accounts.iter_mut().zip(&mut self.leased) {
            let units = account.give_up(Policy::Minute, opens);
            self.granted -= units;
            *leased = 0;
        }
    }
}

/// One request of a process; false when it is refused.
fn request(pool: &mut Pool, accounts: &mut [Account], process: usize, most: i64) -> bool {
    let claims = [take(Policy::Minute, pool.limit)];
    if let Some(verdict) = accounts[process].draw(&claims, at(0)) {
        return verdict.passes();
    }
    if pool.ask(&mut accounts[process], process, &claims, most) {
        return true;
    }
    let opens = accounts[process].shortage(&claims, &[Policy::Minute], at(0)).standings[0].window.opens;
    pool.recall(accounts, opens);
    pool.ask(&mut accounts[process], process, &claims, most)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_asks_where_exactly_the_limit_passes(
        limit in 0..60_i64,
        most in 0..40_i64,
        requests in proptest::collection::vec(0..3_usize, 0..150),
    ) {
        let mut pool = Pool { limit, granted: 0, leased: vec![0; 3] };
        let mut accounts = vec![Account::default(); 3];
        let mut passed = 0;
        for (sent, process) in requests.into_iter().enumerate() {
            let passes = request(&mut pool, &mut accounts, process, most);
            prop_assert_eq!(passes, (sent as i64) < limit);
            passed += i64::from(passes);
            prop_assert!(pool.granted <= limit);
            let held: i64 = pool.leased.iter().sum();
            prop_assert!(passed <= pool.granted && passed >= pool.granted - held);
        }
    }
}

#[test]
fn a_process_that_knows_that_nothing_is_left_asks_nobody() {
    let mut pool = Pool { limit: 3, granted: 0, leased: vec![0] };
    let mut accounts = vec![Account::default()];
    let passed = (0..4).filter(|_| request(&mut pool, &mut accounts, 0, 10)).count();
    assert_eq!(passed, 3);
    let claims = [take(Policy::Minute, 3)];
    assert_eq!(accounts[0].draw(&claims, at(0)).map(|verdict| verdict.passes()), Some(false));
    assert_eq!(accounts[0].draw(&claims, at(60)), None, "in the next window it asks again");
}

#[test]
fn what_is_given_up_is_not_let_pass() {
    let mut pool = Pool { limit: 9, granted: 0, leased: vec![0] };
    let mut accounts = vec![Account::default()];
    assert!(request(&mut pool, &mut accounts, 0, 10));
    let claims = [take(Policy::Minute, 9)];
    let given: i64 = accounts[0].give_up_all().iter().map(|lease| lease.units).sum();
    assert_eq!(given, 4);
    assert_eq!(accounts[0].draw(&claims, at(0)), None);
}
