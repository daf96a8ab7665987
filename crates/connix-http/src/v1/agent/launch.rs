//! `POST /api/v1/agents`: an agent by name, in a project named in the body or in the default one (OVER, CANO).

use super::reveal::Environment;
use super::{body, location, view::AgentView};
use crate::body::{Fields, JsonBody};
use crate::call::Call;
use crate::idempotency;
use crate::openapi::Nullable;
use crate::problem::{Problem, Situation};
use crate::reply::Reply;
use crate::route::{Answer, Method, Route};
use crate::v1::project::{self, ProjectReference};
use actix_web::{HttpResponse, web};
use connix_application::{AgentDetails, AgentOrder, App, ProjectRef};
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Policy;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[Route::new(Method::Post, "/api/v1/agents", "launchAgent", || web::to(launch))
    .about(super::TAG, "Launch an agent")
    .needs(Permission::AgentsWrite)
    .limited(Policy::AgentsCreate)
    .starts_work()
    .takes::<LaunchAgent>()
    .answers(&[Answer::of::<Launched>(201, "The agent is being launched")])];

/// An agent to be launched.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
struct LaunchAgent {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Integer, `proj_…` or canonical name; the default project without it.
    project_id: Option<ProjectReference>,
    /// The same; only one of the two may be given.
    project: Option<ProjectReference>,
    /// The system prompt, whole or in lines.
    instructions: Option<Instructions>,
    model: Option<String>,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    config: Option<body::NewAgentConfig>,
    metadata: Option<Map<String, Value>>,
    #[schemars(extend("enum" = ["local", "external"]))]
    runtime: Option<String>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "documents what `instructions` reads")]
enum Instructions {
    Whole(String),
    Lines(Vec<String>),
}

/// A launched agent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentLaunched")]
struct Launched<'a> {
    message: String,
    agent_id: String,
    project_id: String,
    status: &'static str,
    agent: AgentView<'a>,
}

impl<'a> Launched<'a> {
    fn of(made: &'a AgentDetails) -> Self {
        let (agent, project) = (&made.agent, &made.project);
        Self {
            message: format!("Agent '{}' successfully launched in project '{}'", agent.name, project.canonical_name),
            agent_id: agent.id.to_string(),
            project_id: project.id.to_string(),
            status: agent.phase.status(),
            agent: AgentView::whole(made, Environment::Masked),
        }
    }
}

async fn launch(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (project, order) = order(&call.app, &body)?;
    let reply = |made: &AgentDetails| Reply::created(&Launched::of(made), location(made)).version(made.agent.version);
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.create_agent(&call.caller, &project, order, remember).await
    })
    .await
}

fn order(app: &App, body: &JsonBody) -> Result<(ProjectRef, AgentOrder), Problem> {
    let mut fields = body.fields();
    let project = project(&mut fields);
    let model = fields.string("model").map(str::to_owned);
    let instructions = instructions(&mut fields);
    let order = body::common_order(app, &mut fields, |config, fields| {
        body::moved_in(fields, "model", &mut config.model, model);
        body::moved_in(fields, "instructions", &mut config.system_prompt, instructions);
    });
    fields.finish()?;
    let order = order.ok_or_else(|| Problem::from(Situation::Invalid))?;
    Ok((project.unwrap_or_else(ProjectRef::default_project), order))
}

/// The project that `project_id` or `project` names, in any form.
fn project(fields: &mut Fields<'_>) -> Option<ProjectRef> {
    let by_id = reference(fields, "project_id");
    let by_name = reference(fields, "project");
    if by_id.is_some() && by_name.is_some() {
        fields.fault("project", "must not be given together with project_id");
    }
    by_id.or(by_name)
}

fn reference(fields: &mut Fields<'_>, key: &'static str) -> Option<ProjectRef> {
    let project = project::reference(fields.any(key)?);
    if project.is_none() {
        fields.fault(key, "must be an integer, a proj_ id or a canonical name");
    }
    project
}

/// A text, or lines of one.
fn instructions(fields: &mut Fields<'_>) -> Option<String> {
    match fields.any("instructions")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => Some(fields.strings_of("instructions", lines).join("\n")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            fields.fault("instructions", "must be a string or a list of strings");
            None
        }
    }
}
