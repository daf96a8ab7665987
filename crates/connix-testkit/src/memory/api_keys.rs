//! API keys in the store in memory.

use super::MemoryStore;
use super::apply::{Applied, duplicate, stale, unless};
use super::select::{Traits, directory};
use super::state::State;
use async_trait::async_trait;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, KeyStatus, Kid};
use connix_domain::id::OrgId;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::port::api_keys::ApiKeyReader;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;

impl State {
    pub(super) fn create_api_key(&mut self, key: ApiKey) -> Applied {
        unless(self.api_keys.contains_key(key.kid.as_str()), duplicate(Entity::ApiKey, "id"))?;
        self.known(key.org)?;
        self.api_keys.insert(key.kid.as_str().to_owned(), key);
        Ok(())
    }

    pub(super) fn update_api_key(&mut self, key: ApiKey) -> Applied {
        let kept = self.own_key(key.org, &key.kid).filter(|kept| kept.version == key.version - 1);
        let kept = kept.ok_or(stale(Entity::ApiKey))?;
        *kept = ApiKey { last_used_at: kept.last_used_at, ..key };
        Ok(())
    }

    pub(super) fn revoke_api_key(&mut self, key: &ApiKey, at: Timestamp) -> Applied {
        let kept = self.own_key(key.org, &key.kid).ok_or(stale(Entity::ApiKey))?;
        (kept.revoked_at, kept.updated_at) = (Some(at), at);
        kept.version += 1;
        Ok(())
    }

    pub(super) fn touch_api_key(&mut self, org: OrgId, kid: &Kid, at: Timestamp) {
        let apart = |last: Timestamp| last <= at - Duration::minutes(1);
        if let Some(kept) = self.own_key(org, kid).filter(|kept| kept.last_used_at.is_none_or(apart)) {
            kept.last_used_at = Some(at);
        }
    }

    fn own_key(&mut self, org: OrgId, kid: &Kid) -> Option<&mut ApiKey> {
        self.api_keys.get_mut(kid.as_str()).filter(|kept| kept.org == org)
    }

    /// An organisation's keys, the oldest first.
    fn keys_of(&self, scope: OrgScope) -> impl Iterator<Item = &ApiKey> {
        let mut own: Vec<_> = self.api_keys.values().filter(|key| key.org == scope.org()).collect();
        own.sort_by_key(|key| (key.created_at, key.kid.clone()));
        own.into_iter()
    }
}

#[async_trait]
impl ApiKeyReader for MemoryStore {
    async fn api_keys(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<(KeyStatus, Timestamp)>,
    ) -> Result<Page<ApiKey>, ReadError> {
        let state = self.now();
        let kept = state.keys_of(scope).filter(|key| key.revoked_at.is_none());
        let kept = kept.filter(|key| status.is_none_or(|(status, now)| key.status(now) == status));
        Ok(directory(kept, query, |key| {
            let times = (key.created_at, key.updated_at);
            (Traits::named(key.name.as_str(), key.name.sort_key(), times), &key.kid)
        }))
    }
    async fn api_key(&self, scope: OrgScope, kid: &Kid) -> Result<Option<ApiKey>, ReadError> {
        Ok(self.now().keys_of(scope).find(|key| key.kid == *kid).cloned())
    }
    async fn api_keys_of_line(&self, scope: OrgScope, line: &Kid) -> Result<Vec<ApiKey>, ReadError> {
        Ok(self.now().keys_of(scope).filter(|key| key.line == *line).cloned().collect())
    }
}
