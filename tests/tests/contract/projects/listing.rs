//! PROJ "List Projects" and OVER "Pagination": pages, search, sort.

use connix_tests::{Client, Server, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    the_documents_list_answers_with_its_keys,
    pages_are_counted_exactly,
    a_page_after_the_last_is_empty,
    no_matches_are_no_pages,
    the_newest_comes_first_unless_told_otherwise,
    names_sort_without_regard_to_case,
    every_sort_field_goes_both_ways,
    search_finds_a_part_of_name_canonical_name_or_description_in_any_case,
    search_takes_wildcards_literally,
    what_is_out_of_range_is_an_error_that_names_the_parameter,
];

const PROJECTS: &str = "/api/v1/projects";

async fn names(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{PROJECTS}{query}")).await.expect(200);
    page["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap().to_owned()).collect()
}

async fn make(client: &Client, names: &[&str]) {
    for name in names {
        client.post(PROJECTS, &json!({ "name": name })).await.expect(201);
    }
}

/// `{ "projects": [ { "id": 123, "name": "ml-training-pipeline" }, { "id": 124, "name": "data-processing-workflow" } ], "pagination": {
/// "page": 1, "limit": 20, "total": 2, "pages": 1, "has_next": false, "has_prev": false }}` (here beside the default project)
async fn the_documents_list_answers_with_its_keys(server: &Server) {
    let client = server.tenant().client;
    make(&client, &["data-processing-workflow", "ml-training-pipeline"]).await;
    let page = client.get(PROJECTS).await.expect(200);
    assert_eq!(keys(&page), ["projects", "pagination"].into());
    let expected = json!({ "page": 1, "limit": 20, "total": 3, "pages": 1, "has_next": false, "has_prev": false });
    assert_eq!(page["pagination"], expected);
    let shown: Vec<_> = page["projects"].as_array().unwrap().iter().map(|project| &project["name"]).collect();
    assert_eq!(shown[..2], ["ml-training-pipeline", "data-processing-workflow"]);
    assert!(page["projects"].as_array().unwrap().iter().all(|project| project["id"].is_u64()), "{page}");
    let found = client.get("/api/v1/projects?limit=10&search=ml").await.expect(200);
    let expected = json!({ "page": 1, "limit": 10, "total": 1, "pages": 1, "has_next": false, "has_prev": false });
    assert_eq!(found["pagination"], expected);
}

async fn pages_are_counted_exactly(server: &Server) {
    let client = server.tenant().client;
    make(&client, &["page-a", "page-b", "page-c", "page-d"]).await; // and the default project
    let second = client.get("/api/v1/projects?limit=2&page=2&sort=name&order=asc").await.expect(200);
    let expected = json!({ "page": 2, "limit": 2, "total": 5, "pages": 3, "has_next": true, "has_prev": true });
    assert_eq!(second["pagination"], expected);
    let mut all = Vec::new();
    for page in 1..=3 {
        all.extend(names(&client, &format!("?limit=2&page={page}&sort=name&order=desc&search=page-")).await);
    }
    assert_eq!(all, ["page-d", "page-c", "page-b", "page-a"]);
}

async fn a_page_after_the_last_is_empty(server: &Server) {
    let client = server.tenant().client;
    let page = client.get("/api/v1/projects?page=7").await.expect(200);
    assert_eq!(page["projects"], json!([]));
    let expected = json!({ "page": 7, "limit": 20, "total": 1, "pages": 1, "has_next": false, "has_prev": true });
    assert_eq!(page["pagination"], expected);
}

async fn no_matches_are_no_pages(server: &Server) {
    let page = server.client().get("/api/v1/projects?search=nothing-is-called-so").await.expect(200);
    let expected = json!({ "page": 1, "limit": 20, "total": 0, "pages": 0, "has_next": false, "has_prev": false });
    assert_eq!(page["pagination"], expected);
}

async fn the_newest_comes_first_unless_told_otherwise(server: &Server) {
    let client = server.tenant().client;
    make(&client, &["order-b", "order-a", "order-c"]).await;
    assert_eq!(names(&client, "?search=order-").await, ["order-c", "order-a", "order-b"]);
    assert_eq!(names(&client, "?search=order-&order=asc").await, ["order-b", "order-a", "order-c"]);
}

async fn names_sort_without_regard_to_case(server: &Server) {
    let client = server.tenant().client;
    make(&client, &["Bravo-x", "alpha-x", "CHARLIE-x", "delta-x"]).await;
    let sorted = names(&client, "?sort=name&order=asc&search=-x").await;
    assert_eq!(sorted, ["alpha-x", "Bravo-x", "CHARLIE-x", "delta-x"]);
}

async fn every_sort_field_goes_both_ways(server: &Server) {
    let client = server.tenant().client;
    make(&client, &["sort-b", "sort-a", "sort-c"]).await;
    client.patch("/api/v1/projects/sort-b", &json!({ "description": "touched last" })).await.expect(200);
    let table = [
        ("name", ["sort-a", "sort-b", "sort-c"]),
        ("created_at", ["sort-b", "sort-a", "sort-c"]),
        ("updated_at", ["sort-a", "sort-c", "sort-b"]),
    ];
    for (field, mut expected) in table {
        assert_eq!(names(&client, &format!("?search=sort-&sort={field}&order=asc")).await, expected, "{field}");
        expected.reverse();
        assert_eq!(names(&client, &format!("?search=sort-&sort={field}&order=desc")).await, expected, "{field}");
    }
}

async fn search_finds_a_part_of_name_canonical_name_or_description_in_any_case(server: &Server) {
    let client = server.tenant().client;
    let bodies = [
        json!({ "name": "Visible Needle Here", "canonical_name": "one" }),
        json!({ "name": "Two", "canonical_name": "two-needle" }),
        json!({ "name": "three", "description": "the NEEDLE in the text" }),
        json!({ "name": "four", "metadata": { "needle": "needle" } }),
    ];
    for body in &bodies {
        client.post(PROJECTS, body).await.expect(201);
    }
    let found = names(&client, "?search=nEEdle&sort=created_at&order=asc").await;
    assert_eq!(found, ["Visible Needle Here", "Two", "three"]);
    assert_eq!(names(&client, "?search=le%20he").await, ["Visible Needle Here"]);
}

/// V14.
async fn search_takes_wildcards_literally(server: &Server) {
    let client = server.tenant().client;
    let odd = json!({ "name": r"100% of a_b\c*?", "canonical_name": "odd" });
    client.post(PROJECTS, &odd).await.expect(201);
    client.post(PROJECTS, &json!({ "name": "plain" })).await.expect(201);
    for search in ["%25", "_", "%5C", "*", "?", "a_b", "%25%20of"] {
        assert_eq!(names(&client, &format!("?search={search}")).await, [odd["name"].as_str().unwrap()], "{search}");
    }
}

/// V12, V13.
async fn what_is_out_of_range_is_an_error_that_names_the_parameter(server: &Server) {
    let table = [
        ("limit", &["0", "-1", "101", "abc", "1e3", "", "1.5", "99999999999999999999"][..]),
        ("page", &["0", "-1", "abc", "9223372036854775808", ""][..]),
        ("sort", &["password", "name;drop", "-name", ""][..]),
        ("order", &["up", "ASC%20", ""][..]),
        ("colour", &["blue"][..]),
    ];
    let client = server.client();
    for (parameter, values) in table {
        for value in values {
            let answer = client.get(&format!("{PROJECTS}?{parameter}={value}")).await;
            let error = answer.refused(400, "VALIDATION_ERROR");
            assert_eq!(error["details"]["field"], Value::from(parameter), "{value:?}: {error}");
        }
    }
    client.get("/api/v1/projects?limit=5&limit=6").await.refused(400, "VALIDATION_ERROR");
}
