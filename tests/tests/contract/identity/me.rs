//! `/api/v1/me` and `/api/v1/organization` (contract section 10).

use super::api_keys::{make, with};
use connix_tests::{Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    a_credential_says_whom_it_acts_as_and_what_it_may,
    an_organisation_is_renamed_and_limited,
    a_reader_changes_no_organisation,
];

const ORGANISATION: &str = "/api/v1/organization";

async fn a_credential_says_whom_it_acts_as_and_what_it_may(server: &Server) {
    let tenant = server.tenant();
    let project = tenant.client.project().await;
    let whole = tenant.client.get("/api/v1/me").await.expect(200);
    assert_eq!(whole["organization"]["id"], json!(tenant.organisation));
    assert_eq!((&whole["user"]["role"], &whole["projects"]), (&json!("owner"), &Value::Null));
    assert!(whole["permissions"].as_array().unwrap().contains(&json!("org.organization.write")), "{whole}");
    let body = json!({ "permissions": ["data.projects.read"], "projects": [project.id], "rate_limits": { "requests_per_minute": 9 } });
    let key = make(&tenant.client, &body).await;
    let less = with(server, &key).get("/api/v1/me").await.expect(200);
    assert_eq!((&less["user"]["id"], &less["api_key_id"]), (&whole["user"]["id"], &key["id"]));
    assert_eq!((&less["permissions"], &less["projects"]), (&json!(["data.projects.read"]), &json!([project.uid])));
    assert_eq!(less["rate_limits"], json!({ "requests_per_minute": 9 }));
    server.anonymous().get("/api/v1/me").await.refused(401, "UNAUTHORIZED");
}

async fn an_organisation_is_renamed_and_limited(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let read = us.client.get(ORGANISATION).await.expect(200);
    let (name, limits) = (unique("renamed"), json!({ "requests_per_hour": 5000, "agents": { "create": 20 } }));
    let changed = us.client.patch(ORGANISATION, &json!({ "name": name, "rate_limits": limits })).await.expect(200);
    assert_eq!((&changed["id"], &changed["name"]), (&read["id"], &json!(name)));
    assert_eq!(us.client.patch(ORGANISATION, &changed).await.expect(200), changed);
    let me = us.client.get("/api/v1/me").await.expect(200);
    assert_eq!(me["rate_limits"], limits, "in effect at once");
    let taken = json!({ "name": name.to_uppercase() });
    let error = them.client.patch(ORGANISATION, &taken).await.refused(409, "CONFLICT");
    assert_eq!(error["details"]["field"], "name");
    for bad in [json!({ "name": "" }), json!({ "owner": "me" }), json!({ "rate_limits": { "hour": 1 } })] {
        us.client.patch(ORGANISATION, &bad).await.refused(400, "INVALID_REQUEST");
    }
    server.key(&name, &[]);
}

async fn a_reader_changes_no_organisation(server: &Server) {
    let owner = server.tenant().client;
    let reader = with(server, &make(&owner, &json!({ "scopes": ["read"] })).await);
    reader.get(ORGANISATION).await.expect(200);
    reader.patch(ORGANISATION, &json!({ "name": unique("no") })).await.refused(403, "FORBIDDEN");
}
