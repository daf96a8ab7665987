//! Tokens that somebody holds: ended by their client (RFC 7009), or judged for a resource server (RFC 7662).

use super::answering;
use super::calling_client::{CallingClient, UNKNOWN_CLIENT};
use super::tokens::TokenFailure;
use crate::app::App;
use crate::error::Error;
use connix_domain::change_set::ChangeSet;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientKind, OAuthClient};
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::grant::Grant;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::port::oauth::Opaque;
use connix_domain::port::secrets::Secret;

/// What a resource server is told of a token.
#[derive(Debug)]
pub struct Introspection {
    /// What it says.
    pub claims: AccessClaims,
    /// Whether it is a refresh token.
    pub refresh: bool,
}

impl App {
    /// Ends a token of this client: a refresh token with its whole family, an access token alone. One that is unknown has ended.
    ///
    /// # Errors
    /// `unauthorized_client` when it is another client's.
    pub async fn revoke_token(&self, caller: &CallingClient, token: &Secret) -> Result<(), TokenFailure> {
        let client = &caller.client;
        let not_yours = TokenFailure::Told(TokenError::UnauthorizedClient, "The token belongs to another client");
        if let Some((grant, _)) = self.granted_refresh(client, token).await? {
            if grant.client != client.id {
                return Err(not_yours);
            }
            return match grant.revoked_at {
                Some(_) => Ok(()), // so often as one likes, it is noted once
                None => Ok(self.revoke_grant(&grant, self.audited_for(caller, &grant, None)).await?),
            };
        }
        let Some(claims) = self.read_access_token(token.expose()).await? else { return Ok(()) };
        if (claims.org, claims.client) != (client.org, client.id) {
            return Err(not_yours);
        }
        let scope = answering(claims.org);
        let Some(pair) = self.store().token_pair(scope, claims.id).await? else { return Ok(()) };
        let Some(grant) = self.store().grant(scope, claims.grant).await? else { return Ok(()) };
        if pair.access_revoked_at.is_some() || grant.revoked_at.is_some() {
            return Ok(());
        }
        let revoke = OAuthChange::RevokeAccess { org: claims.org, id: claims.id, at: self.now() };
        let audited = self.audited_for(caller, &grant, None);
        self.commit_quietly(ChangeSet::new().with(revoke.into()).with(audited)).await?;
        self.known_credentials.forget();
        Ok(())
    }

    /// What a token is worth now, to a confidential client of its organisation. `None`: nothing.
    ///
    /// # Errors
    /// `invalid_client` for a public client.
    pub async fn introspect(
        &self,
        caller: &CallingClient,
        token: &Secret,
    ) -> Result<Option<Introspection>, TokenFailure> {
        let client = &caller.client;
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
