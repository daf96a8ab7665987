//! Wrong guesses at passwords of late, in this process. How often somebody may guess, the domain says.

use crate::network::Network;
use connix_domain::Timestamp;
use connix_domain::member::Member;
use connix_domain::sign_in;
use moka::sync::Cache;
use std::net::IpAddr;
use std::time::Duration;

/// At most so many accounts and networks are watched at once.
const MOST: u64 = 100_000;

/// Wrong guesses of late, in this process.
pub(crate) struct Guesses {
    accounts: Cache<Account, sign_in::Guesses>,
    networks: Cache<Option<Network>, sign_in::Intruder>,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            accounts: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
            networks: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
        }
    }

    /// Whether somebody may guess at the password of an account.
    pub(super) fn may_guess(&self, account: &Account, now: Timestamp) -> bool {
        self.accounts.get(account).is_none_or(|guesses| guesses.may_guess(now))
    }

    /// Whether anybody at an address may guess at any password.
    pub(super) fn may_knock(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        self.networks.get(&address.map(Network::of)).is_none_or(|intruder| intruder.may_guess(now))
    }

    pub(super) fn was_wrong(&self, account: Account, now: Timestamp) {
        let guesses = self.accounts.get(&account).unwrap_or_default();
        self.accounts.insert(account, guesses.and_wrong(now));
    }

    /// Somebody at an address was wrong about the password of whoever has this e-mail address.
    pub(super) fn knocked_wrongly(&self, address: Option<IpAddr>, email: &str, now: Timestamp) {
        let network = address.map(Network::of);
        let intruder = self.networks.get(&network).unwrap_or_default();
        self.networks.insert(network, intruder.and_wrong(email, now));
    }

    pub(super) fn was_right(&self, account: &Account) {
        self.accounts.invalidate(account);
    }
}

/// Whose password is guessed at, and from where: a browser that the member has signed in from is counted by itself, so that
/// nobody else's guesses shut the member out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Account(String);

impl Account {
    /// A member, at browsers that it has not signed in from or at one that it has.
    pub(super) fn of(member: &Member, device: Option<&str>) -> Self {
        Self(format!("{} {} {}", member.org, member.id, device.unwrap_or_default()))
    }
}
