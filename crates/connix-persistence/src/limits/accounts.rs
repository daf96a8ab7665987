//! What is kept of each subject, found in a fraction of a microsecond. As many as have asked within their windows, no more.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// Parts with a lock each, so that threads seldom meet.
const SHARDS: usize = 16;
/// A part is not looked through for what is over before it has so many.
const FEW: usize = 64;

/// Something of each subject.
pub(crate) struct Accounts<T> {
    shards: [Mutex<Shard<T>>; SHARDS],
    hasher: RandomState,
    /// Whether it is of no use any more.
    is_over: Box<dyn Fn(&T) -> bool + Send + Sync>,
}

struct Shard<T> {
    by_subject: HashMap<Box<str>, Arc<T>>,
    /// With so many it is looked through.
    full: usize,
}

impl<T: Default> Accounts<T> {
    /// Nothing yet.
    pub(crate) fn new(is_over: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(Shard { by_subject: HashMap::new(), full: FEW }));
        Self { shards, hasher: RandomState::new(), is_over: Box::new(is_over) }
    }

    /// That of a subject.
    pub(crate) fn of(&self, subject: &str) -> Arc<T> {
        let part = self.hasher.hash_one(subject) as usize % SHARDS;
        let mut shard = self.shards[part].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = shard.by_subject.get(subject) {
            return Arc::clone(found);
        }
        if shard.by_subject.len() >= shard.full {
            // what somebody has in hand may be about to be used, and nobody else can take it up before the lock is free
            shard.by_subject.retain(|_, kept| Arc::strong_count(kept) > 1 || !(self.is_over)(kept));
            shard.full = (shard.by_subject.len() * 2).max(FEW);
        }
        let made = Arc::new(T::default());
        shard.by_subject.insert(subject.into(), Arc::clone(&made));
        made
    }

    /// That of a subject, if there is any.
    pub(crate) fn known(&self, subject: &str) -> Option<Arc<T>> {
        let part = self.hasher.hash_one(subject) as usize % SHARDS;
        self.shards[part].lock().unwrap_or_else(PoisonError::into_inner).by_subject.get(subject).cloned()
    }

    /// All there are.
    pub(crate) fn all(&self) -> Vec<(Box<str>, Arc<T>)> {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards
            .flat_map(|shard| {
                shard.by_subject.iter().map(|(name, kept)| (name.clone(), Arc::clone(kept))).collect::<Vec<_>>()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn what_is_over_is_not_kept_and_what_is_in_hand_is() {
        let accounts: Accounts<AtomicBool> = Accounts::new(|over: &AtomicBool| over.load(Ordering::Relaxed));
        let in_hand = accounts.of("in hand");
        in_hand.store(true, Ordering::Relaxed);
        for number in 0..100_000 {
            accounts.of(&number.to_string()).store(true, Ordering::Relaxed);
        }
        assert!(accounts.all().len() <= SHARDS * (FEW + 1), "{}", accounts.all().len());
        assert!(Arc::ptr_eq(&in_hand, &accounts.of("in hand")));
    }
}
