//! PostgreSQL shows a session the organisation that it works for (`reliability.md` T15). That the service works with it, the contract
//! suite says: its database belongs to an ordinary role.

use crate::beside::Beside;
use crate::databases::new_database_of_an_ordinary_role;
use crate::everything::one_of_everything;
use connix_persistence::{Database, DatabaseUrl, Options};
use connix_testkit::contract::Tenant;
use std::collections::BTreeSet;

/// Two organisations with everything, and a session of the tables' owner beside the service.
async fn two_organisations(url: &DatabaseUrl) -> ([String; 2], Beside) {
    let database = Database::open(url, Options::default()).await.unwrap();
    let (one, other) = (one_of_everything(database.store()).await, one_of_everything(database.store()).await);
    database.close().await;
    ([&one, &other].map(|tenant: &Tenant| tenant.org().to_string()), Beside::of(url).await)
}

async fn work_for(beside: &mut Beside, whom: &str) {
    beside.run(&format!("SET app.org = '{whom}'")).await.unwrap();
}

/// The organisations whose rows a session finds in each table.
async fn shown(beside: &mut Beside) -> Vec<(String, BTreeSet<String>)> {
    let mut shown = Vec::new();
    let tables = beside.tables_of_tenants().await.into_iter().map(|table| (table, "org_id"));
    for (table, column) in tables.chain([("organisation".to_owned(), "id")]) {
        let lines = beside.lines(&format!("SELECT DISTINCT {column} AS line FROM {table}")).await;
        shown.push((table, lines.into_iter().collect()));
    }
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_shown_the_organisation_that_it_works_for_and_none_before_it_says_so() {
    let (url, _place) = new_database_of_an_ordinary_role().await;
    let ([one, other], mut beside) = two_organisations(&url).await;
    for (table, orgs) in shown(&mut beside).await {
        assert_eq!(orgs, BTreeSet::new(), "{table}, unsaid");
    }
    let both = BTreeSet::from([one.clone(), other]);
    for (whom, expected) in
        [("", BTreeSet::new()), ("org_none", BTreeSet::new()), (&one, [one.clone()].into()), ("*", both)]
    {
        work_for(&mut beside, whom).await;
        for (table, orgs) in shown(&mut beside).await {
            assert_eq!(orgs, expected, "{table}, for {whom:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_writes_for_no_organisation_but_the_one_that_it_works_for() {
    let (url, _place) = new_database_of_an_ordinary_role().await;
    let ([one, other], mut beside) = two_organisations(&url).await;
    for table in beside.tables_of_tenants().await {
        work_for(&mut beside, "*").await;
        beside
            .run(&format!("CREATE TEMP TABLE theirs AS SELECT * FROM {table} WHERE org_id = '{other}'"))
            .await
            .unwrap();
        for whom in ["", &one] {
            work_for(&mut beside, whom).await;
            let refused = beside.run(&format!("INSERT INTO {table} SELECT * FROM theirs")).await;
            let why = refused.map_err(|error| error.to_string()).unwrap_err();
            assert!(why.contains("row-level security policy"), "{table}, for {whom:?}: {why}");
            let removed = beside.run(&format!("DELETE FROM {table} WHERE org_id = '{other}'")).await;
            assert_eq!(removed, Ok(0), "{table}, for {whom:?}");
        }
        beside.run("DROP TABLE theirs").await.unwrap();
    }
}
