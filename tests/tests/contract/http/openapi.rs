//! The OpenAPI document, and that the service does what it says (contract section 11).

use std::collections::BTreeMap;

use connix_tests::{Client, Server, keys, on_every_store, unique};
use openapiv3::{OpenAPI, Operation, ReferenceOr, Schema, SchemaKind, Type};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    the_document_is_openapi_3_0,
    every_documented_route_exists,
    every_route_of_the_source_documents_is_documented,
    answers_have_the_documented_keys,
    a_browser_gets_the_page_with_its_assets,
];

const DOCS: &str = "/api/v1/docs";

async fn document(server: &Server) -> (Value, OpenAPI) {
    let json = server.anonymous().get(DOCS).await.expect(200);
    let parsed = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("not OpenAPI 3.0: {error}"));
    (json, parsed)
}

fn operations(document: &OpenAPI) -> Vec<(String, Method, &Operation)> {
    let paths = document.paths.iter().filter_map(|(path, item)| Some((path, item.as_item()?)));
    paths
        .flat_map(|(path, item)| item.iter().map(move |(method, operation)| (path, method, operation)))
        .map(|(path, method, operation)| (path.clone(), method.to_uppercase().parse().unwrap(), operation))
        .collect()
}

async fn the_document_is_openapi_3_0(server: &Server) {
    let (json, document) = document(server).await;
    assert!(json["openapi"].as_str().unwrap().starts_with("3.0."), "{}", json["openapi"]);
    assert!(!document.info.title.is_empty() && !document.info.version.is_empty());
    let mut ids = BTreeMap::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let id = operation.operation_id.clone().unwrap_or_else(|| panic!("{at}: no operationId"));
        assert_eq!(ids.insert(id.clone(), at.clone()), None, "{id} names two operations, one of them {at}");
        let mut told = operation.responses.responses.keys().map(ToString::to_string);
        assert!(told.any(|status| status.starts_with(['2', '3'])), "{at}: nothing is told of what goes well");
        let placeholders = path.matches('{').count();
        let declared = json["paths"][&path].to_string().matches(r#""in":"path""#).count()
            + operation
                .parameters
                .iter()
                .filter(|parameter| matches!(parameter, ReferenceOr::Reference { .. }))
                .count();
        assert!(placeholders == 0 || declared > 0, "{at}: path parameters are declared");
    }
}

/// Asked without a key, a route that exists says 401 or, when public, answers; one that does not says 404 or 405.
async fn every_documented_route_exists(server: &Server) {
    let (_, document) = document(server).await;
    let operations = operations(&document);
    assert!(operations.len() > 25, "{} operations", operations.len());
    // The page's assets are tried by name below.
    for (path, method, _) in operations.into_iter().filter(|(path, ..)| !path.starts_with("/api/v1/docs/")) {
        let path: String = path
            .split('/')
            .map(|part| if part.starts_with('{') { "agent_00000000000000aa" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let answer = server.anonymous().call(method, &path).send().await;
        assert!(!matches!(answer.status, 404 | 405 | 500..), "{}: {}: {}", answer.title, answer.status, answer.text());
    }
}

async fn every_route_of_the_source_documents_is_documented(server: &Server) {
    let (_, document) = document(server).await;
    let shape = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let documented: Vec<_> =
        operations(&document).iter().map(|(path, method, _)| format!("{method} {}", shape(path))).collect();
    let agent = "/api/v1/projects/{}/agents/{}";
    let actions = ["start", "pause", "stop", "restart"].map(|action| format!("POST {agent}/{action}"));
    let mut expected: Vec<String> = [
        "GET /api/v1/hello",
        "GET /api/v1/status",
        "GET /api/v1/docs",
        "POST /api/v1/agents",
        "POST /api/v1/projects",
        "GET /api/v1/projects",
        "GET /api/v1/projects/{}",
        "PUT /api/v1/projects/{}",
        "PATCH /api/v1/projects/{}",
        "DELETE /api/v1/projects/{}",
        "GET /api/v1/projects/{}/agents",
        "POST /api/v1/projects/{}/agents",
        "POST /v1/projects",
        "GET /v1/projects",
        "GET /v1/projects/{}",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(["GET", "PUT", "PATCH", "DELETE"].map(|method| format!("{method} {agent}")));
    expected.extend(actions);
    expected.extend(
        ["GET logs", "GET tasks", "POST tasks", "GET tasks/{}", "POST tasks/{}/cancel", "GET tasks/{}/events"]
            .map(|route| route.replacen(' ', &format!(" {agent}/"), 1)),
    );
    for route in expected {
        assert!(documented.contains(&route), "{route} is not documented");
    }
}

fn resolve<'a>(document: &'a OpenAPI, schema: &'a ReferenceOr<Schema>) -> &'a Schema {
    match schema {
        ReferenceOr::Item(schema) => schema,
        ReferenceOr::Reference { reference } => {
            let name = reference.rsplit('/').next().unwrap();
            let schemas = &document.components.as_ref().unwrap().schemas;
            resolve(document, schemas.get(name).unwrap_or_else(|| panic!("{reference} is not there")))
        }
    }
}

/// The body of an answer has every key its schema requires, and none that the schema does not know.
fn assert_documented(document: &OpenAPI, path: &str, method: &str, status: u16, body: &Value) {
    let at = format!("{method} {path} {status}");
    let item = document.paths.paths.get(path).unwrap_or_else(|| panic!("{at}: no such path")).as_item().unwrap();
    let (_, operation) = item.iter().find(|(name, _)| name.eq_ignore_ascii_case(method)).unwrap();
    let response =
        operation.responses.responses.get(&openapiv3::StatusCode::Code(status)).unwrap_or_else(|| panic!("{at}"));
    let response = match response {
        ReferenceOr::Item(response) => response,
        ReferenceOr::Reference { reference } => {
            let responses = &document.components.as_ref().unwrap().responses;
            responses[reference.rsplit('/').next().unwrap()].as_item().unwrap()
        }
    };
    let schema = response.content["application/json"].schema.as_ref().unwrap_or_else(|| panic!("{at}: no schema"));
    let SchemaKind::Type(Type::Object(object)) = &resolve(document, schema).schema_kind else {
        panic!("{at}: the schema is no object");
    };
    let shown = keys(body);
    for required in &object.required {
        assert!(shown.contains(required.as_str()), "{at}: {required} is missing in {body}");
    }
    for key in shown {
        assert!(object.properties.contains_key(key), "{at}: {key} is not documented");
    }
}

async fn answers_have_the_documented_keys(server: &Server) {
    let (_, document) = document(server).await;
    let client: Client = server.client();
    let made = client.post("/api/v1/projects", &json!({ "name": unique("documented") })).await.expect(201);
    assert_documented(&document, "/api/v1/projects", "post", 201, &made);
    assert_documented(&document, "/api/v1/projects", "get", 200, &client.get("/api/v1/projects").await.expect(200));
    let launch = json!({ "name": unique("documented"), "runtime": "external", "project_id": made["id"] });
    let launched = client.post("/api/v1/agents", &launch).await.expect(201);
    assert_documented(&document, "/api/v1/agents", "post", 201, &launched);
    for path in ["/api/v1/hello", "/api/v1/status", "/v1/projects"] {
        assert_documented(&document, path, "get", 200, &client.get(path).await.expect(200));
    }
}

async fn a_browser_gets_the_page_with_its_assets(server: &Server) {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let call = server.anonymous().call(Method::GET, DOCS).header("Accept", browser);
    let page = call.send().await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
    let html = page.text();
    let links: Vec<_> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()))
        .filter(|link| !link.starts_with("data:") && !link.starts_with('#'))
        .collect();
    assert!(!links.is_empty(), "{html}");
    let base = reqwest::Url::parse(&format!("http://{}{DOCS}", server.installation.listen)).unwrap();
    for link in links {
        assert!(!link.contains("://") && !link.starts_with("//"), "{link} is not in the binary");
        let url = base.join(link).unwrap();
        assert_eq!(server.anonymous().get(url.path()).await.status, 200, "{link}");
    }
}
