//! Clients that call the token endpoint and its neighbours: who they are, and what the audit log tells of it.

use super::tokens::TokenFailure;
use crate::app::App;
use crate::error::Error;
use connix_domain::audit::{AuditEntry, Origin, Outcome};
use connix_domain::change_set::Change;
use connix_domain::event::Actor;
use connix_domain::oauth::client::{ClientKind, OAuthClient};
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::grant::Grant;
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

/// A client that is who it says it is, in a call from somewhere.
#[derive(Debug)]
pub struct CallingClient {
    /// Who.
    pub(super) client: OAuthClient,
    pub(super) origin: Origin,
}

/// One answer for every client that is not known.
pub(super) const UNKNOWN_CLIENT: TokenFailure =
    TokenFailure::Told(TokenError::InvalidClient, "Client authentication failed");

impl App {
    /// The client that these credentials belong to.
    ///
    /// # Errors
    /// `invalid_client` for every reason alike; after so many in a minute from an address, nothing is looked at any more.
    pub async fn authenticate_client(
        &self,
        shown: &ClientCredentials,
        origin: Origin,
    ) -> Result<CallingClient, TokenFailure> {
        let client = self.client_shown(shown).await?;
        let client = client.ok_or_else(|| match self.refuse_credential(origin.address) {
            Error::Unauthorized => UNKNOWN_CLIENT,
            limited => limited.into(),
        })?;
        Ok(CallingClient { client, origin })
    }

    /// The client that these credentials belong to, if they are good.
    async fn client_shown(&self, shown: &ClientCredentials) -> Result<Option<OAuthClient>, Error> {
        let known = match shown.id.parse() {
            Ok(id) => self.store().client_anywhere(id).await?,
            Err(_) => None,
        };
        let secret = shown.secret.as_ref();
        let digest = secret.and_then(|text| self.ports.opaque.read(Opaque::ClientSecret, text.expose()));
        Ok(known.filter(OAuthClient::is_active).filter(|client| match client.kind {
            ClientKind::Public => secret.is_none(),
            ClientKind::Confidential => digest.is_some_and(|digest| {
                client.live_secrets(self.now()).any(|kept| self.ports.credentials.same(&kept.digest, &digest))
            }),
        }))
    }

    /// That a client did something with what it was granted, as a change; or tried `misuse`, which was refused.
    pub(super) fn audited_for(&self, caller: &CallingClient, grant: &Grant, misuse: Option<&str>) -> Change {
        let action = misuse.map_or_else(|| caller.origin.action.clone(), str::to_owned);
        Change::Audit(AuditEntry {
            org: grant.org,
            at: self.now(),
            actor: Actor::Member(grant.user),
            credential: Some(caller.client.id.to_string()),
            origin: Origin { action, ..caller.origin.clone() },
            target_kind: "grant".to_owned(),
            target_id: grant.id.to_string(),
            outcome: if misuse.is_some() { Outcome::Refused } else { Outcome::Done },
            changed: Vec::new(),
        })
    }
}
