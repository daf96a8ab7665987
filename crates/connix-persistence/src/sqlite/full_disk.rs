//! What happens when there is no room left: SQLite itself takes the whole transaction back then.

use super::migrate::migrate;
use super::writer::Writer;
use super::{Store, connection};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::port::store::{CommitError, Committer, ServiceReader};
use connix_domain::scope::{Job, OrgScope};
use connix_testkit::samples;
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_no_room_is_refused_whole_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.db").display().to_string();
    migrate(&path).unwrap();
    let mut small = connection::open(&path).unwrap();
    small.batch_execute("PRAGMA max_page_count = 200").unwrap();
    let writer = Writer::start(small, None).unwrap();
    let store = Store { points: connection::readers(&path, 1), lists: connection::readers(&path, 1), writer };

    let organisation = samples::organisation();
    let org = organisation.id;
    store.commit(ChangeSet::new().with(Change::CreateOrganisation(organisation))).await.unwrap();
    let project = samples::project(org, 1, "full");
    store.commit(ChangeSet::new().with(Change::CreateProject(project.clone()))).await.unwrap();
    let mut kept = 0;
    for round in 0..20 {
        let outcomes = join_all((0..8).map(|n| {
            let mut record = samples::record(org, &format!("{round}-{n}"));
            record.answer.0 = vec![0; 20_000];
            let raise = Change::Raise(samples::event(&project));
            store.commit(ChangeSet::new().with(raise).with(Change::Remember(record)))
        }));
        for outcome in outcomes.await {
            assert!(matches!(outcome, Ok(()) | Err(CommitError::Unavailable(_))), "{outcome:?}");
            kept += i64::from(outcome.is_ok());
        }
    }
    assert!(kept > 0 && kept < 160, "{kept}");
    let events = numbers(&store, OrgScope::for_job(org, Job::Supervision)).await;
    assert_eq!(events, (1..=kept).collect::<Vec<_>>());

    // what is forgotten makes room
    assert_eq!(store.forget_expired(samples::after(1_000_000)).await, Ok(kept as u64));
    store.commit(ChangeSet::new().with(Change::Raise(samples::event(&project)))).await.unwrap();
}

async fn numbers(store: &Store, scope: OrgScope) -> Vec<i64> {
    use connix_domain::port::store::EventReader;
    store.events(scope, 0, i64::MAX).await.unwrap().into_iter().map(|event| event.sequence).collect()
}
