//! What only grows: journals, log lines, signs of work.

use super::tenant::{ALL, all_logs};
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::journal::JournalEntry;
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::page::{LogQuery, Window};
use serde_json::json;

async fn messages(tenant: &Tenant, query: &LogQuery) -> (Vec<String>, i64) {
    match tenant.store.logs(tenant.scope(), query).await {
        Ok(page) => (page.items.into_iter().map(|line| line.message).collect(), page.total),
        Err(error) => (vec![error.to_string()], -1),
    }
}

/// Committer: "Journal entries and log lines that are sent again MUST be kept once."
pub async fn entries_and_lines_that_are_sent_again_are_kept_once(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("growing").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let entries: Vec<_> = (1..=4).map(|n| samples::journal_entry(&task, n)).collect();
    let lines: Vec<_> = (1..=4).map(|n| samples::log_line(&agent, n)).collect();
    tenant.must([Change::AppendJournal(entries[..3].to_vec()), Change::AppendLogs(lines[..3].to_vec())]).await;
    let changed = |entry: &JournalEntry| JournalEntry { data: json!("changed"), attempt: 2, ..entry.clone() };
    let again: Vec<_> = entries[..3].iter().map(changed).chain(entries[3..].iter().cloned()).collect();
    let shouted = |line: &LogLine| LogLine { message: "changed".to_owned(), ..line.clone() };
    let anew: Vec<_> = lines[..3].iter().map(shouted).chain(lines[3..].iter().cloned()).collect();
    tenant.must([Change::AppendJournal(again), Change::AppendLogs(anew)]).await;
    assert_eq!(tenant.store.journal(tenant.scope(), task.id, 0, ALL.limit).await, Ok(entries));
    assert_eq!(tenant.store.journal_length(tenant.scope(), task.id).await, Ok(4));
    let kept = tenant.store.logs(tenant.scope(), &all_logs(&agent)).await.map(|page| (page.items, page.total));
    assert_eq!(kept, Ok((lines.into_iter().rev().collect(), 4)));
}

/// `TaskReader::journal`
pub async fn a_journal_is_read_after_a_number_in_order(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("growing").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let other = tenant.task(&agent).await;
    let entries: Vec<_> = (1..=20).map(|n| samples::journal_entry(&task, n)).collect();
    let shuffled = entries.iter().rev().cloned().collect();
    tenant
        .must([Change::AppendJournal(shuffled), Change::AppendJournal(vec![samples::journal_entry(&other, 21)])])
        .await;
    let after = |number, limit| tenant.store.journal(tenant.scope(), task.id, number, limit);
    assert_eq!(after(0, 100).await, Ok(entries.clone()));
    assert_eq!(after(8, 3).await, Ok(entries[8..11].to_vec()));
    assert_eq!(after(20, 3).await, Ok(Vec::new()));
}

/// `LogReader::logs`: "the newest first; lines of one instant in the reverse order of their writing"
pub async fn log_lines_come_newest_first_and_of_one_instant_the_last_written(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("growing").await;
    let agent = tenant.agent(&project, "worker").await;
    let line = |message: &str, sequence, at| LogLine {
        message: message.to_owned(),
        at,
        ..samples::log_line(&agent, sequence)
    };
    let noted = LogLine { key: LineKey::Service(u64::MAX), ..line("noted by the service", 0, samples::after(1)) };
    let micro = samples::after(1) + Duration::microseconds(1);
    let first = vec![line("late", 9, micro), line("b", 2, samples::after(1)), line("early", 1, samples::noon())];
    tenant.must([Change::AppendLogs(first)]).await;
    tenant.must([Change::AppendLogs(vec![line("a", 3, samples::after(1)), noted])]).await;
    let expected = ["late", "noted by the service", "a", "b", "early"].map(str::to_owned).to_vec();
    assert_eq!(messages(&tenant, &all_logs(&agent)).await, (expected.clone(), 5));
    let part = LogQuery { window: Window { limit: 2, offset: 1 }, ..all_logs(&agent) };
    assert_eq!(messages(&tenant, &part).await, (expected[1..3].to_vec(), 5));
}

/// `LogQuery`: exactly this level, at or after, before.
pub async fn log_lines_are_filtered_by_level_and_time(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("growing").await;
    let agent = tenant.agent(&project, "worker").await;
    let neighbour = tenant.agent(&project, "neighbour").await;
    let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    let line = |agent: &Agent, sequence: i64| LogLine {
        level: levels[sequence as usize % 4],
        ..samples::log_line(agent, sequence)
    };
    let lines = (0..8).map(|n| line(&agent, n)).collect();
    tenant.must([Change::AppendLogs(lines), Change::AppendLogs(vec![line(&neighbour, 1)])]).await;
    let info = LogQuery { level: Some(LogLevel::Info), ..all_logs(&agent) };
    assert_eq!(messages(&tenant, &info).await, (vec!["line 5".to_owned(), "line 1".to_owned()], 2));
    let within = LogQuery { start: Some(samples::after(2)), end: Some(samples::after(4)), ..all_logs(&agent) };
    assert_eq!(messages(&tenant, &within).await, (vec!["line 3".to_owned(), "line 2".to_owned()], 2));
    let both = LogQuery { level: Some(LogLevel::Warn), ..within };
    assert_eq!(messages(&tenant, &both).await, (vec!["line 2".to_owned()], 1));
}

/// `Change::TouchAgent`: "`last_activity` is at least `at`. Neither a version nor a guard."
pub async fn signs_of_work_only_move_forward_and_leave_the_version(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("growing").await;
    let agent = tenant.agent(&project, "worker").await;
    let touch = |at| Change::TouchAgent { org: agent.org, id: agent.id, at };
    for (at, expected) in [(5, 5), (3, 5), (5, 5), (8, 8)] {
        tenant.must([touch(samples::after(at))]).await;
        let kept = tenant.reread(&agent).await;
        assert_eq!(kept, Agent { last_activity: Some(samples::after(expected)), ..agent.clone() });
    }
    let unknown = samples::agent(&project, "nobody");
    tenant.must([Change::TouchAgent { org: unknown.org, id: unknown.id, at: samples::noon() }]).await;
}
