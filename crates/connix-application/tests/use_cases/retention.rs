//! Retention: what is old goes, what is young stays, and a line says so.

use crate::world::World;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::store::{Committer, LogReader};
use connix_domain::port::telemetry::Forgotten;
use connix_testkit::samples;
use serde_json::json;

fn line(agent: &Agent, at: Timestamp, day: u64) -> LogLine {
    LogLine {
        org: agent.org,
        agent: agent.id,
        key: LineKey::Service(day),
        at,
        level: LogLevel::Info,
        message: format!("day {day}"),
        context: json!({}),
    }
}

/// An agent with a line on each of forty days, ten of which are over by more than the retention.
async fn forty_days(world: &World) -> Agent {
    let agent = world.agent("worker").await;
    let start = world.now();
    let lines = (0..40).map(|day| line(&agent, start + Duration::days(day), day as u64)).collect();
    world.store.commit(ChangeSet::new().with(Change::AppendLogs(lines))).await.unwrap();
    agent
}

#[tokio::test]
async fn lines_older_than_the_retention_are_dropped_and_a_line_says_so() {
    let world = World::new().await;
    let agent = forty_days(&world).await;
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

/// Two of three fail: wherever the third is in their order, one of them is before it or both are after it.
#[tokio::test]
async fn one_organisation_that_fails_keeps_no_other_from_being_swept() {
    let world = World::new().await;
    let agent = forty_days(&world).await;
    let others = [1, 2].map(|_| samples::organisation());
    let made = others.iter().cloned().map(Change::CreateOrganisation);
    world.store.commit(ChangeSet::new().with_all(made)).await.unwrap();
    others.iter().for_each(|other| world.store.keep_all_of(other.id));
    world.clock.advance(Duration::days(40));
    assert_eq!(world.app.drop_old_telemetry().await, Ok(Forgotten { lines: 10, samples: 0 }));
    world.store.keep_all_of(agent.org);
    assert_eq!(world.app.drop_old_telemetry().await, Ok(Forgotten::default()));
}
