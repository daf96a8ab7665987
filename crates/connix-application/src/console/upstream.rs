//! Signing in through the operator's OpenID Connect provider.
//!
//! What ties the way back to the way there travels with the browser, as a [`Ticket`], which is the state, and as a mark, which the
//! browser keeps for one way back. Nothing is kept here meanwhile. Who an account is, the domain decides
//! (`connix_domain::upstream`); nobody is made by signing in.

use super::SignedIn;
use super::sign_in::Entered;
use crate::app::{App, Upstream};
use crate::error::Error;
use crate::ticket::{Errand, Ticket};
use connix_domain::Timestamp;
use connix_domain::audit::{Origin, Target};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::OrgId;
use connix_domain::member::Member;
use connix_domain::port::secrets::Secret;
use connix_domain::port::upstream::{UpstreamAttempt, UpstreamError};
use connix_domain::upstream::{Recognized, UpstreamIdentity};
use serde_json::{Value, json};

/// A code longer than this no provider gives, in bytes.
const LONGEST_CODE: usize = 4096;

/// A browser that is to be sent to the provider.
#[derive(Debug)]
pub struct Departure {
    /// Where.
    pub location: String,
    /// What the browser keeps until it comes back, and no longer.
    pub mark: String,
}

/// What a browser comes back with from the provider.
#[derive(Debug)]
pub struct UpstreamAnswer<'a> {
    /// The ticket that it was sent there with.
    pub ticket: Option<&'a Ticket>,
    /// What it kept, see [`Departure::mark`].
    pub mark: Option<&'a str>,
    /// What is redeemed for who it is; none when the provider refused.
    pub code: Option<&'a str>,
    /// What an earlier sign-in left in the browser, see [`Entered::device`].
    pub device: Option<&'a str>,
    /// The call, with the browser's name and address.
    pub origin: Origin,
}

/// Somebody who has come in through the provider.
#[derive(Debug)]
pub struct Arrival {
    /// Who.
    pub entered: Entered,
    /// What an application asked for before.
    pub request: Option<Ticket>,
}

/// Why nobody comes in.
#[derive(Debug)]
pub enum UpstreamRefusal {
    /// There is no provider.
    NotConfigured,
    /// The ticket is none of this browser, has been used, or has ended.
    Ended,
    /// The provider is not to be had at this moment.
    Unavailable,
    /// The provider refused, is not believed, or the account is nobody's here: one answer.
    NotLetIn,
    /// Ours.
    Ours(Error),
}

impl<E: Into<Error>> From<E> for UpstreamRefusal {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

impl App {
    /// What people call the provider, if there is one.
    pub fn upstream_name(&self) -> Option<&str> {
        self.ports.upstream.as_ref().map(|upstream| upstream.name.as_str())
    }

    /// Sends `browser` to sign in, perhaps for what an application has asked. `written` is how addresses hold tickets.
    ///
    /// # Errors
    /// [`UpstreamRefusal`]
    pub async fn begin_upstream(
        &self,
        request: Option<&Ticket>,
        browser: &str,
        written: impl FnOnce(&Ticket) -> String,
    ) -> Result<Departure, UpstreamRefusal> {
        let provider = &self.upstream()?.provider;
        let opened = request.map(|ticket| self.kept_in(Errand::AuthorizationRequest, ticket, browser));
        let request = opened.map(|kept| kept.ok_or(UpstreamRefusal::Ended)).transpose()?;
        let attempt = provider.attempt();
        let kept = json!({"nonce": attempt.nonce, "verifier": attempt.verifier.expose(), "request": request});
        let state = written(&self.ticket(Errand::UpstreamSignIn, browser, &kept));
        let location = provider.location(&attempt, &state).await.map_err(told)?;
        Ok(Departure { location, mark: attempt.nonce })
    }

    /// Signs in whoever the provider has let in; always with a new session, whatever the browser had before.
    ///
    /// # Errors
    /// [`UpstreamRefusal`]
    pub async fn end_upstream(&self, answer: UpstreamAnswer<'_>, browser: &str) -> Result<Arrival, UpstreamRefusal> {
        let provider = &self.upstream()?.provider;
        let kept = answer.ticket.and_then(|ticket| self.kept_in(Errand::UpstreamSignIn, ticket, browser));
        let (attempt, request) = kept.and_then(read).ok_or(UpstreamRefusal::Ended)?;
        if answer.mark != Some(&attempt.nonce) {
            return Err(UpstreamRefusal::Ended);
        }
        let org = match &request {
            Some(carried) => {
                let question = self.question_again(carried.clone()).await?;
                Some(question.ok_or(UpstreamRefusal::Ended)?.request.org)
            }
            None => None,
        };
        let code = answer.code.filter(|code| code.len() <= LONGEST_CODE).ok_or(UpstreamRefusal::NotLetIn)?;
        let identity = provider.identity(&attempt, code).await.map_err(told)?;
        let entering = || self.enter_as(&identity, org, answer.device, &answer.origin);
        let entered = self.retrying(entering).await?.ok_or(UpstreamRefusal::NotLetIn)?;
        let request = request.map(|carried| self.ticket(Errand::AuthorizationRequest, browser, &carried));
        Ok(Arrival { entered, request })
    }

    /// What an application asked for before `browser` was sent to the provider with this ticket.
    pub fn asked_before(&self, state: &Ticket, browser: &str) -> Option<Ticket> {
        let (_, request) = read(self.kept_in(Errand::UpstreamSignIn, state, browser)?)?;
        Some(self.ticket(Errand::AuthorizationRequest, browser, &request?))
    }

    fn upstream(&self) -> Result<&Upstream, UpstreamRefusal> {
        self.ports.upstream.as_ref().ok_or(UpstreamRefusal::NotConfigured)
    }

    /// Begins a session of the member that an identity belongs to, which is bound to the account if it was not.
    async fn enter_as(
        &self,
        identity: &UpstreamIdentity,
        org: Option<OrgId>,
        device: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Entered>, Error> {
        let now = self.now();
        let mut members = self.store().members_by_account(&identity.account).await?;
        if let Some(email) = &identity.verified_email {
            members.extend(self.store().members_by_email(email).await?);
        }
        match identity.recognize(members.clone(), org) {
            Some(Recognized::Bound(member)) => Ok(Some(self.enter(member, now, device, origin.clone()).await?)),
            Some(Recognized::Unbound(member)) => {
                let bound = member.bound_to(identity.account.clone(), now);
                Ok(Some(self.enter_first(bound, now, device, origin.clone()).await?))
            }
            None => {
                tracing::info!(subject = identity.account.subject, "an account of the provider is no member's");
                members.retain(|member| org.is_none_or(|org| org == member.org));
                self.note_refused_sign_in(&members, origin);
                Ok(None)
            }
        }
    }

    /// The first session of a member that is being bound: both or neither.
    async fn enter_first(
        &self,
        member: Member,
        at: Timestamp,
        device: Option<&str>,
        origin: Origin,
    ) -> Result<Entered, Error> {
        let (cookie, user) = self.begin_session(member, at, origin);
        self.commit_quietly(self.binding(&user).with_all(self.opening(&user))).await?;
        Ok(self.entered(cookie, user, device))
    }

    fn binding(&self, user: &SignedIn) -> ChangeSet {
        let audited = self.audited_at_browser(user, Target::new("member", user.member.id), ["upstream_account"]);
        ChangeSet::new().with(Change::UpdateMember(user.member.clone())).with(audited)
    }
}

/// The attempt that a ticket holds, and what an application asked for before.
fn read(mut kept: Value) -> Option<(UpstreamAttempt, Option<Value>)> {
    let text = |name: &str| kept[name].as_str().map(str::to_owned);
    let attempt = UpstreamAttempt { nonce: text("nonce")?, verifier: Secret::new(text("verifier")?) };
    let request = kept["request"].take();
    Some((attempt, (!request.is_null()).then_some(request)))
}

/// The user is told no more than whether to try again; the operator, why.
fn told(error: UpstreamError) -> UpstreamRefusal {
    tracing::warn!(%error, "nobody is signed in through the provider");
    match error {
        UpstreamError::Unavailable(_) => UpstreamRefusal::Unavailable,
        UpstreamError::Refused(_) => UpstreamRefusal::NotLetIn,
    }
}
