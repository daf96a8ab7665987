//! The connection to one MCP server: made when it is needed, and made anew when it is gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connix_outbound::Traffic;
use connix_redaction::Redactor;
use connix_worker_protocol::mcp::{McpEndpoint, McpProgram, McpReach, McpServer, WORKSPACE};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotificationParam, ClientCapabilities,
    ClientConfig, ClientRequest, Implementation, ProtocolVersion, RequestId, ServerResult, Tool,
};
use rmcp::service::{ClientInitializeError, NotificationContext, PeerRequestOptions, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, RoleClient, ServiceError, serve_client};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::MOST_BYTES;
use super::fault::McpFault;
use super::http::CountedHttp;
use super::listing;
use super::stdio::{BoundedLines, Noticed};
use crate::http::client_for;
use crate::sandbox::{Program, Sandbox, Served, Serving};
use crate::tools::{Arguments, CallClock, Supplies};

/// Starting, and saying what tools there are, may take this long at most.
const START: Duration = Duration::from_secs(20);
/// A server is told within this time that a call is of no more interest.
const NOTICE: Duration = Duration::from_secs(2);

/// The connection to a server, there or not.
pub(super) struct Connection {
    server: McpServer,
    sandbox: Arc<Sandbox>,
    traffic: Traffic,
    redactor: Arc<Redactor>,
    frozen: watch::Sender<bool>,
    /// The list of tools may be another one than when it was last asked for.
    news: Arc<AtomicBool>,
    live: Mutex<Option<Arc<Live>>>,
}

/// A connection that stands.
struct Live {
    service: RunningService<RoleClient, Listener>,
    /// The server's process and what was noticed of it, where it is one of ours.
    process: Option<(Served, Noticed)>,
}

/// Hears what a server says by itself.
struct Listener(Arc<AtomicBool>);

impl ClientHandler for Listener {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("connix", env!("CARGO_PKG_VERSION")))
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}

impl Connection {
    /// Nothing is started yet.
    pub(super) fn new(server: McpServer, supplies: &Supplies) -> Self {
        Self {
            redactor: Arc::new(Redactor::new(server.secrets.iter().map(|secret| secret.expose()))),
            server,
            sandbox: Arc::clone(&supplies.sandbox),
            traffic: supplies.traffic.clone(),
            frozen: watch::Sender::new(false),
            news: Arc::default(),
            live: Mutex::default(),
        }
    }

    /// What configurations call the server.
    pub(super) fn name(&self) -> &str {
        &self.server.name
    }

    /// The longest time of a call.
    pub(super) fn time_limit(&self) -> Duration {
        Duration::from_millis(self.server.timeout_ms)
    }

    /// Takes the server's own secrets out of what it says.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether the server's tools may be others than they were; once.
    pub(super) fn has_news(&self) -> bool {
        self.news.swap(false, Ordering::Relaxed)
    }

    /// Stops the server's process, or lets it go on. A server elsewhere is not ours to stop.
    pub(super) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// The server's tools. Connects if need be.
    pub(super) async fn tools(&self) -> Result<Vec<Tool>, McpFault> {
        let live = self.connected().await?;
        let limit = START.min(self.time_limit());
        match timeout(limit, listing::tools(live.service.peer())).await {
            Ok(Ok(tools)) => Ok(tools),
            Ok(Err(error)) => match self.lost(live, &error).await {
                McpFault::Gone(why) => Err(McpFault::Unusable(why)),
                fault => Err(fault),
            },
            Err(_) => {
                Err(McpFault::Unusable(format!("it did not say within {} s which tools it has", limit.as_secs())))
            }
        }
    }

    /// Calls a tool. Dropping this tells the server that the result is of no more interest.
    pub(super) async fn call(&self, tool: &str, arguments: &Arguments) -> Result<CallToolResult, McpFault> {
        let live = self.connected().await?;
        let mut params = CallToolRequestParams::new(tool.to_owned());
        params.arguments = Some(arguments.clone());
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let asked = live.service.peer().send_cancellable_request(request, PeerRequestOptions::no_options()).await;
        let answered = match asked {
            Ok(handle) => {
                let mut waiting = Waiting { live: Arc::clone(&live), request: Some(handle.id.clone()) };
                let answered = handle.await_response().await;
                waiting.request = None;
                answered
            }
            Err(error) => Err(error),
        };
        match answered {
            Ok(ServerResult::CallToolResult(result)) => Ok(result),
            Ok(ServerResult::InputRequiredResult(_)) => Err(McpFault::Useless("asks for input that an agent has not")),
            Ok(ServerResult::CreateTaskResult(_)) => Err(McpFault::Useless("answers later, which is not waited for")),
            Ok(_) => Err(McpFault::Useless("gave an answer that is none to this call")),
            Err(error) => Err(self.lost(live, &error).await),
        }
    }

    /// The connection that stands, or a new one.
    async fn connected(&self) -> Result<Arc<Live>, McpFault> {
        let mut kept = self.live.lock().await;
        if let Some(live) = kept.as_ref().filter(|live| !live.service.peer().is_transport_closed()) {
            return Ok(Arc::clone(live));
        }
        *kept = None;
        let live = Arc::new(self.connect().await?);
        self.news.store(true, Ordering::Relaxed);
        *kept = Some(Arc::clone(&live));
        Ok(live)
    }

    async fn connect(&self) -> Result<Live, McpFault> {
        match &self.server.reach {
            McpReach::Program(program) => self.start(program).await,
            McpReach::Endpoint(endpoint) => self.dial(endpoint).await,
        }
    }

    async fn start(&self, McpProgram { command, env, readable }: &McpProgram) -> Result<Live, McpFault> {
        let workspace = self.sandbox.workspace().display().to_string();
        let words = command.iter().map(|word| word.replace(WORKSPACE, &workspace)).collect();
        let serving = Serving {
            program: Program { words, environment: env.clone() },
            readable: readable.clone(),
            clock: CallClock::new(self.frozen.subscribe()),
            redactor: Arc::clone(&self.redactor),
        };
        let (served, socket) = self.sandbox.serve(serving).await.map_err(McpFault::Unusable)?;
        let noticed = Noticed::default();
        let (read, write) = socket.into_split();
        let lines = BoundedLines::new(read, MOST_BYTES, noticed.clone());
        let transport = AsyncRwTransport::new(lines, write);
        match self.greeted(serve_client(Listener(Arc::clone(&self.news)), transport)).await {
            Ok(service) => Ok(Live { service, process: Some((served, noticed)) }),
            Err(fault) => Err(self.explained(fault, served, &noticed).await),
        }
    }

    async fn dial(&self, McpEndpoint { url, headers }: &McpEndpoint) -> Result<Live, McpFault> {
        let unusable = |why: String| McpFault::Unusable(why);
        let parsed: Url = url.parse().map_err(|_| unusable("its url is none".to_owned()))?;
        let client = client_for(&parsed).map_err(|error| unusable(connix_outbound::root_cause(&error)))?;
        let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
        config.custom_headers = HashMap::new();
        for (name, value) in headers {
            let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), value.expose().parse::<HeaderValue>()) else {
                return Err(unusable(format!("the header {name} cannot be sent")));
            };
            value.set_sensitive(true);
            config.custom_headers.insert(name, value);
        }
        config.max_sse_event_size = MOST_BYTES;
        let http = CountedHttp { client, traffic: self.traffic.clone() };
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let service = self.greeted(serve_client(Listener(Arc::clone(&self.news)), transport)).await?;
        Ok(Live { service, process: None })
    }

    async fn greeted<S>(
        &self,
        greeting: impl Future<Output = Result<S, ClientInitializeError>>,
    ) -> Result<S, McpFault> {
        let limit = START.min(self.time_limit());
        match timeout(limit, greeting).await {
            Ok(greeted) => greeted.map_err(|error| McpFault::of_start(&error)),
            Err(_) => Err(McpFault::Unusable(format!("it did not answer `initialize` within {} s", limit.as_secs()))),
        }
    }

    /// Why a program did not become a server.
    async fn explained(&self, fault: McpFault, served: Served, noticed: &Noticed) -> McpFault {
        let McpFault::Unusable(mut why) = fault else { return fault };
        if noticed.too_long() {
            return McpFault::TooLarge(MOST_BYTES);
        }
        if why.contains("hung up") {
            why = self.account(served).await;
        }
        match noticed.garbage() {
            0 => McpFault::Unusable(why),
            lines => McpFault::Unusable(format!("{why}; {lines} lines of what it prints are no messages")),
        }
    }

    /// How a program ended. What it complained of is for the operator alone.
    async fn account(&self, served: Served) -> String {
        let (how, complaints) = served.account().await;
        tracing::warn!(server = self.server.name, how, complaints, "an MCP server has ended");
        how
    }

    /// What a failed request says about the connection: one that is gone is let go of.
    async fn lost(&self, live: Arc<Live>, error: &ServiceError) -> McpFault {
        let fault = McpFault::of_request(error);
        if !matches!(fault, McpFault::Gone(_)) {
            return fault;
        }
        let mut kept = self.live.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &live)) {
            *kept = None;
        }
        drop(kept);
        match Arc::into_inner(live).and_then(|live| live.process) {
            Some((_, noticed)) if noticed.too_long() => McpFault::TooLarge(MOST_BYTES),
            Some((served, _)) => McpFault::Gone(self.account(served).await),
            None => fault,
        }
    }
}

/// A call whose answer is waited for. Dropped before it has come, it tells the server.
struct Waiting {
    live: Arc<Live>,
    request: Option<RequestId>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let (Some(request), Ok(runtime)) = (self.request.take(), Handle::try_current()) else { return };
        let live = Arc::clone(&self.live);
        // holds the connection for as long
        runtime.spawn(async move {
            let notice = CancelledNotificationParam::new(Some(request), Some("the call was called off".to_owned()));
            let _ = timeout(NOTICE, live.service.peer().notify_cancelled(notice)).await;
        });
    }
}
