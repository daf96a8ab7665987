//! What only SQLite has to show: one file, closing, and whoever else opens it.

use crate::databases::{Opened, Place, new_file};
use crate::metrics::Groups;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::port::store::CommitError;
use connix_persistence::{Database, DatabaseUrl, OpenError, Options};
use connix_testkit::contract::{Shared, Subject, Tenant};
use connix_testkit::samples;
use futures_util::future::join_all;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_writes_what_is_queued_and_leaves_one_whole_file() {
    let opened = Opened::sqlite().await;
    let tenant = Tenant::new(&opened).await;
    let mut drafts = Vec::new();
    for n in 0..200 {
        drafts.push(tenant.draft(&format!("queued-{n}")).await);
    }
    let commits = join_all(drafts.iter().map(|draft| tenant.commit([Change::CreateProject(draft.clone())])));
    let (outcomes, ()) = tokio::join!(commits, opened.database.close());
    let closed = CommitError::Unavailable("the store is closed".to_owned());
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() >= 64, "{outcomes:?}");
    assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|error| *error == closed));
    assert_eq!(tenant.commit([Change::CreateOrganisation(samples::organisation())]).await, Err(closed));

    // a copy of the file alone, without its write-ahead log
    let DatabaseUrl::Sqlite { path } = &opened.url else { unreachable!() };
    let (copy, _place) = new_file();
    let DatabaseUrl::Sqlite { path: copied } = &copy else { unreachable!() };
    std::fs::copy(path, copied).unwrap();
    let store = Database::open(&copy, Options::default()).await.unwrap().store();
    for (draft, outcome) in drafts.into_iter().zip(outcomes) {
        assert_eq!(store.project(tenant.scope(), draft.id).await, Ok(outcome.is_ok().then_some(draft)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_units_share_a_flush() {
    let (url, place) = new_file();
    let groups = Arc::new(Groups::default());
    let opened = Opened::at(url, place, Options { metrics: Some(groups.clone()), ..Options::default() }).await;
    let tenant = Tenant::new(&opened).await;
    let project = tenant.project("grouped").await;
    let before = groups.sizes().len();
    let raised = join_all((0..64).map(|_| tenant.commit([Change::Raise(samples::event(&project))]))).await;
    assert!(raised.iter().all(Result::is_ok));
    let sizes = groups.sizes().split_off(before);
    assert_eq!(sizes.iter().sum::<usize>(), 64);
    assert!(sizes.len() <= 8, "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_commits_is_seen_at_once() {
    let opened = Opened::sqlite().await;
    let tenant = Tenant::new(&opened).await;
    // `connix keys create` beside a running server
    for _ in 0..20 {
        let beside = Database::open(&opened.url, Options::default()).await.unwrap();
        let key = samples::api_key(tenant.org());
        beside.store().commit(ChangeSet::new().with(Change::CreateApiKey(key.clone()))).await.unwrap();
        beside.close().await;
        assert_eq!(opened.store().api_key(tenant.scope(), &key.kid).await, Ok(Some(key)));
        tenant.must([Change::CreateApiKey(samples::api_key(tenant.org()))]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_opened_is_an_error_that_says_so() {
    let (_, place) = new_file();
    let Place::Folder { folder } = &place else { unreachable!() };
    std::fs::write(folder.path().join("text"), "this is no database, although it is long enough to be read as one")
        .unwrap();
    for path in [folder.path().join("missing/connix.db"), folder.path().to_owned(), folder.path().join("text")] {
        let url: DatabaseUrl = format!("sqlite://{}", path.display()).parse().unwrap();
        let error = Database::open(&url, Options::default()).await.err();
        assert!(matches!(error, Some(OpenError::Connection(_))), "{path:?}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_with_a_nul_is_kept_with_a_sign_in_its_place() {
    let opened = Opened::sqlite().await;
    crate::contract::nul_becomes_a_sign(&Shared(opened.store())).await;
}
