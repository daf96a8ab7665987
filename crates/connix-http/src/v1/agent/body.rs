//! What is sent to make or change an agent: read, and the schemas that document it.

use crate::body::{Echo, Fields, JsonBody};
use crate::openapi::Nullable;
use crate::problem::{Problem, Situation};
use connix_application::{AgentOrder, AgentUpdate, App};
use connix_domain::agent::{Agent, ConfigPatch, EnvironmentVariables, Patch};
use connix_domain::name::AgentName;
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A new agent.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
pub(crate) struct CreateAgent {
    /// Unique in the project.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    /// A key that is left out takes the service's default.
    config: Option<NewAgentConfig>,
    metadata: Option<Map<String, Value>>,
    /// Who runs the worker: the server (`local`) or the customer (`external`).
    #[schemars(extend("enum" = ["local", "external"]))]
    runtime: Option<String>,
}

/// What is to change of an agent. Top-level keys replace; `config` merges key by key, and `null` resets a key of it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `update` reads")]
pub(crate) struct UpdateAgent {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    config: Option<AgentConfigChange>,
    metadata: Option<Map<String, Value>>,
}

/// How a new agent is to think.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the object that `config` reads")]
pub(super) struct NewAgentConfig {
    #[schemars(length(min = 1, max = 200))]
    model: Option<String>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f64>,
    #[schemars(range(min = 1, max = i32::MAX))]
    max_tokens: Option<i32>,
    tools: Option<Vec<String>>,
    system_prompt: Option<Nullable<String>>,
    environment_variables: Option<BTreeMap<String, String>>,
}

/// What is to change of how an agent thinks; `null` puts a key back to the service's default.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the object that `config` reads")]
struct AgentConfigChange {
    #[schemars(length(min = 1, max = 200))]
    model: Option<Nullable<String>>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<Nullable<f64>>,
    #[schemars(range(min = 1, max = i32::MAX))]
    max_tokens: Option<Nullable<i32>>,
    tools: Option<Nullable<Vec<String>>>,
    system_prompt: Option<Nullable<String>>,
    environment_variables: Option<Nullable<BTreeMap<String, String>>>,
}

/// Reads a new agent.
///
/// # Errors
/// Every broken field.
pub(super) fn order(app: &App, body: &JsonBody) -> Result<AgentOrder, Problem> {
    let mut fields = body.fields();
    let order = common_order(app, &mut fields, |_, _| {});
    finish(fields)?;
    order.ok_or_else(|| Situation::Invalid.into())
}

/// Reads what every body of a new agent holds; `complete` adds what stands beside `config`. `None` without a good name.
pub(super) fn common_order<'b>(
    app: &App,
    fields: &mut Fields<'b>,
    complete: impl FnOnce(&mut ConfigPatch, &mut Fields<'b>),
) -> Option<AgentOrder> {
    let name = fields.required_string("name").and_then(|text| fields.parsed("name", AgentName::parse(text)));
    let description = fields.description().flatten();
    let mut config = config(fields, Nulls::Refused);
    complete(&mut config, fields);
    fields.checked(app.config_faults(&config).or(()));
    if !fields.owned_within("metadata", &["created_by"]).is_empty() {
        fields.fault("metadata.created_by", "is set by the service");
    }
    let metadata = fields.metadata_read_by(Agent::read_metadata).unwrap_or_default();
    let runtime = fields.word("runtime");
    Some(AgentOrder { name: name?, description, config, metadata, runtime })
}

/// Reads a change, and what was sent back of the keys that the service owns.
///
/// # Errors
/// Every broken field.
pub(super) fn update<'b>(app: &App, body: &'b JsonBody) -> Result<(AgentUpdate, Echo<'b>), Problem> {
    let mut fields = body.fields();
    let name = fields.string("name").and_then(|text| fields.parsed("name", AgentName::parse(text)));
    let update = AgentUpdate {
        name,
        description: fields.description(),
        config: config(&mut fields, Nulls::Reset),
        metadata: fields.metadata_read_by(Agent::read_metadata),
    };
    fields.checked(app.config_faults(&update.config).or(()));
    let echo = fields.owned(&["id", "project_id", "status", "created_at", "updated_at"]);
    let echo = echo.and(fields.owned_within("metadata", &["created_by"]));
    fields.ignored(&["last_activity", "stats", "runtime", "error"]);
    finish(fields)?;
    Ok((update, echo))
}

/// Refuses a body as AGNT words it.
///
/// # Errors
/// All the faults.
pub(super) fn finish(fields: Fields<'_>) -> Result<(), Problem> {
    fields.finish().map_err(told_of_configuration)
}

/// Faults of an agent's body are told under AGNT's own message.
pub(super) fn told_of_configuration(problem: Problem) -> Problem {
    if problem.situation() == Situation::Invalid { problem.saying("Invalid agent configuration") } else { problem }
}

/// Whether `null` puts a key back to its default, or is no value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Reset,
    Refused,
}

fn config(fields: &mut Fields<'_>, nulls: Nulls) -> ConfigPatch {
    let patch = fields.nested("config", |config| {
        if nulls == Nulls::Refused {
            config.refuse_nulls(&["model", "temperature", "max_tokens", "tools", "environment_variables"]);
        }
        patch(config)
    });
    patch.unwrap_or_default()
}

fn patch(config: &mut Fields<'_>) -> ConfigPatch {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let tools = config.patch("tools", "must be a list of strings", Value::as_array);
    let environment = config.patch("environment_variables", "must be an object of strings", Value::as_object);
    ConfigPatch {
        model: config.patch("model", "must be a string", text),
        temperature: config.patch("temperature", "must be between 0 and 2", Value::as_f64),
        max_tokens: config.patch("max_tokens", "must be a positive integer", Value::as_i64),
        tools: tools.map(|list| config.strings_of("tools", list)),
        system_prompt: config.patch("system_prompt", "must be a string", text),
        environment: environment
            .map(|object| EnvironmentVariables::new(config.named_strings_of("environment_variables", object))),
    }
}

/// Puts a key of `config` that is given beside it in its place; given twice it is a fault.
pub(super) fn moved_in<T>(fields: &mut Fields<'_>, key: &'static str, place: &mut Patch<T>, value: Option<T>) {
    let Some(value) = value else { return };
    if matches!(place, Patch::Keep) {
        *place = Patch::Set(value);
    } else {
        fields.fault(key, "is given in config too");
    }
}
