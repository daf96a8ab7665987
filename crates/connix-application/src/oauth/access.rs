//! Who an access token belongs to. What a good one came to is remembered for a moment, like that of an API key.

use super::answering;
use crate::app::App;
use crate::authentication::Granted;
use crate::caller::{Caller, Credential};
use crate::error::Error;
use chrono::Duration as Span;
use connix_domain::Timestamp;
use connix_domain::change_set::ChangeSet;
use connix_domain::member::Member;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::rate_limit::Overrides;
use std::sync::Arc;

/// Whether what a member did at `then` still counts: it is enabled, and was given no other password since.
pub(crate) fn still_counts(member: &Member, then: Timestamp) -> bool {
    let same_password = member.password.as_ref().is_none_or(|password| password.set_at <= then);
    member.is_enabled() && same_password
}

impl App {
    /// The caller that an access token belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for every kind of failure alike.
    pub(crate) async fn authenticate_access_token(&self, text: &str) -> Result<Caller, Error> {
        let claims = self.read_access_token(text).await?.ok_or(Error::Unauthorized)?;
        self.standing(&claims).await?.ok_or(Error::Unauthorized)
    }

    /// The claims of a token that we signed and that is good now, by itself.
    pub(super) async fn read_access_token(&self, text: &str) -> Result<Option<AccessClaims>, Error> {
        let Some(kid) = self.ports.tokens.kid(text) else { return Ok(None) };
        let Some(key) = self.verifying_key(&kid).await? else { return Ok(None) };
        let claims = self.ports.tokens.verify(text, &key);
        Ok(claims.filter(|claims| claims.are_good(self.issuer(), self.now())))
    }

    /// What good claims come to now: their grant stands, their client is active and may still ask for that, their member may still act.
    pub(crate) async fn standing(&self, claims: &AccessClaims) -> Result<Option<Caller>, Error> {
        if let Some(caller) = self.known_credentials.token(claims.id) {
            return Ok(Some(caller));
        }
        let as_of = self.known_credentials.as_of();
        let scope = answering(claims.org);
        let Some(grant) = self.store().grant(scope, claims.grant).await? else { return Ok(None) };
        let Some(pair) = self.store().token_pair(scope, claims.id).await? else { return Ok(None) };
        let Some(client) = self.store().oauth_client(scope, claims.client).await? else { return Ok(None) };
        let Some(member) = self.store().member(scope, claims.subject).await? else { return Ok(None) };
        let stands = grant.is_live(self.now())
            && pair.access_revoked_at.is_none()
            && claims.agree_with(&grant, &pair)
            && client.is_active()
            && still_counts(&member, grant.auth_time);
        if !stands {
            return Ok(None);
        }
        self.note_first_use(&pair).await?;
        let granted = Granted {
            permissions: &claims.scopes.permissions().intersection(&client.scopes.permissions()),
            projects: None,
            limits: &Overrides::default(),
            principal: format!("{}/{}", claims.subject, claims.client),
            credential: Credential::AccessToken(Arc::new(claims.clone())),
        };
        let caller = self.caller_as(&member, granted).await?;
        if let Some(caller) = &caller {
            self.known_credentials.keep_token(as_of, claims.id, caller.clone());
        }
        Ok(caller)
    }

    /// Somebody has got this pair's tokens: the refresh token before them is not given them again. Later than that is asked,
    /// nobody wants to know.
    async fn note_first_use(&self, pair: &TokenPair) -> Result<(), Error> {
        let now = self.now();
        if pair.access_used_at.is_some() || now - pair.issued_at > TokenPair::RETRY + Span::seconds(5) {
            return Ok(());
        }
        let note = OAuthChange::NoteAccess { org: pair.org, id: pair.id, at: now };
        Ok(self.ports.store.commit(ChangeSet::new().with(note.into())).await?)
    }
}
