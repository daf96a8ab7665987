//! Group commit: the units that wait while a group is in flight form the next group, one flush of the disk for all.
//!
//! One committer a process: two of them would hold locks against each other.

use super::flight::{fly, launch, verb};
use super::link::{Link, Live};
use super::queries::changes::{Statement, meaning, statements};
use super::trouble::{Trouble, judge};
use crate::options::Options;
use connix_domain::change_set::ChangeSet;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::store::CommitError;
use diesel::QueryResult;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// The most units of one transaction.
const LARGEST_GROUP: usize = 128;
/// The most units that wait; more have to wait outside.
const LONGEST_QUEUE: usize = 1024;
/// How often a group is flown again after a conflict with somebody else's, or after the server ended the session.
const MOST_REPETITIONS: u32 = 3;

type Verdict = Result<(), CommitError>;

enum Job {
    Unit(Unit),
    /// Take no more units, finish those that wait.
    Stop(oneshot::Sender<()>),
}

struct Unit {
    statements: Vec<Statement>,
    answer: oneshot::Sender<Verdict>,
}

/// The way to the committer.
pub(super) struct Committer {
    queue: mpsc::Sender<Job>,
}

impl Committer {
    /// Starts on the runtime that this runs on.
    pub(super) fn start(link: Link, options: &Options) -> Self {
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        let desk = Desk { link, culprits: options.culprits, metrics: options.metrics.clone() };
        tokio::spawn(desk.work(waiting));
        Self { queue }
    }

    /// Queues a unit and waits until it is durable. A caller that stops waiting does not stop the unit.
    pub(super) async fn commit(&self, changes: ChangeSet) -> Verdict {
        let (answer, verdict) = oneshot::channel();
        let job = Job::Unit(Unit { statements: statements(changes), answer });
        let closed = || CommitError::Unavailable("the store is closed".to_owned());
        self.queue.send(job).await.map_err(|_| closed())?;
        verdict.await.map_err(|_| CommitError::Unknown("the committer has ended".to_owned()))?
    }

    /// Returns when everything that waits is written.
    pub(super) async fn stop(&self) {
        let (answer, ended) = oneshot::channel();
        if self.queue.send(Job::Stop(answer)).await.is_ok() {
            // an error would say that it has ended already
            let _ = ended.await;
        }
    }
}

struct Desk {
    link: Link,
    culprits: usize,
    metrics: Option<Arc<dyn Metrics>>,
}

/// What became of a flight.
enum Outcome {
    Committed,
    /// This unit failed, and with it the transaction.
    Culprit(usize, CommitError),
    /// Nothing was written; the same again may succeed.
    Again(String),
    /// Nobody knows.
    Lost(String),
}

impl Desk {
    async fn work(self, mut waiting: mpsc::Receiver<Job>) {
        let (mut jobs, mut stopped) = (Vec::new(), Vec::new());
        while waiting.recv_many(&mut jobs, LARGEST_GROUP).await > 0 {
            let mut units = Vec::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                match job {
                    Job::Unit(unit) => units.push(unit),
                    Job::Stop(answer) => {
                        waiting.close();
                        stopped.push(answer);
                    }
                }
            }
            self.commit(units).await;
        }
        for answer in stopped {
            let _ = answer.send(());
        }
    }

    async fn commit(&self, mut units: Vec<Unit>) {
        let (mut culprits, mut repeated) = (Vec::new(), 0);
        let verdict = loop {
            if units.is_empty() {
                break Ok(());
            }
            let live = match self.link.live().await {
                Ok(live) => live,
                Err(why) => break Err(CommitError::Unavailable(why)),
            };
            if culprits.len() > self.culprits && units.len() > 1 {
                break self.under_savepoints(&live, std::mem::take(&mut units)).await;
            }
            let begun = Instant::now();
            match self.flight(&live, &units).await {
                Outcome::Committed => {
                    self.note(units.len(), begun);
                    break Ok(());
                }
                Outcome::Culprit(at, why) => culprits.push((units.remove(at), why)),
                Outcome::Again(_) if repeated < MOST_REPETITIONS => {
                    tokio::time::sleep(pause(repeated)).await;
                    repeated += 1;
                }
                Outcome::Again(why) => break Err(CommitError::Unavailable(why)),
                Outcome::Lost(why) => break Err(CommitError::Unknown(why)),
            }
        };
        answer(units, &verdict);
        // A unit may have failed on another of its group: it is told so when that one can be read, and if that one was lost,
        // it has failed on nothing.
        for (unit, why) in culprits {
            answer(vec![unit], &verdict.clone().and(Err(why)));
        }
    }

    /// The whole group in one flight.
    async fn flight(&self, live: &Arc<Live>, units: &[Unit]) -> Outcome {
        let mut flying = vec![verb(live, "BEGIN")];
        flying.extend(units.iter().flat_map(|unit| &unit.statements).map(|statement| launch(live, statement)));
        flying.push(verb(live, "COMMIT"));
        let mut results = match self.link.answered(live, fly(flying)).await {
            Ok(results) => results.into_iter(),
            Err(silence) => return self.uncertain(live, silence.to_string()),
        };
        if let Some(Err(error)) = results.next() {
            return self.judged(live, 0, &error).unwrap_or_else(|| Outcome::Again(error.to_string()));
        }
        // The first failure is the cause; all that follow only say that the transaction is aborted. COMMIT of an aborted
        // transaction is a ROLLBACK and *succeeds*.
        for (at, unit) in units.iter().enumerate() {
            for (statement, result) in unit.statements.iter().zip(&mut results) {
                let Err(error) = result else { continue };
                let culprit = || Outcome::Culprit(at, meaning(&statement.must, &error));
                return self.judged(live, at, &error).unwrap_or_else(culprit);
            }
        }
        match results.next() {
            Some(Ok(_)) => Outcome::Committed,
            Some(Err(error)) => self.uncertain(live, error.to_string()),
            None => self.uncertain(live, "no answer to COMMIT".to_owned()),
        }
    }

    /// An error before COMMIT that is not about its statement.
    fn judged(&self, live: &Arc<Live>, at: usize, error: &diesel::result::Error) -> Option<Outcome> {
        match judge(error) {
            Trouble::Statement => None,
            Trouble::Conflict => {
                tracing::debug!(%error, at, "a group of commits is sent again");
                Some(Outcome::Again(error.to_string()))
            }
            Trouble::Ended => {
                tracing::info!(%error, "a group of commits is sent again on a new connection");
                self.link.discard(live);
                Some(Outcome::Again(error.to_string()))
            }
            Trouble::Lost => Some(self.uncertain(live, error.to_string())),
        }
    }

    fn uncertain(&self, live: &Arc<Live>, why: String) -> Outcome {
        tracing::warn!(error = why, "the connection was lost while committing");
        self.link.discard(live);
        Outcome::Lost(why)
    }

    /// A flight for each unit, and one for COMMIT: only for groups in which many fail. Gives what became of the transaction.
    async fn under_savepoints(&self, live: &Arc<Live>, units: Vec<Unit>) -> Verdict {
        let begun = Instant::now();
        let mut verdicts = Vec::with_capacity(units.len());
        let mut before = "BEGIN";
        for unit in &units {
            let mut flying = vec![verb(live, before), verb(live, "SAVEPOINT unit")];
            flying.extend(unit.statements.iter().map(|statement| launch(live, statement)));
            let verdict = match self.link.answered(live, fly(flying)).await {
                Ok(results) => first_failure(unit, results).map_err(|error| error.to_string()),
                Err(silence) => Err(silence.to_string()),
            };
            let verdict = match verdict {
                Ok(verdict) => verdict,
                // COMMIT was not sent
                Err(why) => {
                    self.link.discard(live);
                    let lost = Err(CommitError::Unavailable(why));
                    answer(units, &lost);
                    return lost;
                }
            };
            before = if verdict.is_ok() { "RELEASE SAVEPOINT unit" } else { "ROLLBACK TO SAVEPOINT unit" };
            verdicts.push(verdict);
        }
        let end = fly(vec![verb(live, before), verb(live, "COMMIT")]);
        let lost = match self.link.answered(live, end).await {
            Ok(results) => results.into_iter().find_map(Result::err).map(|error| error.to_string()),
            Err(silence) => Some(silence.to_string()),
        };
        let outcome = match lost {
            None => {
                self.note(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), begun);
                Ok(())
            }
            Some(why) => {
                self.link.discard(live);
                Err(CommitError::Unknown(why))
            }
        };
        for (unit, verdict) in units.into_iter().zip(verdicts) {
            answer(vec![unit], &outcome.clone().and(verdict));
        }
        outcome
    }

    fn note(&self, units: usize, begun: Instant) {
        if let Some(metrics) = &self.metrics {
            metrics.committed(units, begun.elapsed());
        }
    }
}

/// What became of a unit between its savepoint and the next. The outer error says that the transaction is lost.
fn first_failure(unit: &Unit, results: Vec<QueryResult<usize>>) -> QueryResult<Verdict> {
    let mut results = results.into_iter();
    for verb in results.by_ref().take(2) {
        verb?;
    }
    for (statement, result) in unit.statements.iter().zip(results) {
        let Err(error) = result else { continue };
        return match judge(&error) {
            Trouble::Ended | Trouble::Lost => Err(error),
            Trouble::Statement | Trouble::Conflict => Ok(Err(meaning(&statement.must, &error))),
        };
    }
    Ok(Ok(()))
}

/// Long enough for the other one to finish, and of another length than the other one's.
fn pause(repeated: u32) -> Duration {
    let spread = RandomState::new().hash_one(repeated) % 10;
    Duration::from_millis((10 + spread) << repeated)
}

fn answer(units: Vec<Unit>, verdict: &Verdict) {
    for unit in units {
        let _ = unit.answer.send(verdict.clone());
    }
}
