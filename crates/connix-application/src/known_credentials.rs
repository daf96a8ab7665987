//! Credentials that were looked up a moment ago, and what they came to, so that a busy one costs no look-up. Only credentials that
//! exist: an unknown one may exist the next moment.

use crate::caller::Caller;
use connix_domain::api_key::{ApiKey, Kid};
use connix_domain::id::TokenPairId;
use moka::sync::Cache;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A credential that another process revoked is refused at the latest after this time (contract section 10 allows 5 s).
const REMEMBERED: Duration = Duration::from_secs(2);
/// At most this many of a kind are remembered.
const MOST: u64 = 10_000;
/// Uses of a key, and its exposures, that are less apart than this are noted once.
const NOTED: Duration = Duration::from_secs(60);

/// What is known of a key: itself, and what it comes to for its member now.
#[derive(Debug, Clone)]
pub(crate) struct KnownKey {
    pub(crate) key: ApiKey,
    pub(crate) caller: Option<Caller>,
}

/// As of how many changes of what credentials come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsOf(u64);

/// What is remembered.
pub(crate) struct KnownCredentials {
    keys: Cache<Kid, (AsOf, KnownKey)>,
    tokens: Cache<TokenPairId, (AsOf, Caller)>,
    noted: Cache<Kid, ()>,
    told: Cache<Kid, ()>,
    /// So many times this process has changed what credentials come to. What was read before a change is not believed after it, also
    /// when it was being read meanwhile.
    changes: AtomicU64,
}

impl KnownCredentials {
    pub(crate) fn new() -> Self {
        Self {
            keys: short(REMEMBERED),
            tokens: short(REMEMBERED),
            noted: short(NOTED),
            told: short(NOTED),
            changes: AtomicU64::new(0),
        }
    }
    /// What credentials come to has been changed: nothing is remembered.
    pub(crate) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
    /// To be asked before something is read that is kept afterwards.
    pub(crate) fn as_of(&self) -> AsOf {
        AsOf(self.changes.load(Ordering::SeqCst))
    }
    /// What a key came to.
    pub(crate) fn key(&self, kid: &Kid) -> Option<KnownKey> {
        self.still_known(self.keys.get(kid))
    }
    pub(crate) fn keep_key(&self, as_of: AsOf, kid: Kid, known: KnownKey) {
        self.keys.insert(kid, (as_of, known));
    }
    /// What an access token came to.
    pub(crate) fn token(&self, id: TokenPairId) -> Option<Caller> {
        self.still_known(self.tokens.get(&id))
    }
    pub(crate) fn keep_token(&self, as_of: AsOf, id: TokenPairId, caller: Caller) {
        self.tokens.insert(id, (as_of, caller));
    }
    /// Whether nobody has asked this of the key for a while.
    pub(crate) fn is_first_use(&self, kid: &Kid) -> bool {
        self.noted.entry_by_ref(kid).or_insert(()).is_fresh()
    }
    /// Whether nobody has asked for a while if the key is exposed.
    pub(crate) fn is_first_exposure(&self, kid: &Kid) -> bool {
        self.told.entry_by_ref(kid).or_insert(()).is_fresh()
    }
    fn still_known<T>(&self, kept: Option<(AsOf, T)>) -> Option<T> {
        kept.filter(|(as_of, _)| *as_of == self.as_of()).map(|(_, known)| known)
    }
}

fn short<K, V>(kept: Duration) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(MOST).time_to_live(kept).build()
}
