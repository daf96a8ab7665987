//! Wrong credentials by address: so many a minute, then they are refused without a look into the store (contract section 3).
//!
//! Kept in this process, and of bounded size. A key that was good a while ago is judged even then: others behind the same address
//! are not shut out by one who guesses.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::network::Network;
use connix_domain::Timestamp;
use connix_domain::api_key::{Digest, Kid};
use connix_domain::port::secrets::PresentedKey;
use connix_domain::rate_limit::{Policy, Window};
use moka::sync::Cache;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many networks are told apart in a minute; all others count as one.
const MOST_NETWORKS: usize = 65_536;
/// A key is taken for known so long after it was last good, and so many are.
const KNOWN: Duration = Duration::from_secs(3600);
const MOST_KNOWN: u64 = 10_000;

/// The wrong credentials of a minute.
struct Minute {
    window: Window,
    counts: HashMap<Network, u32>,
}

impl Minute {
    /// How many of a network there were.
    fn of(&self, network: Network, now: Timestamp) -> u32 {
        let current = self.window == Window::of(Policy::Minute, now);
        if current { self.counts.get(&self.counted_as(network)).copied().unwrap_or(0) } else { 0 }
    }

    /// The count of a network, to be raised.
    fn count(&mut self, network: Network, now: Timestamp) -> &mut u32 {
        let window = Window::of(Policy::Minute, now);
        if window != self.window {
            *self = Self { window, counts: HashMap::new() };
        }
        let network = self.counted_as(network);
        self.counts.entry(network).or_default()
    }

    /// Itself, if there is room.
    fn counted_as(&self, network: Network) -> Network {
        let room = self.counts.len() < MOST_NETWORKS || self.counts.contains_key(&network);
        if room { network } else { Network::Others }
    }
}

/// Wrong credentials, and who is known to have good ones.
pub(crate) struct FailedCredentials {
    minute: Mutex<Minute>,
    good: Cache<Kid, Digest>,
}

impl FailedCredentials {
    pub(crate) fn new() -> Self {
        let window = Window { opens: i64::MIN, closes: i64::MIN };
        Self {
            minute: Mutex::new(Minute { window, counts: HashMap::new() }),
            good: Cache::builder().max_capacity(MOST_KNOWN).time_to_idle(KNOWN).build(),
        }
    }

    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the network is refused, if it is.
    fn refused(&self, network: Network, limit: u32, now: Timestamp) -> Option<u64> {
        (self.minute().of(network, now) >= limit).then(|| Window::of(Policy::Minute, now).left(now))
    }

    /// Counts one more, unless the network is refused already.
    fn count(&self, network: Network, limit: u32, now: Timestamp) -> Result<(), u64> {
        let mut minute = self.minute();
        let count = minute.count(network, now);
        if *count >= limit {
            return Err(minute.window.left(now));
        }
        *count += 1;
        Ok(())
    }
}

impl App {
    /// The caller that an API key belongs to, which somebody at `address` shows.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for every kind of failure alike; [`Error::RateLimited`] after too many from there.
    pub async fn authenticate_from(&self, address: Option<IpAddr>, text: &str) -> Result<Caller, Error> {
        let Some((network, limit)) = self.guarded(address) else { return self.authenticate(text).await };
        let judged = match self.ports.credentials.read_key(text) {
            Some(key) => self.judge_key(network, limit, &key).await,
            None => self.authenticate_access_token(text).await,
        };
        judged.map_err(|error| if error == Error::Unauthorized { self.refuse_credential(address) } else { error })
    }

    /// After too many wrong credentials the store is asked for none but the keys that are known to have been good.
    async fn judge_key(&self, network: Network, limit: u32, key: &PresentedKey) -> Result<Caller, Error> {
        let good = self.was_good(key);
        if let Some(retry_after) = self.failures.refused(network, limit, self.now()).filter(|_| !good) {
            return Err(Error::RateLimited { retry_after });
        }
        let judged = self.authenticate_key(key).await;
        match &judged {
            Ok(_) if !good => self.failures.good.insert(key.kid.clone(), key.digest),
            Err(Error::Unauthorized) if good => self.failures.good.invalidate(&key.kid),
            _ => {}
        }
        judged
    }

    /// What a credential is answered that cannot be one.
    pub fn refuse_credential(&self, address: Option<IpAddr>) -> Error {
        let Some((network, limit)) = self.guarded(address) else { return Error::Unauthorized };
        match self.failures.count(network, limit, self.now()) {
            Ok(()) => Error::Unauthorized,
            Err(retry_after) => Error::RateLimited { retry_after },
        }
    }

    fn guarded(&self, address: Option<IpAddr>) -> Option<(Network, u32)> {
        let limits = self.settings.rate_limits.as_ref()?;
        address.map(|address| (Network::of(address), limits.failed_credentials))
    }

    fn was_good(&self, key: &PresentedKey) -> bool {
        self.failures.good.get(&key.kid).is_some_and(|good| self.ports.credentials.same(&good, &key.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::UNIX_EPOCH;

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_customer_count_together_and_others_do_not() {
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn so_many_are_counted_and_then_refused_until_the_minute_is_over() {
        let failures = FailedCredentials::new();
        let network = network("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(failures.refused(network, 3, NOON), None);
            assert_eq!(failures.count(network, 3, NOON), Ok(()));
        }
        let later = NOON + chrono::Duration::seconds(20);
        assert_eq!(failures.count(network, 3, later), Err(40));
        assert_eq!(failures.refused(network, 3, later), Some(40));
        assert_eq!(failures.refused(network, 3, NOON + chrono::Duration::seconds(60)), None);
    }

    /// R13.
    #[test]
    fn a_flood_from_everywhere_takes_bounded_room_and_is_still_counted() {
        let failures = FailedCredentials::new();
        for number in 0..200_000_u32 {
            let _ = failures.count(Network::V4(number.to_be_bytes()), 60, NOON);
        }
        assert_eq!(failures.minute().counts.len(), MOST_NETWORKS + 1);
        assert_eq!(failures.refused(Network::V4(200_001_u32.to_be_bytes()), 60, NOON), Some(60));
        assert_eq!(failures.refused(Network::V4([0; 4]), 60, NOON), None);
        assert_eq!(failures.minute().counts.len(), MOST_NETWORKS + 1, "whoever is looked for takes no room");
    }
}
