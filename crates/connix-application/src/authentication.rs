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
use connix_domain::scope::{Job, OrgScope};
use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A key that another process revoked is refused at the latest after this time (contract section 10 allows 5 s).
const REMEMBERED: Duration = Duration::from_secs(2);
/// At most this many keys are remembered.
const MOST: u64 = 10_000;

/// Uses of a key that are less apart than this are noted once.
const NOTED: Duration = Duration::from_secs(60);

/// What is known of a key: itself, and what it comes to for its member now.
#[derive(Clone)]
struct KnownKey {
    key: ApiKey,
    caller: Option<Caller>,
    /// As of how many changes of what credentials come to.
    as_of: u64,
}

/// Keys that were looked up a moment ago. Only keys that exist: an unknown one may exist the next moment.
pub(crate) struct KeyCache {
    known: Cache<Kid, KnownKey>,
    noted: Cache<Kid, ()>,
    /// So many times this process has changed what credentials come to. What was read before a change is not believed after it, also
    /// when it was being read meanwhile.
    changes: AtomicU64,
}

impl KeyCache {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let noted = Cache::builder().max_capacity(MOST).time_to_live(NOTED).build();
        Self { known: cache, noted, changes: AtomicU64::new(0) }
    }
    /// What credentials come to has been changed: nothing is remembered.
    pub(crate) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
    fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }
    fn get(&self, kid: &Kid) -> Option<KnownKey> {
        self.known.get(kid).filter(|known| known.as_of == self.changes())
    }
    fn is_first_use(&self, kid: &Kid) -> bool {
        self.noted.entry_by_ref(kid).or_insert(()).is_fresh()
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
        let live = known.filter(|known| same && known.key.is_live(self.now())).ok_or(Error::Unauthorized)?;
        let caller = live.caller.ok_or(Error::Unauthorized)?;
        self.note_use(live.key);
        Ok(caller)
    }

    /// Notes that a key is used, at most once a minute, beside the call; that it cannot be noted is nobody's harm.
    fn note_use(&self, key: ApiKey) {
        if !self.keys.is_first_use(&key.kid) {
            return;
        }
        let store = Arc::clone(&self.ports.store);
        let used = Change::TouchApiKey { org: key.org, kid: key.kid, at: self.now() };
        tokio::spawn(async move {
            if let Err(error) = store.commit(ChangeSet::new().with(used)).await {
                tracing::debug!(%error, "the use of a key was not noted");
            }
        });
    }

    /// The same caller with what its credential allows now: for calls that last.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when the credential has been revoked or has expired meanwhile.
    pub(crate) async fn authenticate_again(&self, caller: &Caller) -> Result<Caller, Error> {
        let known = self.known_key(caller.key().ok_or(Error::Unauthorized)?).await?;
        let live = known.filter(|known| known.key.is_live(self.now()) && known.key.org == caller.scope.org());
        live.and_then(|known| known.caller).ok_or(Error::Unauthorized)
    }

    async fn known_key(&self, kid: &Kid) -> Result<Option<KnownKey>, Error> {
        if let Some(known) = self.keys.get(kid) {
            return Ok(Some(known));
        }
        let as_of = self.keys.changes();
        let Some(key) = self.store().api_key(kid).await? else { return Ok(None) };
        let caller = self.caller_of(&key).await?;
        let known = KnownKey { key, caller, as_of };
        self.keys.known.insert(kid.clone(), known.clone());
        Ok(Some(known))
    }

    /// Who asks with a key.
    async fn caller_of(&self, key: &ApiKey) -> Result<Option<Caller>, Error> {
        let access = self.access(key.org, key.user, &key.permissions, key.projects.clone()).await?;
        let Some((scope, access)) = access else { return Ok(None) };
        let organisation = self.store().organisation(scope).await?;
        let limits = organisation.map_or_else(|| key.limits.clone(), |of| key.limits.over(&of.limits));
        let principal = key.line.as_str().to_owned();
        let origin = Origin::local("authenticate");
        Ok(Some(Caller { scope, access, principal, key: Some(key.kid.clone()), limits, origin }))
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
