//! A worker whose every move the test makes, speaking the worker protocol as a customer's own worker would.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Agent, Answer, Call, Client, unique};

/// Speaks for one agent whose runtime is `external`.
#[derive(Debug)]
pub struct ScriptedWorker {
    client: Client,
    token: String,
    session: String,
    /// The answer to the hello: configuration, intervals, incarnation.
    pub welcome: Value,
}

impl Agent {
    /// A token for a worker of this agent.
    pub async fn worker_token(&self) -> String {
        let answer = self.client().act(&self.path("/worker-token")).await.expect(201);
        answer["token"].as_str().unwrap().to_owned()
    }

    /// A worker for this agent that has said hello.
    pub async fn worker(&self) -> ScriptedWorker {
        ScriptedWorker::hello(self.client(), self.worker_token().await).await
    }
}

impl ScriptedWorker {
    /// Opens a session.
    pub async fn hello(client: &Client, token: String) -> Self {
        let client = Client::new(client.address(), None);
        let welcome = Self::greet(&client, &token, &unique("nonce")).await.expect(200);
        let session = welcome["session_id"].as_str().unwrap().to_owned();
        Self { client, token, session, welcome }
    }

    /// The answer to a hello with this token and nonce.
    pub async fn greet(client: &Client, token: &str, nonce: &str) -> Answer {
        let anonymous = Client::new(client.address(), None);
        let hello = json!({ "nonce": nonce, "worker_version": "0.0.0-test", "slots": 1 });
        Self::protocol(&anonymous, token, Method::POST, "/sessions").json(&hello).send().await
    }

    fn protocol(client: &Client, token: &str, method: Method, path: &str) -> Call {
        let call = client.call(method, &format!("/api/v1/worker{path}"));
        call.header("Authorization", &format!("Bearer {token}")).header("Connix-Worker-Protocol", "1")
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::protocol(&self.client, &self.token, Method::POST, path).json(body).send().await
    }

    async fn on_session(&self, call: &str, body: &Value) -> Answer {
        self.post(&format!("/sessions/{}/{call}", self.session), body).await
    }

    /// Says what `attempt` did with the task.
    async fn on_task(&self, task: &str, call: &str, attempt: u64, mut body: Value) -> Answer {
        body["session_id"] = self.session.as_str().into();
        body["attempt"] = attempt.into();
        self.post(&format!("/tasks/{task}/{call}"), &body).await
    }

    /// A heartbeat that is answered at once: state `idle`, `busy`, `parked` or `draining`, and the tasks it holds as
    /// (id, attempt).
    pub async fn heartbeat(&self, state: &str, revision: u64, tasks: &[(&str, u64)]) -> Answer {
        let tasks = tasks.iter().map(|(id, attempt)| json!({ "id": id, "attempt": attempt, "progress_seq": 1 }));
        self.beat(json!({ "state": state, "applied_revision": revision, "tasks": tasks.collect::<Vec<_>>() })).await
    }

    /// An idle heartbeat that the server may hold until its directives differ from version `seen`.
    pub async fn held_heartbeat(&self, hold_ms: u64, seen: u64) -> Answer {
        self.beat(json!({ "hold_ms": hold_ms, "directive_version_seen": seen })).await
    }

    /// An idle heartbeat that says what the worker has consumed.
    pub async fn says_usage(&self, usage: &Value) -> Answer {
        self.beat(json!({ "usage": usage })).await
    }

    async fn beat(&self, particulars: Value) -> Answer {
        let mut body = json!({
            "seq": 1, "hold_ms": 0, "state": "idle", "applied_revision": 1, "directive_version_seen": 0, "tasks": [],
        });
        body.as_object_mut().unwrap().extend(particulars.as_object().unwrap().clone());
        self.on_session("heartbeat", &body).await
    }

    /// Whether the server still wants this worker: neither fenced by a newer one nor told to leave.
    pub async fn is_welcome(&self) -> bool {
        let answer = self.heartbeat("idle", 0, &[]).await;
        answer.status == 200 && matches!(answer.json()["desired"].as_str(), Some("run" | "pause"))
    }

    /// Says that it works with `revision` of the configuration from now on.
    pub async fn applied(&self, revision: u64) -> Answer {
        self.on_session("config-applied", &json!({ "revision": revision })).await
    }

    /// The newest configuration.
    pub async fn config(&self) -> Value {
        let path = format!("/sessions/{}/config", self.session);
        Self::protocol(&self.client, &self.token, Method::GET, &path).send().await.expect(200)
    }

    /// Fetches the newest configuration and takes it over.
    pub async fn catch_up(&self) {
        let revision = self.config().await["config_revision"].as_u64().unwrap();
        self.applied(revision).await.expect(200);
    }

    /// Asks for a task and waits up to `wait_ms` for one.
    pub async fn claim(&self, wait_ms: u64) -> Answer {
        self.on_session("claim", &json!({ "wait_ms": wait_ms })).await
    }

    /// The task that must be there to be claimed.
    pub async fn claimed(&self) -> Value {
        self.claim(5_000).await.expect(200)["task"].clone()
    }

    /// Writes log lines, the first with number `first_seq`.
    pub async fn log(&self, first_seq: u64, lines: &Value) -> Answer {
        self.on_session("logs", &json!({ "first_seq": first_seq, "lines": lines })).await
    }

    /// Journals events, the first at position `first_seq`.
    pub async fn journal(&self, task: &str, attempt: u64, first_seq: u64, events: &Value) -> Answer {
        self.on_task(task, "events", attempt, json!({ "first_seq": first_seq, "events": events })).await
    }

    /// Completes the task.
    pub async fn complete(&self, task: &str, attempt: u64, output: &str) -> Answer {
        self.on_task(task, "complete", attempt, json!({ "output": output, "usage": usage() })).await
    }

    /// Fails the task.
    pub async fn fail(&self, task: &str, attempt: u64, code: &str, retryable: bool) -> Answer {
        let error = json!({ "code": code, "message": "so the test wants it", "retryable": retryable });
        self.on_task(task, "fail", attempt, json!({ "error": error, "usage": usage() })).await
    }

    /// Fails the task for good, with a message.
    pub async fn fail_with(&self, task: &str, attempt: u64, message: &str) -> Answer {
        let error = json!({ "code": "told", "message": message, "retryable": false });
        self.on_task(task, "fail", attempt, json!({ "error": error, "usage": usage() })).await
    }

    /// Acknowledges a cancelled task.
    pub async fn cancelled(&self, task: &str, attempt: u64) -> Answer {
        self.on_task(task, "cancelled", attempt, json!({ "usage": usage() })).await
    }

    /// Gives the task back: `drain`, `pause` or `stop`.
    pub async fn release(&self, task: &str, attempt: u64, reason: &str) -> Answer {
        self.on_task(task, "release", attempt, json!({ "reason": reason, "usage": usage() })).await
    }

    /// Says good-bye with an exit code (`runtime.md` 1.4: 0 told to leave, 78 a fatal fault of configuration).
    pub async fn leave(&self, reason: &str, code: u8) -> Answer {
        let path = format!("/sessions/{}", self.session);
        let body = json!({ "reason": reason, "code": code });
        Self::protocol(&self.client, &self.token, Method::DELETE, &path).json(&body).send().await
    }
}

/// What every attempt of a scripted worker consumed.
fn usage() -> Value {
    json!({ "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17, "llm_requests": 1, "estimated": false })
}
