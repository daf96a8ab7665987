//! Retention: what is old goes, what is young stays, and a line says so.

use crate::world::World;
use chrono::Duration;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::store::{Committer, LogReader};
use connix_domain::port::telemetry::Forgotten;
use serde_json::json;

#[tokio::test]
async fn lines_older_than_the_retention_are_dropped_and_a_line_says_so() {
    let world = World::new().await;
    let agent = world.agent("worker").await;
    let start = world.now();
    let line = |day: i64| LogLine {
        org: agent.org,
        agent: agent.id,
        key: LineKey::Service(day as u64),
        at: start + Duration::days(day),
        level: LogLevel::Info,
        message: format!("day {day}"),
        context: json!({}),
    };
    let lines = ChangeSet::new().with(Change::AppendLogs((0..40).map(line).collect()));
    world.store.commit(lines).await.unwrap();
    world.clock.advance(Duration::days(29));
    assert_eq!(world.app.drop_old_telemetry().await, Ok(Forgotten::default()));
    world.clock.advance(Duration::days(11));
    assert_eq!(world.app.drop_old_telemetry().await, Ok(Forgotten { lines: 10, samples: 0 }));
    let window = Window { limit: 100, offset: 0 };
    let query = LogQuery { agent: agent.id, level: None, start: None, end: None, window };
    let kept = world.store.logs(world.caller.scope(), &query).await.unwrap();
    assert_eq!(kept.total, 31);
    let oldest: Vec<_> = kept.items.iter().rev().take(2).map(|line| line.message.as_str()).collect();
    assert_eq!(oldest, ["Older log lines were removed", "day 10"]);
}
