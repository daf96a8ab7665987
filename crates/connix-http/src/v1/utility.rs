//! Utility calls (OVER; contract section 11).

use crate::call::Call;
use crate::openapi::{self, page};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::Reply;
use crate::route::{Answer, Method, Parameter, ParameterType, Route};
use actix_web::http::header::{ContentType, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use connix_application::App;
use connix_domain::confinement::Confinement;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;
use std::time::Duration;

const TAG: &str = "Utility";
/// The store has this long to answer before it is called unavailable.
const PATIENCE: Duration = Duration::from_secs(2);

const NAME: &[Parameter] = &[Parameter::new("name", ParameterType::Text, "Who is to be greeted")];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/api/v1/hello", "hello", || web::to(hello))
        .about(TAG, "Test the API and the key")
        .query(&[NAME])
        .answers(&[Answer::of::<Greeting>(200, "A greeting")]),
    Route::new(Method::Get, "/api/v1/status", "getStatus", || web::to(status))
        .about(TAG, "Service status and version")
        .public()
        .answers(&[Answer::of::<Status>(200, "How the service is")]),
    Route::new(Method::Get, page::DOCUMENT, "getDocs", || web::to(docs))
        .about(TAG, "The OpenAPI document; a browser gets an interactive page")
        .public()
        .answers(&[Answer::of::<Map<String, Value>>(200, "An OpenAPI 3.0 document")]),
    Route::new(Method::Get, "/api/v1/docs/assets/{file}", "getDocsAsset", || web::to(asset))
        .about(TAG, "A file of the interactive page")
        .public()
        .answers(&[Answer::empty(200, "The file")]),
];

#[derive(Debug, Serialize, JsonSchema)]
struct Greeting {
    message: String,
}

async fn hello(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let name = query.text("name").filter(|name| !name.is_empty());
    query.finish()?;
    let name = name.as_deref().unwrap_or("World");
    Ok(Reply::ok(&Greeting { message: format!("Hello {name}! Welcome to Connix API v1") }).into())
}

/// How the service is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceStatus")]
struct Status {
    /// `operational` or `degraded`.
    status: &'static str,
    version: &'static str,
    api_version: &'static str,
    uptime_seconds: u64,
    components: Components,
}

/// How programs of tools are confined.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceSandbox")]
struct Sandbox {
    /// `strict`: fully, or tools that need it are refused. `none`: not at all, by the operator's choice.
    mode: &'static str,
    /// Whether programs can be run so.
    available: bool,
    /// Why they cannot.
    reason: Option<String>,
    /// How all processes of a program are made to end with it: `namespace` or `sweep`.
    containment: Option<&'static str>,
}

impl From<Confinement> for Sandbox {
    fn from(found: Confinement) -> Self {
        let containment = found.containment.as_ref().ok().map(|containment| containment.as_str());
        let mode = found.mode.as_str();
        Self { mode, available: containment.is_some(), reason: found.containment.err(), containment }
    }
}

/// How its parts are: `operational` or `unavailable`, and the sandbox.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceComponents")]
struct Components {
    api: &'static str,
    store: &'static str,
    /// How programs of tools are confined on this host; null until it has been tried.
    sandbox: Option<Sandbox>,
}

async fn status(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(request.query_string()).finish()?;
    let answers = matches!(tokio::time::timeout(PATIENCE, app.check_store()).await, Ok(Ok(())));
    Ok(Reply::ok(&Status {
        status: if answers { "operational" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        api_version: "v1",
        uptime_seconds: app.uptime_seconds(),
        components: Components {
            api: "operational",
            store: if answers { "operational" } else { "unavailable" },
            sandbox: app.confinement().map(Sandbox::from),
        },
    })
    .into())
}

async fn docs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document().to_string());
    if page::is_wanted(request.headers()) {
        return page::page();
    }
    let vary = (VARY, page::BY_ACCEPT);
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).insert_header(vary).body(DOCUMENT.as_str()))
}

async fn asset(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    page::asset(&name)
}
