//! Signing in by password. Whatever is wrong, the answer is the same, and costs the same (`reliability.md` 2.5).

use super::SignedIn;
use super::forms::hexadecimal;
use super::guesses::Account;
use super::password_bench::Seat;
use crate::app::App;
use crate::error::Error;
use connix_domain::Timestamp;
use connix_domain::audit::{AuditEntry, Origin, Outcome, Target};
use connix_domain::browser_session::BrowserSession;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::Actor;
use connix_domain::id::{BrowserSessionId, OrgId};
use connix_domain::member::{Member, PasswordHash};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::port::oauth::{Opaque, PasswordCheck};
use connix_domain::port::secrets::Secret;
use std::sync::Arc;

/// A password is compared with those of at most so many members: an address may stand in several organisations.
const MOST_NAMESAKES: usize = 8;

/// Somebody who wants to sign in.
#[derive(Debug)]
pub struct Guest<'g> {
    /// The address that was typed.
    pub email: &'g str,
    /// The password that was typed.
    pub password: Secret,
    /// Only as a member of this organisation.
    pub org: Option<OrgId>,
    /// What an earlier sign-in left in the browser, see [`Entered::device`].
    pub device: Option<&'g str>,
    /// The call, with the browser's name and address.
    pub origin: Origin,
}

/// Somebody who has signed in.
#[derive(Debug)]
pub struct Entered {
    /// The session's credential, for the cookie.
    pub cookie: Secret,
    /// What tells this browser from unknown ones the next time.
    pub device: String,
    /// Who.
    pub user: SignedIn,
}

/// Why somebody has not.
#[derive(Debug)]
pub enum SignInRefusal {
    /// Nobody has this address, the password is wrong, or there were too many guesses: one answer.
    Wrong,
    /// Too many are signing in at this moment.
    Busy,
    /// Ours.
    Ours(Error),
}

impl<E: Into<Error>> From<E> for SignInRefusal {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

impl App {
    /// Signs in; always with a new session, whatever the browser had before.
    ///
    /// # Errors
    /// [`SignInRefusal`]
    pub async fn sign_in(&self, guest: Guest<'_>) -> Result<Entered, SignInRefusal> {
        // whatever is changed of a member after this counts as later than the session
        let now = self.now();
        let mut members = self.store().members_by_email(guest.email).await?;
        members.retain(|member| guest.org.is_none_or(|org| org == member.org));
        members.truncate(MOST_NAMESAKES);
        let known = |member: &Member| guest.device.and_then(|device| self.known_device(member, device));
        let known: Vec<_> = members.iter().map(known).collect();
        let seat = if known.iter().any(Option::is_some) { Seat::Acquaintance } else { Seat::Stranger };
        if seat == Seat::Stranger && !self.guesses.may_knock(guest.origin.address, now) {
            // said of an address, whoever has the account
            return Err(SignInRefusal::Wrong);
        }
        let accounts = members.iter().zip(&known).map(|(member, device)| Account::of(member, *device));
        let (looked_at, accounts): (Vec<&Member>, Vec<_>) =
            members.iter().zip(accounts).filter(|(_, account)| self.guesses.may_guess(account, now)).unzip();
        // a guess that is not looked at costs what any other does
        let Some((place, check)) = self.whose_password(seat, &guest.password, &looked_at).await? else {
            self.guesses.knocked_wrongly(guest.origin.address, &guest.email.to_lowercase(), now);
            self.note_refused_sign_in(looked_at, &guest.origin);
            accounts.into_iter().for_each(|account| self.guesses.was_wrong(account, now));
            return Err(SignInRefusal::Wrong);
        };
        self.guesses.was_right(&accounts[place]);
        let member = match check {
            PasswordCheck::RightButOutdated => self.rehashed(looked_at[place], &guest.password).await,
            PasswordCheck::Right | PasswordCheck::Wrong => looked_at[place].clone(),
        };
        Ok(self.enter(member, now, guest.device, guest.origin).await?)
    }

    /// Tells the members as whom somebody tried to sign in; beside the call, whose time would tell that there are such members.
    pub(super) fn note_refused_sign_in<'m>(&self, members: impl IntoIterator<Item = &'m Member>, origin: &Origin) {
        let refused = |member: &Member| {
            Change::Audit(AuditEntry {
                org: member.org,
                at: self.now(),
                actor: Actor::Member(member.id),
                credential: None,
                origin: origin.clone(),
                target_kind: "member".to_owned(),
                target_id: member.id.to_string(),
                outcome: Outcome::Refused,
                changed: Vec::new(),
            })
        };
        let entries = ChangeSet::new().with_all(members.into_iter().map(refused));
        let store = Arc::clone(&self.ports.store);
        tokio::spawn(async move {
            if let Err(error) = store.commit(entries).await {
                tracing::warn!(%error, "a refused sign-in is not in the audit log");
            }
        });
    }

    /// What marks a browser as one that this member has signed in from.
    fn device(&self, member: &Member, chance: &str) -> String {
        let mark = self.ports.opaque.mark(&format!("device/{}/{}", member.org, member.id), chance);
        format!("{chance}.{}", hexadecimal(&mark))
    }

    /// What tells a browser that this member has signed in from, if it is one.
    fn known_device<'d>(&self, member: &Member, shown: &'d str) -> Option<&'d str> {
        let (chance, _) = shown.split_once('.')?;
        let [expected, shown] =
            [self.device(member, chance), shown.to_owned()].map(|d| self.ports.opaque.mark("d", &d));
        self.ports.credentials.same(&expected, &shown).then_some(chance)
    }

    /// The member with its password kept at today's cost, if that can be done now; else as it was.
    async fn rehashed(&self, member: &Member, password: &Secret) -> Member {
        let text = password.clone();
        let Ok(Ok(hash)) = self.at_the_bench(Seat::Acquaintance, move |passwords| passwords.hash(&text)).await else {
            return member.clone();
        };
        let next = member.with_password_kept_anew(PasswordHash(hash), self.now());
        match self.ports.store.commit(ChangeSet::new().with(Change::UpdateMember(next.clone()))).await {
            Ok(()) => next,
            Err(_) => member.clone(),
        }
    }

    /// Begins a session of a member, as it was `at` that time, at a browser that may have been its `device` before.
    pub(super) async fn enter(
        &self,
        member: Member,
        at: Timestamp,
        device: Option<&str>,
        origin: Origin,
    ) -> Result<Entered, Error> {
        let (cookie, user) = self.begin_session(member, at, origin);
        self.commit_quietly(ChangeSet::new().with_all(self.opening(&user))).await?;
        Ok(self.entered(cookie, user, device))
    }

    /// A session that is about to be opened, and its credential.
    pub(super) fn begin_session(&self, member: Member, at: Timestamp, origin: Origin) -> (Secret, SignedIn) {
        let (cookie, digest) = self.ports.opaque.mint(Opaque::BrowserSession);
        let session = BrowserSession {
            org: member.org,
            id: BrowserSessionId::new(self.ports.ids.bits()),
            digest,
            user: member.id,
            signed_in_at: at,
            last_seen_at: at,
            browser: origin.user_agent.clone().unwrap_or_default(),
            address: origin.address.map(|address| address.to_string()).unwrap_or_default(),
        };
        (cookie, SignedIn { member, session, origin })
    }

    /// What opens a session.
    pub(super) fn opening(&self, user: &SignedIn) -> [Change; 2] {
        let audited = self.audited_at_browser(user, Target::new("session", user.session.id), []);
        [OAuthChange::OpenSession(user.session.clone()).into(), audited]
    }

    /// What the browser of an opened session is given.
    pub(super) fn entered(&self, cookie: Secret, user: SignedIn, device: Option<&str>) -> Entered {
        let fresh = || self.device(&user.member, &format!("{:016x}", self.ports.ids.bits()));
        let known = device.filter(|device| self.known_device(&user.member, device).is_some());
        let device = known.map_or_else(fresh, str::to_owned);
        Entered { cookie, device, user }
    }
}
