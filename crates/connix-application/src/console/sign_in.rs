//! Signing in by password. Whatever is wrong, the answer is the same, and costs the same.

use super::SignedIn;
use super::forms::hexadecimal;
use crate::app::App;
use crate::error::Error;
use connix_domain::Timestamp;
use connix_domain::browser_session::BrowserSession;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::{BrowserSessionId, OrgId};
use connix_domain::member::{Member, PasswordHash};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::port::oauth::{Opaque, PasswordCheck};
use connix_domain::port::secrets::Secret;
use connix_domain::sign_in;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// At most so many accounts and addresses are watched at once.
const MOST: u64 = 100_000;
/// The longest name of a browser that is kept, in characters.
const LONGEST_BROWSER: usize = 200;

/// Wrong guesses of late, in this process.
pub(crate) struct Guesses {
    accounts: Cache<String, sign_in::Guesses>,
    addresses: Cache<String, sign_in::Intruder>,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            accounts: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
            addresses: Cache::builder().max_capacity(MOST).time_to_idle(day).build(),
        }
    }

    fn may_guess(&self, who: &Guesser, now: Timestamp) -> bool {
        let account = self.accounts.get(&who.account).is_none_or(|guesses| guesses.may_guess(now));
        let address = || self.addresses.get(&who.address).is_none_or(|intruder| intruder.may_guess(now));
        account && (who.known || address())
    }

    fn was_wrong(&self, who: &Guesser, email: &str, now: Timestamp) {
        let guesses = self.accounts.get(&who.account).unwrap_or_default();
        self.accounts.insert(who.account.clone(), guesses.and_wrong(now));
        let intruder = self.addresses.get(&who.address).unwrap_or_default();
        self.addresses.insert(who.address.clone(), intruder.and_wrong(email, now));
    }

    fn was_right(&self, who: &Guesser) {
        self.accounts.invalidate(&who.account);
    }
}

/// Where passwords are hashed: each takes 19 MiB and a core for a while, so only a few at once.
pub(crate) struct PasswordBench(Arc<Semaphore>);

impl PasswordBench {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Semaphore::new(2 * cores)))
    }
}

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
    /// What the browser calls itself.
    pub browser: &'g str,
    /// Where it is.
    pub address: &'g str,
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

/// As whom guesses are counted.
struct Guesser {
    account: String,
    address: String,
    /// Whether the member has signed in from this browser before.
    known: bool,
}

impl App {
    /// Signs in; always with a new session, whatever the browser had before.
    ///
    /// # Errors
    /// [`SignInRefusal`]
    pub async fn sign_in(&self, guest: Guest<'_>) -> Result<Entered, SignInRefusal> {
        let members = self.store().members_by_email(guest.email).await?;
        let member = members.into_iter().find(|member| guest.org.is_none_or(|org| org == member.org));
        let who = self.guesser(&guest, member.as_ref());
        let now = self.now();
        let allowed = self.guesses.may_guess(&who, now);
        // a guess that is not looked at costs what any other does
        let kept = member.as_ref().filter(|_| allowed).and_then(|member| member.password.clone());
        let check = self.check_password(guest.password.clone(), kept.map(|password| password.hash)).await?;
        match (member, check) {
            (Some(member), PasswordCheck::Right | PasswordCheck::RightButOutdated) => {
                self.guesses.was_right(&who);
                let member = self.rehashed(member, &guest.password, check).await;
                Ok(self.enter(member, &guest).await?)
            }
            (_, _) => {
                if allowed {
                    self.guesses.was_wrong(&who, &guest.email.to_lowercase(), now);
                }
                Err(SignInRefusal::Wrong)
            }
        }
    }

    fn guesser(&self, guest: &Guest<'_>, member: Option<&Member>) -> Guesser {
        let device = member.and_then(|member| self.known_device(member, guest.device?));
        let email = guest.email.to_lowercase();
        Guesser {
            account: device.map_or_else(|| email.clone(), |chance| format!("{email} {chance}")),
            address: guest.address.to_owned(),
            known: device.is_some(),
        }
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

    async fn check_password(
        &self,
        password: Secret,
        kept: Option<PasswordHash>,
    ) -> Result<PasswordCheck, SignInRefusal> {
        let permit = Arc::clone(&self.password_bench.0).try_acquire_owned().map_err(|_| SignInRefusal::Busy)?;
        let passwords = Arc::clone(&self.ports.passwords);
        let check = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            passwords.check(&password, kept.as_ref().map(|hash| hash.0.as_str()))
        });
        Ok(check.await.map_err(|error| Error::Internal(error.to_string()))?)
    }

    /// The member with its password kept at today's cost, if that can be done now; else as it was.
    async fn rehashed(&self, member: Member, password: &Secret, check: PasswordCheck) -> Member {
        let (true, Ok(hash)) = (check == PasswordCheck::RightButOutdated, self.ports.passwords.hash(password)) else {
            return member;
        };
        let mut next = member.with_password(PasswordHash(hash), self.now());
        // it is the same password: whatever was given on it still counts
        next.password = next.password.zip(member.password.clone()).map(|(mut new, old)| {
            new.set_at = old.set_at;
            new
        });
        next.invitation.clone_from(&member.invitation);
        match self.ports.store.commit(ChangeSet::new().with(Change::UpdateMember(next.clone()))).await {
            Ok(()) => next,
            Err(_) => member,
        }
    }

    async fn enter(&self, member: Member, guest: &Guest<'_>) -> Result<Entered, Error> {
        let (cookie, digest) = self.ports.opaque.mint(Opaque::BrowserSession);
        let now = self.now();
        let session = BrowserSession {
            org: member.org,
            id: BrowserSessionId::new(self.ports.ids.bits()),
            digest,
            user: member.id,
            signed_in_at: now,
            last_seen_at: now,
            browser: guest.browser.chars().take(LONGEST_BROWSER).collect(),
            address: guest.address.to_owned(),
        };
        let open = OAuthChange::OpenSession(session.clone());
        self.ports.store.commit(ChangeSet::new().with(open.into())).await?;
        let fresh = || self.device(&member, &format!("{:016x}", self.ports.ids.bits()));
        let known = guest.device.filter(|device| self.known_device(&member, device).is_some());
        let device = known.map_or_else(fresh, str::to_owned);
        Ok(Entered { cookie, device, user: SignedIn { member, session } })
    }
}
