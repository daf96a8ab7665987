//! Filling a store: one agent with so many log lines and tasks, spread evenly over a week.

use crate::Outcome;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::log::{LogLevel, LogLine};
use connix_domain::organisation::Organisation;
use connix_domain::port::store::Store;
use connix_domain::project::Project;
use connix_domain::scope::{Job, OrgScope};
use connix_domain::task::{Task, TaskPhase, Usage};
use connix_domain::telemetry::{MeterSource, Reading, ResourceSample, Traffic};
use connix_testkit::samples;

/// What everything is spread over.
pub(crate) const WEEK: Duration = Duration::days(7);
/// So many lines, and so many tasks, are one unit.
const LINES: u64 = 1000;
/// There is a sample to so many tasks.
const SAMPLED: u64 = 20;
/// So many samples are one unit: more would update the same figures too often in one transaction.
const CHANGES: u64 = 50;

/// An agent with its history.
pub(crate) struct Filled {
    pub(crate) scope: OrgScope,
    pub(crate) project: Project,
    pub(crate) agent: Agent,
    pub(crate) rows: u64,
}

/// When the `n`th of `rows` happened.
fn moment(n: u64, rows: u64) -> Timestamp {
    let micros = WEEK.num_microseconds().unwrap_or_default() as f64 * n as f64 / rows as f64;
    samples::noon() + Duration::microseconds(micros as i64)
}

/// A fraction that looks like chance and is the same in every run.
fn chance(n: u64) -> f64 {
    let mixed = (n.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

/// One in twenty is an error, three in ten are debug.
fn line(agent: &Agent, n: u64, rows: u64) -> LogLine {
    let level = match (chance(n) * 100.0) as u64 {
        0..5 => LogLevel::Error,
        5..10 => LogLevel::Warn,
        10..40 => LogLevel::Debug,
        _ => LogLevel::Info,
    };
    LogLine { at: moment(n, rows), level, ..samples::log_line(agent, n as i64 + 1) }
}

/// One in fifty failed; the others took 0.2 to 60 s, short ones as often as long ones.
fn task(agent: &Agent, n: u64, rows: u64) -> Task {
    let at = moment(n, rows);
    let took = Duration::microseconds((200_000.0 * 300_f64.powf(chance(n))) as i64);
    Task {
        phase: if n % 50 == 7 { TaskPhase::Failed } else { TaskPhase::Completed },
        created_at: at - took - Duration::seconds(1),
        attempt_started_at: Some(at - took),
        completed_at: Some(at),
        updated_at: at,
        usage: Usage { prompt: 800, completion: 200, requests: 2 },
        ..samples::task(agent)
    }
}

fn sample(agent: &Agent, n: u64, samples: u64) -> ResourceSample {
    let part = |source| Some(Reading { value: chance(n), source });
    let bytes = Traffic { received: 10_000, sent: 2_000 };
    ResourceSample {
        org: agent.org,
        agent: agent.id,
        incarnation: 1,
        at: moment(n, samples),
        window: Duration::seconds(10),
        cpu: part(MeterSource::Cgroup),
        memory: part(MeterSource::Cgroup),
        disk: part(MeterSource::Workspace),
        network: Some(Reading { value: bytes, source: MeterSource::WorkerClients }),
        storage: Some((chance(n) * 1e9) as i64),
    }
}

/// The numbers below `rows`, `size` at a time.
fn units(rows: u64, size: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..rows.div_ceil(size)).map(move |unit| unit * size..((unit + 1) * size).min(rows))
}

/// Makes an organisation with one agent.
pub(crate) async fn make(store: &dyn Store, rows: u64) -> Outcome<Filled> {
    let organisation: Organisation = samples::organisation();
    let number = store.reserve_project_numbers(1).await?;
    let project = samples::project(organisation.id, number, "bench");
    let agent = samples::agent(&project, "bench");
    let scope = OrgScope::of_organisation(&organisation, Job::Supervision);
    let made = [
        Change::CreateOrganisation(organisation),
        Change::CreateProject(project.clone()),
        Change::CreateAgent(agent.clone()),
    ];
    store.commit(ChangeSet::new().with_all(made)).await?;
    Ok(Filled { scope, project, agent, rows })
}

/// The agents that an earlier run has made.
pub(crate) async fn found(store: &dyn Store) -> Outcome<Vec<Filled>> {
    let mut found = Vec::new();
    for organisation in store.organisations().await? {
        let scope = OrgScope::of_organisation(&organisation, Job::Supervision);
        let Some(project) = store.project_by_name(scope, "bench").await? else { continue };
        for agent in store.agents_of(scope, project.id).await? {
            let rows = store.task_totals(scope, agent.id).await?.figures.created.unsigned_abs();
            found.push(Filled { scope, project: project.clone(), agent, rows });
        }
    }
    Ok(found)
}

/// Writes an agent's log lines and tasks.
pub(crate) async fn write(store: &dyn Store, Filled { agent, rows, .. }: &Filled) -> Outcome<()> {
    for unit in units(*rows, LINES) {
        let lines = unit.clone().map(|n| line(agent, n, *rows)).collect();
        let tasks = unit.map(|n| Change::CreateTask(task(agent, n, *rows)));
        let lines = store.commit(ChangeSet::new().with(Change::AppendLogs(lines)));
        let tasks = store.commit(ChangeSet::new().with_all(tasks));
        tokio::try_join!(lines, tasks)?;
    }
    Ok(())
}

/// Writes what its worker used.
pub(crate) async fn write_samples(store: &dyn Store, Filled { agent, rows, .. }: &Filled) -> Outcome<()> {
    let count = rows / SAMPLED;
    for unit in units(count, CHANGES) {
        let samples = unit.map(|n| sample(agent, n, count)).collect();
        store.commit(ChangeSet::new().with(Change::AppendSamples(samples))).await?;
    }
    Ok(())
}
