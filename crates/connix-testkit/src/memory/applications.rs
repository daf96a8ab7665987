//! Applications, what they were let, and who is signed in, in the store in memory.

use super::MemoryStore;
use super::apply::{Applied, duplicate, stale, unless};
use super::select::{Traits, directory};
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::api_key::Digest;
use connix_domain::browser_session::BrowserSession;
use connix_domain::id::{BrowserSessionId, GrantId, OAuthClientId, OrgId, TokenPairId, UserId};
use connix_domain::member::Member;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientStatus, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::{Consent, Grant};
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::oauth::signing_key::SigningKey;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::port::applications::ApplicationReader;
use connix_domain::port::store::{CommitError, Entity, ReadError};
use connix_domain::scope::OrgScope;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::convert::Infallible;

type Members = BTreeMap<(OrgId, UserId), Member>;

/// Everything of applications and sign-ins, by key.
#[derive(Clone, Default)]
pub(super) struct Applications {
    clients: BTreeMap<(OrgId, OAuthClientId), OAuthClient>,
    codes: BTreeMap<(OrgId, [u8; 32]), AuthorizationCode>,
    grants: BTreeMap<(OrgId, GrantId), Grant>,
    pairs: BTreeMap<(OrgId, TokenPairId), TokenPair>,
    consents: BTreeMap<(OrgId, UserId, OAuthClientId), Consent>,
    sessions: BTreeMap<(OrgId, BrowserSessionId), BrowserSession>,
    keys: BTreeMap<i64, SigningKey>,
}

impl Applications {
    pub(super) fn apply(&mut self, change: OAuthChange, members: &Members) -> Applied {
        match change {
            OAuthChange::CreateClient(client) => return self.create_client(client),
            OAuthChange::UpdateClient(client) => {
                let kept = self.clients.get_mut(&(client.org, client.id));
                let kept = kept.filter(|kept| kept.version == client.version - 1).ok_or(stale(Entity::OAuthClient))?;
                *kept = client;
            }
            OAuthChange::DeleteClient { org, id } => return self.delete_client(org, id),
            OAuthChange::IssueCode(code) => {
                self.refers(members, (code.org, code.user), code.client)?;
                let key = (code.org, code.digest.0);
                unless(self.codes.contains_key(&key), duplicate(Entity::AuthorizationCode, "digest"))?;
                self.codes.insert(key, code);
            }
            OAuthChange::TakeCode { org, digest, at } => {
                let kept = self.codes.get_mut(&(org, digest.0));
                let untaken =
                    kept.filter(|code| code.used_at.is_none() && code.failures < AuthorizationCode::MOST_FAILURES);
                untaken.ok_or(stale(Entity::AuthorizationCode))?.used_at = Some(at);
            }
            OAuthChange::CountFailure { org, digest } => {
                if let Some(code) = self.codes.get_mut(&(org, digest.0)) {
                    code.failures += 1;
                }
            }
            OAuthChange::CreateGrant(grant) => {
                self.refers(members, (grant.org, grant.user), grant.client)?;
                unless(self.grants.contains_key(&(grant.org, grant.id)), duplicate(Entity::Grant, "id"))?;
                self.grants.insert((grant.org, grant.id), grant);
            }
            OAuthChange::RevokeGrant { org, id, at } => {
                self.grants.entry((org, id)).and_modify(|grant| _ = grant.revoked_at.get_or_insert(at));
            }
            OAuthChange::RevokeGrants { org, user, client, at } => {
                let meant = |of: (OrgId, UserId, OAuthClientId)| of == (org, user, client.unwrap_or(of.2));
                let grants = self.grants.values_mut().filter(|grant| meant((grant.org, grant.user, grant.client)));
                grants.for_each(|grant| _ = grant.revoked_at.get_or_insert(at));
                self.codes.retain(|_, code| code.used_at.is_some() || !meant((code.org, code.user, code.client)));
            }
            OAuthChange::IssuePair(pair) => return self.issue_pair(pair),
            OAuthChange::TakeRefresh { org, id, at } => {
                let kept = self.pairs.get_mut(&(org, id)).filter(|pair| pair.rotated_at.is_none());
                kept.ok_or(stale(Entity::TokenPair))?.rotated_at = Some(at);
            }
            OAuthChange::NoteAccess { org, id, at } => {
                self.pairs.entry((org, id)).and_modify(|pair| _ = pair.access_used_at.get_or_insert(at));
            }
            OAuthChange::RevokeAccess { org, id, at } => {
                self.pairs.entry((org, id)).and_modify(|pair| _ = pair.access_revoked_at.get_or_insert(at));
            }
            OAuthChange::GiveConsent(consent) => {
                self.refers(members, (consent.org, consent.user), consent.client)?;
                self.consents.insert((consent.org, consent.user, consent.client), consent);
            }
            OAuthChange::WithdrawConsent { org, user, client } => _ = self.consents.remove(&(org, user, client)),
            OAuthChange::OpenSession(session) => {
                unless(!members.contains_key(&(session.org, session.user)), CommitError::Reference)?;
                self.sessions.insert((session.org, session.id), session);
            }
            OAuthChange::NoteSession { org, id, at } => {
                self.sessions.entry((org, id)).and_modify(|session| session.last_seen_at = at);
            }
            OAuthChange::CloseSession { org, id } => _ = self.sessions.remove(&(org, id)),
            OAuthChange::CloseSessionsOf { org, user } => {
                self.sessions.retain(|_, session| (session.org, session.user) != (org, user));
            }
            OAuthChange::AddSigningKey(key) => {
                let generation = key.term.generation;
                unless(self.keys.contains_key(&generation), duplicate(Entity::SigningKey, "generation"))?;
                self.keys.insert(generation, key);
            }
            OAuthChange::RevokeSigningKey { kid, at } => {
                let good = self.keys.values_mut().find(|key| key.kid == kid && key.revoked_at.is_none());
                good.ok_or(stale(Entity::SigningKey))?.revoked_at = Some(at);
            }
        }
        Ok(())
    }

    /// What belongs to a member and an application refers to both, of its own organisation.
    fn refers(&self, members: &Members, member: (OrgId, UserId), client: OAuthClientId) -> Applied {
        let known = members.contains_key(&member) && self.clients.contains_key(&(member.0, client));
        unless(!known, CommitError::Reference)
    }

    fn create_client(&mut self, client: OAuthClient) -> Applied {
        let taken = self.clients.keys().any(|(_, id)| *id == client.id);
        unless(taken, duplicate(Entity::OAuthClient, "id"))?;
        self.clients.insert((client.org, client.id), client);
        Ok(())
    }

    fn delete_client(&mut self, org: OrgId, id: OAuthClientId) -> Applied {
        self.clients.remove(&(org, id)).ok_or(stale(Entity::OAuthClient))?;
        self.codes.retain(|_, code| (code.org, code.client) != (org, id));
        self.consents.retain(|_, consent| (consent.org, consent.client) != (org, id));
        self.drop_grants(|grant| (grant.org, grant.client) == (org, id));
        Ok(())
    }

    fn drop_grants(&mut self, gone: impl Fn(&Grant) -> bool) {
        self.grants.retain(|_, grant| !gone(grant));
        self.pairs.retain(|_, pair| self.grants.contains_key(&(pair.org, pair.grant)));
    }

    fn issue_pair(&mut self, pair: TokenPair) -> Applied {
        unless(!self.grants.contains_key(&(pair.org, pair.grant)), CommitError::Reference)?;
        unless(self.pairs.contains_key(&(pair.org, pair.id)), duplicate(Entity::TokenPair, "id"))?;
        let same = |kept: &TokenPair| (kept.org, kept.refresh) == (pair.org, pair.refresh);
        unless(self.pairs.values().any(same), duplicate(Entity::TokenPair, "refresh"))?;
        self.pairs.insert((pair.org, pair.id), pair);
        Ok(())
    }

    fn forget(&mut self, codes: Timestamp, grants: Timestamp, sessions: Timestamp) -> u64 {
        let count = |all: &Self| all.codes.len() + all.grants.len() + all.sessions.len() + all.keys.len();
        let before = count(self);
        self.codes.retain(|_, code| code.expires_at >= codes);
        self.drop_grants(|grant| grant.expires_at < grants);
        self.sessions.retain(|_, session| session.signed_in_at >= sessions);
        self.keys.retain(|_, key| key.term.published_until >= grants);
        (before - count(self)) as u64
    }
}

#[async_trait]
impl ApplicationReader for MemoryStore {
    async fn client_anywhere(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError> {
        Ok(self.now().applications.clients.values().find(|client| client.id == id).cloned())
    }
    async fn oauth_client(&self, scope: OrgScope, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError> {
        Ok(self.now().applications.clients.get(&(scope.org(), id)).cloned())
    }
    async fn oauth_clients(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<ClientStatus>,
    ) -> Result<Page<OAuthClient>, ReadError> {
        let state = self.now();
        let of_org = state.applications.clients.values().filter(|client| client.org == scope.org());
        let of_status = of_org.filter(|client| status.is_none_or(|status| client.status == status));
        Ok(directory(of_status, query, |client| {
            let times = (client.created_at, client.updated_at);
            (Traits::named(client.name.as_str(), client.name.sort_key(), times), client.id)
        }))
    }
    async fn active_redirect_uris(&self) -> Result<Vec<RedirectUri>, ReadError> {
        let state = self.now();
        let active = state.applications.clients.values().filter(|client| client.is_active());
        Ok(active.flat_map(|client| client.redirect_uris.clone()).collect())
    }

    async fn authorization_code(
        &self,
        scope: OrgScope,
        digest: &Digest,
    ) -> Result<Option<AuthorizationCode>, ReadError> {
        Ok(self.now().applications.codes.get(&(scope.org(), digest.0)).cloned())
    }
    async fn grant(&self, scope: OrgScope, id: GrantId) -> Result<Option<Grant>, ReadError> {
        Ok(self.now().applications.grants.get(&(scope.org(), id)).cloned())
    }
    async fn token_pair(&self, scope: OrgScope, id: TokenPairId) -> Result<Option<TokenPair>, ReadError> {
        Ok(self.now().applications.pairs.get(&(scope.org(), id)).cloned())
    }
    async fn pair_of_refresh(&self, scope: OrgScope, refresh: &Digest) -> Result<Option<TokenPair>, ReadError> {
        let state = self.now();
        let mut pairs = state.applications.pairs.values();
        Ok(pairs.find(|pair| (pair.org, pair.refresh) == (scope.org(), *refresh)).cloned())
    }
    async fn consent(
        &self,
        scope: OrgScope,
        user: UserId,
        client: OAuthClientId,
    ) -> Result<Option<Consent>, ReadError> {
        Ok(self.now().applications.consents.get(&(scope.org(), user, client)).cloned())
    }
    async fn consents_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<Consent>, ReadError> {
        let state = self.now();
        let of_user = state.applications.consents.values().filter(|c| (c.org, c.user) == (scope.org(), user));
        let mut list: Vec<_> = of_user.cloned().collect();
        list.sort_by_key(|consent| (consent.given_at, consent.client));
        Ok(list)
    }
    async fn session(&self, digest: &Digest) -> Result<Option<BrowserSession>, ReadError> {
        Ok(self.now().applications.sessions.values().find(|session| session.digest == *digest).cloned())
    }
    async fn sessions_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<BrowserSession>, ReadError> {
        let state = self.now();
        let of_user = state.applications.sessions.values().filter(|s| (s.org, s.user) == (scope.org(), user));
        let mut list: Vec<_> = of_user.cloned().collect();
        list.sort_by_key(|session| (Reverse(session.signed_in_at), session.id));
        Ok(list)
    }
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, ReadError> {
        Ok(self.now().applications.keys.values().cloned().collect())
    }
    async fn forget_ended(&self, codes: Timestamp, grants: Timestamp, sessions: Timestamp) -> Result<u64, ReadError> {
        let forgotten = self.replace(|state| Ok::<_, Infallible>(state.applications.forget(codes, grants, sessions)));
        forgotten.map_err(|never| match never {})
    }
}
