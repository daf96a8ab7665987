//! A writing process is killed again and again: what was acknowledged is there, nothing is torn, no number is missing.

mod unit;

use crate::databases::{self, Place, new_database, new_file};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::{AgentId, EventId, OrgId, ProjectId, TaskId};
use connix_domain::port::store::Store;
use connix_domain::scope::{Job, OrgScope};
use connix_persistence::{Database, DatabaseUrl, Options};
use connix_testkit::samples;
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

const KILLS: u64 = 50;
/// Units of different rounds have different numbers; a writer does not come this far.
const NUMBERS_A_ROUND: u64 = 100_000;

/// Starts a writer, kills it when it has acknowledged so many units; gives the numbers that it acknowledged.
fn killed_writer(url: &str, org: OrgId, first: u64, acknowledgements: u64) -> BTreeSet<u64> {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_connix-crash-writer"))
        .args([url, &org.to_string(), &first.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeSet::new();
    for line in lines.by_ref().take(acknowledgements as usize) {
        acknowledged.insert(line.unwrap().parse().unwrap());
    }
    writer.kill().unwrap(); // SIGKILL
    writer.wait().unwrap();
    // what it said before it died; the last line can be cut off
    acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok()));
    assert!(acknowledged.len() >= acknowledgements as usize, "the writer ended by itself");
    acknowledged
}

/// The numbers of the units that are there; fails when one is there in part.
async fn whole_units(store: &Arc<dyn Store>, org: OrgId, first: u64, last: u64) -> BTreeSet<u64> {
    let scope = OrgScope::for_job(org, Job::Supervision);
    let events = store.events(scope, 0, i64::MAX).await.unwrap();
    assert!(events.iter().zip(1..).all(|(event, number)| event.sequence == number), "the event sequence has a gap");
    let told: BTreeSet<EventId> = events.iter().map(|sequenced| sequenced.event.id).collect();
    assert_eq!(told.len(), events.len());
    let mut whole = BTreeSet::new();
    for number in first..=last {
        let parts = [
            store.project(scope, ProjectId::new(number)).await.unwrap().is_some(),
            store.agent(scope, AgentId::new(number)).await.unwrap().is_some(),
            store.task(scope, TaskId::new(number)).await.unwrap().is_some(),
            store.remembered(&unit::key(org, number), samples::noon()).await.unwrap().is_some(),
            told.contains(&EventId::new(number)),
        ];
        assert!(parts.iter().all(|part| *part == parts[0]), "unit {number} is torn: {parts:?}");
        if parts[0] {
            whole.insert(number);
        }
    }
    whole
}

/// Kills writers on one database. `settled` waits until nothing of a killed writer is under way any more.
async fn survive(url: &DatabaseUrl, writer_url: &str, settled: impl AsyncFn()) {
    let database = Database::open(url, Options::default()).await.unwrap();
    let store = database.store();
    let organisation = samples::organisation();
    let org = organisation.id;
    store.commit(ChangeSet::new().with(Change::CreateOrganisation(organisation))).await.unwrap();
    let mut kept = 0;
    for round in 0..KILLS {
        let first = round * NUMBERS_A_ROUND;
        // from the very first commit to the thick of it
        let (url, acknowledgements) = (writer_url.to_owned(), round % 10 * 8);
        let killed = tokio::task::spawn_blocking(move || killed_writer(&url, org, first, acknowledgements));
        let acknowledged = killed.await.unwrap();
        settled().await;
        let last = acknowledged.last().copied().unwrap_or(first) + 64;
        let whole = whole_units(&store, org, first, last).await;
        let missing: Vec<_> = acknowledged.difference(&whole).collect();
        assert!(missing.is_empty(), "round {round}: acknowledged and lost: {missing:?}");
        kept += whole.len();
        // the store works on, beside and after each of them
        let number = store.reserve_project_numbers(1).await.unwrap();
        store.commit(unit::unit(org, first + NUMBERS_A_ROUND / 2, number).unwrap()).await.unwrap();
        kept += 1;
    }
    let scope = OrgScope::for_job(org, Job::Supervision);
    assert_eq!(store.events(scope, 0, i64::MAX).await.unwrap().len(), kept);
    database.close().await;
}

#[derive(diesel::QueryableByName)]
struct Check {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_killed_writers_lose_and_tear_nothing_on_sqlite() {
    let (url, _place) = new_file();
    survive(&url, &url.to_string(), async || {}).await;
    let DatabaseUrl::Sqlite { path } = &url else { unreachable!() };
    let mut connection = SqliteConnection::establish(path).unwrap();
    let found: Vec<Check> = diesel::sql_query("PRAGMA integrity_check").load(&mut connection).unwrap();
    assert_eq!(found.iter().map(|check| check.integrity_check.as_str()).collect::<Vec<_>>(), ["ok"]);
    connection.batch_execute("PRAGMA foreign_key_check").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_killed_writers_lose_and_tear_nothing_on_postgres() {
    let (url, place) = new_database().await;
    let DatabaseUrl::Postgres { url: plain } = &url else { unreachable!() };
    let separator = if plain.contains('?') { '&' } else { '?' };
    let writer_url = format!("{plain}{separator}application_name=killed");
    let Place::Own { name } = &place else { unreachable!() };
    // the server finishes what it was sent, although nobody listens any more
    let gone = format!(
        "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'killed') \
         LOOP PERFORM pg_sleep(0.005); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$"
    );
    survive(&url, &writer_url, async || databases::execute(std::slice::from_ref(&gone)).await.unwrap()).await;
}
