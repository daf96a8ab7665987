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
        /// ECDSA on P-256 with SHA-256: short keys, short signatures.
        Es256 = "ES256",
        /// RSA of 2048 bits with SHA-256, for resource servers that know nothing else (RFC 9068 2.1 wants it supported).
        Rs256 = "RS256",
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
    /// Its public half: an uncompressed point of P-256, or an `RSAPublicKey` of RFC 8017.
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

    /// The one that signs at `now`: the newest active one that signs in the wanted way, else the newest.
    pub fn signing(keys: &[Self], wanted: SigningAlgorithm, now: Timestamp) -> Option<&Self> {
        let active = keys.iter().filter(|key| key.phase(now) == SigningKeyPhase::Active);
        active.max_by_key(|key| (key.algorithm == wanted, key.term.generation))
    }
}

impl KeyTerm {
    /// The term of a key that is to be made now, if one is: when none signs, at once; when the last one that signs in the wanted
    /// way is about to end, from that moment on; when none does, as soon as everybody can know it.
    pub fn due(keys: &[SigningKey], wanted: SigningAlgorithm, now: Timestamp) -> Option<Self> {
        let generation = keys.iter().map(|key| key.term.generation).max().unwrap_or(0) + 1;
        if SigningKey::signing(keys, wanted, now).is_none() {
            return Some(Self::new(generation, now));
        }
        let soon = now + SigningKey::PUBLISHED_BEFORE;
        let good = keys.iter().filter(|key| key.revoked_at.is_none() && key.algorithm == wanted);
        match good.map(|key| key.term.active_until).max().filter(|end| *end > now) {
            None => Some(Self::new(generation, soon)),
            Some(end) if end <= soon => Some(Self::new(generation, end)),
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
    use super::SigningAlgorithm::{Es256, Rs256};
    use super::*;
    use proptest::prelude::*;

    fn key(term: KeyTerm, created_at: Timestamp) -> SigningKey {
        SigningKey {
            kid: format!("kid-{}", term.generation),
            algorithm: Es256,
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
        let first = key(KeyTerm::due(&[], Es256, noon()).unwrap(), noon());
        assert_eq!(KeyTerm::due(std::slice::from_ref(&first), Es256, noon()), None);
        let revoked = SigningKey { revoked_at: Some(noon()), ..first };
        let next = KeyTerm::due(&[revoked], Es256, noon()).unwrap();
        assert_eq!((next.generation, next.active_from), (2, noon()));
    }

    #[test]
    fn another_algorithm_takes_over_once_its_key_could_be_known_and_back_again_at_once() {
        let old = key(KeyTerm::due(&[], Es256, noon()).unwrap(), noon());
        let term = KeyTerm::due(std::slice::from_ref(&old), Rs256, noon()).unwrap();
        assert_eq!(term.active_from, noon() + SigningKey::PUBLISHED_BEFORE);
        let new = SigningKey { algorithm: Rs256, ..key(term, noon()) };
        let keys = [old, new];
        assert_eq!(KeyTerm::due(&keys, Rs256, noon()), None);
        let signs = |wanted, at| SigningKey::signing(&keys, wanted, at).map(|key| key.algorithm);
        assert_eq!(signs(Rs256, noon()), Some(Es256));
        assert_eq!(signs(Rs256, term.active_from), Some(Rs256));
        assert_eq!(signs(Es256, term.active_from), Some(Es256));
    }

    proptest! {
        #[test]
        fn looked_after_once_a_day_one_key_always_signs_and_every_other_was_known_a_day_before(
            hours in prop::collection::vec(1i64..24, 1..400),
        ) {
            let mut now = noon();
            let mut keys: Vec<SigningKey> = Vec::new();
            for wait in hours {
                let term = KeyTerm::due(&keys, Es256, now);
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
