//! What is written is what is read: every phase, every field.

use super::tenant::{ALL, all_logs};
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use chrono::{DateTime, Duration};
use connix_domain::agent::{Agent, AgentPhase, ProcessPhase, RuntimeKind};
use connix_domain::api_key::ApiKey;
use connix_domain::change_set::Change;
use connix_domain::event::{Actor, Event, EventKind};
use connix_domain::journal::{EntryKind, JournalEntry};
use connix_domain::lifecycle::Words;
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::metadata::Metadata;
use connix_domain::permission::Permissions;
use connix_domain::port::secrets::Sealed;
use connix_domain::project::{Project, ProjectPhase, Visibility};
use connix_domain::rate_limit::Overrides;
use connix_domain::task::{Task, TaskPhase};
use serde_json::{Value, json};

/// Organisations and API keys, with and without what is optional.
pub async fn organisations_and_keys_come_back_as_they_were(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let all = tenant.store.organisations().await.unwrap_or_default();
    assert_eq!(all.iter().find(|organisation| organisation.id == tenant.org()), Some(&tenant.organisation));
    let full = ApiKey { revoked_at: Some(samples::after(1)), ..samples::api_key(tenant.org()) };
    let nothing = ApiKey {
        permissions: Permissions::default(),
        projects: None,
        expires_at: None,
        limits: Overrides::default(),
        successor: None,
        last_used_at: None,
        ..samples::api_key(tenant.org())
    };
    let everything =
        ApiKey { permissions: Permissions::all(), projects: Some(Vec::new()), ..samples::api_key(tenant.org()) };
    for key in [full, nothing, everything] {
        tenant.must([Change::CreateApiKey(key.clone())]).await;
        assert_eq!(tenant.store.api_key(tenant.scope(), &key.kid).await, Ok(Some(key)));
    }
}

/// Projects; deleted ones are never seen, but by the service that purges them.
pub async fn projects_come_back_in_every_phase(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for phase in ProjectPhase::ALL {
        for visibility in [Visibility::Private, Visibility::Shared] {
            let number = tenant.number().await;
            let full = samples::full_project(tenant.org(), number, &format!("full-{phase}-{visibility}"));
            let full = Project { phase: *phase, visibility, ..full };
            let plain = tenant.draft(&format!("plain-{phase}-{visibility}")).await;
            let plain = Project { phase: *phase, visibility, ..plain };
            tenant.must([Change::CreateProject(full.clone()), Change::CreateProject(plain.clone())]).await;
            // and the one over the other, so that what is optional is emptied and filled again
            let emptied = Project { id: full.id, number: full.number, version: full.version + 1, ..plain.clone() };
            let emptied = Project { canonical_name: full.canonical_name.clone(), ..emptied };
            for project in [&full, &plain] {
                assert_eq!(find(&tenant, project).await.as_ref(), Some(project));
            }
            tenant.must([Change::UpdateProject(emptied.clone())]).await;
            assert_eq!(find(&tenant, &full).await, Some(emptied));
        }
    }
}

async fn find(tenant: &Tenant, project: &Project) -> Option<Project> {
    if project.phase == ProjectPhase::Deleted {
        assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(None));
        assert_eq!(tenant.store.project_by_number(tenant.scope(), project.number).await, Ok(None));
        let gone = tenant.store.projects_to_purge(1_000_000).await.unwrap_or_default();
        return gone.into_iter().find(|other| other.id == project.id);
    }
    let found = tenant.store.project_by_number(tenant.scope(), project.number).await.unwrap_or_default();
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(found.clone()));
    found
}

/// Agents in each phase, with each process, run by either.
pub async fn agents_come_back_in_every_phase_and_with_every_process(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    for phase in AgentPhase::ALL {
        for process in ProcessPhase::ALL {
            let full = samples::full_agent(&project, &format!("full {phase} {process}"), *phase, *process);
            let mut plain = samples::agent(&project, &format!("plain {phase} {process}"));
            plain.phase = *phase;
            plain.control.process = *process;
            assert_eq!(plain.runtime, RuntimeKind::Local);
            tenant.must([Change::CreateAgent(full.clone()), Change::CreateAgent(plain.clone())]).await;
            assert_eq!(tenant.reread(&full).await, full);
            assert_eq!(tenant.reread(&plain).await, plain);
        }
    }
}

/// `Change::UpdateAgent`: "Leaves `last_activity` to `Change::TouchAgent`."
pub async fn an_update_of_an_agent_replaces_all_but_its_last_activity(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let plain = tenant.agent(&project, "worker").await;
    tenant.must([Change::TouchAgent { org: plain.org, id: plain.id, at: samples::after(90) }]).await;
    let full = samples::full_agent(&project, "renamed", AgentPhase::UpdatingPaused, ProcessPhase::Parked);
    let filled = Agent { id: plain.id, created_by: plain.created_by, version: 2, last_activity: None, ..full };
    tenant.must([Change::UpdateAgent(filled.clone())]).await;
    let last_activity = Some(samples::after(90));
    assert_eq!(tenant.reread(&plain).await, Agent { last_activity, ..filled });
    let emptied = Agent { version: 3, last_activity: Some(samples::after(900)), ..plain };
    tenant.must([Change::UpdateAgent(emptied.clone())]).await;
    assert_eq!(tenant.reread(&emptied).await, Agent { last_activity, ..emptied });
}

/// Tasks in each phase, filled, plain, and the one over the other.
pub async fn tasks_come_back_in_every_phase(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let agent = tenant.agent(&project, "worker").await;
    for phase in TaskPhase::ALL {
        let full = samples::full_task(&agent, *phase);
        let plain = Task { phase: *phase, output: Some(Value::Null), ..samples::task(&agent) };
        tenant.must([Change::CreateTask(full.clone()), Change::CreateTask(plain.clone())]).await;
        for task in [&full, &plain] {
            assert_eq!(tenant.store.task(tenant.scope(), task.id).await, Ok(Some(task.clone())));
        }
        let emptied = Task { id: full.id, version: full.version + 1, output: None, ..plain.clone() };
        let filled = Task { id: plain.id, version: plain.version + 1, ..full };
        tenant.must([Change::UpdateTask(emptied.clone()), Change::UpdateTask(filled.clone())]).await;
        for task in [emptied, filled] {
            assert_eq!(tenant.store.task(tenant.scope(), task.id).await, Ok(Some(task)));
        }
    }
}

/// Journal entries and log lines, with keys at the ends of their ranges.
pub async fn entries_and_lines_of_every_kind_come_back(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let kinds = EntryKind::ALL.iter().zip([1, 2, 3, 4, i64::MAX - 1, i64::MAX]);
    let entry = |(kind, n): (&EntryKind, i64)| JournalEntry {
        kind: *kind,
        attempt: i64::MAX,
        at: samples::after(1),
        data: json!({"n": n}),
        ..samples::journal_entry(&task, n.min(9))
    };
    let entries: Vec<_> = kinds.map(|(kind, n)| JournalEntry { sequence: n, ..entry((kind, n)) }).collect();
    assert_eq!(entries.len(), EntryKind::ALL.len());
    tenant.must([Change::AppendJournal(entries.clone())]).await;
    assert_eq!(tenant.store.journal(tenant.scope(), task.id, 0, ALL.limit).await, Ok(entries));

    let worker = |incarnation, sequence| LineKey::Worker { incarnation, sequence };
    let keys = [worker(1, 1), worker(i64::MAX, i64::MAX), LineKey::Service(0), LineKey::Service(u64::MAX)];
    let line = |(key, level): (LineKey, &LogLevel)| LogLine {
        key,
        level: *level,
        message: "multi\nline \u{1F680}".to_owned(),
        context: json!({"task_id": null}),
        ..samples::log_line(&agent, 1)
    };
    let mut lines: Vec<_> = keys.into_iter().zip(LogLevel::ALL).map(line).collect();
    tenant.must([Change::AppendLogs(lines.clone())]).await;
    lines.reverse();
    let kept = tenant.store.logs(tenant.scope(), &all_logs(&agent)).await.map(|page| page.items);
    assert_eq!(kept, Ok(lines));
}

/// Events of each kind, by either kind of actor, with and without a reason.
pub async fn events_of_every_kind_come_back(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let mut events = Vec::new();
    for kind in EventKind::ALL {
        events.push(Event { kind: *kind, ..samples::event(&project) });
        events.push(Event { kind: *kind, actor: Actor::System, reason: None, ..samples::event(&project) });
    }
    tenant.must(events.iter().cloned().map(Change::Raise)).await;
    let kept: Vec<_> = tenant.events().await.into_iter().map(|sequenced| sequenced.event).collect();
    assert_eq!(kept, events);
}

/// Idempotency records, with any bytes.
pub async fn records_come_back_as_they_were(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let answers = [Vec::new(), (0..=255).collect(), vec![7; 300_000]];
    for (n, answer) in answers.into_iter().enumerate() {
        let mut record = samples::record(tenant.org(), &format!("{n}-{:x}", chance()));
        record.answer = Sealed(answer);
        tenant.must([Change::Remember(record.clone())]).await;
        assert_eq!(tenant.store.remembered(&record.key, record.created_at).await, Ok(Some(record)));
    }
}

/// Opaque documents: the order of keys, numbers to the last digit, any character.
pub async fn documents_keep_their_order_numbers_and_characters(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let agent = tenant.agent(&project, "worker").await;
    let document = json!({
        "zeta": 1, "alpha": 2, "": "empty key", "nested": {"b": [{}, [], null], "a": false},
        "largest": u64::MAX, "smallest": i64::MIN, "float": 0.1 + 0.2, "tiny": 5e-324, "huge": f64::MAX, "whole": 1.0,
        "text": "\u{0}\u{1}\t\n\"\\ ünïcode \u{1F916} \u{2028}",
    });
    let task = Task { output: Some(document.clone()), ..samples::full_task(&agent, TaskPhase::Completed) };
    tenant.must([Change::CreateTask(task.clone())]).await;
    let kept = tenant.store.task(tenant.scope(), task.id).await.map(|task| task.and_then(|task| task.output));
    assert_eq!(kept.map(|output| output.map(|o| o.to_string())), Ok(Some(document.to_string())));
    for temperature in [0.0, 0.1 + 0.2, 1.0 / 3.0, 2.0, 1.999_999_999_999_999_8] {
        let mut agent = samples::agent(&project, &format!("t {temperature}"));
        agent.config.temperature = temperature;
        tenant.must([Change::CreateAgent(agent.clone())]).await;
        assert_eq!(tenant.reread(&agent).await.config.temperature.to_bits(), temperature.to_bits());
    }
    let many = Metadata::parse((0..64).map(|n| (format!("key-{}", 63 - n), json!(n))).collect());
    let project = Project { metadata: many.unwrap_or_default(), ..tenant.draft("ordered").await };
    tenant.must([Change::CreateProject(project.clone())]).await;
    let kept = tenant.store.project(tenant.scope(), project.id).await.unwrap_or_default();
    let text = kept.map(|project| project.metadata.to_value().to_string());
    assert_eq!(text, Some(project.metadata.to_value().to_string()));
}

/// Times before 1970, at the turn of a second, and far away.
pub async fn times_keep_their_microseconds(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let at = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let far = at(253_402_300_799_999_999); // the last of the year 9999
    let micro = Duration::microseconds(1);
    let moments = [at(0), at(-1), at(1), at(999_999), at(1_000_000), samples::noon(), samples::noon() + micro, far];
    for (n, moment) in moments.into_iter().enumerate() {
        let draft = tenant.draft(&format!("moment-{n}")).await;
        let project = Project { created_at: moment, updated_at: moment, ..draft };
        tenant.must([Change::CreateProject(project.clone())]).await;
        assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project)), "{moment}");
    }
}
