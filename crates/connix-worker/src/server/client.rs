//! One method per call of the protocol; each is one try.

use std::time::Duration;

use connix_worker_protocol::log::{AppendLogs, LogsAccepted};
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::{
    Acknowledged, ConfigApplied, CurrentConfig, Directives, EndSession, Heartbeat, Hello, Welcome,
};
use connix_worker_protocol::task::{
    AppendEvents, CancelledTask, Claim, Claimed, ClaimedTask, CompleteTask, EventsAccepted, FailTask, ReleaseTask,
};
use connix_worker_protocol::{PROTOCOL_HEADER, PROTOCOL_VERSION, path};
use reqwest::{Client, Method, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CallError;
use crate::http;

/// Time that a call may take beyond what it asks the server to wait.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the server is and who asks. Each thread builds its own, since connections belong to a runtime.
#[derive(Debug, Clone)]
pub(crate) struct ServerClient {
    http: Client,
    base: String,
    token: Secret,
}

impl ServerClient {
    /// # Errors
    /// In words, when `server_url` is no URL or no client can be built.
    pub(crate) fn new(server_url: &str, token: Secret) -> Result<Self, String> {
        let base = server_url.trim_end_matches('/').to_owned();
        let url: Url = base.parse().map_err(|error| format!("{base:?} is not a URL: {error}"))?;
        let http = http::client_for(&url).map_err(|error| error.to_string())?;
        Ok(Self { http, base, token })
    }

    pub(crate) async fn hello(&self, hello: &Hello) -> Result<Welcome, CallError> {
        self.post(&path::sessions(), hello, CALL_TIMEOUT).await
    }

    /// `patience` is how long the call may take beyond the time it is held; a heartbeat that hangs must not use up the
    /// lease.
    pub(crate) async fn heartbeat(
        &self,
        session: &str,
        heartbeat: &Heartbeat,
        patience: Duration,
    ) -> Result<Directives, CallError> {
        let timeout = Duration::from_millis(heartbeat.hold_ms) + patience;
        self.post(&path::heartbeat(session), heartbeat, timeout).await
    }

    pub(crate) async fn claim(&self, session: &str, wait: Duration) -> Result<Option<ClaimedTask>, CallError> {
        let body = Claim { wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) };
        let response = self.send(Method::POST, &path::claim(session), Some(&body), wait + CALL_TIMEOUT).await?;
        if response.status() == reqwest::StatusCode::NO_CONTENT {
            return Ok(None);
        }
        read::<Claimed>(response).await.map(|claimed| Some(claimed.task))
    }

    pub(crate) async fn config(&self, session: &str) -> Result<CurrentConfig, CallError> {
        read(self.send::<()>(Method::GET, &path::config(session), None, CALL_TIMEOUT).await?).await
    }

    pub(crate) async fn config_applied(&self, session: &str, revision: i64) -> Result<Acknowledged, CallError> {
        self.post(&path::config_applied(session), &ConfigApplied { revision }, CALL_TIMEOUT).await
    }

    pub(crate) async fn logs(&self, session: &str, lines: &AppendLogs) -> Result<LogsAccepted, CallError> {
        self.post(&path::logs(session), lines, CALL_TIMEOUT).await
    }

    pub(crate) async fn end(&self, session: &str, end: &EndSession) -> Result<Acknowledged, CallError> {
        read(self.send(Method::DELETE, &path::session(session), Some(end), CALL_TIMEOUT).await?).await
    }

    pub(crate) async fn append(&self, task: &str, events: &AppendEvents) -> Result<EventsAccepted, CallError> {
        self.post(&path::task_events(task), events, CALL_TIMEOUT).await
    }

    pub(crate) async fn complete(&self, task: &str, body: &CompleteTask) -> Result<Acknowledged, CallError> {
        self.post(&path::task_complete(task), body, CALL_TIMEOUT).await
    }

    pub(crate) async fn fail(&self, task: &str, body: &FailTask) -> Result<Acknowledged, CallError> {
        self.post(&path::task_fail(task), body, CALL_TIMEOUT).await
    }

    pub(crate) async fn cancelled(&self, task: &str, body: &CancelledTask) -> Result<Acknowledged, CallError> {
        self.post(&path::task_cancelled(task), body, CALL_TIMEOUT).await
    }

    pub(crate) async fn release(&self, task: &str, body: &ReleaseTask) -> Result<Acknowledged, CallError> {
        self.post(&path::task_release(task), body, CALL_TIMEOUT).await
    }

    async fn post<R: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<R, CallError> {
        read(self.send(Method::POST, path, Some(body), timeout).await?).await
    }

    async fn send<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        timeout: Duration,
    ) -> Result<Response, CallError> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(self.token.expose())
            .header(PROTOCOL_HEADER, PROTOCOL_VERSION)
            .timeout(timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(CallError::of_transport)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        Err(CallError::of_status(status, &body))
    }
}

async fn read<R: DeserializeOwned>(response: Response) -> Result<R, CallError> {
    response.json().await.map_err(CallError::of_transport)
}
