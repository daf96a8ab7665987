//! The token endpoint and its neighbours: redeem, refresh, revoke, introspect.

use super::answering;
use crate::app::App;
use crate::error::Error;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::TokenPairId;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientKind, OAuthClient};
use connix_domain::oauth::code::{AuthorizationCode, Redeemer, Redemption};
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::grant::Grant;
use connix_domain::oauth::pkce::CodeVerifier;
use connix_domain::oauth::refresh::{Refreshing, TokenPair};
use connix_domain::oauth::scope::Scopes;
use connix_domain::port::oauth::Opaque;
use connix_domain::port::secrets::Secret;

/// What a client shows to say who it is.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Its identifier.
    pub id: String,
    /// Its secret, if it shows one.
    pub secret: Option<Secret>,
}

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

/// What a resource server is told of a token.
#[derive(Debug)]
pub struct Introspection {
    /// What it says.
    pub claims: AccessClaims,
    /// Whether it is a refresh token.
    pub refresh: bool,
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

/// One answer for every client that is not known.
const UNKNOWN_CLIENT: TokenFailure = TokenFailure::Told(TokenError::InvalidClient, "Client authentication failed");

impl App {
    /// The client that these credentials belong to.
    ///
    /// # Errors
    /// `invalid_client` for every reason alike.
    pub async fn authenticate_client(&self, shown: &ClientCredentials) -> Result<OAuthClient, TokenFailure> {
        let known = match shown.id.parse() {
            Ok(id) => self.store().client_anywhere(id).await?,
            Err(_) => None,
        };
        let secret = shown.secret.as_ref();
        let digest = secret.and_then(|text| self.ports.opaque.read(Opaque::ClientSecret, text.expose()));
        let client = known.filter(OAuthClient::is_active).ok_or(UNKNOWN_CLIENT)?;
        let good = match client.kind {
            ClientKind::Public => secret.is_none(),
            ClientKind::Confidential => digest.is_some_and(|digest| {
                client.live_secrets(self.now()).any(|kept| self.ports.credentials.same(&kept.digest, &digest))
            }),
        };
        if good { Ok(client) } else { Err(UNKNOWN_CLIENT) }
    }

    /// Gives tokens for a code.
    ///
    /// # Errors
    /// `invalid_grant` for every reason alike.
    pub async fn redeem_code(
        &self,
        client: &OAuthClient,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
    ) -> Result<IssuedTokens, TokenFailure> {
        let digest = self.ports.opaque.read(Opaque::Code, code).ok_or(NOT_GOOD)?;
        let verifier = verifier.and_then(CodeVerifier::parse);
        for _ in 0..TRIES {
            let kept = self.store().authorization_code(answering(client.org), &digest).await?.ok_or(NOT_GOOD)?;
            let proves = verifier.as_ref().is_some_and(|shown| self.ports.opaque.proves(shown, &kept.challenge));
            match kept.redemption(Redeemer { client, redirect_uri, proves }, self.now()) {
                Redemption::Redeem => match self.try_redeem(&kept).await {
                    Err(TokenFailure::Ours(Error::Raced)) => {}
                    other => return other,
                },
                refused => return self.refuse_code(client, &kept, refused).await,
            }
        }
        Err(Error::Contended.into())
    }

    async fn try_redeem(&self, code: &AuthorizationCode) -> Result<IssuedTokens, TokenFailure> {
        let now = self.now();
        let grant = code.redeemed(now);
        self.check_user(&grant).await?;
        let (refresh, digest) = self.ports.opaque.mint(Opaque::Refresh);
        let pair = TokenPair::new(&grant, self.pair_id(), digest, grant.scopes.clone(), now);
        let issued = self.issued(&grant, &pair, refresh).await?;
        let take = OAuthChange::TakeCode { org: code.org, digest: code.digest, at: now };
        let redeemed = [take, OAuthChange::CreateGrant(grant), OAuthChange::IssuePair(pair)];
        self.commit(ChangeSet::new().with_all(redeemed.map(Change::from))).await?;
        Ok(issued)
    }

    async fn refuse_code(
        &self,
        client: &OAuthClient,
        code: &AuthorizationCode,
        refusal: Redemption,
    ) -> Result<IssuedTokens, TokenFailure> {
        let consequence = match refusal {
            Redemption::Redeem | Redemption::Refuse => None,
            Redemption::CountFailure => Some(OAuthChange::CountFailure { org: code.org, digest: code.digest }),
            Redemption::RevokeGrant => {
                tracing::warn!(client = %client.id, grant = %code.grant, "a code was shown twice: its grant is revoked");
                Some(OAuthChange::RevokeGrant { org: code.org, id: code.grant, at: self.now() })
            }
            Redemption::RefuseReplay => {
                tracing::warn!(client = %client.id, grant = %code.grant, "a used code was shown without its verifier");
                None
            }
        };
        if let Some(change) = consequence {
            self.commit(ChangeSet::new().with(change.into())).await?;
            self.known_credentials.forget();
        }
        Err(NOT_GOOD)
    }

    /// Gives the next pair of tokens for a refresh token, or the same pair again to whoever lost the answer.
    ///
    /// # Errors
    /// `invalid_grant` for every reason alike; `invalid_scope` when more is asked for than was granted.
    pub async fn refresh(
        &self,
        client: &OAuthClient,
        token: &Secret,
        asked: Option<&Scopes>,
    ) -> Result<IssuedTokens, TokenFailure> {
        let digest = self.ports.opaque.read(Opaque::Refresh, token.expose()).ok_or(NOT_GOOD)?;
        let (text, next) = self.ports.opaque.successor(token);
        let scope = answering(client.org);
        for _ in 0..TRIES {
            let shown = self.store().pair_of_refresh(scope, &digest).await?.ok_or(NOT_GOOD)?;
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
                (Refreshing::RevokeGrant, _) => return self.reused(&grant).await,
                (Refreshing::Refuse | Refreshing::Again, _) => return Err(NOT_GOOD),
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
        self.commit(ChangeSet::new().with_all(rotated.map(Change::from))).await?;
        Ok(issued)
    }

    async fn reused(&self, grant: &Grant) -> Result<IssuedTokens, TokenFailure> {
        tracing::warn!(client = %grant.client, grant = %grant.id, "oauth.refresh_reuse: the grant is revoked");
        self.revoke_grant(grant).await?;
        Err(NOT_GOOD)
    }

    async fn revoke_grant(&self, grant: &Grant) -> Result<(), Error> {
        let revoke = OAuthChange::RevokeGrant { org: grant.org, id: grant.id, at: self.now() };
        self.commit(ChangeSet::new().with(revoke.into())).await?;
        self.known_credentials.forget();
        Ok(())
    }

    /// A grant is worth nothing when its member is gone, or has another password than when it was given.
    async fn check_user(&self, grant: &Grant) -> Result<(), TokenFailure> {
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

    /// Ends a token of this client: a refresh token with its whole family, an access token alone. One that is unknown has ended.
    ///
    /// # Errors
    /// `unauthorized_client` when it is another client's.
    pub async fn revoke_token(&self, client: &OAuthClient, token: &Secret) -> Result<(), TokenFailure> {
        let not_yours = TokenFailure::Told(TokenError::UnauthorizedClient, "The token belongs to another client");
        if let Some((grant, _)) = self.granted_refresh(client, token).await? {
            if grant.client != client.id {
                return Err(not_yours);
            }
            return Ok(self.revoke_grant(&grant).await?);
        }
        let Some(claims) = self.read_access_token(token.expose()).await? else { return Ok(()) };
        if (claims.org, claims.client) != (client.org, client.id) {
            return Err(not_yours);
        }
        let revoke = OAuthChange::RevokeAccess { org: claims.org, id: claims.id, at: self.now() };
        self.commit(ChangeSet::new().with(revoke.into())).await?;
        self.known_credentials.forget();
        Ok(())
    }

    /// What a token is worth now, to a confidential client of its organisation. `None`: nothing.
    ///
    /// # Errors
    /// `invalid_client` for a public client.
    pub async fn introspect(
        &self,
        client: &OAuthClient,
        token: &Secret,
    ) -> Result<Option<Introspection>, TokenFailure> {
        if client.kind == ClientKind::Public {
            return Err(UNKNOWN_CLIENT);
        }
        if let Some((grant, pair)) = self.granted_refresh(client, token).await? {
            let now = self.now();
            let live = grant.is_live(now) && pair.rotated_at.is_none() && now < pair.expires_at;
            let live = live && self.check_user(&grant).await.is_ok();
            let claims = AccessClaims {
                expires_at: pair.expires_at.timestamp(),
                ..AccessClaims::of(&grant, &pair, self.issuer())
            };
            return Ok(live.then_some(Introspection { claims, refresh: true }));
        }
        let Some(claims) = self.read_access_token(token.expose()).await? else { return Ok(None) };
        let active = claims.org == client.org && self.standing(&claims).await?.is_some();
        Ok(active.then_some(Introspection { claims, refresh: false }))
    }

    async fn granted_refresh(&self, client: &OAuthClient, token: &Secret) -> Result<Option<(Grant, TokenPair)>, Error> {
        let Some(digest) = self.ports.opaque.read(Opaque::Refresh, token.expose()) else { return Ok(None) };
        let scope = answering(client.org);
        let Some(pair) = self.store().pair_of_refresh(scope, &digest).await? else { return Ok(None) };
        let grant = self.store().grant(scope, pair.grant).await?;
        Ok(grant.map(|grant| (grant, pair)))
    }
}
