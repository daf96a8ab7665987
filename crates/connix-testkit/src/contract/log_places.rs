//! Totals and offsets of log lines, which a store need not find by counting: they are what counting would give.

use super::twins::{Twins, below};
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::Change;
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::page::{LogQuery, Window};

const LEVELS: [LogLevel; 4] = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];

/// A line at some moment of five days, of some level; few moments are alone in their minute.
fn some_line(agent: &Agent, sequence: i64) -> LogLine {
    let minute = if below(3) == 0 { below(7200) } else { 700 + below(40) };
    LogLine {
        at: samples::noon() + Duration::minutes(minute) + Duration::milliseconds(below(90_000)),
        level: LEVELS[[0, 1, 1, 1, 1, 2, 3][below(7) as usize]],
        ..samples::log_line(agent, sequence)
    }
}

fn some_query(agent: &Agent, most: u64) -> LogQuery {
    let some = |bound| (below(3) == 0).then(|| samples::noon() + Duration::seconds(below(bound)));
    LogQuery {
        agent: agent.id,
        level: (below(2) == 0).then(|| LEVELS[below(4) as usize]),
        start: some(432_000),
        end: some(432_000),
        window: Window { limit: 1 + below(40), offset: below(most) },
    }
}

async fn told(tenant: &Tenant, query: &LogQuery) -> (Vec<(LineKey, LogLevel)>, i64) {
    let page = tenant.store.logs(tenant.scope(), query).await.expect("lines");
    (page.items.into_iter().map(|line| (line.key, line.level)).collect(), page.total)
}

async fn both_tell_the_same(twins: &Twins, questions: usize, most: u64) {
    for _ in 0..questions {
        let query = some_query(&twins.agent, most);
        assert_eq!(told(&twins.tenant, &query).await, told(&twins.model, &query).await, "{query:?}");
    }
}

/// LogReader: "The total MUST be exact, and any offset MUST lead to the line that counting leads to, …"
pub async fn totals_and_offsets_are_those_of_counting(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let lines: Vec<_> = (0..4200).map(|n| some_line(&twins.agent, n)).collect();
    for batch in lines.chunks(1400) {
        twins.must([Change::AppendLogs(batch.to_vec())]).await;
    }
    both_tell_the_same(&twins, 50, 4400).await;
    let whole = |offset| LogQuery {
        level: None,
        start: None,
        end: None,
        window: Window { limit: 7, offset },
        ..some_query(&twins.agent, 1)
    };
    for offset in [0, 1000, 1001, 2999, 4193, 4199, 4200, 60_000] {
        assert_eq!(told(&twins.tenant, &whole(offset)).await, told(&twins.model, &whole(offset)).await, "{offset}");
    }
}

/// LogReader: "…, also when lines are sent again …"
pub async fn totals_are_exact_when_lines_are_sent_again(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let lines: Vec<_> = (0..300).map(|n| some_line(&twins.agent, n)).collect();
    // whoever sends a line again may have changed it, or sent it twice in one unit
    let again = |line: &LogLine| LogLine { key: line.key, ..some_line(&twins.agent, 0) };
    for batch in [&lines[..200], &lines[100..], &lines[..]] {
        twins.must([Change::AppendLogs(batch.to_vec())]).await;
        twins.must([Change::AppendLogs(batch.iter().chain(batch).map(again).collect())]).await;
    }
    let refused = LogLine { agent: connix_domain::id::AgentId::new(1), ..lines[0].clone() };
    let unit = [Change::AppendLogs(vec![samples::log_line(&twins.agent, 999), refused])];
    assert!(twins.tenant.commit(unit).await.is_err());
    both_tell_the_same(&twins, 40, 320).await;
}

/// LogReader: "… or removed."
pub async fn totals_are_exact_when_lines_are_removed(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let neighbour = samples::agent(&twins.project, "neighbour");
    twins.must([Change::CreateAgent(neighbour.clone())]).await;
    for agent in [&twins.agent, &neighbour] {
        twins.must([Change::AppendLogs((0..1800).map(|n| some_line(agent, n)).collect())]).await;
    }
    for hours in [11, 12, 40] {
        let before = samples::noon() + Duration::hours(hours) + Duration::minutes(7);
        let model = twins.model.store.forget_before(twins.model.scope(), before).await;
        twins.tenant.store.forget_before(twins.tenant.scope(), before).await.expect("lines dropped");
        assert!(model.is_ok_and(|forgotten| forgotten.lines > 0));
        both_tell_the_same(&twins, 15, 1900).await;
    }
    let gone = Agent { phase: AgentPhase::Deleted, version: 2, ..twins.agent.clone() };
    let purge = Change::PurgeAgent { org: gone.org, id: gone.id };
    twins.must([Change::UpdateAgent(gone)]).await;
    twins.must([purge]).await;
    both_tell_the_same(&twins, 5, 1900).await;
    let rest = Twins { agent: neighbour, ..twins };
    both_tell_the_same(&rest, 15, 1900).await;
}
