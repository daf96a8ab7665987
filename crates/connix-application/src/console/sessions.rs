//! Browsers in which members are signed in.

use crate::app::App;
use crate::error::Error;
use crate::oauth::still_counts;
use chrono::Duration;
use connix_domain::audit::{Origin, Target};
use connix_domain::browser_session::BrowserSession;
use connix_domain::change_set::ChangeSet;
use connix_domain::id::BrowserSessionId;
use connix_domain::member::Member;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::OAuthClient;
use connix_domain::oauth::grant::Consent;
use connix_domain::port::oauth::Opaque;
use connix_domain::scope::{Job, OrgScope};

/// A member at a browser.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub member: Member,
    /// In which browser.
    pub session: BrowserSession,
    pub(crate) origin: Origin,
}

impl SignedIn {
    fn scope(&self) -> OrgScope {
        OrgScope::of_member(&self.member)
    }
}

impl App {
    /// Who is signed in at the browser that shows this cookie, in a call from `origin`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn signed_in(&self, cookie: &str, origin: Origin) -> Result<Option<SignedIn>, Error> {
        let Some(digest) = self.ports.opaque.read(Opaque::BrowserSession, cookie) else { return Ok(None) };
        let Some(session) = self.store().session(&digest).await? else { return Ok(None) };
        let now = self.now();
        let looking = OrgScope::for_job(session.org, Job::Authorization);
        let member = self.store().member(looking, session.user).await?;
        let counts = |member: &Member| session.is_live(now) && still_counts(member, session.signed_in_at);
        let Some(member) = member.filter(counts) else { return Ok(None) };
        if session.is_news(now) {
            let seen = OAuthChange::NoteSession { org: session.org, id: session.id, at: now };
            self.commit_quietly(ChangeSet::new().with(seen.into())).await?;
        }
        Ok(Some(SignedIn { member, session, origin }))
    }

    /// Signs out of this browser.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out(&self, user: &SignedIn) -> Result<(), Error> {
        self.close(user, user.session.id).await
    }

    /// Signs out of another browser of the same member; nothing when there is no such one.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out_of(&self, user: &SignedIn, session: BrowserSessionId) -> Result<(), Error> {
        let own = self.sessions(user).await?;
        if own.iter().any(|other| other.id == session) {
            self.close(user, session).await?;
        }
        Ok(())
    }

    async fn close(&self, user: &SignedIn, session: BrowserSessionId) -> Result<(), Error> {
        let close = OAuthChange::CloseSession { org: user.member.org, id: session };
        let audited = self.audited_at_browser(user, Target::new("session", session), []);
        self.commit_quietly(ChangeSet::new().with(close.into()).with(audited)).await
    }

    /// Signs out everywhere.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out_everywhere(&self, user: &SignedIn) -> Result<(), Error> {
        let close = OAuthChange::CloseSessionsOf { org: user.member.org, user: user.member.id };
        let audited = self.audited_at_browser(user, Target::new("member", user.member.id), ["sessions"]);
        self.commit_quietly(ChangeSet::new().with(close.into()).with(audited)).await
    }

    /// The member's live sessions, the newest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sessions(&self, user: &SignedIn) -> Result<Vec<BrowserSession>, Error> {
        let all = self.store().sessions_of(user.scope(), user.member.id).await?;
        let now = self.now();
        Ok(all.into_iter().filter(|session| session.is_live(now)).collect())
    }

    /// The applications that the member has let act for it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn allowed_applications(&self, user: &SignedIn) -> Result<Vec<(OAuthClient, Consent)>, Error> {
        let mut allowed = Vec::new();
        for consent in self.store().consents_of(user.scope(), user.member.id).await? {
            if let Some(client) = self.store().oauth_client(user.scope(), consent.client).await? {
                allowed.push((client, consent));
            }
        }
        Ok(allowed)
    }

    /// Takes back what the member has let an application do: the next time it asks again, and what it has is worth nothing.
    ///
    /// # Errors
    /// What the store says.
    pub async fn withdraw_consent(&self, user: &SignedIn, client: &str) -> Result<(), Error> {
        let Ok(client) = client.parse() else { return Ok(()) };
        let (org, member) = (user.member.org, user.member.id);
        let withdraw = OAuthChange::WithdrawConsent { org, user: member, client };
        let revoke = OAuthChange::RevokeGrants { org, user: member, client: Some(client), at: self.now() };
        let audited = self.audited_at_browser(user, Target::new("oauth_client", client), ["consent"]);
        self.commit_quietly(ChangeSet::new().with(withdraw.into()).with(revoke.into()).with(audited)).await?;
        self.known_credentials.forget();
        Ok(())
    }

    /// Removes what has ended: codes a day after, so that a late replay is still noticed; grants, sessions and keys at once.
    pub(crate) async fn forget_ended_sign_ins(&self) -> Result<u64, Error> {
        let now = self.now();
        Ok(self.store().forget_ended(now - Duration::days(1), now, now - BrowserSession::LONGEST).await?)
    }
}
