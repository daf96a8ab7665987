//! Error answers in the document: one response per status and shape of `details`, from the error table.

use super::limits;
use crate::problem::{Situation, Vocabulary};
use crate::route::{Access, Method, Refusal, Route};
use serde_json::{Map, Value, json};

/// The errors of the lower vocabulary list their details; the others have one object.
fn shape(vocabulary: Vocabulary) -> &'static str {
    match vocabulary {
        Vocabulary::Upper | Vocabulary::UpperProject => "Error",
        Vocabulary::Lower => "AgentError",
        Vocabulary::Dotted => "OrganisationError",
    }
}

/// The statuses that a route may refuse with.
pub(super) fn statuses(route: &Route) -> impl Iterator<Item = u16> {
    let keyed = route.access != Access::Public;
    let protocol = route.refusal == Refusal::Protocol;
    let writes = route.method != Method::Get && keyed;
    let versioned = matches!(route.method, Method::Put | Method::Patch | Method::Delete);
    let found = route.path.contains('{');
    let permission = matches!(route.access, Access::Key(_));
    let body = route.takes.is_some();
    let fenced = route.access == Access::Worker;
    [
        (400, true),
        (401, keyed || protocol),
        (403, permission),
        (404, found),
        (408, body),
        (409, writes),
        (410, fenced),
        (412, versioned && !fenced),
        (413, writes),
        (415, body),
        (422, route.method == Method::Post && keyed && !fenced),
        (426, fenced),
        (429, keyed && !fenced),
        (500, true),
        (503, true),
    ]
    .into_iter()
    .filter_map(|(status, possible)| possible.then_some(status))
}

/// A reference to the response of a status of a route.
pub(super) fn reference(route: &Route, status: u16) -> Value {
    let name = match route.refusal {
        Refusal::Page => "Page".to_owned(),
        Refusal::Protocol if status < 500 => "ProtocolError".to_owned(),
        Refusal::Problem | Refusal::Protocol => format!("{}{status}", shape(route.vocabulary())),
    };
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// Every response that [`reference`] can name.
pub(super) fn responses() -> Map<String, Value> {
    let mut responses = Map::new();
    responses.insert(
        "Page".to_owned(),
        json!({"description": "A page that says what went wrong", "content": {"text/html": {"schema": {"type": "string"}}}}),
    );
    responses.insert(
        "ProtocolError".to_owned(),
        json!({
            "description": "A word of the protocol (RFC 6749 5.2), and why",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ProtocolError"}}},
        }),
    );
    for vocabulary in [Vocabulary::Upper, Vocabulary::Lower, Vocabulary::Dotted] {
        for situation in Situation::ALL {
            let status = situation.status().as_u16();
            let response = responses.entry(format!("{}{status}", shape(vocabulary))).or_insert_with(|| {
                json!({
                    "description": "",
                    "content": {"application/json": {
                        "schema": {"$ref": format!("#/components/schemas/{}", shape(vocabulary))},
                    }},
                })
            });
            response["description"] = describe(status, vocabulary).into();
            if status == 429 {
                response["headers"] = limits::of_refusal();
            }
        }
    }
    responses
}

/// The codes of a status.
fn describe(status: u16, vocabulary: Vocabulary) -> String {
    let mut codes: Vec<String> = Vec::new();
    let spoken = Vocabulary::ALL.iter().filter(|other| shape(**other) == shape(vocabulary));
    for vocabulary in spoken {
        for situation in Situation::ALL.iter().filter(|situation| situation.status().as_u16() == status) {
            let code = format!("`{}`", situation.code(*vocabulary));
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    codes.join(", ")
}

/// The schemas of error bodies.
pub(super) fn schemas() -> Map<String, Value> {
    let one = json!({
        "type": "object",
        "required": ["field"],
        "properties": {"field": {"type": "string"}, "value": {}, "issue": {"type": "string"}},
    });
    let all = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["field", "message"],
            "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
        },
    });
    let protocol = json!({
        "type": "object",
        "required": ["error", "error_description"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    });
    [("Error", body(&one)), ("AgentError", body(&all)), ("OrganisationError", body(&one)), ("ProtocolError", protocol)]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn body(details: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": details,
                "retry_after": {"type": "integer", "description": "Seconds; on 429"},
                "request_id": {"type": "string"},
            },
        }},
    })
}
