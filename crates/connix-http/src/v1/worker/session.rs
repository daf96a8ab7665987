//! Calls about a session: hello, heartbeat, configuration, log, good-bye.

use super::{Handled, WireBody, acknowledged, wire};
use crate::call::WorkerCall;
use crate::problem::Problem;
use crate::reply::Reply;
use connix_application::{App, Directive, Report, SessionGrant};
use connix_domain::agent::RuntimeKind;
use connix_worker_protocol::log::{AppendLogs, LogsAccepted};
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::{
    ConfigApplied, CurrentConfig, Directives, EndSession, Heartbeat, Hello, Intervals, Limits, LlmEndpoint, Welcome,
    WorkerState,
};
use connix_worker_protocol::tools::ToolSettings;
use std::time::Duration;

pub(super) async fn open(call: WorkerCall, WireBody(hello): WireBody<Hello>) -> Handled {
    let grant = call.app.greet(call.worker, &hello.nonce).await?;
    Ok(Reply::ok(&welcome(&call.app, &grant)?).secret().into())
}

fn welcome(app: &App, grant: &SessionGrant) -> Result<Welcome, Problem> {
    let settings = app.settings();
    let agent = &grant.agent;
    let mut tools: ToolSettings = serde_json::from_value(settings.tools.0.clone())
        .map_err(|error| connix_application::Error::Internal(format!("the settings of tools: {error}")))?;
    if agent.runtime == RuntimeKind::External {
        tools.mcp.clear(); // what is told of them is the operator's own
    }
    Ok(Welcome {
        session_id: grant.session.to_string(),
        agent_id: agent.id.to_string(),
        project_id: agent.project.to_string(),
        incarnation: agent.control.incarnation,
        config_revision: agent.control.config_revision,
        config: wire::config(agent, &grant.environment),
        llm: LlmEndpoint {
            base_url: settings.llm.base_url.clone(),
            api_key: settings.llm.api_key.as_ref().map(|key| Secret::new(key.expose())),
        },
        intervals: Intervals {
            heartbeat_ms: millis(settings.intervals.heartbeat),
            lease_ms: millis(settings.intervals.lease),
            claim_wait_ms: millis(settings.intervals.claim_wait),
        },
        limits: Limits { max_steps: settings.max_steps.into() },
        tools,
    })
}

pub(super) async fn heartbeat(call: WorkerCall, WireBody(heartbeat): WireBody<Heartbeat>) -> Handled {
    let intervals = call.app.settings().intervals;
    let report = Report {
        parked: heartbeat.state == WorkerState::Parked,
        applied_revision: heartbeat.applied_revision,
        tasks: wire::reported(&heartbeat.tasks)?,
        seen: heartbeat.directive_version_seen,
        hold: Duration::from_millis(heartbeat.hold_ms).min(intervals.heartbeat),
        consumption: wire::consumption(heartbeat.usage),
    };
    let directive = call.app.heartbeat(call.worker, wire::session(call.path("session"))?, report).await?;
    Ok(Reply::ok(&directives(&directive, intervals)).into())
}

fn directives(directive: &Directive, intervals: connix_application::Intervals) -> Directives {
    Directives {
        directive_version: directive.version(),
        desired: wire::desired(directive.wanted),
        config_revision: directive.config_revision,
        cancel: directive.cancel.iter().map(ToString::to_string).collect(),
        lost: directive.lost.iter().map(ToString::to_string).collect(),
        lease_ms: millis(intervals.lease),
        next_interval_ms: millis(intervals.heartbeat),
    }
}

pub(super) async fn config(call: WorkerCall) -> Handled {
    let (agent, environment) = call.app.worker_config(call.worker, wire::session(call.path("session"))?).await?;
    let config_revision = agent.control.config_revision;
    Ok(Reply::ok(&CurrentConfig { config_revision, config: wire::config(&agent, &environment) }).secret().into())
}

pub(super) async fn config_applied(call: WorkerCall, WireBody(applied): WireBody<ConfigApplied>) -> Handled {
    call.app.config_applied(call.worker, wire::session(call.path("session"))?, applied.revision).await?;
    Ok(acknowledged())
}

pub(super) async fn logs(call: WorkerCall, WireBody(logs): WireBody<AppendLogs>) -> Handled {
    wire::check_numbering("lines", logs.first_seq, logs.lines.len(), wire::MOST_LINES)?;
    let lines = logs.lines.into_iter().map(wire::line).collect();
    let session = wire::session(call.path("session"))?;
    let accepted_through = call.app.append_logs(call.worker, session, logs.first_seq, lines).await?;
    Ok(Reply::of(202, &LogsAccepted { accepted_through }).into())
}

pub(super) async fn close(call: WorkerCall, WireBody(end): WireBody<EndSession>) -> Handled {
    call.app.leave(call.worker, wire::session(call.path("session"))?, &end.reason).await?;
    Ok(acknowledged())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
