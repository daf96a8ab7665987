//! WORK: projects on `/v1`, the other view of the same domain.

use connix_tests::{Server, keys, on_every_store};
use serde_json::json;

on_every_store![
    the_documents_example_answers_with_its_keys,
    canonical_names_are_derived_from_display_names,
    both_mounts_show_the_same_project,
    the_list_stands_under_data,
    what_is_not_there_is_not_found_in_dotted_words,
    bad_bodies_are_refused_in_dotted_words,
    taken_and_bad_names_are_refused_in_dotted_words,
];

async fn the_documents_example_answers_with_its_keys(server: &Server) {
    let tenant = server.tenant();
    let body = json!({ "name": "Legal Counsel Project", "description": "..." });
    let made = tenant.client.post("/v1/projects", &body).await.expect(201);
    let expected = [
        "id",
        "org_id",
        "team_id",
        "name",
        "canonical_name",
        "description",
        "visibility",
        "status",
        "created_at",
        "updated_at",
    ];
    assert!(keys(&made).is_superset(&expected.into()), "{made}");
    assert!(made["id"].as_str().unwrap().starts_with("proj_"));
    assert_eq!(made["org_id"], tenant.organisation);
    assert!(made["team_id"].is_null());
    assert_eq!(made["name"], "Legal Counsel Project");
    assert_eq!(made["canonical_name"], "legal-counsel-project");
    assert_eq!(made["description"], "...");
    assert_eq!(made["visibility"], "private");
    assert!(made["created_at"].as_str().unwrap().ends_with('Z'));
    let path = format!("/v1/projects/{}", made["id"].as_str().unwrap());
    assert_eq!(tenant.client.get(&path).await.expect(200), made);
}

/// Contract section 5: lower case, other runs one hyphen, trimmed, cut to 50, numbered when taken.
async fn canonical_names_are_derived_from_display_names(server: &Server) {
    let client = server.tenant().client;
    let table = [
        ("Legal Counsel Project", "legal-counsel-project"),
        ("Legal  Counsel -- Project!", "legal-counsel-project-2"),
        ("legal_counsel_project", "legal-counsel-project-3"),
        ("  Trimmed  ", "trimmed"),
        ("Größe 5 %", "gr-e-5"),
        (&"Long ".repeat(20), "long-long-long-long-long-long-long-long-long-long"),
    ];
    for (name, canonical) in table {
        let made = client.post("/v1/projects", &json!({ "name": name })).await.expect(201);
        assert_eq!(made["canonical_name"], canonical, "{name:?}");
        assert_eq!(made["name"], name);
    }
    for name in ["日本", "ab", "!"] {
        let made = client.post("/v1/projects", &json!({ "name": name })).await.expect(201);
        let canonical = made["canonical_name"].as_str().unwrap();
        let digits = canonical.strip_prefix("project-").unwrap_or_else(|| panic!("{name}: {canonical}"));
        assert!(digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{canonical}");
    }
}

async fn both_mounts_show_the_same_project(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let here = client.get(&format!("/v1/projects/{}", project.uid)).await.expect(200);
    let there = client.get(&format!("/api/v1/projects/{}", project.id)).await.expect(200);
    assert_eq!(here["id"], there["uid"]);
    for key in ["name", "canonical_name", "org_id", "visibility", "status", "created_at", "updated_at"] {
        assert_eq!(here[key], there[key], "{key}");
    }
    for form in [project.id.to_string(), project.name.to_uppercase()] {
        assert_eq!(client.get(&format!("/v1/projects/{form}")).await.expect(200), here, "{form}");
    }
}

async fn the_list_stands_under_data(server: &Server) {
    let tenant = server.tenant();
    let made =
        tenant.client.post("/v1/projects", &json!({ "name": "Only One", "visibility": "shared" })).await.expect(201);
    let page = tenant.client.get("/v1/projects").await.expect(200);
    assert_eq!(keys(&page), ["data", "pagination"].into());
    let expected = json!({ "page": 1, "limit": 20, "total": 2, "pages": 1, "has_next": false, "has_prev": false });
    assert_eq!(page["pagination"], expected);
    assert_eq!(page["data"][0], made);
    assert_eq!(page["data"][1]["canonical_name"], "default");
}

async fn what_is_not_there_is_not_found_in_dotted_words(server: &Server) {
    let client = server.client();
    client.get("/v1/projects/proj_0000000000000001").await.refused(404, "projects.not_found");
    client.get("/v1/nothing").await.refused(404, "request.not_found");
    client.delete("/v1/projects").await.refused(405, "request.method_not_allowed");
    server.anonymous().get("/v1/projects").await.refused(401, "auth.unauthorized");
}

async fn bad_bodies_are_refused_in_dotted_words(server: &Server) {
    let client = server.client();
    for body in [json!({}), json!({ "name": 5 }), json!({ "name": "x", "visibility": "all" })] {
        client.post("/v1/projects", &body).await.refused(400, "request.invalid");
    }
    let call = client.call(reqwest::Method::POST, "/v1/projects");
    call.body("text/plain", "{}").send().await.refused(415, "request.unsupported_media_type");
    client.get("/v1/projects?limit=101").await.refused(400, "request.invalid");
}

async fn taken_and_bad_names_are_refused_in_dotted_words(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let taken = json!({ "name": "Any", "canonical_name": project.name });
    client.post("/v1/projects", &taken).await.refused(400, "projects.name_taken");
    let bad = json!({ "name": "Any", "canonical_name": "a_b" });
    client.post("/v1/projects", &bad).await.refused(400, "projects.invalid_name");
}
