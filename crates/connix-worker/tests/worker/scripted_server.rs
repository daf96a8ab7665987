//! A server that speaks the worker protocol from a script and remembers every call.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::eventually::PATIENCE;

/// Leases as short as the tests' patience: a silent worker parks after 300 ms and abandons after 500 ms.
const LEASE_MS: u64 = 600;
const HEARTBEAT_MS: u64 = 20;

/// One call as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Last part of the path (`claim`, `complete`, …), `sessions` for a hello, `end` for its end.
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) authorization: String,
    pub(crate) protocol: String,
}

pub(crate) struct ScriptedServer {
    address: String,
    running: Option<MockServer>,
    state: Arc<State>,
}

struct State {
    script: Mutex<Script>,
    calls: watch::Sender<Vec<Call>>,
}

struct Script {
    config_revision: i64,
    system_prompt: String,
    llm: Value,
    /// `config.tools`.
    tools: Value,
    /// The operator's settings of tools.
    tool_settings: Value,
    /// `config.environment_variables`.
    environment: Value,
    /// `config.secrets`.
    secrets: Value,
    desired: &'static str,
    version: i64,
    cancel: Vec<String>,
    lost: Vec<String>,
    tasks: VecDeque<Value>,
    /// Claims stay unanswered, as when there is nothing to do for long.
    long_claims: bool,
    /// Answers that come before the usual ones: call name, status, error code, how often.
    refusals: Vec<(&'static str, u16, &'static str, usize)>,
}

impl ScriptedServer {
    /// Starts; `model_url` is what `llm.base_url` is set to.
    pub(crate) async fn start(model_url: Option<&str>) -> Self {
        let script = Script {
            config_revision: 1,
            system_prompt: "Be brief.".to_owned(),
            llm: json!({"base_url": model_url, "api_key": "sk-test"}),
            tools: json!([]),
            tool_settings: json!({}),
            environment: json!({}),
            secrets: json!([]),
            desired: "run",
            version: 1,
            cancel: Vec::new(),
            lost: Vec::new(),
            tasks: VecDeque::new(),
            long_claims: false,
            refusals: Vec::new(),
        };
        let state = Arc::new(State { script: Mutex::new(script), calls: watch::Sender::default() });
        let mut server = Self { address: "127.0.0.1:0".to_owned(), running: None, state };
        server.come_back().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening; connections break.
    pub(crate) fn go_away(&mut self) {
        self.running = None;
    }

    /// Listens again at the same address.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(&self.address).unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        let running = MockServer::builder().listener(listener).start().await;
        let state = Arc::clone(&self.state);
        Mock::given(any()).respond_with(move |request: &Request| state.answer(request)).mount(&running).await;
        self.running = Some(running);
    }

    /// A task to be claimed.
    pub(crate) fn offer(&self, id: &str, input: Value) {
        self.offer_again(id, input, 1, json!([]));
    }

    /// A task of which earlier attempts left a journal.
    pub(crate) fn offer_again(&self, id: &str, input: Value, attempt: i64, journal: Value) {
        self.offer_until(id, input, attempt, journal, Duration::from_secs(900));
    }

    pub(crate) fn offer_until(&self, id: &str, input: Value, attempt: i64, journal: Value, deadline: Duration) {
        let mut script = self.script();
        let task = json!({
            "id": id, "attempt": attempt, "input": input, "config_revision": script.config_revision,
            "deadline_ms": deadline.as_millis() as u64, "lease_ms": LEASE_MS, "journal": journal
        });
        script.tasks.push_back(task);
    }

    /// What the worker shall do from now on.
    pub(crate) fn direct(&self, desired: &'static str) {
        self.change(|script| script.desired = desired);
    }

    /// Holds all further claims.
    pub(crate) fn hold_claims(&self) {
        self.script().long_claims = true;
    }

    pub(crate) fn cancel(&self, id: &str) {
        self.change(|script| script.cancel.push(id.to_owned()));
    }

    pub(crate) fn lose(&self, id: &str) {
        self.change(|script| script.lost.push(id.to_owned()));
    }

    /// The agent's tools, and the operator's settings of them. Before a worker starts.
    pub(crate) fn equip(&self, tools: Value, settings: Value) {
        let mut script = self.script();
        (script.tools, script.tool_settings) = (tools, settings);
    }

    /// The agent's environment variables. Before a worker starts.
    pub(crate) fn set_environment(&self, environment: Value) {
        self.script().environment = environment;
    }

    /// The agent's environment variables, all of them secrets. Before a worker starts.
    pub(crate) fn confide(&self, variables: Value) {
        let mut script = self.script();
        script.secrets = variables.as_object().into_iter().flatten().map(|(_, value)| value.clone()).collect();
        script.environment = variables;
    }

    /// A newer configuration.
    pub(crate) fn configure(&self, system_prompt: &str) {
        self.change(|script| {
            script.config_revision += 1;
            script.system_prompt = system_prompt.to_owned();
        });
    }

    /// Refuses the next `times` calls of this name.
    pub(crate) fn refuse(&self, name: &'static str, status: u16, code: &'static str, times: usize) {
        self.script().refusals.push((name, status, code, times));
    }

    /// All calls of this name so far.
    pub(crate) fn calls(&self, name: &str) -> Vec<Call> {
        self.state.calls.borrow().iter().filter(|call| call.name == name).cloned().collect()
    }

    /// Waits for a call of this name whose body fulfils the condition.
    pub(crate) async fn call_where(&self, name: &str, condition: impl Fn(&Value) -> bool) -> Call {
        let matches = |call: &&Call| call.name == name && condition(&call.body);
        let mut calls = self.state.calls.subscribe();
        let found = calls.wait_for(|calls| calls.iter().any(|call| matches(&call)));
        let found = timeout(PATIENCE, found).await;
        let Ok(found) = found else { panic!("no such {name}; calls so far: {:#?}", self.state.calls.borrow()) };
        found.unwrap().iter().find(matches).cloned().unwrap()
    }

    /// Waits for the first call of this name.
    pub(crate) async fn call(&self, name: &str) -> Value {
        self.call_where(name, |_| true).await.body
    }

    /// Waits until the worker says this state in a heartbeat that is still to come.
    pub(crate) async fn state_said(&self, state: &str) {
        let last = self.calls("heartbeat").last().and_then(|call| call.body["seq"].as_i64());
        self.call_where("heartbeat", |body| body["seq"].as_i64() > last && body["state"] == state).await;
    }

    /// The journal events that were appended, as (kind, data).
    pub(crate) fn journal(&self) -> Vec<(String, Value)> {
        let appended =
            self.calls("events").into_iter().flat_map(|call| call.body["events"].as_array().cloned().unwrap());
        appended.map(|event| (event["kind"].as_str().unwrap().to_owned(), event["data"].clone())).collect()
    }

    fn change(&self, change: impl FnOnce(&mut Script)) {
        let mut script = self.script();
        change(&mut script);
        script.version += 1;
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.state.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An idle worker must not fill the memory of the test.
    fn claim_delay(&self) -> Duration {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        if script.long_claims { Duration::from_secs(600) } else { Duration::from_millis(5) }
    }

    fn answer(&self, request: &Request) -> ResponseTemplate {
        let call = Call::read(request);
        let name = call.name.clone();
        let answer = self.script.lock().unwrap_or_else(PoisonError::into_inner).answer(&call);
        self.calls.send_modify(|calls| calls.push(call));
        if name == "claim" { answer.set_delay(self.claim_delay()) } else { answer }
    }
}

impl Script {
    fn answer(&mut self, call: &Call) -> ResponseTemplate {
        if let Some(refusal) = self.refusals.iter_mut().find(|(name, _, _, times)| *name == call.name && *times > 0) {
            refusal.3 -= 1;
            let body = json!({"error": {"code": refusal.2, "message": "scripted", "request_id": "req_1"}});
            return ResponseTemplate::new(refusal.1).set_body_json(body);
        }
        let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        match call.name.as_str() {
            "sessions" => ok(self.welcome()),
            "heartbeat" => ok(self.directives()),
            "claim" if self.desired != "run" => ResponseTemplate::new(204),
            "claim" => {
                self.tasks.pop_front().map_or_else(|| ResponseTemplate::new(204), |task| ok(json!({"task": task})))
            }
            "config" => ok(json!({"config_revision": self.config_revision, "config": self.config()})),
            "events" | "logs" => {
                let items = call.body.get("events").or_else(|| call.body.get("lines")).and_then(Value::as_array);
                let through = call.body["first_seq"].as_i64().unwrap() + items.unwrap().len() as i64 - 1;
                ResponseTemplate::new(202).set_body_json(json!({"accepted_through": through}))
            }
            _ => ok(json!({})),
        }
    }

    fn welcome(&self) -> Value {
        json!({
            "session_id": "session_1", "agent_id": "agent_1", "project_id": "proj_1", "incarnation": 1,
            "config_revision": self.config_revision, "config": self.config(), "llm": self.llm,
            "intervals": {"heartbeat_ms": HEARTBEAT_MS, "lease_ms": LEASE_MS, "claim_wait_ms": 50},
            "limits": {"max_steps": 3}, "tools": self.tool_settings
        })
    }

    fn config(&self) -> Value {
        json!({
            "model": "small", "temperature": 0.3, "max_tokens": 64, "tools": self.tools,
            "system_prompt": self.system_prompt, "environment_variables": self.environment, "secrets": self.secrets
        })
    }

    fn directives(&self) -> Value {
        json!({
            "directive_version": self.version, "desired": self.desired, "config_revision": self.config_revision,
            "cancel": self.cancel, "lost": self.lost, "lease_ms": LEASE_MS, "next_interval_ms": HEARTBEAT_MS
        })
    }
}

impl Call {
    fn read(request: &Request) -> Self {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = request.url.path().to_owned();
        let last = path.rsplit('/').next().unwrap_or_default();
        let name = if request.method.as_str() == "DELETE" { "end" } else { last }.to_owned();
        Self {
            name,
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            authorization: header("authorization").to_owned(),
            protocol: header("connix-worker-protocol").to_owned(),
            path,
        }
    }
}
