//! The one place that names every adapter, and says which of them the settings ask for.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use connix_application::{App, Intervals, Llm, Ports, RateLimits, ToolTerms, Upstream};
use connix_domain::agent::RuntimeKind as Kind;
use connix_domain::port::limits::Limits;
use connix_domain::port::oauth::Passwords;
use connix_domain::port::runtime::AgentRuntime;
use connix_domain::port::store::Store;
use connix_domain::price::PriceTable;
use connix_domain::rate_limit::{Figures, Policy};
use connix_http::server::Served;
use connix_http::{Cors, Exposition, Pace, TrustedProxies, UPSTREAM_CALLBACK};
use connix_identity::{
    Argon2Passwords, JwtAccessTokens, MasterKey, MasterSealer, PepperedCredentials, PepperedOpaqueCredentials,
};
use connix_metrics::PrometheusMetrics;
use connix_persistence::{Database, DatabaseUrl, MemoryLimits, OpenError, Options};
use connix_runtime::{ExternalRuntime, LocalRuntime, LocalSettings, WorkerProgram};
use connix_upstream::{OidcProvider, OidcSettings};
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::LlmEndpoint;
use connix_worker_protocol::tools::ToolSettings;
use url::Url;

use crate::data_folder::DataFolder;
use crate::equipment::WorkerEquipment;
use crate::settings::{HttpUrl, RuntimeKind, Settings};
use crate::system::{RandomIds, SystemClock};

/// At most so many calls of the model in one attempt at a task (`shared/reference/runtime.md`).
const MAX_STEPS: u32 = 25;

const DAY: Duration = Duration::from_secs(86_400);

/// Where things are counted.
pub(crate) fn metrics() -> Arc<PrometheusMetrics> {
    Arc::new(PrometheusMetrics::new(env!("CARGO_PKG_VERSION")))
}

/// The database at `url`, its tables up to date.
pub(crate) async fn database(url: &DatabaseUrl, metrics: Arc<PrometheusMetrics>) -> Result<Database, OpenError> {
    Database::open(url, Options { metrics: Some(metrics), ..Options::default() }).await
}

/// The budgets of requests and tokens that this server shares with all others of the database.
pub(crate) async fn limits(database: &Database) -> Result<Arc<dyn Limits>, OpenError> {
    database.limits(database.clock(Arc::new(SystemClock)).await?).await
}

/// For commands, which nobody is limited through.
pub(crate) fn no_limits() -> Arc<dyn Limits> {
    Arc::new(MemoryLimits::new(Arc::new(SystemClock)))
}

/// What runs agents' workers. `api` is the address that the API listens on.
pub(crate) fn runtime(settings: &Settings, folder: &DataFolder, api: SocketAddr) -> io::Result<Arc<dyn AgentRuntime>> {
    match settings.runtime.kind {
        RuntimeKind::External => Ok(no_runtime()),
        RuntimeKind::Local => {
            let local = LocalSettings {
                program: WorkerProgram::of(&settings.runtime.worker_command),
                server_url: HttpUrl::of_listener(reachable(api)).to_string(),
                run: folder.run(),
                workspaces: folder.workspaces(),
                workspace_bytes: settings.runtime.workspace_bytes,
            };
            Ok(Arc::new(LocalRuntime::start(local, Arc::new(SystemClock))?))
        }
    }
}

/// Where a child of ours reaches a listener of ours: one on all addresses is on the loopback address too.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// For commands and servers that run no agents' workers themselves.
pub(crate) fn no_runtime() -> Arc<dyn AgentRuntime> {
    Arc::new(ExternalRuntime)
}

/// The application on its adapters.
pub(crate) fn application(
    settings: &Settings,
    store: Arc<dyn Store>,
    master: &MasterKey,
    metrics: Arc<PrometheusMetrics>,
    runtime: Arc<dyn AgentRuntime>,
    limits: Arc<dyn Limits>,
) -> anyhow::Result<App> {
    let ports = Ports {
        store,
        credentials: Arc::new(PepperedCredentials::new(master)),
        opaque: Arc::new(PepperedOpaqueCredentials::new(master)),
        tokens: Arc::new(JwtAccessTokens::new(master)),
        passwords: Arc::new(Argon2Passwords::new()),
        sealer: Arc::new(MasterSealer::new(master)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        metrics,
        runtime,
        equipment: Arc::new(equipment(settings)),
        limits,
        upstream: upstream(settings)?,
    };
    Ok(App::new(ports, of_application(settings)))
}

/// The provider through which people may sign in, if one is set.
fn upstream(settings: &Settings) -> anyhow::Result<Option<Upstream>> {
    let Some(provider) = settings.identity.upstream.provider()? else { return Ok(None) };
    let agreed = OidcSettings {
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.to_owned(),
        client_secret: provider.client_secret.clone(),
        redirect_uri: format!("{}{UPSTREAM_CALLBACK}", issuer(settings)),
    };
    let name = provider.name.to_owned();
    Ok(Some(Upstream { name, provider: Arc::new(OidcProvider::new(agreed, Arc::new(SystemClock))?) }))
}

fn equipment(settings: &Settings) -> WorkerEquipment {
    let llm = LlmEndpoint {
        base_url: settings.llm.base_url.as_ref().map(ToString::to_string),
        api_key: settings.llm.api_key.as_ref().map(|key| Secret::new(key.expose())),
    };
    let folder = settings.data_dir.join("workspaces").join(".trial");
    WorkerEquipment { tools: tools(settings), llm, folder }
}

/// What workers are told of their tools.
fn tools(settings: &Settings) -> ToolSettings {
    ToolSettings {
        sandbox: settings.runtime.confined(),
        time_limit_ms: u64::from(settings.tools.time_limit_seconds) * 1000,
        allow_cidrs: settings.tools.allow_cidrs.iter().map(ToString::to_string).collect(),
        reserved: reserved(settings),
        web_search_url: settings.tools.web_search.url.as_ref().map(ToString::to_string),
        mcp: settings.tools.mcp.iter().map(|server| server.registered(settings.tools.time_limit_seconds)).collect(),
    }
}

/// What only the service itself dials: its listeners, and what it was configured to ask.
fn reserved(settings: &Settings) -> Vec<String> {
    let listeners = [settings.server.listen, settings.operations.listen].map(|address| address.to_string());
    let configured = [&settings.llm.base_url, &settings.tools.web_search.url].into_iter().flatten();
    let configured = configured.map(ToString::to_string);
    let asked = configured.chain(settings.tools.mcp.iter().filter_map(|server| server.url().map(str::to_owned)));
    let places = asked.filter_map(|url| {
        let url = Url::parse(&url).ok()?;
        Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
    });
    listeners.into_iter().chain(places).collect()
}

fn of_application(settings: &Settings) -> connix_application::Settings {
    connix_application::Settings {
        issuer: issuer(settings),
        signing_algorithm: settings.identity.signing_algorithm,
        llm: Llm {
            base_url: settings.llm.base_url.as_ref().map(ToString::to_string),
            api_key: settings.llm.api_key.clone(),
            default_model: settings.llm.default_model.clone(),
            prices: prices(&settings.llm),
        },
        runtime: match settings.runtime.kind {
            RuntimeKind::Local => Kind::Local,
            RuntimeKind::External => Kind::External,
        },
        tools: ToolTerms(serde_json::json!(tools(settings))),
        intervals: Intervals::new(
            Duration::from_secs(settings.runtime.lease_seconds.into()),
            Duration::from_secs(settings.runtime.stall_seconds.into()),
        ),
        sample_every: Duration::from_secs(settings.telemetry.sample_seconds.into()),
        max_steps: MAX_STEPS,
        retention: DAY * settings.telemetry.retention_days,
        rate_limits: settings.rate_limits.enabled.then(|| rate_limits(&settings.rate_limits)),
    }
}

fn rate_limits(settings: &crate::settings::RateLimits) -> RateLimits {
    let agents = &settings.agents;
    let figures = [
        (Policy::Hour, settings.requests_per_hour),
        (Policy::Minute, settings.requests_per_minute),
        (Policy::Tokens, settings.tokens_per_hour),
        (Policy::AgentsList, agents.list),
        (Policy::AgentsCreate, agents.create),
        (Policy::AgentsGet, agents.get),
        (Policy::AgentsUpdate, agents.update),
        (Policy::AgentsDelete, agents.delete),
        (Policy::AgentsActions, agents.actions),
        (Policy::AgentsLogs, agents.logs),
        (Policy::AgentsMetrics, agents.metrics),
    ];
    let figures = figures.into_iter().fold(Figures::default(), |all, (policy, figure)| all.with(policy, figure));
    RateLimits { figures, failed_credentials: settings.failed_credentials_per_minute }
}

/// The public address, without a slash at its end; where there is none yet, that of the listener.
fn issuer(settings: &Settings) -> String {
    let public = settings.server.public_url.clone().unwrap_or_else(|| HttpUrl::of_listener(settings.server.listen));
    public.to_string().trim_end_matches('/').to_owned()
}

/// A model that is priced twice has its last price.
fn prices(llm: &crate::settings::Llm) -> PriceTable {
    let prices = llm.prices.iter().map(|priced| (priced.model.clone(), priced.price)).collect();
    PriceTable { currency: llm.currency.clone(), prices }
}

/// What hashes passwords.
pub(crate) fn passwords() -> impl Passwords {
    Argon2Passwords::new()
}

/// What the listeners serve.
pub(crate) fn served(settings: &Settings, app: Arc<App>, metrics: Arc<PrometheusMetrics>) -> Served {
    let shown = metrics.clone();
    let origins = settings.server.cors_origins.iter().map(ToString::to_string).collect();
    let cors = Cors::new(origins, app.client_origins());
    Served {
        app,
        metrics,
        exposition: Exposition { content_type: connix_metrics::CONTENT_TYPE, text: Arc::new(move || shown.text()) },
        pace: Pace {
            heartbeat: Duration::from_secs(settings.streams.heartbeat_seconds),
            patience: Duration::from_secs(settings.streams.patience_seconds),
        },
        proxies: TrustedProxies::new(settings.server.trusted_proxies.clone()),
        cors,
    }
}
