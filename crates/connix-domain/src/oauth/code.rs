//! Authorization codes: good once, for a minute, for one client, one redirect URI and one verifier.

use super::client::{ClientKind, OAuthClient};
use super::grant::Grant;
use super::pkce::CodeChallenge;
use super::scope::Scopes;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::{GrantId, OAuthClientId, OrgId, UserId};
use chrono::Duration;

/// What is kept of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The tenant.
    pub org: OrgId,
    /// Its digest; the code itself is in the redirect alone.
    pub digest: Digest,
    /// For whom.
    pub client: OAuthClientId,
    /// Who said yes.
    pub user: UserId,
    /// What the grant that it is redeemed for will be called.
    pub grant: GrantId,
    /// Where it was sent, byte for byte.
    pub redirect_uri: String,
    /// What the verifier has to prove.
    pub challenge: CodeChallenge,
    /// What was let.
    pub scopes: Scopes,
    /// When the user had signed in.
    pub auth_time: Timestamp,
    /// From when it is refused.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
    /// How many wrong verifiers were shown with it.
    pub failures: i64,
}

/// What somebody shows with a code. The client is who it says it is: that has been checked.
#[derive(Debug, Clone, Copy)]
pub struct Redeemer<'r> {
    /// The client.
    pub client: &'r OAuthClient,
    /// Where it says the code was sent.
    pub redirect_uri: Option<&'r str>,
    /// Whether its verifier is well formed and proves the code's challenge.
    pub proves: bool,
}

/// What comes of showing a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// It is redeemed, by whoever commits first.
    Redeem,
    /// It is refused.
    Refuse,
    /// It is refused, and the wrong verifier is counted.
    CountFailure,
    /// It was redeemed before. Whoever shows it now could have redeemed it, so one of the two is a thief: what was issued
    /// under it ends (RFC 6749 4.1.2).
    RevokeGrant,
    /// It was redeemed before, and whoever shows it now could not have redeemed it: somebody who merely saw it. Nobody is
    /// signed out by that.
    RefuseReplay,
}

impl AuthorizationCode {
    /// A code is good for this long.
    pub const LIFETIME: Duration = Duration::seconds(60);
    /// So many wrong verifiers burn it.
    pub const MOST_FAILURES: i64 = 5;

    /// What comes of showing it at `now`.
    pub fn redemption(&self, by: Redeemer<'_>, now: Timestamp) -> Redemption {
        if by.client.id != self.client || by.client.org != self.org {
            return Redemption::Refuse;
        }
        if self.used_at.is_some() {
            let could_have = by.proves || by.client.kind == ClientKind::Confidential;
            return if could_have { Redemption::RevokeGrant } else { Redemption::RefuseReplay };
        }
        let elsewhere = by.redirect_uri != Some(&self.redirect_uri);
        if now >= self.expires_at || self.failures >= Self::MOST_FAILURES || elsewhere {
            return Redemption::Refuse;
        }
        if by.proves { Redemption::Redeem } else { Redemption::CountFailure }
    }

    /// The grant that it is redeemed for.
    pub fn redeemed(&self, now: Timestamp) -> Grant {
        Grant {
            org: self.org,
            id: self.grant,
            client: self.client,
            user: self.user,
            scopes: self.scopes.clone(),
            auth_time: self.auth_time,
            created_at: now,
            expires_at: now + Grant::LIFETIME,
            revoked_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{REDIRECT, after, client, noon};
    use super::*;
    use proptest::prelude::*;

    fn code() -> AuthorizationCode {
        AuthorizationCode {
            org: OrgId::new(1),
            digest: Digest([1; 32]),
            client: OAuthClientId::new(2),
            user: UserId::new(3),
            grant: GrantId::new(4),
            redirect_uri: REDIRECT.to_owned(),
            challenge: CodeChallenge::parse(&"a".repeat(43)).unwrap(),
            scopes: Scopes::usual(),
            auth_time: noon(),
            expires_at: noon() + AuthorizationCode::LIFETIME,
            used_at: None,
            failures: 0,
        }
    }

    fn shown(code: &AuthorizationCode, kind: ClientKind, proves: bool, at: i64) -> Redemption {
        code.redemption(Redeemer { client: &client(kind), redirect_uri: Some(REDIRECT), proves }, after(at))
    }

    /// O21.
    #[test]
    fn a_code_is_good_for_a_minute() {
        assert_eq!(shown(&code(), ClientKind::Public, true, 59), Redemption::Redeem);
        assert_eq!(shown(&code(), ClientKind::Public, true, 60), Redemption::Refuse);
    }

    /// O22.
    #[test]
    fn another_client_gets_nothing_and_harms_nothing() {
        let other = OAuthClient { id: OAuthClientId::new(9), ..client(ClientKind::Confidential) };
        let foreign = OAuthClient { org: OrgId::new(9), ..client(ClientKind::Confidential) };
        for used_at in [None, Some(noon())] {
            for client in [&other, &foreign] {
                let by = Redeemer { client, redirect_uri: Some(REDIRECT), proves: true };
                assert_eq!(AuthorizationCode { used_at, ..code() }.redemption(by, noon()), Redemption::Refuse);
            }
        }
    }

    /// O23.
    #[test]
    fn another_or_no_redirect_uri_is_refused() {
        let client = client(ClientKind::Public);
        for redirect_uri in [None, Some("https://app.example/cb/"), Some("")] {
            let by = Redeemer { client: &client, redirect_uri, proves: true };
            assert_eq!(code().redemption(by, noon()), Redemption::Refuse);
        }
    }

    /// O24.
    #[test]
    fn five_wrong_verifiers_burn_it() {
        let four = AuthorizationCode { failures: 4, ..code() };
        assert_eq!(shown(&four, ClientKind::Public, false, 1), Redemption::CountFailure);
        let five = AuthorizationCode { failures: 5, ..code() };
        assert_eq!(shown(&five, ClientKind::Public, true, 1), Redemption::Refuse);
    }

    /// O18 and O20.
    #[test]
    fn a_replay_ends_the_grant_only_when_it_could_have_been_the_redemption() {
        let used = AuthorizationCode { used_at: Some(after(1)), ..code() };
        for late in [2, 100_000] {
            assert_eq!(shown(&used, ClientKind::Public, true, late), Redemption::RevokeGrant);
            assert_eq!(shown(&used, ClientKind::Public, false, late), Redemption::RefuseReplay);
            assert_eq!(shown(&used, ClientKind::Confidential, false, late), Redemption::RevokeGrant);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_everything_right_redeems(
            seconds in -5i64..120, failures in 0i64..8, used: bool, proves: bool, same_uri: bool, same_client: bool,
        ) {
            let code = AuthorizationCode { failures, used_at: used.then(noon), ..code() };
            let mut client = client(ClientKind::Public);
            if !same_client {
                client.id = OAuthClientId::new(77);
            }
            let redirect_uri = Some(if same_uri { REDIRECT } else { "https://evil.example/cb" });
            let outcome = code.redemption(Redeemer { client: &client, redirect_uri, proves }, after(seconds));
            let right = seconds < 60 && failures < 5 && !used && proves && same_uri && same_client;
            prop_assert_eq!(outcome == Redemption::Redeem, right);
        }
    }
}
