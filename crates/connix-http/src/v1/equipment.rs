//! What an agent's configuration may name: tools and models (contract section 8).

use crate::call::Call;
use crate::problem::Problem;
use crate::query::PagePagination;
use crate::reply::Reply;
use crate::route::{Answer, Method, PAGE, Route};
use actix_web::{HttpResponse, web};
use connix_domain::page::Window;
use connix_domain::permission::Permission;
use connix_domain::tool::Tool;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

const TAG: &str = "Agents";

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/api/v1/tools", "listTools", || web::to(tools))
        .about(TAG, "List the tools that an agent's config may name, and why some may not be named")
        .needs(Permission::AgentsRead)
        .query(&[PAGE])
        .answers(&[Answer::of::<ToolList>(200, "A page of tools")]),
    Route::new(Method::Get, "/api/v1/models", "listModels", || web::to(models))
        .about(TAG, "List the models that an agent's config may name")
        .needs(Permission::AgentsRead)
        .query(&[PAGE])
        .answers(&[Answer::of::<ModelList>(200, "A page of models")]),
];

/// A tool.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tool")]
struct ToolView<'t> {
    /// What `config.tools` calls it.
    name: &'t str,
    description: &'t str,
    /// JSON schema of its arguments; null of a set of tools, and where it is not known.
    #[schemars(with = "Option<Map<String, Value>>")]
    input_schema: Option<&'t Value>,
    /// `available` or `unavailable`.
    status: &'static str,
    /// Why it is not available.
    reason: Option<&'t str>,
    /// The setting that would change that.
    setting: Option<&'t str>,
}

/// A page of tools.
#[derive(Debug, Serialize, JsonSchema)]
struct ToolList<'t> {
    data: Vec<ToolView<'t>>,
    pagination: PagePagination,
}

/// A model.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Model")]
struct ModelView<'m> {
    /// What `config.model` calls it.
    name: &'m str,
    /// Whether it is the one of an agent whose config names none.
    default: bool,
}

/// A page of models.
#[derive(Debug, Serialize, JsonSchema)]
struct ModelList<'m> {
    data: Vec<ModelView<'m>>,
    pagination: PagePagination,
    /// Who says so: `endpoint`, or `settings` when the endpoint gives no list.
    source: &'static str,
}

impl<'t> ToolView<'t> {
    fn of(tool: &'t Tool) -> Self {
        let obstacle = tool.obstacle.as_ref();
        Self {
            name: &tool.name,
            description: &tool.description,
            input_schema: tool.parameters.as_ref(),
            status: if obstacle.is_none() { "available" } else { "unavailable" },
            reason: obstacle.map(|obstacle| obstacle.reason.as_str()),
            setting: obstacle.and_then(|obstacle| obstacle.setting.as_deref()),
        }
    }
}

async fn tools(call: Call) -> Result<HttpResponse, Problem> {
    let window = window(&call)?;
    let catalogue = call.app.tools(&call.caller)?;
    let (data, pagination) = page(catalogue.tools(), window, ToolView::of);
    Ok(Reply::ok(&ToolList { data, pagination }).into())
}

async fn models(call: Call) -> Result<HttpResponse, Problem> {
    let window = window(&call)?;
    let models = call.app.models(&call.caller).await?;
    let view = |name| ModelView { name, default: *name == models.default };
    let (data, pagination) = page(&models.names, window, |name| view(name));
    let source = if models.from_endpoint { "endpoint" } else { "settings" };
    Ok(Reply::ok(&ModelList { data, pagination, source }).into())
}

fn window(call: &Call) -> Result<Window, Problem> {
    let mut query = call.query();
    let window = query.page();
    query.finish()?;
    Ok(window)
}

fn page<'i, I, V>(items: &'i [I], window: Window, view: impl Fn(&'i I) -> V) -> (Vec<V>, PagePagination) {
    let number = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    let shown = items.iter().skip(number(window.offset)).take(number(window.limit)).map(view).collect();
    (shown, PagePagination::new(window, i64::try_from(items.len()).unwrap_or(i64::MAX)))
}
