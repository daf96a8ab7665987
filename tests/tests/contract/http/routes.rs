//! Unknown routes and methods, answered in the vocabulary of the mount they would have been on (contract section 4).

use connix_tests::{Server, exchange, on_every_store};
use reqwest::Method;

on_every_store![
    unknown_routes_speak_the_vocabulary_of_their_mount,
    wrong_methods_say_which_are_allowed,
    the_route_is_judged_before_the_credential,
    paths_are_not_tidied_up,
    odd_methods_are_never_echoed,
];

/// H18.
async fn unknown_routes_speak_the_vocabulary_of_their_mount(server: &Server) {
    let table = [
        ("/api/v1/nothing", "RESOURCE_NOT_FOUND"),
        ("/api/v1", "RESOURCE_NOT_FOUND"),
        ("/api/v1/projects/", "RESOURCE_NOT_FOUND"),
        ("/api/v1/projects/default/nothing", "RESOURCE_NOT_FOUND"),
        ("/api/v2/projects", "RESOURCE_NOT_FOUND"),
        ("/nothing", "RESOURCE_NOT_FOUND"),
        ("/", "RESOURCE_NOT_FOUND"),
        ("/api/v1/projects/default/agents/agent_0000000000000001/nothing", "not_found"),
        ("/api/v1/worker/nothing", "not_found"),
        ("/v1/nothing", "request.not_found"),
        ("/v1/projects/default/nothing", "request.not_found"),
    ];
    for (path, code) in table {
        server.client().get(path).await.refused(404, code);
    }
}

async fn wrong_methods_say_which_are_allowed(server: &Server) {
    let table = [
        (Method::DELETE, "/api/v1/projects", "METHOD_NOT_ALLOWED", &["GET", "POST"][..]),
        (Method::POST, "/api/v1/projects/default", "METHOD_NOT_ALLOWED", &["GET", "PUT", "PATCH", "DELETE"][..]),
        (Method::POST, "/api/v1/hello", "METHOD_NOT_ALLOWED", &["GET"][..]),
        (Method::DELETE, "/api/v1/projects/default/agents", "method_not_allowed", &["GET", "POST"][..]),
        (
            Method::GET,
            "/api/v1/projects/default/agents/agent_0000000000000001/start",
            "method_not_allowed",
            &["POST"][..],
        ),
        (Method::PUT, "/v1/projects", "request.method_not_allowed", &["GET", "POST"][..]),
    ];
    for (method, path, code, allowed) in table {
        let answer = server.client().call(method, path).send().await;
        answer.refused(405, code);
        let listed = answer.listed("allow");
        for method in allowed {
            assert!(listed.contains(&method.to_lowercase()), "{}: Allow: {listed:?}", answer.title);
        }
    }
}

/// Contract section 2, order of checks.
async fn the_route_is_judged_before_the_credential(server: &Server) {
    let anonymous = server.anonymous();
    anonymous.get("/api/v1/nothing").await.refused(404, "RESOURCE_NOT_FOUND");
    anonymous.delete("/api/v1/projects").await.refused(405, "METHOD_NOT_ALLOWED");
    anonymous.get("/api/v1/projects/none-such").await.refused(401, "UNAUTHORIZED");
}

/// H18, H25: never a way around the credential.
async fn paths_are_not_tidied_up(server: &Server) {
    let address = server.installation.listen;
    let paths = [
        "//api/v1/projects",
        "/api/v1/./projects",
        "/api/v1/hello/../projects",
        "/api/v1/projects/%2e%2e%2fadmin",
        "/api/v1/projects/%00",
        "/api/v1/projects/%ff",
    ];
    for path in paths {
        let key = &server.first_key;
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n");
        exchange(address, request).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    let request = "GET /api/v1/%70rojects HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    let answer = exchange(address, request).await;
    assert!(matches!(answer.status(), Some(401 | 404)), "{}", answer.text);
}

/// H17.
async fn odd_methods_are_never_echoed(server: &Server) {
    for method in ["TRACE", "PROPFIND", "get", "BREW"] {
        let request = format!(
            "{method} /api/v1/projects HTTP/1.1\r\nHost: test\r\nX-Marker: canary\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(server.installation.listen, request).await;
        assert!(matches!(answer.status(), Some(400 | 405)), "{}", answer.text);
        assert!(!answer.text.contains("canary"), "{}", answer.text);
        assert!(answer.status() == Some(400) || answer.header("allow").is_some(), "{}", answer.text);
    }
}
