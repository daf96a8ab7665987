//! Wrong guesses at passwords of late, in this process. How often somebody may guess, the domain says.

use connix_domain::Timestamp;
use connix_domain::sign_in;
use moka::sync::Cache;
use std::net::IpAddr;
use std::time::Duration;

/// At most so many accounts and addresses are watched at once.
const MOST: u64 = 100_000;
/// Wrong guesses of late, in this process.
pub(crate) struct Guesses {
    accounts: Cache<String, sign_in::Guesses>,
    addresses: Cache<Option<IpAddr>, sign_in::Intruder>,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            accounts: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
            addresses: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
        }
    }

    pub(super) fn may_guess(&self, who: &Guesser, now: Timestamp) -> bool {
        let account = self.accounts.get(&who.account).is_none_or(|guesses| guesses.may_guess(now));
        let address = || self.addresses.get(&who.address).is_none_or(|intruder| intruder.may_guess(now));
        account && (who.known || address())
    }

    pub(super) fn was_wrong(&self, who: &Guesser, email: &str, now: Timestamp) {
        let guesses = self.accounts.get(&who.account).unwrap_or_default();
        self.accounts.insert(who.account.clone(), guesses.and_wrong(now));
        let intruder = self.addresses.get(&who.address).unwrap_or_default();
        self.addresses.insert(who.address, intruder.and_wrong(email, now));
    }

    pub(super) fn was_right(&self, who: &Guesser) {
        self.accounts.invalidate(&who.account);
    }
}

/// As whom guesses are counted.
pub(super) struct Guesser {
    pub(super) account: String,
    pub(super) address: Option<IpAddr>,
    /// Whether the member has signed in from this browser before.
    pub(super) known: bool,
}
