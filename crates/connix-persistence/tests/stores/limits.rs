//! Budgets pass their contract: in memory, and shared by three servers of one PostgreSQL database.

use crate::databases::{Opened, address_of, new_database};
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::port::store::ReadError;
use connix_domain::rate_limit::{Claim, Figures, Overrides, Policy};
use connix_persistence::{Database, DatabaseUrl, MemoryLimits, Options};
use connix_testkit::ManualClock;
use connix_testkit::limits_contract::LimitsSubject;
use connix_testkit::proxy::Proxy;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct InMemory;

#[async_trait]
impl LimitsSubject for InMemory {
    async fn open(&self, clock: Arc<dyn Clock>) -> Vec<Arc<dyn Limits>> {
        vec![Arc::new(MemoryLimits::new(clock))]
    }
}

/// Three servers.
struct OnPostgres(Vec<Opened>);

#[async_trait]
impl LimitsSubject for OnPostgres {
    async fn open(&self, clock: Arc<dyn Clock>) -> Vec<Arc<dyn Limits>> {
        let mut limits = Vec::new();
        for opened in &self.0 {
            limits.push(opened.database.limits(clock.clone()).await.unwrap());
        }
        limits
    }
}

async fn in_memory() -> InMemory {
    InMemory
}

async fn on_postgres() -> OnPostgres {
    OnPostgres(vec![Opened::postgres().await, Opened::postgres().await, Opened::postgres().await])
}

mod memory {
    use super::in_memory;

    connix_testkit::limits_contract!(in_memory);
}

mod postgres {
    use super::on_postgres;

    connix_testkit::limits_contract!(on_postgres);
}

fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_timestamp(1_800_000_000, 0).unwrap()))
}

fn claims(minute: u32) -> [Claim; 3] {
    Figures::default().with(Policy::Minute, minute).claims(&Overrides::default(), Policy::Minute, false)
}

/// A server whose network can freeze, and another one, on one database; the first one has leases when it takes.
async fn two_servers() -> (Opened, Proxy, [Arc<dyn Limits>; 2]) {
    let (url, place) = new_database().await;
    let opened = Opened::at(url, place, Options::default()).await;
    let DatabaseUrl::Postgres { url } = &opened.url else { unreachable!("it is one of PostgreSQL") };
    let server = address_of(url);
    let proxy = Proxy::to(server.clone()).await.unwrap();
    let through: DatabaseUrl = url.replace(&server, &format!("127.0.0.1:{}", proxy.port())).parse().unwrap();
    let frozen = Database::open(&through, Options::default()).await.unwrap();
    let clock = noon();
    let first = frozen.limits(clock.clone()).await.unwrap();
    let second = opened.database.limits(clock).await.unwrap();
    let begun = Instant::now();
    while leases(url).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "nothing is leased");
        first.take("first", &claims(1000)).await.unwrap();
    }
    (opened, proxy, [first, second])
}

async fn leases(url: &str) -> i64 {
    let mut connection = AsyncPgConnection::establish(url).await.unwrap();
    let count = diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM rate_lease)");
    diesel::select(count).get_result(&mut connection).await.unwrap()
}

/// R12: were the database asked, a frozen one would be waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_budget_asks_the_database_nothing() {
    let (_opened, proxy, [first, _]) = two_servers().await;
    while first.take("flood", &claims(10)).await.unwrap().passes() {}
    proxy.cut();
    for _ in 0..50_000 {
        assert!(!first.take("flood", &claims(10)).await.unwrap().passes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_leased_passes_without_the_database() {
    let (_opened, proxy, [first, _]) = two_servers().await;
    assert!(first.take("leased", &claims(100)).await.unwrap().passes());
    proxy.cut();
    // an hour's 1000 are leased by 62 at a time, a minute's 100 by 49
    for _ in 0..49 {
        assert!(first.take("leased", &claims(100)).await.unwrap().passes());
    }
    assert!(matches!(first.take("leased", &claims(100)).await, Err(ReadError::Unavailable(_))));
}

/// A client hangs up while its request asks the database: what was leased meanwhile is still known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_goes_away_takes_one_unit_at_most_with_it() {
    let (_opened, _proxy, [first, second]) = two_servers().await;
    for _ in 0..10 {
        let claims = claims(100);
        let taken = first.take("hasty", &claims);
        drop(tokio::time::timeout(Duration::from_micros(100), taken).await);
    }
    let mut passed = 0;
    for limits in [first, second] {
        while limits.take("hasty", &claims(100)).await.unwrap().passes() {
            passed += 1;
        }
    }
    assert!((90..=100).contains(&passed), "{passed}");
}

/// R11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_takes_what_it_leased_with_it_and_no_more_than_the_limit_passes() {
    let (_opened, proxy, [first, second]) = two_servers().await;
    for _ in 0..10 {
        assert!(first.take("gone", &claims(100)).await.unwrap().passes());
    }
    proxy.cut();
    let mut passed = 10;
    while second.take("gone", &claims(100)).await.unwrap().passes() {
        passed += 1;
    }
    assert!((60..=100).contains(&passed), "{passed}");
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(!second.take("gone", &claims(100)).await.unwrap().passes());
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "nobody waits for the dead again and again");
}

/// R10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_whose_clocks_are_wrong_agree_on_the_databases() {
    let opened = Opened::postgres().await;
    let early = opened.database.clock(noon()).await.unwrap();
    let late = Arc::new(ManualClock::at(Timestamp::from_timestamp(1_900_000_000, 0).unwrap()));
    let late = opened.database.clock(late).await.unwrap();
    let apart = (early.now() - late.now()).abs();
    assert!(apart < chrono::Duration::seconds(5), "{apart}");
    let early = opened.database.limits(early).await.unwrap();
    let late = opened.database.limits(late).await.unwrap();
    let subject = format!("clocks {:016x}", connix_testkit::ids::chance());
    let closing = async |limits: &Arc<dyn Limits>| {
        let taken = limits.take(&subject, &claims(100)).await.unwrap();
        taken.standings.iter().map(|standing| standing.window.closes).collect::<Vec<_>>()
    };
    // the windows of one of them may end before the other one is asked
    let (before, between, after) = (closing(&early).await, closing(&late).await, closing(&early).await);
    assert!(between == before || between == after, "{before:?}, {between:?}, {after:?}");
}
