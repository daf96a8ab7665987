//! What a key may be made with, changed to and replaced by: never more than whoever makes it may (contract section 10,
//! `reliability.md` 2.2).

use super::{ApiKey, Digest, Kid};
use crate::Timestamp;
use crate::access::Access;
use crate::grace::Grace;
use crate::id::{OrgId, ProjectId, UserId};
use crate::name::KeyName;
use crate::permission::Permissions;
use crate::rate_limit::Overrides;
use chrono::Duration;

/// A key lives so long unless its maker says otherwise.
const USUAL_LIFE: Duration = Duration::days(365);
/// No key lives longer from when that is said; those made on the command line may live for ever.
const LONGEST_LIFE: Duration = Duration::days(730);

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerms {
    /// What people are to call it.
    pub name: KeyName,
    /// What it is to be allowed.
    pub permissions: Permissions,
    /// The only projects that it is to touch; `None` for all.
    pub projects: Option<Vec<ProjectId>>,
    /// The rate limits that it is to have instead of everybody's.
    pub limits: Overrides,
    /// From when it is to be refused.
    pub expires_at: Option<Timestamp>,
}

/// What a PATCH asks for; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Another name.
    pub name: Option<KeyName>,
    /// Other permissions.
    pub permissions: Option<Permissions>,
    /// Another project list, or none.
    pub projects: Option<Option<Vec<ProjectId>>>,
    /// Other limits of its own.
    pub limits: Option<Overrides>,
    /// Another end.
    pub expires_at: Option<Timestamp>,
}

/// Why a key is not made, changed or replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// It would hold a permission or reach a project that its maker does not, or would act as somebody else.
    #[error("a key never allows more than its maker")]
    Exceeds,
    /// An end that has passed or is too far away.
    #[error("must be later than now, and by at most 730 days")]
    Lifetime,
    /// Another key has been made in its place already.
    #[error("The key has been replaced by {}", .0.id())]
    Replaced(Kid),
    /// It has expired.
    #[error("The key has expired; make a new one")]
    Expired,
    /// The one before it is still in its grace: at most two of a line work at once.
    #[error("The key that this one replaced still works; revoke it, or wait until it has expired")]
    PredecessorWorks,
}

impl ApiKey {
    /// A key as an operator makes it, who may give it anything.
    pub fn given((org, user): (OrgId, UserId), (kid, digest): (Kid, Digest), terms: KeyTerms, now: Timestamp) -> Self {
        let KeyTerms { name, permissions, projects, limits, expires_at } = terms;
        Self {
            org,
            line: kid.clone(),
            kid,
            digest,
            name,
            user,
            permissions,
            projects,
            limits,
            created_at: now,
            updated_at: now,
            expires_at,
            revoked_at: None,
            successor: None,
            last_used_at: None,
            version: 1,
        }
    }

    /// A key that acts as the member who makes it.
    ///
    /// # Errors
    /// [`KeyRefusal::Exceeds`], [`KeyRefusal::Lifetime`]
    pub fn made(
        org: OrgId,
        by: &Access,
        minted: (Kid, Digest),
        terms: KeyTerms,
        now: Timestamp,
    ) -> Result<Self, KeyRefusal> {
        if !by.permissions().include(&terms.permissions) || !by.covers(terms.projects.as_deref()) {
            return Err(KeyRefusal::Exceeds);
        }
        let expires_at = Some(soon_enough(terms.expires_at.unwrap_or(now + USUAL_LIFE), now)?);
        Ok(Self::given((org, by.user()), minted, KeyTerms { expires_at, ..terms }, now))
    }

    /// Applies what somebody asks for. `None` when it changes nothing. What it has already, it may keep; what it gets in
    /// addition, `by` must have.
    ///
    /// # Errors
    /// [`KeyRefusal`]
    pub fn change(&self, by: &Access, change: KeyChange, now: Timestamp) -> Result<Option<Self>, KeyRefusal> {
        self.works(now)?;
        let mut next = self.clone();
        next.name = change.name.unwrap_or(next.name);
        next.permissions = change.permissions.unwrap_or(next.permissions);
        next.projects = change.projects.unwrap_or(next.projects);
        next.limits = change.limits.unwrap_or(next.limits);
        if let Some(end) = change.expires_at.filter(|end| Some(*end) != self.expires_at) {
            next.expires_at = Some(soon_enough(end, now)?);
        }
        let held = self.permissions.clone().union(by.permissions().clone());
        let reached = self.lists(next.projects.as_deref()) || by.covers(next.projects.as_deref());
        if !held.include(&next.permissions) || !reached {
            return Err(KeyRefusal::Exceeds);
        }
        Ok((next != *self).then(|| next.touched(now)))
    }

    /// The key as it is from now on, and the one in its place, on the same terms and for as long. `predecessor_works`: a key
    /// that this one replaced is still in its grace.
    ///
    /// # Errors
    /// [`KeyRefusal`]: the text of a key is for the member whom it acts as, and for a credential that may as much.
    pub fn rotate(
        &self,
        by: &Access,
        (kid, digest): (Kid, Digest),
        grace: Grace,
        predecessor_works: bool,
        now: Timestamp,
    ) -> Result<(Self, Self), KeyRefusal> {
        let comes_to = self.permissions.intersection(&by.role().permissions());
        let allowed = by.permissions().include(&comes_to) && by.covers(self.projects.as_deref());
        if by.user() != self.user || !allowed {
            return Err(KeyRefusal::Exceeds);
        }
        self.works(now)?;
        if predecessor_works && !grace.is_none() {
            return Err(KeyRefusal::PredecessorWorks);
        }
        let life = self.expires_at.map(|end| (end - self.created_at).min(LONGEST_LIFE));
        let fresh = Self {
            kid: kid.clone(),
            digest,
            created_at: now,
            updated_at: now,
            expires_at: life.map(|life| now + life),
            last_used_at: None,
            version: 1,
            ..self.clone()
        };
        let end = now + grace.length();
        let old = Self {
            expires_at: Some(self.expires_at.map_or(end, |own| own.min(end))),
            successor: Some(kid),
            ..self.clone()
        };
        Ok((old.touched(now), fresh))
    }

    /// Only a key that works, and that no other has replaced, is changed.
    fn works(&self, now: Timestamp) -> Result<(), KeyRefusal> {
        match &self.successor {
            Some(successor) => Err(KeyRefusal::Replaced(successor.clone())),
            None if self.is_live(now) => Ok(()),
            None => Err(KeyRefusal::Expired),
        }
    }

    /// Whether its own list holds all of another.
    fn lists(&self, list: Option<&[ProjectId]>) -> bool {
        match (&self.projects, list) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(list)) => list.iter().all(|project| own.contains(project)),
        }
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now.max(self.updated_at);
        self.version += 1;
        self
    }
}

fn soon_enough(end: Timestamp, now: Timestamp) -> Result<Timestamp, KeyRefusal> {
    if now < end && end <= now + LONGEST_LIFE { Ok(end) } else { Err(KeyRefusal::Lifetime) }
}
