//! The paths of the protocol below the server's base URL.

/// Prefix of every call.
pub const BASE: &str = "/api/v1/worker";

/// `POST`: hello.
#[must_use]
pub fn sessions() -> String {
    format!("{BASE}/sessions")
}

/// `DELETE`: end of the session.
#[must_use]
pub fn session(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}")
}

/// `POST`: heartbeat, held until directives change.
#[must_use]
pub fn heartbeat(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}/heartbeat")
}

/// `POST`: long poll for a task.
#[must_use]
pub fn claim(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}/claim")
}

/// `POST`: log lines.
#[must_use]
pub fn logs(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}/logs")
}

/// `GET`: the newest configuration.
#[must_use]
pub fn config(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}/config")
}

/// `POST`: acknowledgement of a configuration.
#[must_use]
pub fn config_applied(session_id: &str) -> String {
    format!("{BASE}/sessions/{session_id}/config-applied")
}

/// `POST`: journal events of a task.
#[must_use]
pub fn task_events(task_id: &str) -> String {
    format!("{BASE}/tasks/{task_id}/events")
}

/// `POST`: the attempt completed its task.
#[must_use]
pub fn task_complete(task_id: &str) -> String {
    format!("{BASE}/tasks/{task_id}/complete")
}

/// `POST`: the attempt failed.
#[must_use]
pub fn task_fail(task_id: &str) -> String {
    format!("{BASE}/tasks/{task_id}/fail")
}

/// `POST`: the attempt ended because the task was cancelled.
#[must_use]
pub fn task_cancelled(task_id: &str) -> String {
    format!("{BASE}/tasks/{task_id}/cancelled")
}

/// `POST`: the attempt gives its task back unfinished.
#[must_use]
pub fn task_release(task_id: &str) -> String {
    format!("{BASE}/tasks/{task_id}/release")
}
