//! What an access token says (RFC 9068), and whether that is good here and now. Its signature is told by
//! [`AccessTokens`](crate::port::oauth::AccessTokens).

use super::grant::Grant;
use super::refresh::TokenPair;
use super::scope::Scopes;
use crate::Timestamp;
use crate::id::{GrantId, OAuthClientId, OrgId, TokenPairId, UserId};
use chrono::Duration;

/// The claims. Times are seconds since 1970, as the format has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `iss`: who issued it.
    pub issuer: String,
    /// `aud`: for whom.
    pub audience: Vec<String>,
    /// `sub`: as whom it acts.
    pub subject: UserId,
    /// `client_id`: for which application.
    pub client: OAuthClientId,
    /// `exp`: from when it is refused.
    pub expires_at: i64,
    /// `iat`: since when it exists.
    pub issued_at: i64,
    /// `nbf`: until when it is refused.
    pub not_before: Option<i64>,
    /// `jti`: the pair it was issued in.
    pub id: TokenPairId,
    /// `scope`: what it is good for.
    pub scopes: Scopes,
    /// `org`: whose data it reaches.
    pub org: OrgId,
    /// `gid`: under which grant.
    pub grant: GrantId,
    /// `auth_time`: when the user had signed in.
    pub auth_time: i64,
}

impl AccessClaims {
    /// An access token is good for this long.
    pub const LIFETIME: Duration = Duration::seconds(600);
    /// Clocks may differ by so much, in seconds.
    const LEEWAY: i64 = 30;

    /// The claims of a pair's access token, issued by `issuer` for itself: the API is the only resource.
    pub fn of(grant: &Grant, pair: &TokenPair, issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: vec![issuer.to_owned()],
            subject: grant.user,
            client: grant.client,
            expires_at: (pair.issued_at + Self::LIFETIME).timestamp(),
            issued_at: pair.issued_at.timestamp(),
            not_before: None,
            id: pair.id,
            scopes: pair.scopes.clone(),
            org: grant.org,
            grant: grant.id,
            auth_time: grant.auth_time.timestamp(),
        }
    }

    /// Whether they are good at `now` for the API of `issuer`, which also issued them.
    pub fn are_good(&self, issuer: &str, now: Timestamp) -> bool {
        let now = now.timestamp();
        self.issuer == issuer
            && self.audience.iter().any(|audience| audience == issuer)
            && now.saturating_sub(Self::LEEWAY) < self.expires_at
            && self.issued_at <= now.saturating_add(Self::LEEWAY)
            && self.not_before.is_none_or(|begin| begin <= now.saturating_add(Self::LEEWAY))
    }

    /// Whether they say what the store says: of this pair, under this grant.
    pub fn agree_with(&self, grant: &Grant, pair: &TokenPair) -> bool {
        (self.org, self.grant, self.subject, self.client) == (grant.org, grant.id, grant.user, grant.client)
            && (self.org, self.grant, self.id) == (pair.org, pair.grant, pair.id)
            && pair.scopes.hold(&self.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{after, grant, noon, pair};
    use super::*;

    const ISSUER: &str = "https://connix.example";

    fn claims() -> AccessClaims {
        AccessClaims::of(&grant(), &pair(1, noon()), ISSUER)
    }

    /// O41.
    #[test]
    fn clocks_may_differ_by_30_seconds() {
        assert!(claims().are_good(ISSUER, after(600 + 29)));
        assert!(!claims().are_good(ISSUER, after(600 + 30)));
        let ahead = |seconds| noon().timestamp() + seconds;
        for (ahead, good) in [(ahead(29), true), (ahead(30), true), (ahead(31), false)] {
            assert_eq!(AccessClaims { issued_at: ahead, ..claims() }.are_good(ISSUER, noon()), good);
            assert_eq!(AccessClaims { not_before: Some(ahead), ..claims() }.are_good(ISSUER, noon()), good);
        }
        assert!(!AccessClaims { issued_at: i64::MAX, expires_at: i64::MAX, ..claims() }.are_good(ISSUER, noon()));
        assert!(!AccessClaims { expires_at: i64::MIN, ..claims() }.are_good(ISSUER, noon()));
    }

    #[test]
    fn issuer_and_audience_are_compared_exactly() {
        assert!(claims().are_good(ISSUER, noon()));
        assert!(!claims().are_good("https://connix.example/", noon()));
        let to = |audience: &[&str]| AccessClaims {
            audience: audience.iter().map(|&text| text.to_owned()).collect(),
            ..claims()
        };
        assert!(to(&["https://other.example", ISSUER]).are_good(ISSUER, noon()));
        for audience in [&[][..], &["https://other.example"], &["https://connix.example/"]] {
            assert!(!to(audience).are_good(ISSUER, noon()), "{audience:?}");
        }
    }

    #[test]
    fn claims_that_differ_from_what_is_kept_are_noticed() {
        let (grant, pair) = (grant(), pair(1, noon()));
        assert!(claims().agree_with(&grant, &pair));
        let widened = AccessClaims { scopes: "write".parse().unwrap(), ..claims() };
        assert!(!widened.agree_with(&grant, &pair));
        assert!(!AccessClaims { subject: UserId::new(99), ..claims() }.agree_with(&grant, &pair));
        assert!(!AccessClaims { org: OrgId::new(99), ..claims() }.agree_with(&grant, &pair));
    }
}
