//! `connix keys create` and `connix orgs create`, beside a running server and in effect in it at once.

use connix_tests::{Server, on_every_store, unique};
use serde_json::json;

on_every_store![
    a_new_key_works_at_once,
    a_new_organisation_is_empty_but_for_its_default_project,
    an_organisation_is_named_by_name_or_id,
    what_cannot_be_made_is_said,
];

async fn a_new_key_works_at_once(server: &Server) {
    let key = server.installation.line(&["keys", "create", "--name", &unique("key")]);
    let client = server.client_with(&key);
    client.get("/api/v1/hello").await.expect(200);
    let made = client.post("/api/v1/projects", &json!({ "name": unique("by-key") })).await.expect(201);
    let owners = server.client().get("/api/v1/projects/default").await.expect(200);
    assert_eq!(made["org_id"], owners["org_id"], "without --org, the default organisation");
}

async fn a_new_organisation_is_empty_but_for_its_default_project(server: &Server) {
    let tenant = server.tenant();
    let id = &tenant.organisation;
    assert!(id.len() == 20 && id.starts_with("org_"), "{id}");
    let listed = tenant.client.get("/api/v1/projects").await.expect(200);
    assert_eq!(listed["pagination"]["total"], 1);
    assert_eq!(listed["projects"][0]["canonical_name"], "default");
    assert_eq!(listed["projects"][0]["org_id"], json!(id));
}

async fn an_organisation_is_named_by_name_or_id(server: &Server) {
    let name = unique("named-org");
    let id = server.installation.line(&["orgs", "create", "--name", &name]);
    for organisation in [&name, &id] {
        let client = server.client_with(&server.key(organisation, &[]));
        assert_eq!(client.get("/api/v1/projects/default").await.expect(200)["org_id"], json!(id));
    }
}

async fn what_cannot_be_made_is_said(server: &Server) {
    let table: [(&[&str], &str); 6] = [
        (&["keys", "create"], "--name"),
        (&["keys", "create", "--name", "x", "--org", "no-such-org"], "no-such-org"),
        (&["keys", "create", "--name", "x", "--scopes", "read,everything"], "everything"),
        (&["keys", "create", "--name", "x", "--permissions", "data.moon.read"], "data.moon.read"),
        (&["keys", "create", "--name", "x", "--projects", "no-such-project"], "no-such-project"),
        (&["dance"], "dance"),
    ];
    for (arguments, reason) in table {
        let output = server.installation.run(arguments);
        assert!(output.code.is_some_and(|code| code != 0), "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(reason) && output.stdout.is_empty(), "{arguments:?}: {output:?}");
    }
}
