//! The keys that access tokens are signed with. Their lives are written down when they are made; time does the rest:
//!
//! ```text
//! created ── next ──▶ active_from ── active ──▶ active_until ── retired ──▶ published_until ── gone
//!                        (or, at any time, revoked)
//! ```
//!
//! So no job has to run at the right moment: whoever is late with the next key finds the last one still active.

use super::access_token::AccessClaims;
use crate::Timestamp;
use crate::phases;
use crate::port::secrets::Sealed;
use chrono::Duration;

phases! {
    /// Where a key is in its life.
    pub enum SigningKeyPhase {
        /// Published, so that everybody knows it before it signs; signs nothing yet.
        Next = "next",
        /// Signs.
        Active = "active",
        /// Signs no more; what it signed is still good.
        Retired = "retired",
        /// Nothing that it signed can be good any more.
        Gone = "gone",
        /// Nothing that it signed is good, from the moment it was revoked.
        Revoked = "revoked",
    }
}

phases! {
    /// How a key signs (RFC 7518).
    pub enum SigningAlgorithm {
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
    }
}

/// When a key is what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTerm {
    /// Counts the keys of the service from 1: of two servers that make the next key, one is first.
    pub generation: i64,
    /// From when it signs.
    pub active_from: Timestamp,
    /// From when it signs no more.
    pub active_until: Timestamp,
    /// From when it is forgotten.
    pub published_until: Timestamp,
}

/// A signing key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in the header of what it signs: the thumbprint of its public half (RFC 7638).
    pub kid: String,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// Its public half: an uncompressed point of P-256.
    pub public: Vec<u8>,
    /// Its private half, sealed.
    pub private: Sealed,
    /// When it is what.
    pub term: KeyTerm,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing that it signed is good.
    pub revoked_at: Option<Timestamp>,
}

impl SigningKey {
    /// A key signs for this long.
    pub const ACTIVE: Duration = Duration::days(90);
    /// The next key is published this long before it signs: longer than anybody keeps the list of keys.
    pub const PUBLISHED_BEFORE: Duration = Duration::days(7);
    /// A retired key stays published for this long after the end of the last token that it signed.
    const SPARE: Duration = Duration::hours(1);

    /// Where it is in its life at `now`.
    pub fn phase(&self, now: Timestamp) -> SigningKeyPhase {
        if self.revoked_at.is_some() {
            SigningKeyPhase::Revoked
        } else if now < self.term.active_from {
            SigningKeyPhase::Next
        } else if now < self.term.active_until {
            SigningKeyPhase::Active
        } else if now < self.term.published_until {
            SigningKeyPhase::Retired
        } else {
            SigningKeyPhase::Gone
        }
    }

    /// Whether others may know it at `now`.
    pub fn is_published(&self, now: Timestamp) -> bool {
        matches!(self.phase(now), SigningKeyPhase::Next | SigningKeyPhase::Active | SigningKeyPhase::Retired)
    }

    /// Whether what it signed can be good at `now`.
    pub fn verifies(&self, now: Timestamp) -> bool {
        matches!(self.phase(now), SigningKeyPhase::Active | SigningKeyPhase::Retired)
    }

    /// The one that signs at `now`: the newest active one.
    pub fn signing(keys: &[Self], now: Timestamp) -> Option<&Self> {
        let active = keys.iter().filter(|key| key.phase(now) == SigningKeyPhase::Active);
        active.max_by_key(|key| key.term.generation)
    }
}

impl KeyTerm {
    /// The term of a key that is to be made now, if one is: when none signs, at once; when the last one is about to end,
    /// from that moment on.
    pub fn due(keys: &[SigningKey], now: Timestamp) -> Option<Self> {
        let generation = keys.iter().map(|key| key.term.generation).max().unwrap_or(0) + 1;
        let good = keys.iter().filter(|key| key.revoked_at.is_none());
        let end = good.map(|key| key.term.active_until).max().filter(|_| SigningKey::signing(keys, now).is_some());
        match end {
            None => Some(Self::new(generation, now)),
            Some(end) if end - now <= SigningKey::PUBLISHED_BEFORE => Some(Self::new(generation, end)),
            Some(_) => None,
        }
    }

    fn new(generation: i64, active_from: Timestamp) -> Self {
        let active_until = active_from + SigningKey::ACTIVE;
        let published_until = active_until + AccessClaims::LIFETIME + SigningKey::SPARE;
        Self { generation, active_from, active_until, published_until }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::noon;
    use super::*;
    use proptest::prelude::*;

    fn key(term: KeyTerm, created_at: Timestamp) -> SigningKey {
        SigningKey {
            kid: format!("kid-{}", term.generation),
            algorithm: SigningAlgorithm::Es256,
            public: vec![4; 65],
            private: Sealed(Vec::new()),
            term,
            created_at,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_passes_through_its_phases_as_time_goes_by() {
        use SigningKeyPhase::{Active, Gone, Next, Retired, Revoked};
        let term = KeyTerm::new(1, noon());
        let key = key(term, noon());
        let second = Duration::seconds(1);
        for (at, phase) in [
            (noon() - second, Next),
            (noon(), Active),
            (term.active_until - second, Active),
            (term.active_until, Retired),
            (term.published_until - second, Retired),
            (term.published_until, Gone),
        ] {
            assert_eq!(key.phase(at), phase, "{at}");
            assert_eq!(SigningKey { revoked_at: Some(noon()), ..key.clone() }.phase(at), Revoked);
        }
        assert!(!key.verifies(noon() - second) && key.is_published(noon() - second));
    }

    #[test]
    fn a_revoked_key_is_replaced_at_once() {
        let first = key(KeyTerm::due(&[], noon()).unwrap(), noon());
        assert_eq!(KeyTerm::due(std::slice::from_ref(&first), noon()), None);
        let revoked = SigningKey { revoked_at: Some(noon()), ..first };
        let next = KeyTerm::due(&[revoked], noon()).unwrap();
        assert_eq!((next.generation, next.active_from), (2, noon()));
    }

    proptest! {
        #[test]
        fn looked_after_once_a_day_one_key_always_signs_and_every_other_was_known_a_day_before(
            hours in prop::collection::vec(1i64..24, 1..400),
        ) {
            let mut now = noon();
            let mut keys: Vec<SigningKey> = Vec::new();
            for wait in hours {
                let term = KeyTerm::due(&keys, now);
                keys.extend(term.map(|term| key(term, now)));
                let active = keys.iter().filter(|key| key.phase(now) == SigningKeyPhase::Active).count();
                prop_assert_eq!(active, 1);
                now += Duration::hours(wait);
            }
            for key in &keys[1..] {
                prop_assert!(key.term.active_from - key.created_at >= Duration::hours(24));
            }
        }

        #[test]
        fn every_token_can_be_verified_until_its_end(signed_after in 0i64..7_776_000, shown_after in 0i64..=630) {
            let key = key(KeyTerm::new(1, noon()), noon());
            let signed = noon() + Duration::seconds(signed_after);
            prop_assert_eq!(key.phase(signed), SigningKeyPhase::Active);
            prop_assert!(key.verifies(signed + Duration::seconds(shown_after)));
        }
    }
}
