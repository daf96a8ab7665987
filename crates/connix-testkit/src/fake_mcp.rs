//! MCP servers for tests, which speak the protocol as its specification writes it: a program over standard input and
//! output ([`program`]), and an endpoint over streamable HTTP ([`FakeMcp`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const PROGRAM: &str = include_str!("mcp_server.py");
const SESSION: &str = "session-1";

/// The command of a server for `python3`. It notes what happens in `notes`: `started` has a line for each start, `waiting`
/// and `cancelled` the calls. `mode`: `well`, `paged` (a few tools a page), or one that never becomes a server: `garbage`,
/// `silent`, `refuses`, `dies`.
///
/// Its tools: `echo {text}`, `add {a, b}`, `surroundings`, `wait` (never answers), `crash`, `huge` (5 MiB), `long` (300 kB),
/// `fail`, `refuse`, `picture`, and `grow`, which adds `grown`.
#[must_use]
pub fn program(notes: &str, mode: &str) -> Vec<String> {
    ["python3", "-c", PROGRAM, notes, mode].map(str::to_owned).to_vec()
}

/// A running endpoint; it stops when dropped. It has the tools `echo {text}`, which answers as a stream of events, and `wait`.
pub struct FakeMcp {
    server: MockServer,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl FakeMcp {
    /// One that asks for this bearer token.
    pub async fn start(token: &str) -> Self {
        let server = MockServer::start().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, expected) = (Arc::clone(&seen), format!("Bearer {token}"));
        let answer = move |request: &Request| {
            let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
            if header("authorization") != Some(&expected) {
                return ResponseTemplate::new(403).set_body_string("who are you?");
            }
            match request.method.as_str() {
                "POST" => {
                    let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
                    answer(&message, header("mcp-session-id"))
                }
                "DELETE" => {
                    let ended = json!({"method": "DELETE"});
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
                    ResponseTemplate::new(200)
                }
                _ => ResponseTemplate::new(405),
            }
        };
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { server, seen }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/mcp", self.server.uri())
    }

    /// The messages of this method so far; `DELETE` for a session's end.
    #[must_use]
    pub fn seen(&self, method: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|message| message["method"] == method).cloned().collect()
    }
}

fn answer(message: &Value, session: Option<&str>) -> ResponseTemplate {
    if message["id"].is_null() {
        return ResponseTemplate::new(202);
    }
    let result = |result: Value| json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
    let json = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let params = &message["params"];
    match message["method"].as_str() {
        Some("initialize") => {
            let body = result(json!({
                "protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "for tests", "version": "1"}
            }));
            json(body).insert_header("mcp-session-id", SESSION)
        }
        _ if session != Some(SESSION) => ResponseTemplate::new(400).set_body_string("no session"),
        Some("tools/list") => {
            let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
            let tool = |name: &str| json!({"name": name, "description": "Says what it is told", "inputSchema": schema});
            json(result(json!({"tools": [tool("echo"), tool("wait")]})))
        }
        Some("tools/call") if params["name"] == "wait" => json(Value::Null).set_delay(Duration::from_secs(600)),
        Some("tools/call") => {
            let said = result(json!({"content": [{"type": "text", "text": params["arguments"]["text"]}]}));
            let events = format!(": hello\n\nevent: message\ndata: {said}\n\n");
            ResponseTemplate::new(200).set_body_raw(events, "text/event-stream")
        }
        _ => {
            json(json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "unknown method"}}))
        }
    }
}
