//! Who a credential belongs to. A good answer is remembered for a moment, so that a busy key costs no look-up.

use crate::app::App;
use crate::caller::{Caller, Credential};
use crate::error::Error;
use crate::known_credentials::{AsOf, KnownKey};
use crate::worker::Worker;
use connix_domain::access::Access;
use connix_domain::api_key::{ApiKey, Kid};
use connix_domain::audit::Origin;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::ProjectId;
use connix_domain::member::Member;
use connix_domain::permission::Permissions;
use connix_domain::port::secrets::PresentedKey;
use connix_domain::rate_limit::Overrides;
use connix_domain::scope::{Job, OrgScope};
use std::sync::Arc;

/// What a credential was given.
pub(crate) struct Granted<'g> {
    pub(crate) permissions: &'g Permissions,
    pub(crate) projects: Option<Vec<ProjectId>>,
    pub(crate) limits: &'g Overrides,
    pub(crate) principal: String,
    pub(crate) credential: Credential,
}

impl App {
    /// The caller that an API key or an access token belongs to; which it is, its form says.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for every kind of failure alike.
    pub async fn authenticate(&self, text: &str) -> Result<Caller, Error> {
        match self.ports.credentials.read_key(text) {
            Some(presented) => self.authenticate_key(&presented).await,
            None => self.authenticate_access_token(text).await,
        }
    }

    pub(crate) async fn authenticate_key(&self, presented: &PresentedKey) -> Result<Caller, Error> {
        let live = self.live_key(presented).await?.ok_or(Error::Unauthorized)?;
        let caller = live.caller.ok_or(Error::Unauthorized)?;
        self.note_use(live.key);
        Ok(caller)
    }

    /// The key that was shown, if it is one that works. What is remembered is believed for the right text alone: a wrong text of
    /// a known key and any of an unknown one cost the same look-up, which finds nothing. (The store compares digests as it likes: without
    /// the pepper nobody can choose one.)
    pub(crate) async fn live_key(&self, presented: &PresentedKey) -> Result<Option<KnownKey>, Error> {
        let live = |known: &KnownKey| known.key.is_live(self.now());
        let remembered = self.known_credentials.key(&presented.kid);
        if let Some(known) =
            remembered.filter(|known| self.ports.credentials.same(&known.key.digest, &presented.digest))
        {
            return Ok(Some(known).filter(live));
        }
        let as_of = self.known_credentials.as_of();
        match self.store().presented_key(presented).await? {
            Some(key) => Ok(Some(self.remember_key(as_of, key).await?).filter(live)),
            None => Ok(None),
        }
    }

    /// Notes that a key is used, at most once a minute, beside the call; that it cannot be noted is nobody's harm.
    fn note_use(&self, key: ApiKey) {
        if !self.known_credentials.is_first_use(&key.kid) {
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
        let now = match &caller.credential {
            Credential::ApiKey(kid) => {
                let known = self.known_key(caller.scope, kid).await?;
                let live = known.filter(|known| known.key.is_live(self.now()));
                live.and_then(|known| known.caller)
            }
            Credential::AccessToken(claims) if claims.are_good(self.issuer(), self.now()) => {
                self.standing(claims).await?
            }
            Credential::AccessToken(_) => None,
        };
        now.ok_or(Error::Unauthorized)
    }

    async fn known_key(&self, scope: OrgScope, kid: &Kid) -> Result<Option<KnownKey>, Error> {
        if let Some(known) = self.known_credentials.key(kid) {
            return Ok(Some(known));
        }
        let as_of = self.known_credentials.as_of();
        let Some(key) = self.store().api_key(scope, kid).await? else { return Ok(None) };
        Ok(Some(self.remember_key(as_of, key).await?))
    }

    async fn remember_key(&self, as_of: AsOf, key: ApiKey) -> Result<KnownKey, Error> {
        let caller = self.caller_of(&key).await?;
        let known = KnownKey { key, caller };
        self.known_credentials.keep_key(as_of, known.key.kid.clone(), known.clone());
        Ok(known)
    }

    /// Who asks with a key.
    async fn caller_of(&self, key: &ApiKey) -> Result<Option<Caller>, Error> {
        let looking = OrgScope::for_job(key.org, Job::Authentication);
        let Some(member) = self.store().member(looking, key.user).await? else { return Ok(None) };
        let grant = Granted {
            permissions: &key.permissions,
            projects: key.projects.clone(),
            limits: &key.limits,
            principal: key.line.as_str().to_owned(),
            credential: Credential::ApiKey(key.kid.clone()),
        };
        self.caller_as(&member, grant).await
    }

    /// Who asks with a credential of a member. `None` when nothing acts for that member any more.
    pub(crate) async fn caller_as(&self, member: &Member, granted: Granted<'_>) -> Result<Option<Caller>, Error> {
        let scope = OrgScope::of_member(member);
        let teams = self.store().teams_of(scope, member.id).await?;
        let Some(access) = Access::of(member, teams, granted.permissions, granted.projects) else { return Ok(None) };
        let organisation = self.store().organisation(scope).await?;
        let limits = organisation.map_or_else(|| granted.limits.clone(), |of| granted.limits.over(&of.limits));
        let Granted { principal, credential, .. } = granted;
        Ok(Some(Caller { scope, access, principal, credential, limits, origin: Origin::local("authenticate") }))
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
