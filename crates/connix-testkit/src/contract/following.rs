//! Following an agent's log: its lines by their place in the order of writing.

use super::tenant::ALL;
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::log::{LineKey, LogLine, PlacedLine};
use connix_domain::port::store::Store;
use futures_util::future::join_all;
use std::sync::Arc;

async fn after(tenant: &Tenant, agent: &Agent, position: i64, limit: i64) -> Vec<PlacedLine> {
    tenant.store.logs_after(tenant.scope(), agent.id, position, limit).await.expect("lines")
}

fn lines(placed: &[PlacedLine]) -> Vec<LogLine> {
    placed.iter().map(|placed| placed.line.clone()).collect()
}

/// `LogReader::logs_after`
pub async fn lines_are_read_after_a_position_in_the_order_of_their_writing(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("followed").await;
    let (agent, neighbour) = (tenant.agent(&project, "worker").await, tenant.agent(&project, "neighbour").await);
    // written in another order than that of their times
    let written: Vec<_> = [5, 1, 4, 2, 3].map(|n| samples::log_line(&agent, n)).to_vec();
    for line in &written {
        let beside = LogLine { agent: neighbour.id, ..line.clone() };
        tenant.must([Change::AppendLogs(vec![line.clone()]), Change::AppendLogs(vec![beside])]).await;
    }
    let all = after(&tenant, &agent, 0, ALL.limit).await;
    assert_eq!(lines(&all), written);
    assert!(all.is_sorted_by(|one, next| 0 < one.position && one.position < next.position), "{all:?}");
    assert_eq!(after(&tenant, &agent, all[1].position, 2).await, all[2..4]);
    assert_eq!(after(&tenant, &agent, all[4].position, 2).await, []);
    let stranger = Tenant::new(subject).await;
    assert_eq!(after(&stranger, &agent, 0, ALL.limit).await, []);
}

/// `LogReader::logs_before_last`
pub async fn the_last_lines_begin_after_a_position(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("followed").await;
    let agent = tenant.agent(&project, "worker").await;
    let before_last = async |count| tenant.store.logs_before_last(tenant.scope(), agent.id, count).await;
    assert_eq!(before_last(3).await, Ok(0), "of no lines");
    tenant.must([Change::AppendLogs((1..=5).map(|n| samples::log_line(&agent, n)).collect())]).await;
    let all = after(&tenant, &agent, 0, ALL.limit).await;
    for (count, position) in [(0, all[4].position), (1, all[3].position), (4, all[0].position), (5, 0), (9, 0)] {
        assert_eq!(before_last(count).await, Ok(position), "the last {count}");
    }
}

/// `LogReader::logs_after`: "Whoever asks again after the last position that it was given MUST miss no line, whoever else writes."
pub async fn whoever_reads_after_the_last_position_misses_no_line(subject: &dyn Subject) {
    const WRITERS: i64 = 8;
    const LINES: i64 = 40;
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("followed").await;
    let agent = tenant.agent(&project, "worker").await;
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let writers = (0..WRITERS).map(|writer| {
        let (store, agent) = (Arc::clone(&handles[writer as usize % 2]), agent.clone());
        tokio::spawn(async move {
            for n in 0..LINES {
                let key = LineKey::Worker { incarnation: writer + 1, sequence: n + 1 };
                let line = LogLine { key, ..samples::log_line(&agent, n) };
                let touch = Change::TouchAgent { org: agent.org, id: agent.id, at: samples::after(n) };
                let unit = ChangeSet::new().with(touch).with(Change::AppendLogs(vec![line]));
                while store.commit(unit.clone()).await.is_err() {} // another process's unit was in the way
            }
        })
    });
    let writing = tokio::spawn(join_all(writers.collect::<Vec<_>>()));
    let mut seen: Vec<PlacedLine> = Vec::new();
    loop {
        let over = writing.is_finished();
        let last = seen.last().map_or(0, |placed| placed.position);
        let more = after(&tenant, &agent, last, 7).await;
        if over && more.is_empty() {
            break;
        }
        seen.extend(more);
    }
    let everything = after(&tenant, &agent, 0, ALL.limit).await;
    assert_eq!(everything.len() as i64, WRITERS * LINES);
    assert_eq!(seen, everything);
}

/// `LogReader::logs_after`: "A line MUST be placed after every earlier one of its agent, also when those have been removed."
pub async fn a_line_is_placed_after_those_that_were_removed(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("followed").await;
    let agent = tenant.agent(&project, "worker").await;
    tenant.must([Change::AppendLogs((1..=5).map(|n| samples::log_line(&agent, n)).collect())]).await;
    let last = after(&tenant, &agent, 0, ALL.limit).await.pop().map_or(0, |placed| placed.position);
    // the lines that were written last of all go with their agent
    let neighbour = tenant.agent(&project, "neighbour").await;
    tenant.must([Change::AppendLogs((1..=5).map(|n| samples::log_line(&neighbour, n)).collect())]).await;
    let deleted = Agent { phase: AgentPhase::Deleted, version: neighbour.version + 1, ..neighbour.clone() };
    tenant.must([Change::UpdateAgent(deleted), Change::PurgeAgent { org: neighbour.org, id: neighbour.id }]).await;
    let new = samples::log_line(&agent, 6);
    tenant.must([Change::AppendLogs(vec![new.clone()])]).await;
    assert_eq!(lines(&after(&tenant, &agent, last, ALL.limit).await), [new]);
    // and those that were dropped because of their age: all of them, again and again
    for n in 0..3 {
        let last = after(&tenant, &agent, 0, ALL.limit).await.pop().map_or(0, |placed| placed.position);
        let forgotten = tenant.store.forget_before(tenant.scope(), samples::after(1000 + n)).await;
        assert!(forgotten.is_ok(), "{forgotten:?}");
        let newest = samples::log_line(&agent, 10 + n);
        tenant.must([Change::AppendLogs(vec![newest.clone()])]).await;
        let placed = after(&tenant, &agent, last, ALL.limit).await;
        assert_eq!(placed.last().map(|placed| &placed.line), Some(&newest), "after {last}");
    }
}
