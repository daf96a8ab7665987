//! The keys that access tokens are signed with: read now and then, made when one is due.

use crate::app::App;
use crate::error::{Error, Resource};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::signing_key::{KeyTerm, SigningKey};
use connix_domain::port::oauth::NewSigningKey;
use connix_domain::port::store::{CommitError, Entity};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A key that another server has revoked is good no longer than this.
const KEPT: Duration = Duration::from_secs(5);
/// A token that names a key we do not know makes us look at most this often: it may be another server's newest.
const LOOKED_AGAIN: Duration = Duration::from_millis(500);

/// The keys as they were a moment ago.
#[derive(Default)]
pub(crate) struct KeyRing(Mutex<Option<(Instant, Arc<Vec<SigningKey>>)>>);

impl KeyRing {
    fn younger_than(&self, age: Duration) -> Option<Arc<Vec<SigningKey>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, keys)| Arc::clone(keys))
    }
    fn keep(&self, keys: Vec<SigningKey>) -> Arc<Vec<SigningKey>> {
        let keys = Arc::new(keys);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&keys)));
        keys
    }
}

impl App {
    /// The published keys as JSON Web Keys.
    ///
    /// # Errors
    /// What the store says.
    pub async fn published_keys(&self) -> Result<Vec<Value>, Error> {
        let (keys, now) = (self.signing_keys(KEPT).await?, self.now());
        Ok(keys.iter().filter(|key| key.is_published(now)).map(|key| self.ports.tokens.jwk(key)).collect())
    }

    /// The key that signs now.
    pub(super) async fn signing_key(&self) -> Result<SigningKey, Error> {
        let keys = self.signing_keys(KEPT).await?;
        let signing = SigningKey::signing(&keys, self.settings.signing_algorithm, self.now());
        signing.cloned().ok_or_else(|| Error::Internal("no key signs".to_owned()))
    }

    /// The key of this name, if what it signed can be good.
    pub(super) async fn verifying_key(&self, kid: &str) -> Result<Option<SigningKey>, Error> {
        let named = |keys: &[SigningKey]| keys.iter().find(|key| key.kid == kid).cloned();
        let found = match named(&self.signing_keys(KEPT).await?) {
            None => named(&self.signing_keys(LOOKED_AGAIN).await?),
            found => found,
        };
        Ok(found.filter(|key| key.verifies(self.now())))
    }

    async fn signing_keys(&self, age: Duration) -> Result<Arc<Vec<SigningKey>>, Error> {
        if let Some(keys) = self.key_ring.younger_than(age) {
            return Ok(keys);
        }
        let mut keys = self.store().signing_keys().await?;
        if let Some(term) = KeyTerm::due(&keys, self.settings.signing_algorithm, self.now()) {
            self.make_key(term).await?;
            keys = self.store().signing_keys().await?;
        }
        Ok(self.key_ring.keep(keys))
    }

    /// All keys that are kept, the oldest first; for an operator.
    ///
    /// # Errors
    /// What the store says.
    pub async fn kept_keys(&self) -> Result<Vec<SigningKey>, Error> {
        Ok(self.store().signing_keys().await?)
    }

    /// Nothing that a key signed is good from now on, at the latest after five seconds on any server; another signs in its place.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a key that is revoked already.
    pub async fn revoke_key(&self, kid: &str) -> Result<(), Error> {
        let revoke = OAuthChange::RevokeSigningKey { kid: kid.to_owned(), at: self.now() };
        match self.commit_quietly(ChangeSet::new().with(revoke.into())).await {
            Err(Error::Raced) => return Err(Error::NotFound(Resource::SigningKey(kid.to_owned()))),
            other => other?,
        }
        self.signing_keys(Duration::ZERO).await.map(|_| ())
    }

    async fn make_key(&self, term: KeyTerm) -> Result<(), Error> {
        let (tokens, algorithm) = (Arc::clone(&self.ports.tokens), self.settings.signing_algorithm);
        let made = tokio::task::spawn_blocking(move || tokens.new_key(algorithm)).await;
        let made = made.map_err(|error| Error::Internal(error.to_string()))?;
        let NewSigningKey { kid, algorithm, public, private } = made;
        let key = SigningKey { kid, algorithm, public, private, term, created_at: self.now(), revoked_at: None };
        let added = ChangeSet::new().with(Change::from(OAuthChange::AddSigningKey(key)));
        match self.ports.store.commit(added).await {
            // another server was first
            Err(CommitError::Duplicate { entity: Entity::SigningKey, .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}
