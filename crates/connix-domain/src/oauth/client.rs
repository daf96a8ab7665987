//! Applications that are registered with the authorization server (contract section 10).

use super::redirect_uri::RedirectUri;
use super::scope::Scopes;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::fault::{Fault, Faults};
use crate::grace::Grace;
use crate::id::{OAuthClientId, OrgId, UserId};
use crate::name::ClientName;
use crate::phases;

phases! {
    /// Whether an application can keep a secret.
    pub enum ClientKind {
        /// Runs on its users' machines: it has no secret, and proves itself by PKCE alone.
        Public = "public",
        /// Runs on a server: it shows its secret at the token endpoint.
        Confidential = "confidential",
    }
}

phases! {
    /// Whether an application may ask for anything.
    pub enum ClientStatus {
        /// It may.
        Active = "active",
        /// It is treated as unknown, and its tokens as ended, until it is active again.
        Disabled = "disabled",
    }
}

/// A secret of a confidential client, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSecret {
    /// What is kept of it.
    pub digest: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused: set when another has taken its place.
    pub expires_at: Option<Timestamp>,
}

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthClient {
    /// Whose users it may ask.
    pub org: OrgId,
    /// Its public name in the protocol, unique in the service.
    pub id: OAuthClientId,
    /// What people call it.
    pub name: ClientName,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Where answers may be sent; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// The most it may ask for.
    pub scopes: Scopes,
    /// Its secrets, the newest last; none of a public client.
    pub secrets: Vec<ClientSecret>,
    /// Whether it may ask for anything.
    pub status: ClientStatus,
    /// Who registered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Counts its changes from 1.
    pub version: i64,
}

/// What a change leaves as it is where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientChange {
    /// Another name.
    pub name: Option<ClientName>,
    /// Other places for answers.
    pub redirect_uris: Option<Vec<RedirectUri>>,
    /// Another most.
    pub scopes: Option<Scopes>,
    /// Another status.
    pub status: Option<ClientStatus>,
}

/// Rotating the secret of a client that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A public client has no secret")]
pub struct HasNoSecret;

impl OAuthClient {
    /// So many places for answers at most.
    pub const MOST_REDIRECT_URIS: usize = 20;

    /// Reads the places for answers.
    ///
    /// # Errors
    /// All the broken rules, each with its place in the list.
    pub fn redirect_uris(list: &[String]) -> Result<Vec<RedirectUri>, Vec<Fault>> {
        let mut faults = Faults::new();
        let number = 1..=Self::MOST_REDIRECT_URIS;
        faults.check(number.contains(&list.len()), "redirect_uris", "must hold 1 to 20 URIs");
        let mut uris = Vec::with_capacity(list.len());
        for (at, text) in list.iter().enumerate() {
            match RedirectUri::parse(text) {
                Ok(uri) if uris.contains(&uri) => faults.add(format!("redirect_uris[{at}]"), "stands there twice"),
                Ok(uri) => uris.push(uri),
                Err(issue) => faults.add(format!("redirect_uris[{at}]"), issue.to_string()),
            }
        }
        faults.or(uris)
    }

    /// Whether it may ask for anything.
    pub fn is_active(&self) -> bool {
        self.status == ClientStatus::Active
    }

    /// Whether an answer may be sent to `uri`.
    pub fn accepts_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.accepts(uri))
    }

    /// The secrets that are taken at `now`.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &ClientSecret> {
        self.secrets.iter().filter(move |secret| secret.expires_at.is_none_or(|end| now < end))
    }

    /// The next version with these changes; nothing when they change nothing.
    pub fn changed(&self, change: ClientChange, now: Timestamp) -> Option<Self> {
        let next = Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            redirect_uris: change.redirect_uris.unwrap_or_else(|| self.redirect_uris.clone()),
            scopes: change.scopes.unwrap_or_else(|| self.scopes.clone()),
            status: change.status.unwrap_or(self.status),
            ..self.clone()
        };
        (next != *self).then(|| next.following(self, now))
    }

    /// The next version with another secret. The one before is taken for another `grace`, any older one no longer: so at
    /// most two are.
    ///
    /// # Errors
    /// [`HasNoSecret`]
    pub fn with_new_secret(&self, digest: Digest, grace: Grace, now: Timestamp) -> Result<Self, HasNoSecret> {
        let last = self.secrets.last().ok_or(HasNoSecret)?;
        let end = now + grace.length();
        let last = ClientSecret { expires_at: Some(last.expires_at.map_or(end, |earlier| earlier.min(end))), ..*last };
        let new = ClientSecret { digest, created_at: now, expires_at: None };
        Ok(Self { secrets: vec![last, new], ..self.clone() }.following(self, now))
    }

    fn following(self, before: &Self, now: Timestamp) -> Self {
        Self { updated_at: now, version: before.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::samples;
    use chrono::Duration;
    use proptest::prelude::*;

    #[test]
    fn every_broken_rule_of_a_list_of_uris_is_told_with_its_place() {
        let texts = ["https://a.example/cb", "http://b.example/cb", "https://a.example/cb"].map(str::to_owned);
        let faults = OAuthClient::redirect_uris(&texts).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["redirect_uris[1]", "redirect_uris[2]"]);
        assert_eq!(OAuthClient::redirect_uris(&[]).unwrap_err()[0].field, "redirect_uris");
        assert_eq!(OAuthClient::redirect_uris(&texts[..1]).unwrap().len(), 1);
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let client = samples::client(ClientKind::Public);
        let same = ClientChange { name: Some(client.name.clone()), ..ClientChange::default() };
        assert_eq!(client.changed(same, samples::after(1)), None);
        let other = ClientChange { status: Some(ClientStatus::Disabled), ..ClientChange::default() };
        let changed = client.changed(other, samples::after(1)).unwrap();
        assert!(!changed.is_active());
        assert_eq!((changed.version, changed.updated_at), (2, samples::after(1)));
    }

    #[test]
    fn a_public_client_has_no_secret_to_rotate() {
        let client = samples::client(ClientKind::Public);
        assert_eq!(client.with_new_secret(Digest([1; 32]), Grace::default(), samples::noon()), Err(HasNoSecret));
    }

    proptest! {
        #[test]
        fn at_most_two_secrets_are_live_and_the_newest_always_is(
            rotations in prop::collection::vec((0i64..2_000_000, 0..=Grace::LONGEST), 0..8), later in 0i64..3_000_000,
        ) {
            let mut client = samples::client(ClientKind::Confidential);
            let mut now = samples::noon();
            for (n, (wait, grace)) in (1u8..).zip(rotations) {
                now += Duration::seconds(wait);
                client = client.with_new_secret(Digest([n; 32]), Grace::seconds(grace).unwrap(), now).unwrap();
            }
            let at = now + Duration::seconds(later);
            let live: Vec<_> = client.live_secrets(at).collect();
            prop_assert!(live.len() <= 2);
            prop_assert_eq!(live.last().copied(), client.secrets.last());
            prop_assert!(live.len() == 1 || at < now + Duration::seconds(Grace::LONGEST));
        }
    }
}
