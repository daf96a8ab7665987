//! The wire format is a promise to workers of other versions: its shapes are pinned here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use connix_worker_protocol::handshake::LaunchHandshake;
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::{Desired, Directives, Welcome, WorkerState};
use connix_worker_protocol::task::{Claimed, EventKind, ReleaseReason, TaskError};
use serde_json::{Value, json};

fn word(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn enum_values_are_the_words_of_the_protocol() {
    assert_eq!(
        word([Desired::Run, Desired::Pause, Desired::Drain, Desired::Exit]),
        json!(["run", "pause", "drain", "exit"])
    );
    assert_eq!(
        word([WorkerState::Idle, WorkerState::Busy, WorkerState::Parked, WorkerState::Draining]),
        json!(["idle", "busy", "parked", "draining"])
    );
    assert_eq!(
        word([ReleaseReason::Drain, ReleaseReason::Pause, ReleaseReason::Stop]),
        json!(["drain", "pause", "stop"])
    );
    assert_eq!(
        word([
            EventKind::LlmRequest,
            EventKind::LlmResponse,
            EventKind::ToolStarted,
            EventKind::ToolFinished,
            EventKind::Message,
            EventKind::Usage
        ]),
        json!(["llm.request", "llm.response", "tool.started", "tool.finished", "message", "usage"])
    );
}

#[test]
fn a_reply_with_keys_of_a_newer_server_is_read() {
    let reply = json!({
        "directive_version": 3, "desired": "pause", "config_revision": 2, "cancel": ["task_00000000000000aa"],
        "lost": [], "lease_ms": 30000, "next_interval_ms": 5000, "watched": true
    });
    let directives: Directives = serde_json::from_value(reply).unwrap();
    assert_eq!(directives.desired, Desired::Pause);
    assert_eq!(directives.cancel, ["task_00000000000000aa"]);
}

#[test]
fn a_claimed_task_carries_its_journal() {
    let reply = json!({"task": {
        "id": "task_00000000000000aa", "attempt": 2, "input": "hello", "config_revision": 1,
        "deadline_ms": 900000, "lease_ms": 30000,
        "journal": [{"seq": 1, "attempt": 1, "kind": "llm.request", "data": {}, "at": "2024-01-15T16:20:00.000001Z"}]
    }});
    let claimed: Claimed = serde_json::from_value(reply.clone()).unwrap();
    assert_eq!(claimed.task.journal[0].kind, EventKind::LlmRequest);
    assert_eq!(word(&claimed), reply);
}

#[test]
fn no_debug_output_shows_a_credential() {
    let handshake = LaunchHandshake {
        server_url: "http://127.0.0.1:8080".into(),
        token: Secret::new("cxw_sensitive"),
        lock_path: "/tmp/lock".into(),
        workspace: "/tmp/workspace".into(),
        instance: "1-2/agent_1/1".into(),
    };
    let welcome: Welcome = serde_json::from_value(json!({
        "session_id": "s", "agent_id": "a", "project_id": "p", "incarnation": 1, "config_revision": 1,
        "config": {"model": "m", "temperature": 0.7, "max_tokens": 1, "environment_variables": {"DB": "sensitive"}},
        "llm": {"base_url": null, "api_key": "sensitive"},
        "intervals": {"heartbeat_ms": 5000, "lease_ms": 30000, "claim_wait_ms": 25000}, "limits": {"max_steps": 25}
    }))
    .unwrap();
    let printed = format!("{handshake:?} {welcome:?}");
    assert!(!printed.contains("sensitive"), "{printed}");
    assert!(printed.contains("[redacted]"));
}

#[test]
fn the_handshake_is_one_line_that_reads_back() {
    // The line that connix-runtime writes, letter by letter; a test there writes it.
    let written = r#"{"server_url":"http://127.0.0.1:8080","token":"cxw_1","lock_path":"/run/a.lock","workspace":"/workspaces/proj_1","instance":"1-2/agent_1/1"}"#;
    let handshake: LaunchHandshake = serde_json::from_str(written).unwrap();
    assert_eq!(handshake.to_line().unwrap(), format!("{written}\n"));
}

#[test]
fn an_error_without_a_wait_says_nothing_about_it() {
    let error = TaskError { code: "llm_auth".into(), message: "no".into(), retryable: false, retry_after_ms: None };
    assert_eq!(word(error), json!({"code": "llm_auth", "message": "no", "retryable": false}));
}
