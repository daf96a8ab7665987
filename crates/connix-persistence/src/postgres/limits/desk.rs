//! Where requests are decided: by what this server holds, and by asking the database where it holds nothing.

use super::super::link::Link;
use super::super::{Answer as Told, Prepared, Reads};
use super::statement::{self, Call, Free};
use crate::limits::Accounts;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::store::ReadError;
use connix_domain::rate_limit::{Account, Claim, Draw, Held, Lease, Policy, Verdict, Window};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;

/// Whoever is short waits so long for others to give back. One that does not answer is frozen or dead.
const PATIENCE: Duration = Duration::from_millis(400);
/// After that, who is short of the same is refused for so long without waiting.
const QUIET: Duration = Duration::from_secs(1);
/// From the first look whether something was given back to the next; then twice as long each time, up to the longest.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LONGEST_LOOK: Duration = Duration::from_millis(16);

/// So much of an hour's budget, as a divisor, is leased at a time: a server that is killed takes what it has leased with it.
const HOURLY_PART: i64 = 16;
/// The same of a minute's.
const MINUTELY_PART: i64 = 2;

/// The budgets of all subjects, as far as this server knows.
pub(super) struct Desk {
    accounts: Accounts<Subject>,
    clock: Arc<dyn Clock>,
    link: Link,
    /// What tells this server's leases from others'.
    me: String,
    /// Whether others can call leases back; if not, there must be none.
    listens: AtomicBool,
    closed: AtomicBool,
}

/// One subject.
#[derive(Default)]
struct Subject {
    state: Mutex<State>,
    /// One request at a time gets what all are short of.
    turn: Turn<()>,
    /// One word at a time with the database, so that both know what is leased.
    exchange: Turn<()>,
}

#[derive(Default)]
struct State {
    account: Account,
    /// Of what nothing was given back in time, and until when nobody waits for it.
    quiet: Option<(Instant, Vec<Policy>)>,
}

impl Subject {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decide(&mut self, claims: &[Claim], now: Timestamp) -> Option<Verdict> {
        if let Some(verdict) = self.account.draw(claims, now) {
            return Some(verdict);
        }
        let (until, policies) = self.quiet.as_ref()?;
        let waits = Instant::now() < *until && claims.iter().any(|claim| policies.contains(&claim.policy));
        waits.then(|| self.account.shortage(claims, policies, now)).filter(|verdict| !verdict.passes())
    }
}

/// What the database said to a request.
enum Answer {
    Decided(Verdict),
    /// Others hold what is left of these.
    Lacking(Vec<Policy>),
}

impl Desk {
    pub(super) fn new(link: Link, clock: Arc<dyn Clock>) -> Self {
        let by = Arc::clone(&clock);
        let is_over = move |subject: &Subject| subject.state().account.is_over(by.now());
        Self {
            accounts: Accounts::new(is_over),
            clock,
            link,
            me: format!("{:016x}", RandomState::new().hash_one(std::process::id())),
            listens: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) async fn take(self: &Arc<Self>, name: &str, claims: &[Claim]) -> Result<Verdict, ReadError> {
        let subject = self.accounts.of(name);
        if let Some(verdict) = subject.state().decide(claims, self.clock.now()) {
            return Ok(verdict);
        }
        let _turn = subject.turn.lock().await;
        let (begun, mut look) = (Instant::now(), FIRST_LOOK);
        loop {
            if let Some(verdict) = subject.state().decide(claims, self.clock.now()) {
                return Ok(verdict);
            }
            let lacking = match self.asked(name, &subject, claims).await? {
                Answer::Decided(verdict) => return Ok(verdict),
                Answer::Lacking(policies) => policies,
            };
            if begun.elapsed() > PATIENCE {
                subject.state().quiet = Some((Instant::now() + QUIET, lacking));
            } else {
                tokio::time::sleep(look).await;
                look = (look * 2).min(LONGEST_LOOK);
            }
        }
    }

    /// Asks in a task of its own: whoever asks may go away in the midst of it, and both sides have to know what is leased.
    async fn asked(
        self: &Arc<Self>,
        name: &str,
        subject: &Arc<Subject>,
        claims: &[Claim],
    ) -> Result<Answer, ReadError> {
        let (desk, subject) = (Arc::clone(self), Arc::clone(subject));
        let (name, claims) = (name.to_owned(), claims.to_vec());
        let asking = tokio::spawn(async move { desk.ask(&name, &subject, &claims).await });
        asking.await.unwrap_or_else(|ended| Err(ReadError::Unavailable(ended.to_string())))
    }

    /// Hands in what is held of the budgets, and asks for one of each, with a lease.
    async fn ask(&self, name: &str, subject: &Subject, claims: &[Claim]) -> Result<Answer, ReadError> {
        let _exchange = subject.exchange.lock().await;
        let now = self.clock.now();
        let leases = subject.state().account.hand_in(claims, now);
        let most = |claim: &Claim| self.most(claim);
        let told: Vec<Free> = self.call(|| statement::take(&self.me, name, claims, &leases, most)).await?;
        let passes = claims.iter().zip(&told).all(|(claim, (free, ..))| claim.draw == Draw::Look || *free > 0);
        let mut state = subject.state();
        for ((claim, lease), told) in claims.iter().zip(&leases).zip(&told) {
            state.account.learn(lease, held(claim.draw, passes, *told), now);
        }
        if passes {
            state.quiet = None;
            return Ok(Answer::Decided(state.account.passed(claims, now)));
        }
        if let Some(refused) = state.account.draw(claims, now).filter(|verdict| !verdict.passes()) {
            return Ok(Answer::Decided(refused));
        }
        let lacking = claims.iter().zip(&told).filter(|(claim, (free, ..))| claim.draw == Draw::Take && *free <= 0);
        Ok(Answer::Lacking(lacking.map(|(claim, _)| claim.policy).collect()))
    }

    /// How much may be leased at a time.
    fn most(&self, claim: &Claim) -> i64 {
        if !self.listens.load(Ordering::Relaxed) || self.closed.load(Ordering::Relaxed) {
            return 0;
        }
        claim.limit / if claim.policy == Policy::Hour { HOURLY_PART } else { MINUTELY_PART }
    }

    pub(super) async fn charge(&self, name: &str, tokens: i64) -> Result<(), ReadError> {
        let policy = Policy::Tokens;
        let window = Window::of(policy, self.clock.now());
        let lease = Lease { policy, window, limit: 0, units: tokens };
        let charged: Vec<i64> = self.call(|| statement::charge(name, &lease)).await?;
        if let Some(subject) = self.accounts.known(name) {
            subject.state().account.learn_charged(window.opens, charged.into_iter().sum());
        }
        Ok(())
    }

    /// Another server is short of what this one may hold.
    pub(super) async fn give_back(&self, name: &str, policy: Policy, opens: i64) {
        let Some(subject) = self.accounts.known(name) else { return };
        let _exchange = subject.exchange.lock().await;
        let units = subject.state().account.give_up(policy, opens);
        let window = Window { opens, closes: opens + policy.length() };
        self.return_lease(name, Lease { policy, window, limit: 0, units }).await;
    }

    /// Gives everything back.
    pub(super) async fn give_back_all(&self) {
        for (name, subject) in self.accounts.all() {
            let _exchange = subject.exchange.lock().await;
            let leases = subject.state().account.give_up_all();
            for lease in leases {
                self.return_lease(&name, lease).await;
            }
        }
    }

    async fn return_lease(&self, name: &str, lease: Lease) {
        let returned: Result<Vec<i64>, ReadError> = self.call(|| statement::give_back(&self.me, name, &lease)).await;
        if let Err(error) = returned {
            tracing::warn!(%error, policy = %lease.policy, units = lease.units, "a lease of a budget was not given back");
        }
    }

    /// Whether leases can be called back from now on.
    pub(super) fn listens(&self, listens: bool) {
        self.listens.store(listens, Ordering::Relaxed);
    }

    /// Gives everything back, and leases nothing any more.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.give_back_all().await;
    }

    /// Removes windows that have been over for an hour, whatever a server's clock says.
    pub(super) async fn sweep(&self) {
        let before = self.clock.now().timestamp() - Policy::Hour.length();
        let swept: Result<Vec<i64>, ReadError> = self.call(|| statement::sweep(before)).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "old windows of budgets were not removed");
        }
    }

    /// Boxed, as the store's own reads are and for the same reason.
    fn call<'a, R, ST>(&'a self, call: impl Fn() -> Call<ST> + Send + Sync + 'a) -> Told<'a, Vec<R>>
    where
        R: Send + 'static,
        Prepared<Call<ST>>: Reads<R>,
    {
        Box::pin(self.link.read(move |connection| Prepared::kept(call()).send(connection)))
    }
}

/// What is held after the database's word.
fn held(draw: Draw, passes: bool, (free, others, leased): Free) -> Held {
    match draw {
        Draw::Need | Draw::Look => Held { units: free, elsewhere: 0, alone: true },
        Draw::Take if passes => Held { units: leased, elsewhere: free - 1 - leased + others, alone: false },
        Draw::Take => Held { units: 0, elsewhere: free.max(0) + others, alone: free <= 0 && others == 0 },
    }
}
