//! A model endpoint that plays a script: a real HTTP server on 127.0.0.1 that speaks `POST /v1/chat/completions`.
//!
//! Replies are served in the order they were queued; when none is left the model echoes the last user message. Every
//! request is recorded with what a test wants to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A running fake; it stops when dropped.
pub struct FakeModel {
    server: MockServer,
    script: Arc<Script>,
}

/// One request as the model saw it. Keys that the caller left out are `None` or null.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    /// `model`.
    pub model: String,
    /// `messages`, as sent.
    pub messages: Vec<Value>,
    /// `temperature`.
    pub temperature: Option<f64>,
    /// `max_tokens`.
    pub max_tokens: Option<u64>,
    /// `tools`, as sent; none when left out.
    pub tools: Vec<Value>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

struct Script {
    pace: Mutex<Duration>,
    replies: Mutex<VecDeque<FakeReply>>,
    requests: Mutex<Vec<ModelRequest>>,
    seen: watch::Sender<usize>,
}

impl FakeModel {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let script = Arc::new(Script {
            pace: Mutex::default(),
            replies: Mutex::default(),
            requests: Mutex::default(),
            seen: watch::Sender::new(0),
        });
        let server = MockServer::start().await;
        let player = Arc::clone(&script);
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .respond_with(move |request: &Request| player.play(request))
            .mount(&server)
            .await;
        Self { server, script }
    }

    /// What `llm.base_url` is set to, e.g. `http://127.0.0.1:34567/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.uri())
    }

    /// From now on `GET /v1/models` lists these.
    pub async fn offer(&self, models: &[&str]) {
        let data: Vec<Value> = models.iter().map(|id| json!({"id": id, "object": "model"})).collect();
        let list = ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": data}));
        Mock::given(method("GET")).and(path("/v1/models")).respond_with(list).mount(&self.server).await;
    }

    /// Queues the next reply.
    pub fn reply(&self, reply: FakeReply) -> &Self {
        locked(&self.script.replies).push_back(reply);
        self
    }

    /// From now on every echo takes this long.
    pub fn echo_after(&self, delay: Duration) -> &Self {
        *locked(&self.script.pace) = delay;
        self
    }

    /// All requests so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ModelRequest> {
        locked(&self.script.requests).clone()
    }

    /// Waits until at least `count` requests have arrived, answered or not. The caller sets the time limit.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<ModelRequest> {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.script.seen.subscribe().wait_for(|seen| *seen >= count).await;
        self.requests()
    }
}

impl Script {
    fn play(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let seen = ModelRequest::read(request, &body);
        let reply =
            locked(&self.replies).pop_front().unwrap_or_else(|| FakeReply::echo(&seen).after(*locked(&self.pace)));
        let template = reply.render(&seen.model);
        let mut requests = locked(&self.requests);
        requests.push(seen);
        self.seen.send_replace(requests.len());
        template
    }
}

impl ModelRequest {
    fn read(request: &Request, body: &Value) -> Self {
        let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        Self {
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            messages: body["messages"].as_array().cloned().unwrap_or_default(),
            temperature: body["temperature"].as_f64(),
            max_tokens: body["max_tokens"].as_u64(),
            tools: body["tools"].as_array().cloned().unwrap_or_default(),
            authorization: authorization.map(str::to_owned),
        }
    }

    /// What the model was last told by a tool: JSON, or a JSON string of its text. Null when nothing.
    #[must_use]
    pub fn tool_result(&self) -> Value {
        let last = self.messages.iter().rev().find(|message| message["role"] == "tool");
        let text = last.and_then(|message| message["content"].as_str()).unwrap_or("null");
        serde_json::from_str(text).unwrap_or_else(|_| text.into())
    }

    fn last_user_text(&self) -> &str {
        let last = self.messages.iter().rev().find(|message| message["role"] == "user");
        last.and_then(|message| message["content"].as_str()).unwrap_or_default()
    }
}

/// One scripted reply. Unless told otherwise it is a 200 with 7 prompt and 5 completion tokens.
#[derive(Debug, Clone)]
pub struct FakeReply {
    status: u16,
    delay: Duration,
    retry_after: Option<String>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Completion { message: Value, usage: Option<(u64, u64)> },
    Raw(String),
}

impl FakeReply {
    /// An assistant message with this text.
    #[must_use]
    pub fn answer(text: &str) -> Self {
        Self::message(json!({"role": "assistant", "content": text}))
    }

    /// An assistant message as it stands: null or absent content, parts, tool calls.
    #[must_use]
    pub fn message(message: Value) -> Self {
        Self::new(200, Body::Completion { message, usage: Some((7, 5)) })
    }

    /// A call of one tool, with the id `call_1`.
    #[must_use]
    pub fn calls(tool: &str, arguments: &Value) -> Self {
        let function = json!({"name": tool, "arguments": arguments.to_string()});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        Self::message(json!({"role": "assistant", "content": null, "tool_calls": [call]}))
    }

    /// An error in the usual shape.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self::raw(status, &json!({"error": {"message": message, "type": "error"}}).to_string())
    }

    /// A body as it stands, JSON or not.
    #[must_use]
    pub fn raw(status: u16, body: &str) -> Self {
        Self::new(status, Body::Raw(body.to_owned()))
    }

    /// Counts these tokens instead.
    #[must_use]
    pub fn usage(self, prompt_tokens: u64, completion_tokens: u64) -> Self {
        self.with_usage(Some((prompt_tokens, completion_tokens)))
    }

    /// Counts no tokens, as some servers do.
    #[must_use]
    pub fn without_usage(self) -> Self {
        self.with_usage(None)
    }

    /// Answers this long after the request arrived.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a `Retry-After` header: seconds or an HTTP date.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Self {
        self.retry_after = Some(value.to_owned());
        self
    }

    fn new(status: u16, body: Body) -> Self {
        Self { status, delay: Duration::ZERO, retry_after: None, body }
    }

    fn echo(request: &ModelRequest) -> Self {
        Self::answer(&format!("You said: {}", request.last_user_text()))
    }

    fn with_usage(mut self, counted: Option<(u64, u64)>) -> Self {
        if let Body::Completion { usage, .. } = &mut self.body {
            *usage = counted;
        }
        self
    }

    fn render(self, model: &str) -> ResponseTemplate {
        let mut template = ResponseTemplate::new(self.status).set_delay(self.delay);
        if let Some(value) = &self.retry_after {
            template = template.insert_header("retry-after", value.as_str());
        }
        match self.body {
            Body::Raw(text) => template.set_body_raw(text, "application/json"),
            Body::Completion { message, usage } => template.set_body_json(completion(model, &message, usage)),
        }
    }
}

fn completion(model: &str, message: &Value, usage: Option<(u64, u64)>) -> Value {
    let finish_reason = if message["tool_calls"].is_array() { "tool_calls" } else { "stop" };
    let mut body = json!({
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_705_334_400,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    });
    if let Some((prompt, completion)) = usage {
        body["usage"] =
            json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
    }
    body
}

/// A panicking test must not hide behind a poisoned lock.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
