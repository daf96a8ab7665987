//! Setting a password: the first one by a link that was handed over, another by whoever is signed in.

use super::SignedIn;
use super::guesses::Account;
use super::password_bench::Seat;
use super::sign_in::{Entered, SignInRefusal};
use crate::app::App;
use crate::error::Error;
use connix_domain::audit::{Origin, Target};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::member::{Member, PasswordHash};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::port::oauth::PasswordIssue;
use connix_domain::port::secrets::Secret;

/// Why a password is not set.
#[derive(Debug)]
pub enum PasswordRefusal {
    /// The link has been used, has ended, was replaced, or never was one.
    LinkEnded,
    /// The present password is another.
    Wrong,
    /// The new password breaks a rule.
    Issue(PasswordIssue),
    /// Too many are signing in at this moment.
    Busy,
    /// Ours.
    Ours(Error),
}

impl From<SignInRefusal> for PasswordRefusal {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::Wrong => Self::Wrong,
            SignInRefusal::Busy => Self::Busy,
            SignInRefusal::Ours(error) => Self::Ours(error),
        }
    }
}

impl From<Error> for PasswordRefusal {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl App {
    /// The member whom a link was handed to, while it works.
    ///
    /// # Errors
    /// What the store says.
    pub async fn invited_by_link(&self, token: &str) -> Result<Option<Member>, Error> {
        let Some(digest) = self.ports.credentials.read_invitation(token) else { return Ok(None) };
        let member = self.store().member_by_invitation(&digest).await?;
        Ok(member.filter(|member| member.may_use_invitation(self.now())))
    }

    /// Sets the password of the member whom the link was handed to, and signs it in.
    ///
    /// # Errors
    /// [`PasswordRefusal`]
    pub async fn set_password_by_link(
        &self,
        token: &str,
        password: &Secret,
        origin: Origin,
    ) -> Result<Entered, PasswordRefusal> {
        let member = self.invited_by_link(token).await?.ok_or(PasswordRefusal::LinkEnded)?;
        match self.set_password(&member, password, None, origin).await {
            // whoever was faster has used the link up
            Err(PasswordRefusal::Ours(Error::Raced)) => Err(PasswordRefusal::LinkEnded),
            other => other,
        }
    }

    /// Sets another password of somebody who is signed in and knows the present one.
    ///
    /// # Errors
    /// [`PasswordRefusal`]
    pub async fn change_password(
        &self,
        user: &SignedIn,
        (present, new): (&Secret, &Secret),
        device: Option<&str>,
    ) -> Result<Entered, PasswordRefusal> {
        let account = Account::of(&user.member, Some(&user.session.id.to_string()));
        let now = self.now();
        let looked_at = Some(&user.member).filter(|_| self.guesses.may_guess(&account, now));
        if self.whose_password(Seat::Acquaintance, present, looked_at.as_slice()).await?.is_none() {
            self.guesses.was_wrong(account, now);
            return Err(PasswordRefusal::Wrong);
        }
        match self.set_password(&user.member, new, device, user.origin.clone()).await {
            Err(PasswordRefusal::Ours(Error::Raced)) => Err(PasswordRefusal::Ours(Error::Contended)),
            other => other,
        }
    }

    /// Whatever the member was signed in to ends, but for a new session in this browser.
    async fn set_password(
        &self,
        member: &Member,
        password: &Secret,
        device: Option<&str>,
        origin: Origin,
    ) -> Result<Entered, PasswordRefusal> {
        let text = password.clone();
        let hash = self.at_the_bench(Seat::Acquaintance, move |passwords| passwords.hash(&text)).await?;
        let (hash, now) = (hash.map_err(PasswordRefusal::Issue)?, self.now());
        let (cookie, user) = self.begin_session(member.with_password(PasswordHash(hash), now), now, origin);
        let changes = ChangeSet::new()
            .with(Change::UpdateMember(user.member.clone()))
            .with(self.audited_at_browser(&user, Target::new("member", member.id), ["password"]))
            .with(OAuthChange::CloseSessionsOf { org: member.org, user: member.id }.into())
            .with_all(self.opening(&user));
        self.commit_quietly(changes).await?;
        self.known_credentials.forget();
        Ok(self.entered(cookie, user, device))
    }
}
