//! Pairs of tokens: given for a code, then for the refresh token of the pair before.

use super::answering;
use super::calling_client::CallingClient;
use crate::app::App;
use crate::error::Error;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::TokenPairId;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::code::{AuthorizationCode, Redeemer, Redemption};
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::grant::Grant;
use connix_domain::oauth::pkce::CodeVerifier;
use connix_domain::oauth::refresh::{Refreshing, TokenPair};
use connix_domain::oauth::scope::Scopes;
use connix_domain::port::oauth::Opaque;
use connix_domain::port::secrets::Secret;

/// What a client is given.
#[derive(Debug)]
pub struct IssuedTokens {
    /// A JWT.
    pub access: Secret,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// What gives the next pair.
    pub refresh: Secret,
    /// What the access token is good for.
    pub scopes: Scopes,
}

/// Why nothing is given.
#[derive(Debug)]
pub enum TokenFailure {
    /// A word of the protocol, and a sentence for whoever builds the application.
    Told(TokenError, &'static str),
    /// Ours.
    Ours(Error),
}

impl<E: Into<Error>> From<E> for TokenFailure {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// So often it is decided again after somebody was faster: each time there is one fewer who can be.
const TRIES: usize = 8;

/// One answer for every code or refresh token that is not good.
const NOT_GOOD: TokenFailure =
    TokenFailure::Told(TokenError::InvalidGrant, "The code or token is not valid, or was issued for something else");

impl App {
    /// Gives tokens for a code.
    ///
    /// # Errors
    /// `invalid_grant` for every reason alike.
    pub async fn redeem_code(
        &self,
        caller: &CallingClient,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
    ) -> Result<IssuedTokens, TokenFailure> {
        let client = &caller.client;
        let digest = self.ports.opaque.read(Opaque::Code, code).ok_or_else(|| self.not_good(caller))?;
        let verifier = verifier.and_then(CodeVerifier::parse);
        for _ in 0..TRIES {
            let kept = self.store().authorization_code(answering(client.org), &digest).await?;
            let kept = kept.ok_or_else(|| self.not_good(caller))?;
            let proves = verifier.as_ref().is_some_and(|shown| self.ports.opaque.proves(shown, &kept.challenge));
            match kept.redemption(Redeemer { client, redirect_uri, proves }, self.now()) {
                Redemption::Redeem => match self.try_redeem(caller, &kept).await {
                    Err(TokenFailure::Ours(Error::Raced)) => {}
                    other => return other,
                },
                refused => return self.refuse_code(caller, &kept, refused).await,
            }
        }
        Err(Error::Contended.into())
    }

    async fn try_redeem(&self, caller: &CallingClient, code: &AuthorizationCode) -> Result<IssuedTokens, TokenFailure> {
        let now = self.now();
        let grant = code.redeemed(now);
        self.check_user(&grant).await?;
        let (refresh, digest) = self.ports.opaque.mint(Opaque::Refresh);
        let pair = TokenPair::new(&grant, self.pair_id(), digest, grant.scopes.clone(), now);
        let issued = self.issued(&grant, &pair, refresh).await?;
        let take = OAuthChange::TakeCode { org: code.org, digest: code.digest, at: now };
        let audited = self.audited_for(caller, &grant, None);
        let redeemed = [take, OAuthChange::CreateGrant(grant), OAuthChange::IssuePair(pair)];
        self.commit_quietly(ChangeSet::new().with_all(redeemed.map(Change::from)).with(audited)).await?;
        Ok(issued)
    }

    async fn refuse_code(
        &self,
        caller: &CallingClient,
        code: &AuthorizationCode,
        refusal: Redemption,
    ) -> Result<IssuedTokens, TokenFailure> {
        let refused = self.not_good(caller);
        // what a thief was given ends in any case
        if refusal != Redemption::RevokeGrant && matches!(refused, TokenFailure::Ours(_)) {
            return Err(refused);
        }
        let replay = || self.audited_for(caller, &code.redeemed(self.now()), Some("oauth.code_replay"));
        let changes = match refusal {
            Redemption::Redeem | Redemption::Refuse => return Err(NOT_GOOD),
            Redemption::CountFailure => {
                ChangeSet::new().with(OAuthChange::CountFailure { org: code.org, digest: code.digest }.into())
            }
            Redemption::RevokeGrant => {
                let revoke = OAuthChange::RevokeGrant { org: code.org, id: code.grant, at: self.now() };
                ChangeSet::new().with(revoke.into()).with(replay())
            }
            Redemption::RefuseReplay => ChangeSet::new().with(replay()),
        };
        self.commit_quietly(changes).await?;
        if refusal == Redemption::RevokeGrant {
            self.known_credentials.forget();
        }
        Err(NOT_GOOD)
    }

    /// What is answered to a code or refresh token that is not good: a wrong credential like others, of which an address has so many.
    fn not_good(&self, caller: &CallingClient) -> TokenFailure {
        match self.refuse_credential(caller.origin.address) {
            Error::Unauthorized => NOT_GOOD,
            limited => limited.into(),
        }
    }

    /// Gives the next pair of tokens for a refresh token, or the same pair again to whoever lost the answer.
    ///
    /// # Errors
    /// `invalid_grant` for every reason alike; `invalid_scope` when more is asked for than was granted.
    pub async fn refresh(
        &self,
        caller: &CallingClient,
        token: &Secret,
        asked: Option<&Scopes>,
    ) -> Result<IssuedTokens, TokenFailure> {
        let client = &caller.client;
        let digest = self.ports.opaque.read(Opaque::Refresh, token.expose()).ok_or_else(|| self.not_good(caller))?;
        let (text, next) = self.ports.opaque.successor(token);
        let scope = answering(client.org);
        for _ in 0..TRIES {
            let shown = self.store().pair_of_refresh(scope, &digest).await?.ok_or_else(|| self.not_good(caller))?;
            let successor = self.store().pair_of_refresh(scope, &next).await?;
            let grant = self.store().grant(scope, shown.grant).await?.ok_or(NOT_GOOD)?;
            match (shown.refreshing(&grant, successor.as_ref(), client, asked, self.now()), successor) {
                (Refreshing::Rotate(scopes), _) => {
                    let pair = TokenPair::new(&grant, self.pair_id(), next, scopes, self.now());
                    match self.try_rotate(&grant, &shown, pair, text.clone()).await {
                        Err(TokenFailure::Ours(Error::Raced)) => {}
                        other => return other,
                    }
                }
                (Refreshing::Again, Some(pair)) => {
                    self.check_user(&grant).await?;
                    return self.issued(&grant, &pair, text).await;
                }
                (Refreshing::TooWide, _) => {
                    return Err(TokenFailure::Told(TokenError::InvalidScope, "More is asked for than was granted"));
                }
                (Refreshing::RevokeGrant, _) => return self.reused(caller, &grant).await,
                (Refreshing::Refuse | Refreshing::Again, _) => return Err(self.not_good(caller)),
            }
        }
        Err(Error::Contended.into())
    }

    async fn try_rotate(
        &self,
        grant: &Grant,
        shown: &TokenPair,
        pair: TokenPair,
        refresh: Secret,
    ) -> Result<IssuedTokens, TokenFailure> {
        self.check_user(grant).await?;
        let issued = self.issued(grant, &pair, refresh).await?;
        let take = OAuthChange::TakeRefresh { org: shown.org, id: shown.id, at: pair.issued_at };
        let rotated = [take, OAuthChange::IssuePair(pair)];
        self.commit_quietly(ChangeSet::new().with_all(rotated.map(Change::from))).await?;
        Ok(issued)
    }

    async fn reused(&self, caller: &CallingClient, grant: &Grant) -> Result<IssuedTokens, TokenFailure> {
        self.revoke_grant(grant, self.audited_for(caller, grant, Some("oauth.refresh_reuse"))).await?;
        Err(NOT_GOOD)
    }

    pub(super) async fn revoke_grant(&self, grant: &Grant, audited: Change) -> Result<(), Error> {
        let revoke = OAuthChange::RevokeGrant { org: grant.org, id: grant.id, at: self.now() };
        self.commit_quietly(ChangeSet::new().with(revoke.into()).with(audited)).await?;
        self.known_credentials.forget();
        Ok(())
    }

    /// A grant is worth nothing when its member is gone, or has another password than when it was given.
    pub(super) async fn check_user(&self, grant: &Grant) -> Result<(), TokenFailure> {
        let member = self.store().member(answering(grant.org), grant.user).await?;
        if member.is_some_and(|member| super::access::still_counts(&member, grant.auth_time)) {
            Ok(())
        } else {
            Err(NOT_GOOD)
        }
    }

    fn pair_id(&self) -> TokenPairId {
        TokenPairId::new(self.ports.ids.bits())
    }

    async fn issued(&self, grant: &Grant, pair: &TokenPair, refresh: Secret) -> Result<IssuedTokens, TokenFailure> {
        let claims = AccessClaims::of(grant, pair, self.issuer());
        let access = self.ports.tokens.sign(&self.signing_key().await?, &claims)?;
        let expires_in = claims.expires_at - self.now().timestamp();
        Ok(IssuedTokens { access, expires_in, refresh, scopes: pair.scopes.clone() })
    }
}
