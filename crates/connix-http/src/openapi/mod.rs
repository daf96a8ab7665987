//! The OpenAPI 3.0 document, printed from the route table and the types of its bodies.
//!
//! `docs/api/openapi.json` is written by a test of this module; `GET /api/v1/docs` serves the same document.

mod limits;
mod nulls;
mod operation;
pub(crate) mod page;
mod problem;

pub(crate) use nulls::Nullable;

use crate::route::{Route, SchemaOf, table};
use nulls::Nulls;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The generators of one document: what is sent to us may leave fields out, what we send shows them all.
struct Generators {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

/// The document of all routes there are.
pub fn document() -> Value {
    let mut generators = Generators::new();
    let mut paths = Map::new();
    for route in table().filter(|route| route.documented) {
        let operation = operation::of(route, &mut generators);
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    let mut schemas = generators.answers.take_definitions(true);
    schemas.extend(generators.requests.take_definitions(true));
    schemas.extend(problem::schemas());
    schemas.sort_keys();
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Connix API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Projects, agents and their tasks. The same projects are served below `/api/v1` and, in the \
                            shape of the organisation API, below `/v1`.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problem::responses(),
            "headers": limits::headers(),
            "securitySchemes": {
                "ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "BearerAuth": {"type": "http", "scheme": "bearer", "description": "An access token, or an API key"},
                "WorkerToken": {"type": "http", "scheme": "bearer", "description": "The token of an agent's worker"},
            },
        },
    })
}

/// The tags that routes carry, in the order of the table.
fn tags() -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    for route in table().filter(|route: &&Route| route.documented && !route.tag.is_empty()) {
        if !names.contains(&route.tag) {
            names.push(route.tag);
        }
    }
    names.into_iter().map(|name| json!({"name": name})).collect()
}

impl Generators {
    fn new() -> Self {
        let settings = |nulls: Nulls| {
            SchemaSettings::openapi3().with(|settings| {
                settings.meta_schema = None;
                settings.transforms.insert(0, Box::new(nulls));
            })
        };
        Self {
            requests: settings(Nulls::Marked).for_deserialize().into_generator(),
            answers: settings(Nulls::Shown).for_serialize().into_generator(),
        }
    }
    fn request(&mut self, schema: SchemaOf) -> Schema {
        schema(&mut self.requests)
    }
    fn answer(&mut self, schema: SchemaOf) -> Schema {
        schema(&mut self.answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn the_committed_document_is_the_one_the_routes_print() {
        let printed = serde_json::to_string_pretty(&document()).unwrap() + "\n";
        golden::assert_committed("docs/api/openapi.json", &printed);
    }

    #[test]
    fn the_document_is_openapi_3_0() {
        let parsed: openapiv3::OpenAPI = serde_json::from_value(document()).unwrap();
        assert_eq!(parsed.openapi, "3.0.3");
        assert_eq!(parsed.operations().count(), table().filter(|route| route.documented).count());
    }

    #[test]
    fn the_authorization_server_speaks_its_protocol_in_forms_and_to_browsers_in_pages() {
        let document = document();
        for (path, at, expected) in [
            ("/oauth2/token", "/post/responses/400/$ref", "#/components/responses/ProtocolError"),
            ("/oauth2/token", "/post/responses/500/$ref", "#/components/responses/Error500"),
            ("/oauth2/authorize", "/get/responses/400/$ref", "#/components/responses/Page"),
            ("/oauth2/authorize", "/get/parameters/0/name", "response_type"),
        ] {
            assert_eq!(document["paths"][path].pointer(at).and_then(Value::as_str), Some(expected), "{path} {at}");
        }
        let token = &document["paths"]["/oauth2/token"]["post"];
        assert!(token["requestBody"]["content"]["application/x-www-form-urlencoded"].is_object(), "{token}");
        assert!(token.get("parameters").is_none(), "no key remembers what a public route answered: {token}");
    }

    #[test]
    fn every_reference_resolves() {
        let document = document();
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn nothing_of_later_json_schema_drafts_is_left() {
        fn walk(value: &Value, path: &str) {
            match value {
                Value::Object(object) => {
                    for (key, inner) in object {
                        let misplaced =
                            ["$defs", "const", "prefixItems", "unevaluatedProperties"].contains(&key.as_str());
                        assert!(!misplaced, "{path}/{key}");
                        assert!(key != "type" || inner.is_string() || path.ends_with("/properties"), "{path}/{key}");
                        walk(inner, &format!("{path}/{key}"));
                    }
                }
                Value::Array(list) => list.iter().for_each(|inner| walk(inner, path)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        walk(&document()["components"], "");
    }

    fn collect_references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|inner| collect_references(inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| collect_references(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
