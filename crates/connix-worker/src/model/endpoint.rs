//! One call of a chat-completions endpoint.

use std::fmt;

use connix_outbound::Traffic;
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::LlmEndpoint;
use reqwest::{Client, Response, Url, header};
use serde::Serialize;
use serde_json::Value;

use super::estimate;
use super::fault::{FaultKind, ModelFault};
use super::reply::{ModelReply, read_reply};
use crate::{clock, http};

/// Largest reply that is read.
const MOST_BODY: usize = 16 << 20;

const NOT_CONFIGURED: &str = "No model endpoint is configured. Set llm.base_url (CONNIX_LLM__BASE_URL) to an \
    OpenAI-compatible endpoint, for example http://127.0.0.1:11434/v1, and restart the server.";

/// Where models are asked.
#[derive(Clone)]
pub(crate) struct ChatEndpoint {
    http: Client,
    url: Url,
    api_key: Option<Secret>,
    traffic: Traffic,
}

/// What is asked.
#[derive(Debug, Serialize)]
pub(crate) struct ChatRequest<'a> {
    pub(crate) model: &'a str,
    pub(crate) temperature: f64,
    pub(crate) max_tokens: i64,
    pub(crate) messages: &'a [Value],
    /// What it may call. Left out when there is nothing: some endpoints refuse an empty list.
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    pub(crate) tools: &'a [Value],
}

impl ChatRequest<'_> {
    /// What the prompt takes, for endpoints that do not count.
    pub(crate) fn estimated_tokens(&self) -> i64 {
        let tools = self.tools.iter().map(|tool| estimate::tokens_of_text(&tool.to_string())).sum::<i64>();
        estimate::tokens_of_messages(self.messages) + tools
    }
}

impl ModelReply {
    /// What the answer takes, for endpoints that do not count.
    pub(crate) fn estimated_tokens(&self) -> i64 {
        let calls = self.answer.tool_calls.iter().map(|call| estimate::tokens_of_text(&call.arguments)).sum::<i64>();
        estimate::tokens_of_text(&self.answer.content) + calls
    }
}

impl ChatEndpoint {
    /// # Errors
    /// In words for the user, when none is configured or it is no URL.
    pub(crate) fn new(endpoint: &LlmEndpoint, traffic: Traffic) -> Result<Self, String> {
        let base = endpoint.base_url.as_deref().filter(|url| !url.trim().is_empty()).ok_or(NOT_CONFIGURED)?;
        let url: Url = format!("{}/chat/completions", base.trim().trim_end_matches('/'))
            .parse()
            .map_err(|error| format!("llm.base_url is not a URL: {error}. {NOT_CONFIGURED}"))?;
        let http = http::client_for(&url).map_err(|error| format!("llm.base_url cannot be used: {error}"))?;
        let api_key = endpoint.api_key.clone().filter(|key| !key.expose().is_empty());
        Ok(Self { http, url, api_key, traffic })
    }

    /// Asks once. The caller sets the time limit by dropping the call.
    pub(crate) async fn ask(&self, request: &ChatRequest<'_>) -> Result<ModelReply, ModelFault> {
        self.exchange(request).await.map_err(|mut fault| {
            fault.message = self.explain(fault.kind, request.model, &self.without_key(&fault.message));
            fault
        })
    }

    async fn exchange(&self, request: &ChatRequest<'_>) -> Result<ModelReply, ModelFault> {
        let mut call = self.http.post(self.url.clone()).json(request);
        if let Some(key) = &self.api_key {
            call = call.bearer_auth(key.expose());
        }
        let response = self.traffic.send(call).await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = read_body(response).await?;
        read_reply(status, retry_after.as_deref(), &body, clock::now())
    }

    /// The endpoint's own words, and whose they are.
    fn explain(&self, kind: FaultKind, model: &str, said: &str) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match kind {
            FaultKind::Unavailable => format!("The model endpoint {host} is not available: {said}"),
            FaultKind::RateLimited => format!("The model endpoint {host} limits its use: {said}"),
            FaultKind::BadReply => format!("The model endpoint {host} sent something that is no answer: {said}"),
            FaultKind::Auth => format!("The model endpoint {host} refused the API key (llm.api_key): {said}"),
            FaultKind::ModelNotFound => {
                format!("The model endpoint {host} knows no model '{model}', or llm.base_url is wrong: {said}")
            }
            FaultKind::Refused => format!("The model endpoint {host} refused the request: {said}"),
        }
    }

    /// Some endpoints quote the key that they refuse.
    fn without_key(&self, message: &str) -> String {
        match &self.api_key {
            Some(key) => message.replace(key.expose(), "[redacted]"),
            None => message.to_owned(),
        }
    }
}

impl fmt::Debug for ChatEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatEndpoint").field("host", &self.url.host_str()).field("api_key", &self.api_key).finish()
    }
}

pub(super) async fn read_body(mut response: Response) -> Result<Vec<u8>, ModelFault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BODY {
            let message = format!("more than {MOST_BODY} bytes");
            return Err(ModelFault { kind: FaultKind::BadReply, message, retry_after: None });
        }
    }
    Ok(body)
}

fn unreachable(error: reqwest::Error) -> ModelFault {
    let error = error.without_url();
    let message = format!("{error}{}", crate::server::root_cause(&error));
    ModelFault { kind: FaultKind::Unavailable, message, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base_url: Option<&str>) -> Result<ChatEndpoint, String> {
        let api_key = Some(Secret::new("sk-sensitive"));
        ChatEndpoint::new(&LlmEndpoint { base_url: base_url.map(str::to_owned), api_key }, Traffic::default())
    }

    #[test]
    fn the_path_is_appended_with_and_without_a_trailing_slash() {
        for base in ["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/", " http://127.0.0.1:11434/v1 "] {
            assert_eq!(endpoint(Some(base)).unwrap().url.as_str(), "http://127.0.0.1:11434/v1/chat/completions");
        }
    }

    #[test]
    fn without_an_endpoint_the_message_names_the_setting() {
        for missing in [None, Some(""), Some(" "), Some("not a url")] {
            assert!(
                endpoint(missing).unwrap_err().contains("Set llm.base_url (CONNIX_LLM__BASE_URL) to"),
                "{missing:?}"
            );
        }
    }

    #[test]
    fn neither_debug_nor_a_quoting_endpoint_shows_the_key() {
        let endpoint = endpoint(Some("http://127.0.0.1:1/v1")).unwrap();
        assert!(!format!("{endpoint:?}").contains("sensitive"));
        assert_eq!(endpoint.without_key("bad key sk-sensitive!"), "bad key [redacted]!");
    }
}
