//! Who a credential belongs to. A good answer is remembered for a moment, so that a busy key costs no look-up.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::worker::Worker;
use connix_domain::access::Access;
use connix_domain::api_key::{ApiKey, Digest, Kid};
use connix_domain::audit::Origin;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::{OrgId, ProjectId, UserId};
use connix_domain::permission::Permissions;
use connix_domain::rate_limit::Overrides;
use connix_domain::scope::{Job, OrgScope};
use moka::sync::Cache;
use std::time::Duration;

/// A key that another process revoked is refused at the latest after this time (contract section 10 allows 5 s).
const REMEMBERED: Duration = Duration::from_secs(2);
/// At most this many keys are remembered.
const MOST: u64 = 10_000;

/// What is known of a key: itself, and what it comes to for its member now.
#[derive(Clone)]
struct KnownKey {
    key: ApiKey,
    caller: Option<Caller>,
}

/// Keys that were looked up a moment ago. Only keys that exist: an unknown one may exist the next moment.
pub(crate) struct KeyCache(Cache<Kid, KnownKey>);

impl KeyCache {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build())
    }
}

impl App {
    /// The caller that an API key belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for every kind of failure alike.
    pub async fn authenticate(&self, text: &str) -> Result<Caller, Error> {
        let presented = self.ports.credentials.read_key(text).ok_or(Error::Unauthorized)?;
        let known = self.known_key(&presented.kid).await?;
        // an unknown key costs the same comparison as a wrong one
        let kept = known.as_ref().map_or(Digest([0; 32]), |known| known.key.digest);
        let same = self.ports.credentials.same(&kept, &presented.digest);
        let live = known.filter(|known| same && known.key.is_live(self.now()));
        live.and_then(|known| known.caller).ok_or(Error::Unauthorized)
    }

    /// The same caller with what its credential allows now: for calls that last.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when the credential has been revoked or has expired meanwhile.
    pub(crate) async fn authenticate_again(&self, caller: &Caller) -> Result<Caller, Error> {
        let known = self.known_key(&Kid::new(caller.principal.clone())).await?;
        let live = known.filter(|known| known.key.is_live(self.now()) && known.key.org == caller.scope.org());
        live.and_then(|known| known.caller).ok_or(Error::Unauthorized)
    }

    async fn known_key(&self, kid: &Kid) -> Result<Option<KnownKey>, Error> {
        if let Some(known) = self.keys.0.get(kid) {
            return Ok(Some(known));
        }
        let Some(key) = self.store().api_key(kid).await? else { return Ok(None) };
        let access = self.access(key.org, key.user, &key.permissions, key.projects.clone()).await?;
        let caller = access.map(|(scope, access)| Caller {
            scope,
            access,
            principal: kid.as_str().to_owned(),
            limits: Overrides::default(),
            origin: Origin::local("authenticate"),
        });
        let known = KnownKey { key, caller };
        self.keys.0.insert(kid.clone(), known.clone());
        Ok(Some(known))
    }

    /// What a credential of a member comes to now. `None` when nothing acts for that member any more.
    async fn access(
        &self,
        org: OrgId,
        user: UserId,
        granted: &Permissions,
        projects: Option<Vec<ProjectId>>,
    ) -> Result<Option<(OrgScope, Access)>, Error> {
        let looking = OrgScope::for_job(org, Job::Authentication);
        let Some(member) = self.store().member(looking, user).await? else { return Ok(None) };
        let teams = self.store().teams_of(looking, user).await?;
        let access = Access::of(&member, teams, granted, projects);
        Ok(access.map(|access| (OrgScope::of_member(&member), access)))
    }

    /// Refuses a key from now on; at once in this process.
    ///
    /// # Errors
    /// [`Error::Contended`] when there is no such key any more.
    pub async fn revoke_key(&self, key: ApiKey) -> Result<(), Error> {
        let kid = key.kid.clone();
        let at = self.now();
        self.commit(ChangeSet::new().with(Change::RevokeApiKey { key, at })).await?;
        self.keys.0.invalidate(&kid);
        Ok(())
    }

    /// The agent's worker that a token belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for every kind of failure alike.
    pub async fn authenticate_worker(&self, text: &str) -> Result<Worker, Error> {
        let presented = self.ports.credentials.read_worker_token(text).ok_or(Error::Unauthorized)?;
        let scope = OrgScope::for_job(presented.org, Job::Worker);
        let agent = self.store().agent(scope, presented.agent).await?.ok_or(Error::Unauthorized)?;
        let kept = agent.control.token.ok_or(Error::Unauthorized)?;
        if !self.ports.credentials.same(&kept, &presented.digest) {
            return Err(Error::Unauthorized);
        }
        Ok(Worker { scope, agent: presented.agent })
    }
}
