//! The one writer: the units that wait are one transaction with a savepoint each, and one flush of the disk for all.

use super::queries::changes::{Fragment, Must, Statement, meaning, statements};
use super::{DB, unavailable};
use crate::prepared::Prepared;
use connix_domain::change_set::ChangeSet;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::store::{CommitError, ReadError};
use diesel::connection::SimpleConnection;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{ConnectionError, ConnectionResult, QueryResult, RunQueryDsl, SqliteConnection};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// The most jobs of one transaction.
const LARGEST_GROUP: usize = 128;
/// The most jobs that wait; more have to wait outside.
const LONGEST_QUEUE: usize = 1024;

type Verdict = Result<(), CommitError>;
/// Does its work inside a savepoint; gives what answers its caller when the outcome of the group is known.
type Work = Box<dyn FnOnce(&mut SqliteConnection) -> QueryResult<Reply> + Send>;
type Reply = Box<dyn FnOnce() + Send>;

enum Job {
    /// A unit of work.
    Unit(Vec<Statement>, oneshot::Sender<Verdict>),
    /// Another write.
    Other(Work),
    /// Take no more jobs, finish those that wait.
    Stop(oneshot::Sender<()>),
}

/// The way to the writer thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, metrics: Option<Arc<dyn Metrics>>) -> ConnectionResult<Self> {
        let (queue, waiting) = mpsc::channel(LONGEST_QUEUE);
        let desk = Desk { connection, metrics };
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        thread.spawn(move || desk.work(waiting)).map_err(|e| ConnectionError::BadConnection(e.to_string()))?;
        Ok(Self { queue })
    }

    /// Queues a unit and waits until it is durable. A caller that stops waiting does not stop the unit.
    pub(super) async fn commit(&self, changes: ChangeSet) -> Verdict {
        let (answer, verdict) = oneshot::channel();
        let closed = || CommitError::Unavailable("the store is closed".to_owned());
        self.queue.send(Job::Unit(statements(changes), answer)).await.map_err(|_| closed())?;
        verdict.await.map_err(|_| CommitError::Unknown("the writer has ended".to_owned()))?
    }

    /// Any other write, in a savepoint of its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (answer, result) = oneshot::channel();
        let job: Work = Box::new(move |connection| {
            let value = work(connection)?;
            Ok(Box::new(move || drop(answer.send(value))))
        });
        self.queue.send(Job::Other(job)).await.map_err(unavailable)?;
        result.await.map_err(|_| unavailable("the write did not succeed"))
    }

    /// Ends the thread when everything that waits is written.
    pub(super) async fn stop(&self) {
        let (answer, ended) = oneshot::channel();
        if self.queue.send(Job::Stop(answer)).await.is_ok() {
            // an error would say that the thread has ended already
            let _ = ended.await;
        }
    }
}

/// What the thread has.
struct Desk {
    connection: SqliteConnection,
    metrics: Option<Arc<dyn Metrics>>,
}

impl Desk {
    fn work(mut self, mut waiting: mpsc::Receiver<Job>) {
        let mut stopped = Vec::new();
        let mut jobs = Vec::with_capacity(LARGEST_GROUP);
        while waiting.blocking_recv_many(&mut jobs, LARGEST_GROUP) > 0 {
            let mut group = Group::default();
            for job in jobs.drain(..) {
                match job {
                    Job::Stop(answer) => {
                        waiting.close();
                        stopped.push(answer);
                    }
                    Job::Unit(statements, answer) => group.units.push((statements, answer)),
                    Job::Other(work) => group.others.push(work),
                }
            }
            self.commit(group);
        }
        // so that the file alone is the whole database
        let tidied = self.connection.batch_execute("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
        if let Err(error) = tidied {
            tracing::warn!(%error, "the write-ahead log was not checkpointed; the next start reads it");
        }
        drop(self);
        for answer in stopped {
            let _ = answer.send(());
        }
    }

    /// One transaction. Answers go out after the flush.
    fn commit(&mut self, group: Group) {
        if group.units.is_empty() && group.others.is_empty() {
            return;
        }
        let begun = Instant::now();
        let (statements, answers): (Vec<_>, Vec<_>) = group.units.into_iter().unzip();
        let outcome = self.transaction(&statements, group.others);
        if let (Ok(_), Some(metrics)) = (&outcome, &self.metrics) {
            metrics.committed(statements.len(), begun.elapsed());
        }
        match outcome {
            Ok((verdicts, replies)) => {
                answers.into_iter().zip(verdicts).for_each(|(answer, verdict)| drop(answer.send(verdict)));
                replies.into_iter().for_each(|reply| reply());
            }
            // the other writes are told by their dropped replies
            Err(error) => {
                let lost = CommitError::Unavailable(error.to_string());
                answers.into_iter().for_each(|answer| drop(answer.send(Err(lost.clone()))));
            }
        }
    }

    fn transaction(&mut self, units: &[Vec<Statement>], others: Vec<Work>) -> QueryResult<(Vec<Verdict>, Vec<Reply>)> {
        self.connection.batch_execute("BEGIN IMMEDIATE")?;
        let done = self.savepoints(units, others).and_then(|done| {
            self.connection.batch_execute("COMMIT")?;
            Ok(done)
        });
        if done.is_err() {
            // fails when SQLite has rolled back by itself, which is as good
            let _ = self.connection.batch_execute("ROLLBACK");
        }
        done
    }

    fn savepoints(&mut self, units: &[Vec<Statement>], others: Vec<Work>) -> QueryResult<(Vec<Verdict>, Vec<Reply>)> {
        let mut verdicts = Vec::with_capacity(units.len());
        for unit in units {
            verdicts.push(self.savepoint(|connection| run(connection, unit))?);
        }
        let mut replies = Vec::with_capacity(others.len());
        for work in others {
            replies.extend(self.savepoint(work)?.ok());
        }
        Ok((verdicts, replies))
    }

    /// Keeps or takes back what `work` does. The outer error says that the transaction itself is lost: SQLite rolls it
    /// back by itself when, for instance, the disk is full, and then nothing more may be sent.
    fn savepoint<T, E>(
        &mut self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> QueryResult<Result<T, E>> {
        self.connection.batch_execute("SAVEPOINT unit")?;
        let done = work(&mut self.connection);
        let end = if done.is_ok() { "RELEASE unit" } else { "ROLLBACK TO unit; RELEASE unit" };
        self.connection.batch_execute(end)?;
        Ok(done)
    }
}

#[derive(Default)]
struct Group {
    units: Vec<(Vec<Statement>, oneshot::Sender<Verdict>)>,
    others: Vec<Work>,
}

/// The statements of a unit, up to the first that fails.
fn run(connection: &mut SqliteConnection, unit: &[Statement]) -> Verdict {
    for Statement { fragment, must } in unit {
        let rows = match must {
            // a SELECT touches nothing, and `execute` would give the count of the statement before it
            Must::Find(_) | Must::Miss(_) => Counted(fragment).get_result::<i64>(connection).map(|n| n as usize),
            Must::Touch(_) | Must::Run => Prepared::kept(fragment).execute(connection),
        };
        let rows = rows.map_err(|error| meaning(must, &error))?;
        if let Some((_, unmet)) = must.count().filter(|(expected, _)| *expected != rows) {
            return Err(unmet.clone());
        }
    }
    Ok(())
}

/// How many rows a SELECT finds.
struct Counted<'a>(&'a Fragment);

impl QueryFragment<DB> for Counted<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl Query for Counted<'_> {
    type SqlType = diesel::sql_types::BigInt;
}

impl QueryId for Counted<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Counted<'_> {}
