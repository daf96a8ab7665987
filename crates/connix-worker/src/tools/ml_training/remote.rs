//! Training at the endpoint that the agent's environment names: a job is posted, and asked for until it is done.
//!
//! `POST {ML_ENDPOINT}/jobs` with the call's arguments and the file's text. The answer is the job, `{id, status, …}`; while
//! its status is `queued` or `running`, `GET {ML_ENDPOINT}/jobs/{id}` is asked. `ML_API_KEY`, if the environment has one, is
//! the bearer token.

use std::time::Duration;

use async_trait::async_trait;
use connix_outbound::{DialError, GuardedClient};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::own_program::OwnProgram;
use super::super::workspace_files::WorkspaceFiles;
use super::super::{Arguments, Effect, Tool, ToolContext, ToolError};

/// Largest file that is sent, and largest answer that is read.
const MOST_SENT: u64 = 8 << 20;
const MOST_READ: usize = 1 << 20;
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// The tool: there when the agent has an endpoint, here when it has none.
pub(in crate::tools) struct MlTraining {
    here: OwnProgram,
    outbound: GuardedClient,
}

/// The agent's endpoint.
struct Endpoint<'a> {
    url: &'a str,
    key: Option<&'a str>,
    outbound: &'a GuardedClient,
}

impl MlTraining {
    pub(in crate::tools) fn new(here: OwnProgram, outbound: GuardedClient) -> Self {
        Self { here, outbound }
    }
}

#[async_trait(?Send)]
impl Tool for MlTraining {
    fn name(&self) -> &str {
        self.here.name()
    }

    fn description(&self) -> &str {
        self.here.description()
    }

    fn parameters(&self) -> Value {
        self.here.parameters()
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let variable = |name: &str| context.environment.get(name).map(|value| value.expose().trim());
        let Some(url) = variable("ML_ENDPOINT").filter(|url| !url.is_empty()) else {
            return self.here.run(arguments, context).await;
        };
        let endpoint =
            Endpoint { url: url.trim_end_matches('/'), key: variable("ML_API_KEY"), outbound: &self.outbound };
        tokio::select! {
            done = endpoint.train(arguments, context) => done,
            () = context.out_of_time() => Err(ToolError::timed_out()),
        }
    }
}

impl Endpoint<'_> {
    async fn train(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let file =
            arguments.get("file").and_then(Value::as_str).ok_or(ToolError::invalid_arguments("file is needed"))?;
        let bytes = WorkspaceFiles::open(context.workspace)?.read(file, MOST_SENT)?;
        let data = String::from_utf8(bytes).map_err(|_| failed(format!("'{file}' is not text")))?;
        let order = json!({"call_id": context.call_id, "arguments": arguments, "data": data});
        let mut job = self.ask(Method::POST, "/jobs", Some(&order)).await?;
        loop {
            match job["status"].as_str() {
                Some("queued" | "running") => sleep(ASK_AGAIN).await,
                Some("failed") => return Err(failed(format!("The training failed: {}", job["error"]))),
                _ => return Ok(job),
            }
            job = self.ask(Method::GET, &format!("/jobs/{}", id(&job)?), None).await?;
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ToolError> {
        let (target, http) = self.outbound.for_url(&format!("{}{path}", self.url)).map_err(unreachable)?;
        let mut request = http.request(method, target.url().clone());
        if let Some(key) = self.key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.outbound.send(request).await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(failed(format!("The training endpoint answered {}", response.status())));
        }
        let body = read(response).await?;
        serde_json::from_slice(&body).map_err(|_| failed("The training endpoint's answer is not JSON"))
    }
}

/// A job's id, which becomes part of a path.
fn id(job: &Value) -> Result<&str, ToolError> {
    let plain = |id: &&str| {
        !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    job["id"].as_str().filter(plain).ok_or_else(|| failed("The training endpoint's job has no id"))
}

async fn read(mut response: Response) -> Result<Vec<u8>, ToolError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| failed("The training endpoint broke off its answer"))? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_READ {
            return Err(failed("The training endpoint's answer is too large"));
        }
    }
    Ok(body)
}

fn unreachable(error: DialError) -> ToolError {
    failed(format!("The training endpoint (ML_ENDPOINT) cannot be asked: {error}"))
}

fn failed(detail: impl Into<String>) -> ToolError {
    ToolError::new("training_failed", detail)
}
