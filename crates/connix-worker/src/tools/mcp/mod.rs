//! The tools of MCP servers that the operator registered (`tools.mcp`).
//!
//! A configuration names all tools of a server (`mcp:files`) or one (`mcp:files/read`); a model calls them by names that its
//! endpoint takes ([`name`]). A server is a program in the sandbox or an endpoint elsewhere ([`connection`]); the protocol
//! itself is `rmcp`'s. A connection lives as long as the attempt at a task that needs it: what one task did to a server, the
//! next does not see. A server's process is frozen while the agent is paused.
//!
//! *Invariants.* Nothing that a server says or does ends a task: it is told to the model. A server that is gone is started
//! anew by the next call, never by itself. What it says is bounded before it is kept ([`MOST_BYTES`]).

mod connection;
mod failures;
mod fault;
mod http;
mod listing;
mod name;
mod result;
mod stdio;
mod tool;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use connix_worker_protocol::mcp::McpServer;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::{FoundTool, Missing, Supplies, Tool, ToolError};
use connection::Connection;
use failures::Failure;
pub(crate) use failures::Failures;
use fault::McpFault;
use name::McpName;
use tool::McpTool;

/// Largest message that is taken from a server.
const MOST_BYTES: usize = 4 << 20;
/// The catalogue waits this long for a server: other tools are not to wait for it.
const LOOK: Duration = Duration::from_secs(8);

/// Whether a configuration's name is one of an MCP server's.
pub(super) fn is_mcp(name: &str) -> bool {
    McpName::parse(name).is_some()
}

/// The MCP servers that an agent's configuration names.
#[derive(Default)]
pub(super) struct McpServers(Vec<Named>);

/// One of them, and what the configuration wants of it.
struct Named {
    server: String,
    /// Single tools, or all when one of the names was the server's.
    all: bool,
    single: Vec<String>,
    /// Absent when this worker knows no such server.
    connection: Option<Arc<Connection>>,
    tools: Vec<Rc<dyn Tool>>,
    /// Why its tools are not there.
    failure: Option<Failure>,
    failures: Arc<Failures>,
}

impl McpServers {
    /// Connects to those that `names` names, all at the same time.
    pub(super) async fn open(names: &[String], supplies: &Supplies) -> Self {
        let mut servers: Vec<Named> = Vec::new();
        for McpName { server, tool } in names.iter().filter_map(|name| McpName::parse(name)) {
            let known = servers.iter().position(|named| named.server == server);
            let at = known.unwrap_or_else(|| {
                servers.push(Named::new(server, supplies));
                servers.len() - 1
            });
            match tool {
                Some(tool) => servers[at].single.push(tool.to_owned()),
                None => servers[at].all = true,
            }
        }
        let mut opened = Self(servers);
        opened.look(|named| named.failure.is_none()).await;
        opened
    }

    /// Asks again for the tools of servers that have news, or that could not be used a while ago.
    pub(super) async fn refresh(&mut self) {
        self.look(Named::is_due).await;
    }

    async fn look(&mut self, is_due: impl Fn(&Named) -> bool) {
        join_all(self.0.iter_mut().filter(|named| is_due(named)).map(Named::look)).await;
    }

    /// Their tools.
    pub(super) fn tools(&self) -> impl Iterator<Item = &Rc<dyn Tool>> {
        self.0.iter().flat_map(|named| &named.tools)
    }

    /// Why the function that a model calls is not there, when it is a server's that cannot be used.
    pub(super) fn missing(&self, function: &str) -> Option<ToolError> {
        let named = self.0.iter().find(|named| function.starts_with(&name::function_prefix(&named.server)))?;
        let Failure { fault, .. } = named.failure.as_ref()?;
        Some(ToolError::unavailable(format!("'{}' cannot be used: {fault}", name::of_server(&named.server))))
    }

    /// Stops the servers' processes, or lets them go on.
    pub(super) fn freeze(&self, frozen: bool) {
        self.0.iter().filter_map(|named| named.connection.as_ref()).for_each(|connection| connection.freeze(frozen));
    }
}

impl Named {
    fn new(server: &str, supplies: &Supplies) -> Self {
        let known = supplies.settings.mcp.iter().find(|known| known.name == server);
        let connection = known.map(|known| Arc::new(Connection::new(known.clone(), supplies)));
        let failures = Arc::clone(&supplies.mcp_failures);
        let failure = match &connection {
            Some(_) => failures.of(server),
            None => Some(Failure::now(McpFault::Unusable("this worker knows no such server".to_owned()))),
        };
        let (server, single, tools) = (server.to_owned(), Vec::new(), Vec::new());
        Self { server, all: false, single, connection, tools, failure, failures }
    }

    fn is_due(&self) -> bool {
        match &self.failure {
            Some(failure) => failure.is_over(),
            None => self.connection.as_ref().is_some_and(|connection| connection.has_news()),
        }
    }

    async fn look(&mut self) {
        let Some(connection) = &self.connection else { return };
        match connection.tools().await {
            Ok(offered) => {
                let wanted = |tool: &McpTool| self.all || self.single.iter().any(|single| single == tool.offered());
                let tools = offered.iter().map(|offered| McpTool::new(offered, Arc::clone(connection)));
                self.tools = tools.filter(wanted).map(|tool| Rc::new(tool) as Rc<dyn Tool>).collect();
                self.failure = None;
                connection.has_news();
            }
            Err(fault) => {
                let fault = fault.redacted(connection.redactor());
                tracing::warn!(server = self.server, %fault, "an MCP server cannot be used");
                self.failure = Some(Failure::now(fault));
            }
        }
        self.failures.note(&self.server, self.failure.as_ref());
    }
}

/// A server as the catalogue shows it: itself, and, when it can be used, its tools.
pub(super) async fn found(server: &McpServer, supplies: &Supplies) -> Vec<FoundTool> {
    let connection = Connection::new(server.clone(), supplies);
    let redactor = connection.redactor();
    let whole = |missing| FoundTool {
        name: name::of_server(&server.name),
        description: format!("All tools of the MCP server '{}'", server.name),
        parameters: None,
        missing,
    };
    let limit = LOOK.min(connection.time_limit());
    let silence = || McpFault::Unusable(format!("it did not answer within {} s", limit.as_secs()));
    let asked = timeout(limit, connection.tools()).await;
    match asked.unwrap_or_else(|_| Err(silence())) {
        Ok(offered) => {
            let tool = |tool: &rmcp::model::Tool| FoundTool {
                name: name::of_tool(&server.name, &tool.name),
                description: redactor.text(&listing::description(tool)).into_owned(),
                parameters: Some(redactor.document(listing::schema(tool))),
                missing: None,
            };
            std::iter::once(whole(None)).chain(offered.iter().map(tool)).collect()
        }
        Err(fault) => {
            let reason = fault.redacted(redactor).to_string();
            vec![whole(Some(Missing { reason, setting: Some("tools.mcp") }))]
        }
    }
}
