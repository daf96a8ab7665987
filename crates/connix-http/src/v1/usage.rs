//! What a project used, on `/api/v1` (contract section 5).

use crate::call::Call;
use crate::figure::{Figure, PeriodView};
use crate::problem::Problem;
use crate::query::PERIOD;
use crate::reply::Reply;
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, Route};
use actix_web::{HttpResponse, web};
use connix_application::ProjectUsage;
use connix_domain::permission::Permission;
use connix_domain::price::PriceTable;
use connix_domain::task::Usage;
use connix_domain::telemetry::ModelUsage;
use schemars::JsonSchema;
use serde::Serialize;

/// The entries of the table.
pub(crate) const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/api/v1/projects/{project}/usage", "getProjectUsage", || web::to(get))
        .about("Usage", "Retrieve what a project used over a period, in all and as a series; known by the minute")
        .needs(Permission::ProjectsRead)
        .query(&[PERIOD])
        .answers(&[Answer::of::<UsageAnswer>(200, "The usage")])];

/// What a project used over a period.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProjectUsage")]
struct UsageAnswer<'u> {
    /// `proj_` and 16 hexadecimal digits.
    project_id: String,
    usage: UsageView<'u>,
    period: PeriodView,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Usage")]
struct UsageView<'u> {
    #[serde(flatten)]
    total: FiguresView<'u>,
    /// Bytes in the project's workspace now; `null` when this server does not see it.
    storage_bytes: Option<u64>,
    /// One entry per interval, empty ones too.
    time_series: Vec<SeriesEntry<'u>>,
}

/// What was used in a stretch of time, also by agents that are deleted since.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageFigures")]
struct FiguresView<'u> {
    tasks: TasksView,
    tokens: TokensView,
    /// By model, in the order of their names.
    models: Vec<ModelView<'u>>,
    /// For how long agents' processes lived, together, in seconds.
    agent_seconds: Figure,
    cost: CostView<'u>,
}

/// Tasks that ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageTasks")]
struct TasksView {
    /// `completed + failed`.
    total: i64,
    completed: i64,
    failed: i64,
}

/// Model tokens, counted when they were reported.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageTokens")]
struct TokensView {
    /// Calls of models.
    requests: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    total_tokens: i64,
}

/// What was used of one model.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModelUsage")]
struct ModelView<'u> {
    model: &'u str,
    #[serde(flatten)]
    tokens: TokensView,
    /// By the price table of the settings; `null` for a model without a price.
    cost: Option<Figure>,
}

/// What it cost.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageCost")]
struct CostView<'u> {
    /// Of the models that have a price.
    amount: Figure,
    currency: &'u str,
    /// Models that were used and have no price (`llm.prices`).
    unpriced_models: Vec<&'u str>,
}

/// An interval of the series.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageInterval")]
struct SeriesEntry<'u> {
    /// When the interval begins.
    timestamp: Instant,
    #[serde(flatten)]
    figures: FiguresView<'u>,
    /// Bytes in the project's workspace when last measured in the interval; `null`: not measured, since no agent ran here.
    storage_bytes: Option<i64>,
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let period = query.period(call.app.now());
    let period = query.finish_with(period)?;
    let usage = call.app.project_usage(&call.caller, &call.project(), period).await?;
    Ok(Reply::ok(&UsageAnswer::of(&usage, &call.app.settings().llm.prices)).into())
}

impl<'u> UsageAnswer<'u> {
    fn of(used: &'u ProjectUsage, prices: &'u PriceTable) -> Self {
        let series = used.report.series.iter().map(|bucket| SeriesEntry {
            timestamp: bucket.start.into(),
            figures: FiguresView::of(&bucket.models, prices),
            storage_bytes: bucket.storage,
        });
        let usage = UsageView {
            total: FiguresView::of(&used.report.total, prices),
            storage_bytes: used.storage,
            time_series: series.collect(),
        };
        Self { project_id: used.project.id.to_string(), usage, period: PeriodView::of(used.period) }
    }
}

impl<'u> FiguresView<'u> {
    fn of(models: &'u [ModelUsage], prices: &'u PriceTable) -> Self {
        let (completed, failed) = models.iter().fold((0, 0), |sum, of| (sum.0 + of.completed, sum.1 + of.failed));
        let usage = models.iter().fold(Usage::default(), |sum, of| sum.plus(of.usage));
        let micros: i64 = models.iter().map(|of| of.agent_micros).sum();
        let asked: Vec<_> = models.iter().filter(|of| of.usage != Usage::default()).collect();
        Self {
            tasks: TasksView { total: completed + failed, completed, failed },
            tokens: TokensView::of(usage),
            models: asked.iter().map(|of| ModelView::of(of, prices)).collect(),
            agent_seconds: Figure(micros as f64 / 1e6),
            cost: CostView::of(&asked, prices),
        }
    }
}

impl TokensView {
    fn of(usage: Usage) -> Self {
        Self {
            requests: usage.requests,
            prompt_tokens: usage.prompt,
            completion_tokens: usage.completion,
            total_tokens: usage.total(),
        }
    }
}

impl<'u> ModelView<'u> {
    fn of(used: &'u ModelUsage, prices: &PriceTable) -> Self {
        let cost = prices.cost(&used.model, used.usage).map(Figure);
        Self { model: &used.model, tokens: TokensView::of(used.usage), cost }
    }
}

impl<'u> CostView<'u> {
    fn of(asked: &[&'u ModelUsage], prices: &'u PriceTable) -> Self {
        let cost = |of: &&ModelUsage| prices.cost(&of.model, of.usage);
        let unpriced = asked.iter().filter(|of| cost(of).is_none());
        Self {
            // begun with 0: a sum of no floats is -0
            amount: Figure(asked.iter().filter_map(cost).fold(0.0, |sum, cost| sum + cost)),
            currency: &prices.currency,
            unpriced_models: unpriced.map(|of| of.model.as_str()).collect(),
        }
    }
}
