//! Figures over time: tasks, response times, resources, usage. Each as counting everything anew would give them.

use super::tenant::all_logs;
use super::twins::{Twins, below};
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, AgentConfig, AgentPhase};
use connix_domain::change_set::Change;
use connix_domain::id::AgentId;
use connix_domain::lifecycle::Words;
use connix_domain::log::LogLine;
use connix_domain::task::{Task, TaskPhase, Usage};
use connix_domain::telemetry::{
    Interval, MeterSource, Period, Reading, ResourceSample, ResponseTimes, TaskFigures, TaskReport, Traffic,
};

fn minutes(minutes: i64) -> Timestamp {
    samples::noon() + Duration::minutes(minutes)
}

/// A period of a case's own making.
fn period(start: Timestamp, end: Timestamp, interval: Interval) -> Period {
    Period::new(start, end, interval).expect("a period")
}

/// The next version of a task, which ended.
fn ended(task: &Task, phase: TaskPhase, at: Timestamp, took: Duration) -> Task {
    Task {
        phase,
        attempt_started_at: Some(at - took),
        completed_at: Some(at),
        updated_at: at,
        usage: Usage { prompt: task.usage.prompt + 10, completion: 5, requests: 2 },
        version: task.version + 1,
        ..task.clone()
    }
}

async fn report(tenant: &Tenant, agent: &Agent, period: &Period) -> TaskReport {
    tenant.store.task_report(tenant.scope(), agent.id, period).await.expect("a report")
}

/// Telemetry: "A task MUST be counted in the period in which it ended, once, whatever was tried in vain."
pub async fn a_task_is_counted_in_the_period_in_which_it_ended_and_once(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("counting").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let end = minutes(90) + Duration::microseconds(1);
    let done = ended(&task, TaskPhase::Completed, end, Duration::seconds(2));
    tenant.must([Change::UpdateTask(done.clone())]).await;
    let late = Change::UpdateTask(ended(&task, TaskPhase::Failed, minutes(95), Duration::seconds(1)));
    assert!(tenant.commit([late]).await.is_err());
    let unknown = Change::AppendLogs(vec![LogLine { agent: AgentId::new(1), ..samples::log_line(&agent, 1) }]);
    let torn = Task { id: connix_domain::id::TaskId::new(crate::ids::chance()), ..done };
    assert!(tenant.commit([Change::CreateTask(torn), unknown]).await.is_err());
    let count = async |start, end| {
        let TaskFigures { created, completed, failed, .. } =
            report(&tenant, &agent, &period(start, end, Interval::Minute)).await.total;
        (created, completed, failed)
    };
    assert_eq!(count(minutes(0), minutes(90)).await, (1, 0, 0));
    assert_eq!(count(minutes(0), end).await, (1, 0, 0));
    assert_eq!(count(end, minutes(100)).await, (0, 1, 0));
    assert_eq!(count(minutes(0), minutes(100)).await, (1, 1, 0));
    assert_eq!(count(end + Duration::microseconds(1), minutes(100)).await, (0, 0, 0));
}

/// Telemetry: "The tasks in progress MUST be those that were made before the end of the bucket or period and had not ended by then."
pub async fn the_tasks_in_progress_are_those_that_were_open_at_the_end(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("counting").await;
    let agent = tenant.agent(&project, "worker").await;
    let ends = [(TaskPhase::Completed, 70), (TaskPhase::Failed, 130), (TaskPhase::Cancelled, 190)];
    tenant.task(&agent).await;
    for (phase, minute) in ends {
        let task = tenant.task(&agent).await;
        tenant.must([Change::UpdateTask(ended(&task, phase, minutes(minute), Duration::seconds(1)))]).await;
    }
    // noon is 12:00:00.123456: the buckets end at 13, 14, 15 and 16 o'clock
    let report = report(&tenant, &agent, &period(minutes(1), minutes(239), Interval::Hour)).await;
    assert_eq!(report.series.iter().map(|bucket| bucket.in_progress).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!((report.in_progress, report.total.completed, report.total.failed), (1, 1, 1));
}

/// Telemetry: "The response times MUST be exact when fewer than … tasks completed in the period, …"
pub async fn response_times_of_few_tasks_are_exact(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("counting").await;
    let agent = tenant.agent(&project, "worker").await;
    let took = [2_340_001, 8_120_003, 15, 2_340_002];
    for (minute, micros) in (1..).zip(took) {
        let done = ended(&samples::task(&agent), TaskPhase::Completed, minutes(minute), Duration::microseconds(micros));
        let failed = ended(&samples::task(&agent), TaskPhase::Failed, minutes(minute), Duration::hours(1));
        tenant.must([Change::CreateTask(done), Change::CreateTask(failed)]).await;
    }
    let report = report(&tenant, &agent, &period(minutes(0), minutes(60), Interval::FiveMinutes)).await;
    assert_eq!(report.responses, ResponseTimes::Exact(vec![15, 2_340_001, 2_340_002, 8_120_003]));
    assert_eq!(report.total.response_micros, took.iter().sum::<i64>());
}

/// Telemetry: "… and MUST be within one part in 64 of that otherwise."
pub async fn response_times_of_many_tasks_are_within_one_part_in_64(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let mut took = Vec::new();
    for _ in 0..108 {
        let some = || {
            let micros = below(1 << (1 + below(36)));
            let at = minutes(below(3000)) + Duration::milliseconds(below(60_000));
            (micros, ended(&samples::task(&twins.agent), TaskPhase::Completed, at, Duration::microseconds(micros)))
        };
        let (micros, tasks): (Vec<_>, Vec<_>) = (0..50).map(|_| some()).unzip();
        took.extend(micros);
        twins.must(tasks.into_iter().map(Change::CreateTask)).await;
    }
    let start = minutes(-30) + Duration::seconds(below(60));
    let whole = period(start, minutes(3001), Interval::QuarterHour);
    let mine = report(&twins.tenant, &twins.agent, &whole).await.responses;
    assert_eq!(mine, report(&twins.model, &twins.agent, &whole).await.responses);
    let exact = ResponseTimes::exact(took.iter().map(|micros| *micros as u64).collect());
    for share in [0.5, 0.9, 0.95, 0.99, 1.0] {
        let (mine, exact) = (mine.quantile_seconds(share), exact.quantile_seconds(share));
        assert!((mine - exact).abs() <= exact / 64.0, "{share}: {mine} for {exact}");
    }
    // a part of it has few
    let part = period(minutes(100), minutes(900), Interval::Hour);
    let few = report(&twins.tenant, &twins.agent, &part).await;
    assert_eq!(few, report(&twins.model, &twins.agent, &part).await);
    assert!(matches!(few.responses, ResponseTimes::Exact(_)));
}

fn some_sample(agent: &Agent) -> ResourceSample {
    // sixty-fourths add up without rounding, in whatever order
    let part = |source| (below(4) > 0).then(|| Reading { value: below(65) as f64 / 64.0, source });
    let bytes = Traffic { received: below(1 << 40), sent: below(1 << 20) };
    ResourceSample {
        org: agent.org,
        agent: agent.id,
        incarnation: 1 + below(3),
        at: minutes(below(4000)) + Duration::milliseconds(below(60_000)),
        window: Duration::milliseconds(1 + below(20_000)),
        cpu: part(MeterSource::Cgroup),
        memory: part(MeterSource::Processes),
        disk: part(MeterSource::Workspace),
        network: (below(2) == 0).then_some(Reading { value: bytes, source: MeterSource::WorkerClients }),
        storage: (below(2) == 0).then(|| below(1 << 40)),
    }
}

fn some_period() -> Period {
    let interval = Interval::ALL[below(5) as usize];
    let start = minutes(below(4500) - 200) + Duration::microseconds(below(120_000_000));
    let longest = 150 * interval.micros().min(300_000_000) as u64;
    period(start, start + Duration::microseconds(1 + below(longest)), interval)
}

/// Telemetry: "The series MUST have an entry for every bucket of the period, and MUST add up to the total."
pub async fn reports_are_those_of_counting_everything_anew(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let agent = &twins.agent;
    for _ in 0..12 {
        let mut changes = Vec::new();
        for _ in 0..50 {
            let created_at = minutes(below(4000)) + Duration::microseconds(below(60_000_000));
            let task = Task { created_at, updated_at: created_at, ..samples::task(agent) };
            changes.push(Change::CreateTask(task.clone()));
            let phase = TaskPhase::ALL[below(5) as usize];
            let end = created_at + Duration::microseconds(below(7_200_000_000));
            if phase.is_final() {
                changes.push(Change::UpdateTask(ended(&task, phase, end, Duration::milliseconds(below(100_000)))));
            }
        }
        changes.push(Change::AppendSamples((0..100).map(|_| some_sample(agent)).collect()));
        twins.must(changes).await;
    }
    let scope = twins.tenant.scope();
    for _ in 0..25 {
        let period = some_period();
        let (mine, model) = (&twins.tenant.store, &twins.model.store);
        let tasks = mine.task_report(scope, agent.id, &period).await.expect("a report");
        assert_eq!(tasks.series.len(), period.buckets().count());
        let sum = tasks.series.iter().fold(TaskFigures::default(), |sum, bucket| sum.plus(bucket.figures));
        assert_eq!(sum, tasks.total);
        assert_eq!(Ok(tasks), model.task_report(scope, agent.id, &period).await, "{period:?}");
        let used = mine.resource_report(scope, agent.id, &period).await;
        assert_eq!(used, model.resource_report(scope, agent.id, &period).await, "{period:?}");
        let usage = mine.usage_report(scope, twins.project.id, &period).await;
        assert_eq!(usage, model.usage_report(scope, twins.project.id, &period).await, "{period:?}");
    }
}

/// Telemetry: "MUST give what an agent's tasks came to since it was made."
pub async fn totals_are_what_tasks_came_to_since_the_agent_was_made(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let totals = async |tenant: &Tenant| tenant.store.task_totals(tenant.scope(), twins.agent.id).await;
    assert_eq!(totals(&twins.tenant).await, Ok(connix_domain::telemetry::TaskTotals::default()));
    for n in 0..60 {
        let task = Task { created_at: minutes(n * 500), ..samples::task(&twins.agent) };
        twins.must([Change::CreateTask(task.clone())]).await;
        let phase = TaskPhase::ALL[n as usize % 5];
        if phase.is_final() {
            twins.must([Change::UpdateTask(ended(&task, phase, minutes(n * 501), Duration::seconds(n)))]).await;
        }
    }
    let mine = totals(&twins.tenant).await;
    assert_eq!(mine, totals(&twins.model).await);
    assert_eq!(mine.map(|totals| (totals.figures.completed, totals.in_progress)), Ok((12, 24)));
}

/// Telemetry: "A sample that is appended again MUST be counted once."
pub async fn a_sample_that_is_appended_again_is_counted_once(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let all: Vec<_> = (0..50).map(|_| some_sample(&twins.agent)).collect();
    let gone = ResourceSample { agent: AgentId::new(1), ..all[0].clone() };
    for samples in [all[..30].to_vec(), all.clone(), vec![gone, all[3].clone(), all[3].clone()]] {
        twins.must([Change::AppendSamples(samples)]).await;
    }
    let scope = twins.tenant.scope();
    let whole = period(minutes(-60), minutes(4100), Interval::Day);
    let mine = twins.tenant.store.resource_report(scope, twins.agent.id, &whole).await;
    assert_eq!(mine, twins.model.store.resource_report(scope, twins.agent.id, &whole).await);
    let measured = all.iter().filter(|sample| sample.cpu.is_some()).count() as i64;
    assert_eq!(mine.map(|report| report.total.cpu.count), Ok(measured));
    let usage = twins.tenant.store.usage_report(scope, twins.project.id, &whole).await.expect("usage");
    let ran: i64 = all.iter().filter_map(|sample| sample.window.num_microseconds()).sum();
    assert_eq!(usage.total.iter().map(|model| model.agent_micros).collect::<Vec<_>>(), [ran]);
}

/// Telemetry: "What an agent used MUST stay with its project when the agent is gone."
pub async fn what_an_agent_used_stays_with_its_project(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let second = Agent { config: AgentConfig::of_model("another-model"), ..samples::agent(&twins.project, "second") };
    twins.must([Change::CreateAgent(second.clone())]).await;
    for agent in [&twins.agent, &second] {
        let done = ended(&samples::task(agent), TaskPhase::Completed, minutes(3), Duration::seconds(1));
        twins.must([Change::CreateTask(done), Change::AppendSamples(vec![some_sample(agent)])]).await;
    }
    let whole = period(minutes(-60), minutes(5000), Interval::Hour);
    let scope = twins.tenant.scope();
    let before = twins.tenant.store.usage_report(scope, twins.project.id, &whole).await.expect("usage");
    let models: Vec<_> = before.total.iter().map(|usage| (usage.model.as_str(), usage.completed)).collect();
    assert_eq!(models, [("another-model", 1), ("test-model", 1)]);
    let gone = Agent { phase: AgentPhase::Deleted, version: 2, ..second.clone() };
    twins.must([Change::UpdateAgent(gone), Change::PurgeAgent { org: second.org, id: second.id }]).await;
    assert_eq!(twins.tenant.store.usage_report(scope, twins.project.id, &whole).await, Ok(before));
    let nothing = report(&twins.tenant, &second, &whole).await;
    assert_eq!((nothing.total, nothing.in_progress), (TaskFigures::default(), 0));
}

/// Telemetry: "Tokens MUST be counted when they are reported, also those of an attempt that failed."
pub async fn tokens_are_counted_when_they_are_reported(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let task = samples::task(&twins.agent);
    let tried = Task {
        usage: Usage { prompt: 7, completion: 3, requests: 1 },
        updated_at: minutes(70),
        version: 2,
        ..task.clone()
    };
    let nonsense = Usage { prompt: i64::MAX, completion: i64::MAX, requests: i64::MAX };
    let done = Task { usage: nonsense, ..ended(&tried, TaskPhase::Completed, minutes(130), Duration::seconds(1)) };
    for change in [Change::CreateTask(task), Change::UpdateTask(tried), Change::UpdateTask(done)] {
        twins.must([change]).await;
    }
    let whole = period(minutes(0), minutes(180), Interval::Hour);
    let scope = twins.tenant.scope();
    let mine = twins.tenant.store.usage_report(scope, twins.project.id, &whole).await.expect("usage");
    assert_eq!(Ok(mine.clone()), twins.model.store.usage_report(scope, twins.project.id, &whole).await);
    let prompts: Vec<i64> =
        mine.series.iter().map(|bucket| bucket.models.iter().map(|m| m.usage.prompt).sum()).collect();
    assert_eq!(prompts, [0, 7, Usage::MOST_COUNTED, 0]);
    assert_eq!(report(&twins.tenant, &twins.agent, &whole).await.total.usage.prompt, Usage::MOST_COUNTED);
}

/// Telemetry: "What an attempt used MUST be charged to the model that it was given."
pub async fn what_an_attempt_used_is_charged_to_the_model_that_it_was_given(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let claimed = |task: &Task, model, at| task.claim(1, model, Duration::seconds(30), at).expect("a queued task");
    let task = Task { created_at: minutes(0), ..samples::task(&twins.agent) };
    let first = claimed(&task, "asked-first", minutes(1));
    // the agent is told another model while the attempt is under way
    let config = AgentConfig::of_model("told-since");
    let told = Agent { config, version: twins.agent.version + 1, ..twins.agent.clone() };
    let usage = |prompt| Usage { prompt, completion: 1, requests: 1 };
    let back = first.release(usage(10), minutes(2)).expect("a running task");
    let second = claimed(&back, "asked-second", minutes(3));
    let done = second.complete(serde_json::json!("4"), usage(200), minutes(4)).expect("a running task");
    twins.must([Change::CreateTask(task)]).await;
    for change in [first, back, second, done].map(Change::UpdateTask) {
        twins.must([change]).await;
    }
    twins.must([Change::UpdateAgent(told)]).await;
    let unclaimed = ended(&samples::task(&twins.agent), TaskPhase::Failed, minutes(5), Duration::zero());
    twins.must([Change::CreateTask(unclaimed)]).await;
    let (scope, whole) = (twins.tenant.scope(), period(minutes(0), minutes(60), Interval::Hour));
    let mine = twins.tenant.store.usage_report(scope, twins.project.id, &whole).await.expect("usage");
    let charged: Vec<_> =
        mine.total.iter().map(|of| (of.model.as_str(), of.usage.prompt, of.completed, of.failed)).collect();
    assert_eq!(charged, [("asked-first", 10, 0, 0), ("asked-second", 200, 1, 0), ("told-since", 10, 0, 1)]);
    assert_eq!(Ok(mine), twins.model.store.usage_report(scope, twins.project.id, &whole).await);
}

/// Telemetry: "The storage of a bucket MUST be what was last measured in it, also when the agent is gone."
pub async fn the_storage_of_a_bucket_is_what_was_last_measured_in_it(subject: &dyn Subject) {
    let twins = Twins::new(subject).await;
    let second = samples::agent(&twins.project, "second");
    twins.must([Change::CreateAgent(second.clone())]).await;
    let measured =
        |agent: &Agent, minute, storage| ResourceSample { at: minutes(minute), storage, ..some_sample(agent) };
    // noon is 12:00:00.123456; later ones come first, as when a store was away
    let samples = vec![
        measured(&twins.agent, 59, Some(300)),
        measured(&second, 30, Some(200)),
        measured(&twins.agent, 10, Some(100)),
        measured(&twins.agent, 61, None),
        measured(&second, 121, Some(0)),
    ];
    twins.must([Change::AppendSamples(samples)]).await;
    let (scope, project) = (twins.tenant.scope(), twins.project.id);
    let series = async |tenant: &Tenant, interval| {
        let whole = period(minutes(0), minutes(179), interval);
        let report = tenant.store.usage_report(scope, project, &whole).await.expect("usage");
        report.series.into_iter().map(|bucket| bucket.storage).collect::<Vec<_>>()
    };
    assert_eq!(series(&twins.tenant, Interval::Hour).await, [Some(300), None, Some(0)]);
    for interval in Interval::ALL {
        assert_eq!(series(&twins.tenant, *interval).await, series(&twins.model, *interval).await, "{interval:?}");
    }
    let gone = Agent { phase: AgentPhase::Deleted, version: 2, ..twins.agent.clone() };
    twins.must([Change::UpdateAgent(gone.clone()), Change::PurgeAgent { org: gone.org, id: gone.id }]).await;
    assert_eq!(series(&twins.tenant, Interval::Hour).await, [Some(300), None, Some(0)]);
}

/// Telemetry: "Where lines of an agent were dropped there MUST be a line that says so, …", "Figures MUST stay."
pub async fn where_lines_were_dropped_a_line_says_so_and_figures_stay(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("forgetting").await;
    let agent = tenant.agent(&project, "old").await;
    let young = tenant.agent(&project, "young").await;
    let line = |agent: &Agent, minute| LogLine { at: minutes(minute), ..samples::log_line(agent, minute) };
    tenant.must([Change::AppendLogs((0..100).map(|minute| line(&agent, minute)).collect())]).await;
    tenant.must([Change::AppendLogs((60..70).map(|minute| line(&young, minute)).collect())]).await;
    let sample = ResourceSample { at: minutes(30), ..some_sample(&agent) };
    tenant.must([Change::AppendSamples(vec![sample])]).await;
    let whole = period(samples::after(-3600), minutes(180), Interval::Hour);
    let figures = async || tenant.store.resource_report(tenant.scope(), agent.id, &whole).await.map(|r| r.total);
    let before = figures().await;
    let lines = async |agent: &Agent| tenant.store.logs(tenant.scope(), &all_logs(agent)).await.expect("lines");
    for _ in 0..2 {
        // a second time there is nothing left to drop
        tenant.store.forget_before(tenant.scope(), minutes(60)).await.expect("lines dropped");
        let kept = lines(&agent).await;
        assert_eq!((kept.items.len(), kept.total), (41, 41));
        assert_eq!(kept.items.last(), Some(&LogLine::dropped(agent.org, agent.id, minutes(60))));
    }
    assert_eq!(lines(&young).await.total, 10);
    assert_eq!(figures().await, before);
    tenant.store.forget_before(tenant.scope(), minutes(80)).await.expect("lines dropped");
    let kept = lines(&agent).await;
    assert_eq!((kept.items.last(), kept.total), (Some(&LogLine::dropped(agent.org, agent.id, minutes(80))), 21));
    let alone = LogLine::dropped(young.org, young.id, minutes(80));
    assert_eq!(lines(&young).await.items, [alone]);
}
