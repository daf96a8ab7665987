//! Refresh tokens: each is good once, and its use gives the next (RFC 9700 4.14).
//!
//! A lost answer must not sign anybody out. So the same token may be shown again within 30 s, and gives the *same*
//! successor, as long as nobody has used what it gave; anything else means that two hold the token, and ends the family.

use super::client::OAuthClient;
use super::grant::Grant;
use super::scope::Scopes;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::{GrantId, OrgId, TokenPairId};
use chrono::Duration;

/// An access token and the refresh token that was given with it, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// The tenant.
    pub org: OrgId,
    /// Which pair; the claim `jti` of its access token.
    pub id: TokenPairId,
    /// Of which family.
    pub grant: GrantId,
    /// What is kept of the refresh token.
    pub refresh: Digest,
    /// What the access token is good for; the refresh token is good for all of the grant.
    pub scopes: Scopes,
    /// When both were issued.
    pub issued_at: Timestamp,
    /// From when the refresh token is refused, unless it has been used.
    pub expires_at: Timestamp,
    /// When the refresh token was used.
    pub rotated_at: Option<Timestamp>,
    /// When the access token was seen first.
    pub access_used_at: Option<Timestamp>,
    /// Since when the access token is refused before its time.
    pub access_revoked_at: Option<Timestamp>,
}

/// What comes of showing a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshing {
    /// The next pair is issued for these scopes, by whoever commits first.
    Rotate(Scopes),
    /// The pair that was issued before is given again.
    Again,
    /// It is refused.
    Refuse,
    /// More was asked for than was granted; the token stays good.
    TooWide,
    /// Two hold this token: the family ends.
    RevokeGrant,
}

impl TokenPair {
    /// A refresh token that nobody uses is good for this long.
    pub const IDLE: Duration = Duration::days(14);
    /// The same successor is given for this long after the first use.
    pub const RETRY: Duration = Duration::seconds(30);

    /// A pair that has just been issued under `grant`.
    pub fn new(grant: &Grant, id: TokenPairId, refresh: Digest, scopes: Scopes, now: Timestamp) -> Self {
        Self {
            org: grant.org,
            id,
            grant: grant.id,
            refresh,
            scopes,
            issued_at: now,
            expires_at: grant.expires_at.min(now + Self::IDLE),
            rotated_at: None,
            access_used_at: None,
            access_revoked_at: None,
        }
    }

    /// Whether nobody has used either token of it.
    fn is_unused(&self) -> bool {
        self.rotated_at.is_none() && self.access_used_at.is_none()
    }

    /// What comes of showing its refresh token at `now`: no more than the client may ask for today. `successor` is the pair that its use has given, `asked` the
    /// scopes that are asked for.
    pub fn refreshing(
        &self,
        grant: &Grant,
        successor: Option<&Self>,
        client: &OAuthClient,
        asked: Option<&Scopes>,
        now: Timestamp,
    ) -> Refreshing {
        let of_client = (grant.org, grant.client) == (client.org, client.id);
        if !of_client || !grant.is_live(now) {
            return Refreshing::Refuse;
        }
        let Some(held) = grant.scopes.shared_with(&client.scopes) else { return Refreshing::Refuse };
        let scopes = asked.unwrap_or(&held);
        match self.rotated_at {
            None if now >= self.expires_at => Refreshing::Refuse,
            None if !held.hold(scopes) => Refreshing::TooWide,
            None => Refreshing::Rotate(scopes.clone()),
            Some(at) => {
                let retried = now - at <= Self::RETRY && successor.is_some_and(Self::is_unused);
                if retried { Refreshing::Again } else { Refreshing::RevokeGrant }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::ClientKind;
    use super::super::samples::{after, client, grant, noon, pair};
    use super::*;
    use crate::id::OAuthClientId;
    use proptest::prelude::*;

    fn shown(pair: &TokenPair, successor: Option<&TokenPair>, at: i64) -> Refreshing {
        pair.refreshing(&grant(), successor, &client(ClientKind::Public), None, after(at))
    }

    fn rotated() -> TokenPair {
        TokenPair { rotated_at: Some(noon()), ..pair(1, noon()) }
    }

    /// O31, O32 and O33.
    #[test]
    fn the_same_successor_is_given_for_30_seconds_while_nobody_uses_it() {
        let successor = pair(2, noon());
        assert_eq!(shown(&rotated(), Some(&successor), 30), Refreshing::Again);
        assert_eq!(shown(&rotated(), Some(&successor), 31), Refreshing::RevokeGrant);
        let its_access_was_used = TokenPair { access_used_at: Some(after(1)), ..successor.clone() };
        assert_eq!(shown(&rotated(), Some(&its_access_was_used), 2), Refreshing::RevokeGrant);
        let its_refresh_was_used = TokenPair { rotated_at: Some(after(1)), ..successor };
        assert_eq!(shown(&rotated(), Some(&its_refresh_was_used), 2), Refreshing::RevokeGrant);
        assert_eq!(shown(&rotated(), None, 2), Refreshing::RevokeGrant);
    }

    /// O35.
    #[test]
    fn another_client_gets_nothing_and_the_family_lives() {
        let other = OAuthClient { id: OAuthClientId::new(9), ..client(ClientKind::Public) };
        for pair in [pair(1, noon()), rotated()] {
            assert_eq!(pair.refreshing(&grant(), None, &other, None, after(100)), Refreshing::Refuse);
        }
    }

    /// O36.
    #[test]
    fn scopes_may_shrink_and_not_grow() {
        let ask = |granted: &str, asked: &str| {
            let grant = Grant { scopes: granted.parse().unwrap(), ..grant() };
            pair(1, noon()).refreshing(&grant, None, &client(ClientKind::Public), asked.parse().ok().as_ref(), noon())
        };
        assert_eq!(ask("read", "read write"), Refreshing::TooWide);
        assert_eq!(ask("read write", "read"), Refreshing::Rotate(Scopes::usual()));
    }

    /// O37.
    #[test]
    fn a_token_ends_after_14_idle_days_and_the_family_after_30() {
        let day = 86_400;
        assert!(matches!(shown(&pair(1, noon()), None, 14 * day - 1), Refreshing::Rotate(_)));
        assert_eq!(shown(&pair(1, noon()), None, 14 * day), Refreshing::Refuse);
        let late = pair(2, after(29 * day));
        assert!(matches!(shown(&late, None, 30 * day - 1), Refreshing::Rotate(_)));
        assert_eq!(shown(&late, None, 30 * day), Refreshing::Refuse);
        assert_eq!(shown(&TokenPair { rotated_at: Some(noon()), ..late }, None, 31 * day), Refreshing::Refuse);
    }

    /// A family as a store keeps it: each pair's successor is the next one.
    #[derive(Debug, Default)]
    struct Family {
        pairs: Vec<TokenPair>,
        revoked_at: Option<Timestamp>,
    }

    #[derive(Debug, Clone)]
    enum Step {
        Show(prop::sample::Index),
        UseAccess(prop::sample::Index),
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<prop::sample::Index>().prop_map(Step::Show),
            any::<prop::sample::Index>().prop_map(Step::UseAccess),
            (0i64..40).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn a_family_never_branches_and_every_reuse_ends_it(steps in prop::collection::vec(step(), 1..40)) {
            let mut now = noon();
            let mut family = Family { pairs: vec![pair(0, now)], revoked_at: None };
            for step in steps {
                match step {
                    Step::Wait(seconds) => now += Duration::seconds(seconds),
                    Step::UseAccess(which) => {
                        let at = which.index(family.pairs.len());
                        family.pairs[at].access_used_at.get_or_insert(now);
                    }
                    Step::Show(which) => {
                        let at = which.index(family.pairs.len());
                        let grant = Grant { revoked_at: family.revoked_at, ..grant() };
                        let (shown, successor) = (&family.pairs[at], family.pairs.get(at + 1));
                        let was_last = successor.is_none();
                        match shown.refreshing(&grant, successor, &client(ClientKind::Public), None, now) {
                            Refreshing::Rotate(_) => {
                                prop_assert!(was_last, "a second successor");
                                family.pairs[at].rotated_at = Some(now);
                                family.pairs.push(pair(at as u8 + 1, now));
                            }
                            Refreshing::Again => {
                                prop_assert_eq!(at + 2, family.pairs.len(), "not the newest but one");
                                prop_assert!(family.pairs[at + 1].is_unused());
                            }
                            Refreshing::RevokeGrant => {
                                prop_assert!(!was_last, "a token that nobody has used ended its family");
                                family.revoked_at = Some(now);
                            }
                            Refreshing::Refuse => prop_assert!(family.revoked_at.is_some()),
                            Refreshing::TooWide => prop_assert!(false, "nothing was asked for"),
                        }
                    }
                }
                let open = family.pairs.iter().filter(|pair| pair.rotated_at.is_none()).count();
                prop_assert_eq!(open, 1, "exactly one refresh token is unused");
            }
        }
    }
}
