//! Figures over time of the store in memory: counted anew from everything that is kept, so that nothing can be wrong but the
//! question. This is the model that other stores are compared with.

use super::MemoryStore;
use super::state::State;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::id::{AgentId, OrgId, ProjectId};
use connix_domain::log::{LineKey, LogLine, PlacedLine};
use connix_domain::port::store::ReadError;
use connix_domain::port::telemetry::{Forgotten, Telemetry};
use connix_domain::scope::OrgScope;
use connix_domain::task::{Task, Usage};
use connix_domain::telemetry::{
    Histogram, MOST_EXACT, ModelUsage, Period, ResourceBucket, ResourceFigures, ResourceReport, ResourceSample,
    ResponseTimes, Sources, TaskBucket, TaskFigures, TaskReport, TaskTotals, UsageReport,
};
use std::collections::BTreeMap;

/// Something that a project is charged for.
#[derive(Clone)]
pub(super) struct Charge {
    org: OrgId,
    project: ProjectId,
    at: Timestamp,
    used: ModelUsage,
}

/// How much a project's workspace held.
#[derive(Clone)]
pub(super) struct Measured {
    org: OrgId,
    project: ProjectId,
    at: Timestamp,
    bytes: i64,
}

impl State {
    /// Notes what a task used since it was last written, and whether it has ended since.
    pub(super) fn charge_task(&mut self, before: Option<&Task>, task: &Task) {
        let Some(agent) = self.agents.get(&(task.org, task.agent)).cloned() else { return };
        let model = task.model.clone().unwrap_or_else(|| agent.config.model.clone());
        let then = before.map(|before| before.usage).unwrap_or_default();
        let usage = Usage {
            prompt: task.usage.prompt - then.prompt,
            completion: task.usage.completion - then.completion,
            requests: task.usage.requests - then.requests,
        }
        .counted();
        if usage != Usage::default() {
            self.charge(&agent, task.updated_at, ModelUsage { model: model.clone(), usage, ..ModelUsage::default() });
        }
        let ended = TaskFigures::of_end(task).filter(|_| before.is_none_or(|before| !before.phase.is_final()));
        if let Some((at, TaskFigures { completed, failed, .. })) = ended.filter(|(_, f)| f.completed + f.failed > 0) {
            self.charge(&agent, at, ModelUsage { model, completed, failed, ..ModelUsage::default() });
        }
    }

    fn charge(&mut self, agent: &Agent, at: Timestamp, used: ModelUsage) {
        self.charges.push(Charge { org: agent.org, project: agent.project, at, used });
    }

    /// Notes a sample and for how long the agent ran.
    pub(super) fn append_sample(&mut self, sample: ResourceSample) {
        let Some(agent) = self.agents.get(&(sample.org, sample.agent)).cloned() else { return };
        let key = (sample.org, sample.agent, sample.incarnation, sample.at);
        if self.samples.contains_key(&key) {
            return;
        }
        let agent_micros = sample.window.num_microseconds().unwrap_or(0);
        let model = agent.config.model.clone();
        self.charge(&agent, sample.at, ModelUsage { model, agent_micros, ..ModelUsage::default() });
        if let Some(bytes) = sample.storage {
            self.measured.push(Measured { org: agent.org, project: agent.project, at: sample.at, bytes });
        }
        self.samples.insert(key, sample);
    }

    pub(super) fn forget_charges(&mut self, org: OrgId, project: ProjectId) {
        self.charges.retain(|charge| charge.org != org || charge.project != project);
        self.measured.retain(|measured| measured.org != org || measured.project != project);
    }

    fn forget(&mut self, of: OrgId, before: Timestamp) -> Forgotten {
        let mut forgotten = Forgotten::default();
        for ((org, agent), lines) in self.logs.iter_mut().filter(|((org, _), _)| *org == of) {
            let is_mark = |line: &LogLine| matches!(line.key, LineKey::Dropped(_));
            let old = lines.iter().filter(|kept| kept.line.at < before && !is_mark(&kept.line)).count();
            if old > 0 {
                lines.retain(|kept| kept.line.at >= before);
                self.last_position += 1;
                let mark = LogLine::dropped(*org, *agent, before);
                lines.push(PlacedLine { position: self.last_position, line: mark });
                forgotten.lines += old as u64;
            }
        }
        let kept = self.samples.len();
        // the figures stay: those of the samples that go are kept as one
        let is_old = |sample: &ResourceSample| sample.org == of && sample.at < before;
        let (old, new) = std::mem::take(&mut self.samples).into_iter().partition(|(_, sample)| is_old(sample));
        self.samples = new;
        self.old_samples.extend::<BTreeMap<_, _>>(old);
        forgotten.samples = (kept - self.samples.len()) as u64;
        forgotten
    }

    /// How many of an agent's tasks were open at a moment.
    fn open_at(&self, org: OrgId, agent: AgentId, at: Timestamp) -> i64 {
        let ended = |task: &Task| TaskFigures::of_end(task).is_some_and(|(end, _)| end < at);
        self.tasks_of(org, agent).filter(|task| task.created_at < at && !ended(task)).count() as i64
    }

    /// What is counted of an agent's tasks between two moments.
    fn figures(&self, org: OrgId, agent: AgentId, start: Timestamp, end: Timestamp) -> TaskFigures {
        let within = |at: Timestamp| start <= at && at < end;
        let counted = self.tasks_of(org, agent).flat_map(|task| {
            let created = within(task.created_at).then(TaskFigures::of_creation);
            let ended = TaskFigures::of_end(task).filter(|(at, _)| within(*at)).map(|(_, figures)| figures);
            [created, ended]
        });
        counted.flatten().fold(TaskFigures::default(), TaskFigures::plus)
    }

    fn responses(&self, org: OrgId, agent: AgentId, period: &Period) -> ResponseTimes {
        let completed = |task: &&Task| {
            TaskFigures::of_end(task).is_some_and(|(at, figures)| period.contains(at) && figures.completed > 0)
        };
        let took = self.tasks_of(org, agent).filter(completed);
        let all: Vec<_> = took.map(|task| task.response_micros().unwrap_or(0)).collect();
        if (all.len() as i64) < MOST_EXACT {
            return ResponseTimes::exact(all);
        }
        let mut histogram = Histogram::new();
        all.into_iter().for_each(|micros| histogram.record(micros));
        ResponseTimes::Estimated(histogram)
    }

    /// An agent's samples, those that were dropped too.
    fn samples_of(&self, org: OrgId, agent: AgentId) -> impl Iterator<Item = &ResourceSample> {
        let all = self.samples.values().chain(self.old_samples.values());
        all.filter(move |sample| sample.org == org && sample.agent == agent)
    }
}

/// The bounds of every bucket of a period.
fn bounds(period: &Period) -> impl Iterator<Item = (Timestamp, Timestamp, Timestamp)> {
    period.buckets().map(|bucket| (bucket, bucket.max(period.start()), period.end_of(bucket)))
}

#[async_trait]
impl Telemetry for MemoryStore {
    async fn task_report(&self, scope: OrgScope, agent: AgentId, period: &Period) -> Result<TaskReport, ReadError> {
        let (state, org) = (self.now(), scope.org());
        let series = bounds(period).map(|(start, from, until)| TaskBucket {
            start,
            figures: state.figures(org, agent, from, until),
            in_progress: state.open_at(org, agent, until),
        });
        Ok(TaskReport {
            series: series.collect(),
            total: state.figures(org, agent, period.start(), period.end()),
            in_progress: state.open_at(org, agent, period.end()),
            responses: state.responses(org, agent, period),
        })
    }

    async fn task_totals(&self, scope: OrgScope, agent: AgentId) -> Result<TaskTotals, ReadError> {
        let (state, org) = (self.now(), scope.org());
        let figures = state.figures(org, agent, Timestamp::MIN_UTC, Timestamp::MAX_UTC);
        Ok(TaskTotals { figures, in_progress: state.open_at(org, agent, Timestamp::MAX_UTC) })
    }

    async fn resource_report(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
    ) -> Result<ResourceReport, ReadError> {
        let state = self.now();
        let sum = |from: Timestamp, until: Timestamp| {
            let own = state.samples_of(scope.org(), agent).filter(|sample| from <= sample.at && sample.at < until);
            own.map(ResourceFigures::of).fold(ResourceFigures::default(), ResourceFigures::plus)
        };
        let series = bounds(period).map(|(start, from, until)| ResourceBucket { start, figures: sum(from, until) });
        let kept = state.samples.values().filter(|sample| sample.org == scope.org() && sample.agent == agent);
        let last = kept.filter(|sample| period.contains(sample.at)).max_by_key(|s| (s.at, s.incarnation));
        Ok(ResourceReport {
            series: series.collect(),
            total: sum(period.start(), period.end()),
            sources: last.map(Sources::of).unwrap_or_default(),
        })
    }

    async fn usage_report(
        &self,
        scope: OrgScope,
        project: ProjectId,
        period: &Period,
    ) -> Result<UsageReport, ReadError> {
        let (state, whole) = (self.now(), period.in_whole_minutes());
        let mut used: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let own = state.charges.iter().filter(|charge| charge.org == scope.org() && charge.project == project);
        for charge in own.filter(|charge| whole.contains(charge.at)) {
            used.entry(period.interval().bucket_of(charge.at)).or_default().push(charge.used.clone());
        }
        let mut measured: Vec<_> = state
            .measured
            .iter()
            .filter(|found| found.org == scope.org() && found.project == project && whole.contains(found.at))
            .collect();
        measured.sort_by_key(|found| found.at);
        let stored = measured.into_iter().map(|found| (period.interval().bucket_of(found.at), found.bytes));
        Ok(UsageReport::new(&whole, used, &stored.collect()))
    }

    async fn forget_before(&self, scope: OrgScope, before: Timestamp) -> Result<Forgotten, ReadError> {
        if self.unforgetting().contains(&scope.org()) {
            return Err(ReadError::Unavailable("told to keep all".to_owned()));
        }
        self.replace(|state| Ok(state.forget(scope.org(), before)))
    }
}
