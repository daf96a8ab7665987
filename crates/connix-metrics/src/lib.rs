//! The domain's `Metrics` port as text for Prometheus (OpenMetrics 1.0), for the operations listener's `/metrics`.

mod labels;
mod process;

use std::time::Duration;

use connix_domain::port::metrics::Metrics;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use labels::{OutcomeLabels, RequestLabels, RouteLabels, SeenModels, TokenLabels};

/// The media type of [`PrometheusMetrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counts in memory; the text is written when it is asked for.
#[derive(Debug)]
pub struct PrometheusMetrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    commit_units: Histogram,
    commit_seconds: Histogram,
    tasks: Family<OutcomeLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    seen_models: SeenModels,
    streams: Gauge,
    agents_launched: Counter,
    agents_crashed: Counter,
}

impl PrometheusMetrics {
    /// Everything at zero. `version` is the running program's, shown as `connix_build_info`.
    pub fn new(version: &'static str) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(durations),
            commit_units: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_seconds: durations(),
            tasks: Family::default(),
            tokens: Family::default(),
            seen_models: SeenModels::default(),
            streams: Gauge::default(),
            agents_launched: Counter::default(),
            agents_crashed: Counter::default(),
        };
        metrics.register(version);
        metrics
    }

    /// The whole exposition, ending with `# EOF`.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String never fails, and neither do our collectors.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    fn register(&mut self, version: &'static str) {
        let connix = self.registry.sub_registry_with_prefix("connix");
        connix.register("build", "The running version", Info::new([("version", version)]));
        connix.register("http_requests", "Answered requests", self.requests.clone());
        connix.register_with_unit(
            "http_request_duration",
            "From the last byte of a request's head to the first of its answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        connix.register("commit_units", "Change sets made durable by one transaction", self.commit_units.clone());
        connix.register_with_unit(
            "commit_duration",
            "One transaction of the store, its flush included",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        connix.register("tasks_ended", "Tasks by how they ended", self.tasks.clone());
        connix.register("model_tokens", "Tokens that models charged for", self.tokens.clone());
        connix.register("streams", "Streams of events that are being sent", self.streams.clone());
        connix.register("agents_launched", "Agents' processes launched", self.agents_launched.clone());
        connix.register("agents_crashed", "Agents' processes that ended untold", self.agents_crashed.clone());
        self.registry.register_collector(Box::new(process::Process));
    }
}

/// 0.25 ms to 8 s, doubling: a cached read is at one end, a model's answer waited for at the other.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

impl Metrics for PrometheusMetrics {
    fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = labels::known_method(method).to_owned();
        let route = RouteLabels { method: method.clone(), route: route.to_owned() };
        self.request_seconds.get_or_create(&route).observe(took.as_secs_f64());
        let status = labels::status_class(status);
        self.requests.get_or_create(&RequestLabels { method, route: route.route, status }).inc();
    }

    fn committed(&self, units: usize, took: Duration) {
        self.commit_units.observe(f64::from(u32::try_from(units).unwrap_or(u32::MAX)));
        self.commit_seconds.observe(took.as_secs_f64());
    }

    fn task_ended(&self, outcome: &'static str) {
        self.tasks.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    fn tokens(&self, model: &str, prompt: u64, completion: u64) {
        for (kind, count) in [("prompt", prompt), ("completion", completion)] {
            let labels = TokenLabels { model: self.seen_models.label(model), kind };
            self.tokens.get_or_create(&labels).inc_by(count);
        }
    }

    fn streams(&self, change: i64) {
        self.streams.inc_by(change);
    }

    fn agent_launched(&self) {
        self.agents_launched.inc();
    }

    fn agent_crashed(&self) {
        self.agents_crashed.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_recorded_is_in_the_text() {
        let metrics = PrometheusMetrics::new("1.2.3");
        metrics.request("GET", "/api/v1/projects/{project}", 200, Duration::from_millis(3));
        metrics.request("GET", "/api/v1/projects/{project}", 404, Duration::from_millis(1));
        metrics.request("GET", "/api/v1/projects/{project}", 404, Duration::from_millis(1));
        metrics.committed(5, Duration::from_millis(2));
        metrics.task_ended("completed");
        metrics.tokens("gpt-4", 100, 20);
        metrics.agent_launched();
        metrics.agent_crashed();
        let text = metrics.text();
        for line in [
            r#"connix_build_info{version="1.2.3"} 1"#,
            r#"connix_http_requests_total{method="GET",route="/api/v1/projects/{project}",status="2xx"} 1"#,
            r#"connix_http_requests_total{method="GET",route="/api/v1/projects/{project}",status="4xx"} 2"#,
            r#"connix_http_request_duration_seconds_count{method="GET",route="/api/v1/projects/{project}"} 3"#,
            "connix_commit_units_sum 5.0",
            "connix_commit_duration_seconds_count 1",
            r#"connix_tasks_ended_total{outcome="completed"} 1"#,
            r#"connix_model_tokens_total{model="gpt-4",kind="prompt"} 100"#,
            r#"connix_model_tokens_total{model="gpt-4",kind="completion"} 20"#,
            "connix_agents_launched_total 1",
            "connix_agents_crashed_total 1",
            "# TYPE process_resident_memory_bytes gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "no line `{line}` in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
