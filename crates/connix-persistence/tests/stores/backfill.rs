//! The migration that brings the rollups counts what is there already, as the triggers would have.

use crate::databases::{execute_on, new_database, new_file};
use crate::figures;
use chrono::Duration;
use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::log::LogLine;
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::store::Store;
use connix_domain::task::{Task, TaskPhase, Usage};
use connix_domain::telemetry::{Interval, Period, TaskReport, UsageReport};
use connix_persistence::{Database, DatabaseUrl, Options};
use connix_testkit::contract::{Shared, Tenant};
use connix_testkit::samples;
use diesel::Connection;
use diesel::connection::SimpleConnection;

/// Tasks that ended in every way, and one that is open, hours apart.
fn tasks(agent: &Agent) -> Vec<Task> {
    let phases =
        [TaskPhase::Completed, TaskPhase::Failed, TaskPhase::Cancelled, TaskPhase::Completed, TaskPhase::Queued];
    let task = |(hour, phase): (i64, TaskPhase)| {
        let at = samples::noon() + Duration::minutes(hour * 61);
        let open = Task { created_at: samples::noon(), ..samples::task(agent) };
        let ended = Task {
            phase,
            attempt_started_at: Some(at - Duration::milliseconds(1234 * hour)),
            completed_at: Some(at),
            updated_at: at,
            usage: Usage { prompt: hour, completion: 2, requests: 1 },
            ..open.clone()
        };
        if phase.is_final() { ended } else { open }
    };
    (1..).zip(phases).map(task).collect()
}

/// All that is told of an agent.
async fn told(store: &dyn Store, tenant: &Tenant, agent: &Agent) -> (TaskReport, UsageReport, i64) {
    let period = Period::new(samples::after(-86_400), samples::after(86_400), Interval::Hour).unwrap();
    let window = Window { limit: 1, offset: 0 };
    let lines = LogQuery { agent: agent.id, level: None, start: None, end: None, window };
    let scope = tenant.scope();
    (
        store.task_report(scope, agent.id, &period).await.unwrap(),
        store.usage_report(scope, agent.project, &period).await.unwrap(),
        store.logs(scope, &lines).await.unwrap().total,
    )
}

async fn what_was_there_is_counted(url: &DatabaseUrl, redo: impl AsyncFnOnce()) {
    let database = Database::open(url, Options::default()).await.unwrap();
    let tenant = Tenant::new(&Shared(database.store())).await;
    let project = tenant.project("old").await;
    let agent = tenant.agent(&project, "worker").await;
    let line = |n: i64| LogLine { at: samples::noon() + Duration::minutes(n * 7), ..samples::log_line(&agent, n) };
    tenant.must(tasks(&agent).into_iter().map(Change::CreateTask)).await;
    tenant.must([Change::AppendLogs((0..50).map(line).collect())]).await;
    let before = told(tenant.store.as_ref(), &tenant, &agent).await;
    assert_eq!((before.0.total.ended(), before.0.in_progress, before.2), (4, 1, 50));
    database.close().await;
    redo().await;
    let database = Database::open(url, Options::default()).await.unwrap();
    assert_eq!(told(database.store().as_ref(), &tenant, &agent).await, before);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_counts_what_was_there_before_the_rollups() {
    let (url, _place) = new_file();
    let DatabaseUrl::Sqlite { path } = url.clone() else { panic!("a file") };
    what_was_there_is_counted(&url, async move || {
        let mut connection = diesel::SqliteConnection::establish(&path).unwrap();
        for script in &figures::SQLITE {
            connection.batch_execute(script).unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_counts_what_was_there_before_the_rollups() {
    let (url, _place) = new_database().await;
    what_was_there_is_counted(&url, async || execute_on(&url, &figures::POSTGRES).await).await;
}
