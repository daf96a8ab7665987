//! How often somebody may guess a password (`reliability.md` 2.5).
//!
//! Guesses are counted apart for browsers that a member has signed in from before, each by itself, and for all others
//! together. So whoever guesses from elsewhere slows down only those, and cannot lock the member out.

use crate::Timestamp;
use chrono::Duration;
use std::collections::BTreeSet;

/// Wrong guesses at one account, from one known browser or from all unknown ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guesses {
    wrong: u32,
    last: Option<Timestamp>,
}

impl Guesses {
    /// After this time without a wrong guess they are forgotten.
    pub const REMEMBERED: Duration = Duration::days(1);

    /// Whether another guess is looked at.
    pub fn may_guess(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now - last >= pause(self.wrong))
    }

    /// With one more wrong guess.
    #[must_use]
    pub fn and_wrong(&self, now: Timestamp) -> Self {
        let forgotten = self.last.is_none_or(|last| now - last >= Self::REMEMBERED);
        let before = if forgotten { 0 } else { self.wrong };
        Self { wrong: before + 1, last: Some(now) }
    }
}

/// How long nothing is looked at after so many wrong guesses: Kanidm's steps, but that a typing mistake or two costs nothing.
fn pause(wrong: u32) -> Duration {
    match wrong {
        0..=3 => Duration::zero(),
        4..=9 => Duration::seconds(3),
        10..=25 => Duration::seconds(5),
        26..=99 => Duration::seconds(10),
        100.. => Guesses::REMEMBERED,
    }
}

/// Wrong guesses from one address, at any account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intruder {
    minute: i64,
    in_minute: u32,
    hour: i64,
    accounts: BTreeSet<String>,
}

impl Intruder {
    /// So many wrong guesses a minute.
    const A_MINUTE: u32 = 20;
    /// So many accounts an hour: one password tried on many.
    const ACCOUNTS: usize = 20;

    /// Whether another guess is looked at.
    pub fn may_guess(&self, now: Timestamp) -> bool {
        let in_minute = if self.minute == now.timestamp() / 60 { self.in_minute } else { 0 };
        let accounts = if self.hour == now.timestamp() / 3600 { self.accounts.len() } else { 0 };
        in_minute < Self::A_MINUTE && accounts < Self::ACCOUNTS
    }

    /// With one more wrong guess.
    #[must_use]
    pub fn and_wrong(&self, account: &str, now: Timestamp) -> Self {
        let (minute, hour) = (now.timestamp() / 60, now.timestamp() / 3600);
        let mut accounts = if self.hour == hour { self.accounts.clone() } else { BTreeSet::new() };
        accounts.insert(account.to_owned());
        let before = if self.minute == minute { self.in_minute } else { 0 };
        Self { minute, in_minute: before + 1, hour, accounts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn after_wrong(count: u32) -> Guesses {
        (0..count).fold(Guesses::default(), |guesses, _| guesses.and_wrong(at(0)))
    }

    /// L02.
    #[test]
    fn guesses_become_slower_and_end_for_the_day_after_a_hundred() {
        for (wrong, refused_until) in
            [(1, 0), (3, 0), (4, 3), (9, 3), (10, 5), (25, 5), (26, 10), (99, 10), (100, 86_400)]
        {
            let guesses = after_wrong(wrong);
            assert!(guesses.may_guess(at(refused_until)), "{wrong}");
            assert!(refused_until == 0 || !guesses.may_guess(at(refused_until - 1)), "{wrong}");
        }
        let next_day = after_wrong(100).and_wrong(at(86_400));
        assert!(next_day.may_guess(at(86_400)), "yesterday's guesses are forgotten");
    }

    /// L03.
    #[test]
    fn an_address_that_tries_many_accounts_is_refused_for_the_hour() {
        let mut intruder = Intruder::default();
        for n in 0..20 {
            assert!(intruder.may_guess(at(n * 60)), "{n}");
            intruder = intruder.and_wrong(&format!("account-{n}"), at(n * 60));
        }
        assert!(!intruder.may_guess(at(30 * 60)));
        assert!(intruder.may_guess(at(3600)));
    }

    #[test]
    fn an_address_guesses_twenty_times_a_minute() {
        let intruder = (0..20).fold(Intruder::default(), |intruder, _| intruder.and_wrong("ada", at(5)));
        assert!(!intruder.may_guess(at(59)));
        assert!(intruder.may_guess(at(60)));
    }
}
