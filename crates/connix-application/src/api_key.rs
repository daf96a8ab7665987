//! API keys: make, see, change, replace, take back (contract section 10, `reliability.md` 2.2).

use crate::app::App;
use crate::caller::{Caller, Precondition, ProjectRef};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, KeyChange, KeyStatus, KeyTerms, Kid};
use connix_domain::audit::{Target, changed_in_key};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::grace::Grace;
use connix_domain::id::ProjectId;
use connix_domain::name::KeyName;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::permission::{Permission, Permissions, Scope};
use connix_domain::port::secrets::Secret;
use connix_domain::rate_limit::Overrides;

/// What somebody asks for with a new key.
#[derive(Debug, Clone)]
pub struct KeyOrder {
    /// What people are to call it.
    pub name: KeyName,
    /// What it is to be allowed; without it the scope `write`, as far as its maker may that.
    pub permissions: Option<Permissions>,
    /// The only projects that it is to touch; without it those that its maker's credential reaches.
    pub projects: Option<Vec<ProjectRef>>,
    /// The rate limits that it is to have instead of everybody's.
    pub limits: Overrides,
    /// From when it is to be refused.
    pub expires_at: Option<Timestamp>,
}

/// What somebody asks for of a key; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct KeyUpdate {
    /// Another name.
    pub name: Option<KeyName>,
    /// Other permissions.
    pub permissions: Option<Permissions>,
    /// Another project list, or none.
    pub projects: Option<Option<Vec<ProjectRef>>>,
    /// Other limits of its own.
    pub limits: Option<Overrides>,
    /// Another end.
    pub expires_at: Option<Timestamp>,
}

/// A key that has just been made; its text is shown once.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// What is kept of it.
    pub key: ApiKey,
    /// The key itself.
    pub text: Secret,
}

/// What the audit log calls a key.
fn target(key: &ApiKey) -> Target {
    Target::new("api_key", key.kid.id())
}

impl App {
    /// Makes a key that acts as the caller.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for more than the caller may; [`Error::NotFound`] for a project that it does not see; a fault of
    /// `expires_at`.
    pub async fn create_api_key(
        &self,
        caller: &Caller,
        order: KeyOrder,
        remember: Option<Remember<'_, IssuedKey>>,
    ) -> Result<IssuedKey, Error> {
        caller.may(Permission::ApiKeysWrite)?;
        let usual = || Scope::Write.permissions().intersection(caller.access.permissions());
        let permissions = order.permissions.unwrap_or_else(usual);
        if permissions.is_empty() {
            return Err(Error::Forbidden);
        }
        let projects = match order.projects {
            Some(list) => Some(self.listed(caller, &list, &[]).await?),
            None => caller.access.projects().map(<[ProjectId]>::to_vec),
        };
        let KeyOrder { name, limits, expires_at, .. } = order;
        let terms = KeyTerms { name, permissions, projects, limits, expires_at };
        let minted = self.ports.credentials.mint_key();
        let org = caller.scope.org();
        let key = ApiKey::made(org, &caller.access, (minted.kid, minted.digest), terms, self.now())?;
        let issued = IssuedKey { key, text: minted.text };
        let record = self.record(remember.as_ref(), &issued);
        let changes = ChangeSet::new()
            .with(Change::CreateApiKey(issued.key.clone()))
            .with(self.audited(caller, target(&issued.key), []))
            .first(record);
        self.ports.store.commit(changes).await?;
        Ok(issued)
    }

    /// A part of the list of the organisation's keys.
    ///
    /// # Errors
    /// What the store says.
    pub async fn api_keys(
        &self,
        caller: &Caller,
        query: &DirectoryQuery,
        status: Option<KeyStatus>,
    ) -> Result<Page<ApiKey>, Error> {
        caller.may(Permission::ApiKeysRead)?;
        Ok(self.store().api_keys(caller.scope, query, status.map(|status| (status, self.now()))).await?)
    }

    /// A key that has not been revoked.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn api_key(&self, caller: &Caller, wanted: &str) -> Result<ApiKey, Error> {
        caller.may(Permission::ApiKeysRead)?;
        self.own_key(caller, wanted).await
    }

    /// Changes a key.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for what the caller has not got itself; [`Error::KeyRefused`]; [`Error::PreconditionFailed`].
    pub async fn change_api_key(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        update: &KeyUpdate,
    ) -> Result<ApiKey, Error> {
        caller.may(Permission::ApiKeysWrite)?;
        self.retrying(|| self.try_change_api_key(caller, wanted, on, update)).await
    }

    async fn try_change_api_key(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        update: &KeyUpdate,
    ) -> Result<ApiKey, Error> {
        let key = self.own_key(caller, wanted).await?;
        on.check(key.version)?;
        let projects = match &update.projects {
            Some(Some(list)) => {
                let known = key.projects.as_deref().unwrap_or_default();
                Some(Some(self.listed(caller, list, known).await?))
            }
            Some(None) => Some(None),
            None => None,
        };
        let KeyUpdate { name, permissions, limits, expires_at, .. } = update.clone();
        let change = KeyChange { name, permissions, projects, limits, expires_at };
        let Some(next) = key.change(&caller.access, change, self.now())? else { return Ok(key) };
        let changed = self.audited(caller, target(&key), changed_in_key(&key, &next));
        self.ports.store.commit(ChangeSet::new().with(Change::UpdateApiKey(next.clone())).with(changed)).await?;
        self.known_credentials.forget();
        Ok(next)
    }

    /// Makes a key in the place of another, which goes on working for the time of `grace`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless it is the caller's own and allows no more than the caller; [`Error::KeyRefused`].
    pub async fn rotate_api_key(
        &self,
        caller: &Caller,
        wanted: &str,
        grace: Grace,
        remember: Option<Remember<'_, IssuedKey>>,
    ) -> Result<IssuedKey, Error> {
        caller.may(Permission::ApiKeysWrite)?;
        self.retrying(|| self.try_rotate_api_key(caller, wanted, grace, remember.as_ref())).await
    }

    async fn try_rotate_api_key(
        &self,
        caller: &Caller,
        wanted: &str,
        grace: Grace,
        remember: Option<&Remember<'_, IssuedKey>>,
    ) -> Result<IssuedKey, Error> {
        let key = self.own_key(caller, wanted).await?;
        let now = self.now();
        let line = self.store().api_keys_of_line(caller.scope, &key.line).await?;
        let predecessor_works = line.iter().any(|other| other.kid != key.kid && other.is_live(now));
        let minted = self.ports.credentials.mint_key();
        let fresh = (minted.kid, minted.digest);
        let (old, new) = key.rotate(&caller.access, fresh, grace, predecessor_works, now)?;
        let issued = IssuedKey { key: new, text: minted.text };
        let changes = ChangeSet::new()
            .with(self.audited(caller, target(&key), changed_in_key(&key, &old)))
            .with(Change::UpdateApiKey(old))
            .with(Change::CreateApiKey(issued.key.clone()))
            .first(self.record(remember, &issued));
        self.ports.store.commit(changes).await?;
        self.known_credentials.forget();
        Ok(issued)
    }

    /// Refuses a key from now on: at once in this process, and in others when they look it up again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`]
    pub async fn revoke_api_key(&self, caller: &Caller, wanted: &str, on: &Precondition) -> Result<ApiKey, Error> {
        caller.may(Permission::ApiKeysWrite)?;
        let key = self.own_key(caller, wanted).await?;
        on.check(key.version)?;
        let revoked = Change::RevokeApiKey { key: key.clone(), at: self.now() };
        let changes = ChangeSet::new().with(revoked).with(self.audited(caller, target(&key), []));
        self.ports.store.commit(changes).await?;
        self.known_credentials.forget();
        Ok(key)
    }

    async fn own_key(&self, caller: &Caller, wanted: &str) -> Result<ApiKey, Error> {
        let found = match Kid::parse(wanted) {
            Some(kid) => self.store().api_key(caller.scope, &kid).await?,
            None => None,
        };
        let own = found.filter(|key| key.revoked_at.is_none());
        own.ok_or_else(|| Error::NotFound(Resource::ApiKey(wanted.to_owned())))
    }

    /// The projects of a list. Each is one of `known`, or one that the caller sees.
    async fn listed(&self, caller: &Caller, list: &[ProjectRef], known: &[ProjectId]) -> Result<Vec<ProjectId>, Error> {
        let mut projects = Vec::with_capacity(list.len());
        for wanted in list {
            let id = match wanted {
                ProjectRef::Id(id) if known.contains(id) => *id,
                wanted => self.reachable_project(caller, wanted).await?.id,
            };
            if !projects.contains(&id) {
                projects.push(id);
            }
        }
        Ok(projects)
    }
}
