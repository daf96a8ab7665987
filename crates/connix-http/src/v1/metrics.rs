//! An agent's metrics on `/api/v1` (AGNT; contract section 6, "Stats and metrics").

use crate::call::Call;
use crate::figure::{Figure, PeriodView};
use crate::problem::Problem;
use crate::query::PERIOD;
use crate::reply::Reply;
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, Route};
use actix_web::{HttpResponse, web};
use connix_application::AgentMetrics;
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Policy;
use connix_domain::telemetry::{MeterSource, ResourceBucket, ResourceReport, TaskBucket, TaskReport};
use schemars::JsonSchema;
use serde::Serialize;

/// The entries of the table.
pub(crate) const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/api/v1/projects/{project}/agents/{agent}/metrics", "getAgentMetrics", || web::to(get))
        .about("Metrics", "Retrieve performance metrics of an agent over a period, in all and as a series")
        .needs(Permission::AgentsRead)
        .limited(Policy::AgentsMetrics)
        .query(&[PERIOD])
        .answers(&[Answer::of::<MetricsAnswer>(200, "The metrics")])];

/// An agent's metrics over a period.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentMetrics")]
struct MetricsAnswer {
    metrics: MetricsView,
    period: PeriodView,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Metrics")]
struct MetricsView {
    tasks: TasksView,
    performance: PerformanceView,
    resource_usage: ResourcesView,
    /// One entry per interval, empty ones too.
    time_series: Vec<SeriesEntry>,
}

/// Tasks that ended in the period, and those open at its end; cancelled ones are left out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskMetrics")]
struct TasksView {
    /// `completed + failed + in_progress`.
    total: i64,
    completed: i64,
    failed: i64,
    in_progress: i64,
    /// `completed / total`, to 3 places.
    success_rate: Figure,
}

/// Times in seconds, of the tasks that completed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PerformanceMetrics")]
struct PerformanceView {
    avg_response_time: Figure,
    /// Over the whole period.
    p95_response_time: Figure,
    /// Over the whole period.
    p99_response_time: Figure,
    /// Model tokens per minute of the period that has passed.
    tokens_per_minute: Figure,
    /// Calls of the model per minute of the period that has passed.
    requests_per_minute: Figure,
}

/// Fractions 0–1, on average over the period; network in bytes. What was not measured is 0, and its source `null`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ResourceMetrics")]
struct ResourcesView {
    cpu_usage: Figure,
    memory_usage: Figure,
    disk_usage: Figure,
    network_in: i64,
    network_out: i64,
    source: SourcesView,
}

/// By what each was measured: `processes`, `cgroup`, `platform`, `worker` (its own word), `worker_clients` (bytes that its
/// HTTP clients moved) or `workspace`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ResourceSources")]
struct SourcesView {
    cpu: Option<&'static str>,
    memory: Option<&'static str>,
    disk: Option<&'static str>,
    network: Option<&'static str>,
}

/// An interval of the series.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetricsInterval")]
struct SeriesEntry {
    /// When the interval begins.
    timestamp: Instant,
    tasks_completed: i64,
    avg_response_time: Figure,
    cpu_usage: Figure,
    memory_usage: Figure,
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let period = query.period(call.app.now());
    let period = query.finish_with(period)?;
    let metrics = call.app.agent_metrics(&call.caller, &call.project(), call.path("agent"), period).await?;
    Ok(Reply::ok(&MetricsAnswer::of(&metrics)).into())
}

impl MetricsAnswer {
    fn of(metrics: &AgentMetrics) -> Self {
        let buckets = metrics.tasks.series.iter().zip(&metrics.resources.series);
        let metrics_view = MetricsView {
            tasks: TasksView::of(&metrics.tasks),
            performance: PerformanceView::of(&metrics.tasks, metrics.minutes),
            resource_usage: ResourcesView::of(&metrics.resources),
            time_series: buckets.map(|(tasks, used)| SeriesEntry::of(tasks, used)).collect(),
        };
        Self { metrics: metrics_view, period: PeriodView::of(metrics.period) }
    }
}

impl TasksView {
    fn of(report: &TaskReport) -> Self {
        let (figures, in_progress) = (report.total, report.in_progress);
        Self {
            total: figures.total(in_progress),
            completed: figures.completed,
            failed: figures.failed,
            in_progress,
            success_rate: Figure(figures.success_rate(in_progress)),
        }
    }
}

impl PerformanceView {
    fn of(report: &TaskReport, minutes: f64) -> Self {
        let usage = report.total.usage;
        Self {
            avg_response_time: Figure(report.total.average_response_seconds()),
            p95_response_time: Figure(report.responses.quantile_seconds(0.95)),
            p99_response_time: Figure(report.responses.quantile_seconds(0.99)),
            tokens_per_minute: Figure::rate(usage.total(), minutes),
            requests_per_minute: Figure::rate(usage.requests, minutes),
        }
    }
}

impl ResourcesView {
    fn of(report: &ResourceReport) -> Self {
        let (figures, sources) = (report.total, report.sources);
        let word = |source: Option<MeterSource>| source.map(MeterSource::as_str);
        Self {
            cpu_usage: Figure(figures.cpu.average()),
            memory_usage: Figure(figures.memory.average()),
            disk_usage: Figure(figures.disk.average()),
            network_in: figures.traffic.received,
            network_out: figures.traffic.sent,
            source: SourcesView {
                cpu: word(sources.cpu),
                memory: word(sources.memory),
                disk: word(sources.disk),
                network: word(sources.network),
            },
        }
    }
}

impl SeriesEntry {
    fn of(tasks: &TaskBucket, used: &ResourceBucket) -> Self {
        Self {
            timestamp: tasks.start.into(),
            tasks_completed: tasks.figures.completed,
            avg_response_time: Figure(tasks.figures.average_response_seconds()),
            cpu_usage: Figure(used.figures.cpu.average()),
            memory_usage: Figure(used.figures.memory.average()),
        }
    }
}
