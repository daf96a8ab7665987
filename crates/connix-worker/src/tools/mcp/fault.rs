//! What can go wrong with an MCP server, in words for a model and for whoever configures an agent.

use connix_outbound::root_cause;
use connix_redaction::Redactor;
use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use thiserror::Error;

use super::super::ToolError;

/// Most characters that are repeated of what a server says of itself.
pub(super) const LONGEST_TEXT: usize = 2000;

/// Why a server's tools cannot be used, or a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum McpFault {
    /// It cannot be started or dialled, or does not say what a server says.
    #[error("the MCP server cannot be used: {0}")]
    Unusable(String),
    /// It went away.
    #[error("the MCP server is gone: {0}. It is started anew at the next call; what this call has done is not known")]
    Gone(String),
    /// It answered with more than is taken.
    #[error("the MCP server answered with more than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// It answered with an error.
    #[error("the MCP server answered with error {code}: {message}")]
    Refused { code: i32, message: String },
    /// It answered with something that is of no use here.
    #[error("the MCP server {0}")]
    Useless(&'static str),
}

impl McpFault {
    /// The same without secrets in what the server said.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        let text = |text: String| redactor.text(&text).into_owned();
        match self {
            Self::Unusable(why) => Self::Unusable(text(why)),
            Self::Gone(how) => Self::Gone(text(how)),
            Self::Refused { code, message } => Self::Refused { code, message: text(message) },
            Self::TooLarge(_) | Self::Useless(_) => self,
        }
    }

    /// For the model.
    pub(super) fn to_tool_error(&self) -> ToolError {
        let code = match self {
            Self::Unusable(_) => "tool_unavailable",
            Self::Gone(_) => "mcp_server_gone",
            Self::TooLarge(_) => "result_too_large",
            Self::Refused { .. } => "mcp_error",
            Self::Useless(_) => "mcp_unexpected",
        };
        ToolError::new(code, self.to_string())
    }

    /// What became of a request over a connection that stands.
    pub(super) fn of_request(error: &ServiceError) -> Self {
        match error {
            ServiceError::McpError(said) => Self::Refused { code: said.code.0, message: shortened(&said.message) },
            ServiceError::TransportSend(error) => Self::Gone(transport_words(error.error.as_ref())),
            ServiceError::TransportClosed => Self::Gone("it hung up".to_owned()),
            ServiceError::Cancelled { .. } => Self::Useless("cancelled the call"),
            _ => Self::Useless("gave an answer that is none to this call"),
        }
    }

    /// Why a connection was not made.
    pub(super) fn of_start(error: &ClientInitializeError) -> Self {
        Self::Unusable(match error {
            ClientInitializeError::JsonRpcError(said) => {
                format!("it answered `initialize` with error {}: {}", said.code.0, shortened(&said.message))
            }
            ClientInitializeError::TransportError { error, .. } => transport_words(error.error.as_ref()),
            ClientInitializeError::ConnectionClosed(_) => "it hung up before it answered `initialize`".to_owned(),
            _ => "it does not answer `initialize` as an MCP server does".to_owned(),
        })
    }
}

/// The beginning of a text, without control characters.
pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || *character == '\n').take(LONGEST_TEXT).collect()
}

/// Without the URL, which may hold a secret.
fn transport_words(error: &(dyn std::error::Error + 'static)) -> String {
    let http = error.downcast_ref::<StreamableHttpError<reqwest::Error>>();
    match http {
        Some(StreamableHttpError::Client(error)) => match error.status() {
            Some(status) => format!("it answered {status}"),
            None => root_cause(error),
        },
        Some(StreamableHttpError::AuthRequired(_)) => "it asks for other credentials (401)".to_owned(),
        Some(StreamableHttpError::InsufficientScope(_)) => "it asks for other rights (403)".to_owned(),
        Some(StreamableHttpError::UnexpectedContentType(_)) => {
            "what it answers is neither JSON nor a stream of events".to_owned()
        }
        Some(known) => shortened(&known.to_string()),
        None => match error.source() {
            Some(deeper) => transport_words(deeper),
            None => shortened(&error.to_string()),
        },
    }
}
