//! One route as an OpenAPI operation.

use super::{Generators, limits, problem};
use crate::route::{Access, Answer, Method, Parameter, ParameterType, Route};
use connix_domain::rate_limit::Policy;
use serde_json::{Map, Value, json};

pub(super) fn of(route: &Route, generators: &mut Generators) -> Value {
    let mut operation = json!({
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
    });
    if let Some(description) = describe(route) {
        operation["description"] = description.into();
    }
    operation["security"] = security(route.access);
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = route.takes {
        let schema = generators.request(schema);
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if !route.form.is_empty() {
        operation["requestBody"] = form(route.form);
    }
    operation["responses"] = responses(route, generators).into();
    operation
}

/// What a caller must have: a permission, and budgets that are not used up.
fn describe(route: &Route) -> Option<String> {
    let permission = match route.access {
        Access::Key(permission) => Some(format!("Required permission: `{}`.", permission.as_str())),
        Access::Public | Access::AnyKey | Access::Worker => None,
    };
    let own = route.rate.filter(|minute| *minute != Policy::Minute);
    let own = own.map(|minute| format!("Limit: {} requests a minute by default.", minute.usual()));
    let tokens = route.starts_work.then(|| "Model tokens must be left.".to_owned());
    let sentences: Vec<_> = [permission, own, tokens].into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::AnyKey | Access::Key(_) => json!([{"ApiKeyAuth": []}, {"BearerAuth": []}]),
        Access::Worker => json!([{"WorkerToken": []}]),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path_parameters().map(|name| {
        json!({"name": name, "in": "path", "required": true, "description": path_summary(name), "schema": {"type": "string"}})
    });
    let in_query = route.query.iter().copied().flatten().map(query_parameter);
    let mut all: Vec<_> = in_path.chain(in_query).collect();
    if route.method == Method::Post && matches!(route.access, Access::AnyKey | Access::Key(_)) {
        all.push(header(
            "Idempotency-Key",
            "1 to 255 visible ASCII characters: the same request again gets the same answer",
        ));
    }
    if route.answers.iter().any(|answer| answer.events.is_some()) {
        all.push(header("Last-Event-ID", "The id of the event to go on after; goes before `after`"));
    }
    if matches!(route.method, Method::Put | Method::Patch | Method::Delete) && route.access != Access::Worker {
        all.push(header("If-Match", "The ETag that the resource still must have"));
    }
    all
}

fn path_summary(name: &str) -> &'static str {
    match name {
        "project" => "Integer id, `proj_…` id, or canonical name in any case",
        "agent" => "`agent_…`",
        "task" => "`task_…`",
        "session" => "`wses_…`",
        "member" => "`user_…`",
        "team" => "`team_…`",
        "api_key" => "The key's public part, `cx_…`",
        "client" => "`client_…`",
        _ => "Name",
    }
}

fn header(name: &str, summary: &str) -> Value {
    json!({"name": name, "in": "header", "description": summary, "schema": {"type": "string"}})
}

fn form(parameters: &[Parameter]) -> Value {
    let property = |parameter: &Parameter| {
        let mut schema = schema(parameter.kind);
        schema["description"] = parameter.summary.into();
        (parameter.name.to_owned(), schema)
    };
    let properties: Map<_, _> = parameters.iter().map(property).collect();
    let schema = json!({"type": "object", "properties": properties});
    json!({"required": true, "content": {"application/x-www-form-urlencoded": {"schema": schema}}})
}

fn query_parameter(parameter: &Parameter) -> Value {
    if matches!(parameter.kind, ParameterType::Attributes) {
        return attributes(parameter);
    }
    let schema = schema(parameter.kind);
    json!({"name": parameter.name, "in": "query", "description": parameter.summary, "schema": schema})
}

fn schema(kind: ParameterType) -> Value {
    match kind {
        ParameterType::Text => json!({"type": "string", "maxLength": 255}),
        ParameterType::Opaque => json!({"type": "string"}),
        ParameterType::Integer { least, most, usual } => {
            let mut schema = json!({"type": "integer", "minimum": least, "maximum": most});
            if let Some(usual) = usual {
                schema["default"] = usual.into();
            }
            schema
        }
        ParameterType::Instant => json!({"type": "string", "description": "RFC 3339 time or a date"}),
        ParameterType::Flag => json!({"type": "boolean", "default": false}),
        ParameterType::Words(words) => json!({"type": "string", "enum": words}),
        ParameterType::Attributes => json!({"type": "object", "additionalProperties": {"type": "string"}}),
    }
}

/// `metadata.KEY=VALUE`: parameters whose names nobody knows beforehand, in the closest form that 3.0 has.
fn attributes(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.summary,
        "style": "form",
        "explode": true,
        "schema": schema(parameter.kind),
        "example": {format!("{}.team", parameter.name): "customer-success"},
    })
}

fn responses(route: &Route, generators: &mut Generators) -> Map<String, Value> {
    let mut responses: Map<_, _> =
        route.answers.iter().map(|answer| (answer.status.to_string(), success(route, answer, generators))).collect();
    responses.extend(problem::statuses(route).map(|status| (status.to_string(), problem::reference(route, status))));
    responses
}

fn success(route: &Route, answer: &Answer, generators: &mut Generators) -> Value {
    let mut headers =
        json!({"X-Request-ID": {"schema": {"type": "string"}}, "X-Response-Time": {"schema": {"type": "string"}}});
    if let (Some(_), Some(headers)) = (route.rate, headers.as_object_mut()) {
        headers.extend(limits::references());
    }
    let mut response = json!({"description": answer.summary, "headers": headers});
    if let Some(schema) = answer.body {
        response["content"]["application/json"] = json!({"schema": generators.answer(schema)});
    }
    if let Some(event) = answer.events {
        // OpenAPI 3.0 has no word for the parts of a stream
        generators.answer(event);
        response["content"]["text/event-stream"] = json!({"schema": {"type": "string"}});
    }
    response
}
