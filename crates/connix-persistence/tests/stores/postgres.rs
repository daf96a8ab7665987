//! What only PostgreSQL has to show: flights, cut connections, other committers, a server that takes no writes.

use crate::databases::{Opened, Place, address_of, execute, new_database, session};
use crate::metrics::Groups;
use connix_domain::change_set::Change;
use connix_domain::event::Event;
use connix_domain::id::{AgentId, TaskId};
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::store::{CommitError, ReadError, Store};
use connix_domain::project::Project;
use connix_domain::telemetry::{Interval, Period};
use connix_persistence::{Database, DatabaseUrl, OpenError, Options};
use connix_testkit::contract::{Shared, Subject, Tenant};
use connix_testkit::proxy::Proxy;
use connix_testkit::samples;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A database that nobody else works on, and its name.
async fn alone(options: Options) -> (Opened, String) {
    let (url, place) = new_database().await;
    let Place::Own { name } = &place else { unreachable!() };
    let name = name.clone();
    (Opened::at(url, place, options).await, name)
}

/// Ends every session of a database, as a restarting server does.
async fn cut(name: &str) {
    let all = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    execute(&[all]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_waiting_units_is_one_flight() {
    let groups = Arc::new(Groups::default());
    let (opened, _) = alone(Options { metrics: Some(groups.clone()), ..Options::default() }).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("grouped").await;
    let before = groups.sizes().len();
    let raised = join_all((0..64).map(|_| tenant.commit([Change::Raise(samples::event(&project))]))).await;
    assert!(raised.iter().all(Result::is_ok));
    let sizes = groups.sizes().split_off(before);
    assert_eq!(sizes.iter().sum::<usize>(), 64);
    assert!(sizes.len() <= 8, "{sizes:?}");
}

/// Cold and warm, below and above 30 (where `join_all` changes its method) and 128 (tokio's poll budget).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_arrive_in_the_order_of_the_list() {
    let (opened, _) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("ordered").await;
    let mut raised: Vec<Event> = Vec::new();
    for size in [20, 20, 100, 1000] {
        let unit: Vec<Event> = (0..size).map(|_| samples::event(&project)).collect();
        tenant.must(unit.iter().cloned().map(Change::Raise)).await;
        raised.extend(unit);
    }
    let kept: Vec<Event> = tenant.events().await.into_iter().map(|sequenced| sequenced.event).collect();
    assert!(kept == raised, "out of order");
}

/// Every answer is true: what is `Ok` is there, what is `Unavailable` is not, `Unknown` is one of both and never torn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_true_when_connections_are_cut() {
    let (opened, name) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    let first = tenant.store.reserve_project_numbers(1000).await.unwrap();
    let mut asked = Vec::new();
    for round in 0..20 {
        let draft = |n| samples::project(tenant.org(), first + 16 * round + n, &format!("cut-{round}-{n}"));
        let drafts: Vec<Project> = (0..16).map(draft).collect();
        let raise = |project: &Project| Change::Raise(samples::event(project));
        let commits = drafts.iter().map(|draft| tenant.commit([Change::CreateProject(draft.clone()), raise(draft)]));
        let (outcomes, ()) = tokio::join!(join_all(commits), cut(&name));
        asked.extend(drafts.into_iter().zip(outcomes));
    }
    // connections that were cut while they were opened are tried again after a pause
    while tenant.commit([Change::CreateOrganisation(samples::organisation())]).await.is_err() {
        tokio::task::yield_now().await;
    }
    while tenant.store.open_tasks(tenant.scope(), AgentId::new(0)).await.is_err() {
        tokio::task::yield_now().await;
    }
    let (mut kept, mut written) = (0, 0);
    for (draft, outcome) in asked {
        let found = tenant.store.project(tenant.scope(), draft.id).await.unwrap().is_some();
        match outcome {
            Ok(()) => assert!(found, "acknowledged and lost"),
            Err(CommitError::Unavailable(_)) => assert!(!found, "refused and kept"),
            Err(CommitError::Unknown(_)) => {}
            Err(other) => unreachable!("{other}"),
        }
        kept += usize::from(found);
        written += usize::from(outcome.is_ok());
    }
    assert_eq!(tenant.events().await.len(), kept);
    assert!(written > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_that_were_cut_are_not_noticed_by_callers() {
    let (opened, name) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    for round in 0..5 {
        cut(&name).await;
        // the sessions are gone when the server says so; that the news arrived here is told by a read
        assert_eq!(tenant.store.open_tasks(tenant.scope(), AgentId::new(0)).await, Ok(0));
        assert_eq!(tenant.store.events(tenant.scope(), 0, 1).await, Ok(Vec::new()));
        tenant.commit([Change::CreateOrganisation(samples::organisation())]).await.unwrap_or_else(|error| {
            assert!(matches!(error, CommitError::Unknown(_)), "round {round}: {error}");
        });
    }
}

/// A server or network that is frozen says nothing, and answers no probe of TCP's either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_connection_is_given_up() {
    let (opened, _) = alone(Options::default()).await;
    let DatabaseUrl::Postgres { url } = &opened.url else { unreachable!() };
    let server = address_of(url);
    let proxy = Proxy::to(server.clone()).await.unwrap();
    let through: DatabaseUrl = url.replace(&server, &format!("127.0.0.1:{}", proxy.port())).parse().unwrap();
    let options = Options { patience: Duration::from_millis(200), ..Options::default() };
    let frozen = Database::open(&through, options).await.unwrap();
    let tenant = Tenant::new(&Shared(frozen.store())).await;
    let project = tenant.project("before").await;

    proxy.freeze();
    // one read has waited for it; the next has a new connection
    let waited = tenant.store.project(tenant.scope(), project.id).await;
    assert!(matches!(&waited, Err(ReadError::Unavailable(why)) if why.contains("no answer")), "{waited:?}");
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project)));
    // what has been sent may have been written
    let outcome = tenant.commit([Change::CreateOrganisation(samples::organisation())]).await;
    assert!(matches!(outcome, Err(CommitError::Unknown(_))), "{outcome:?}");
    tenant.must([Change::CreateOrganisation(samples::organisation())]).await;
    proxy.freeze();
    let (_, ()) = tokio::join!(tenant.commit([Change::CreateOrganisation(samples::organisation())]), frozen.close());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_connection_is_used_when_no_new_one_can_be_opened() {
    let (opened, name) = alone(Options { lifetime: Duration::ZERO, ..Options::default() }).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("kept").await;
    execute(&[format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")]).await.unwrap();
    for _ in 0..20 {
        let reads = (0..8).map(|_| tenant.store.project(tenant.scope(), project.id));
        for read in join_all(reads).await {
            assert_eq!(read, Ok(Some(project.clone())));
        }
        tenant.must([Change::Raise(samples::event(&project))]).await;
    }
    assert_eq!(tenant.events().await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_is_left_and_found_again() {
    let (opened, name) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    execute(&[format!("ALTER DATABASE {name} SET default_transaction_read_only = on")]).await.unwrap();
    cut(&name).await;
    let create = || tenant.commit([Change::CreateOrganisation(samples::organisation())]);
    loop {
        match create().await {
            Err(CommitError::Unavailable(_)) => break,
            Err(CommitError::Unknown(_)) => {}
            other => unreachable!("{other:?}"),
        }
    }
    assert!(tenant.store.ping().await.is_err());
    execute(&[format!("ALTER DATABASE {name} SET default_transaction_read_only = off")]).await.unwrap();
    while create().await.is_err() {
        tokio::task::yield_now().await;
    }
    while tenant.store.ping().await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// However long tenants wait for their figures, logs and streams: starts, stops and claims do not wait for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tenants_look_at_holds_nothing_of_the_service_up() {
    let (opened, _) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("watched").await;
    let agent = tenant.agent(&project, "watched").await;
    let (store, scope) = (&tenant.store, tenant.scope());
    let deep = Window { limit: 10, offset: 5000 };
    let lines = LogQuery { agent: agent.id, level: None, start: None, end: None, window: deep };
    let period = Period::new(samples::noon(), samples::after(90_000), Interval::Hour).unwrap();

    let mut beside = session(&opened.url).await;
    let lock = "BEGIN; LOCK log, log_count, journal, task_figure, resource_sample, resource_figure, project_usage";
    beside.batch_execute(lock).await.unwrap();
    let service = async {
        assert_eq!(store.agents_due(samples::noon(), 10).await.map(|due| due.len()), Ok(1));
        assert_eq!(store.tasks_without_lease(samples::noon(), 10).await, Ok(Vec::new()));
        beside.batch_execute("COMMIT").await.unwrap();
    };
    let (page, after, before, tasks, used, usage, journal, ()) = tokio::join!(
        store.logs(scope, &lines),
        store.logs_after(scope, agent.id, 0, 10),
        store.logs_before_last(scope, agent.id, 10),
        store.task_report(scope, agent.id, &period),
        store.resource_report(scope, agent.id, &period),
        store.usage_report(scope, project.id, &period),
        store.journal(scope, TaskId::new(0), 0, 10),
        service,
    );
    assert_eq!((page.unwrap().total, after.unwrap().len(), before, journal.unwrap().len()), (0, 0, Ok(0), 0));
    assert_eq!((tasks.unwrap().total.created, used.unwrap().sources.cpu, usage.unwrap().total.len()), (0, None, 0));
}

/// Two processes that touch the same rows in opposite order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocks_between_two_committers_are_run_again() {
    let (opened, _) = alone(Options::default()).await;
    let other: Arc<dyn Store> = opened.another().await;
    let tenant = Tenant::new(&opened).await;
    let beside = Tenant { store: other, organisation: tenant.organisation.clone() };
    let project = tenant.project("contended").await;
    let mut agents = Vec::new();
    for n in 0..100 {
        agents.push(tenant.agent(&project, &format!("agent-{n}")).await);
    }
    for round in 1..=10 {
        let at = samples::after(round);
        let up: Vec<_> = agents.iter().map(|agent| Change::TouchAgent { org: agent.org, id: agent.id, at }).collect();
        let down: Vec<_> = up.iter().rev().cloned().collect();
        assert_eq!(tokio::join!(tenant.commit(up), beside.commit(down)), (Ok(()), Ok(())), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_writes_what_is_queued() {
    let (opened, _) = alone(Options::default()).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("queued").await;
    let commits = join_all((0..200).map(|_| tenant.commit([Change::Raise(samples::event(&project))])));
    let (outcomes, ()) = tokio::join!(commits, opened.database.close());
    let closed = CommitError::Unavailable("the store is closed".to_owned());
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(written >= 64 && outcomes.iter().flat_map(|o| o.as_ref().err()).all(|e| *e == closed), "{outcomes:?}");
    assert_eq!(tenant.commit([Change::Raise(samples::event(&project))]).await, Err(closed));
    assert_eq!(tenant.events().await.len(), written);
}

/// A server that speaks no TLS is refused by `sslmode=require`, before anything secret was said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_encryption_is_not_given_up() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let said = tokio::spawn(async move {
        let (mut socket, _) = server.accept().await.unwrap();
        let mut request = [0; 8];
        socket.read_exact(&mut request).await.unwrap();
        socket.write_all(b"N").await.unwrap();
        let mut rest = Vec::new();
        // the client may end the connection in either way
        let _ = socket.read_to_end(&mut rest).await;
        (request, rest)
    });
    let url: DatabaseUrl = format!("postgres://user:secret@127.0.0.1:{port}/d?sslmode=require").parse().unwrap();
    let error = Database::open(&url, Options::default()).await.err();
    assert!(matches!(&error, Some(OpenError::Connection(why)) if why.contains("TLS")), "{error:?}");
    let (request, rest) = said.await.unwrap();
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]); // SSLRequest
    assert_eq!(rest, Vec::<u8>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_an_error_without_the_password() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url: DatabaseUrl = format!("postgres://user:secret@127.0.0.1:{port}/d").parse().unwrap();
    let error = Database::open(&url, Options::default()).await.err().map(|error| error.to_string());
    assert!(error.is_some_and(|text| text.contains("refused") && !text.contains("secret")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_with_a_nul_is_kept_with_a_sign_in_its_place() {
    let opened = Opened::postgres().await;
    crate::contract::nul_becomes_a_sign(&Shared(opened.store())).await;
}
