//! Requests that no library would send (`reliability.md` table H).

use connix_tests::{Server, exchange, on_every_store, unique};
use serde_json::json;

on_every_store![
    heads_have_bounds,
    uris_have_bounds,
    ambiguous_lengths_are_refused_and_nothing_is_smuggled,
    broken_transfer_codings_are_refused,
    broken_heads_are_refused,
    broken_chunks_are_refused,
    a_declared_length_over_the_limit_is_refused_unread,
    an_endless_body_is_cut_off,
    half_a_body_has_no_effect,
    requests_on_one_connection_are_answered_in_order,
];

/// The head of a POST that would make a project, without its length and its end.
fn post_head(server: &Server) -> String {
    let key = &server.first_key;
    format!("POST /api/v1/projects HTTP/1.1\r\nHost: test\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n")
}

fn get(server: &Server, headers: &str) -> String {
    format!(
        "GET /api/v1/hello HTTP/1.1\r\nHost: test\r\nX-API-Key: {}\r\n{headers}Connection: close\r\n\r\n",
        server.first_key
    )
}

/// H01, H02.
async fn heads_have_bounds(server: &Server) {
    let address = server.installation.listen;
    let wide: String = (0..17).map(|index| format!("X-Wide-{index}: {}\r\n", "x".repeat(7_800))).collect();
    let long = format!("X-Long: {}\r\n", "x".repeat(9 * 1024));
    let many: String = (0..65).map(|index| format!("X-Many-{index}: x\r\n")).collect();
    for headers in [wide, long, many] {
        let answer = exchange(address, get(server, &headers)).await;
        assert_eq!(answer.status(), Some(431), "{} bytes of headers: {}", headers.len(), answer.text);
    }
    let some: String = (0..40).map(|index| format!("X-Some-{index}: x\r\n")).collect();
    assert_eq!(exchange(address, get(server, &some)).await.status(), Some(200));
}

/// H03.
async fn uris_have_bounds(server: &Server) {
    let long = "x".repeat(9 * 1024);
    let table = [("/api/v1/projects", "URI_TOO_LONG"), ("/v1/projects", "request.uri_too_long")];
    for (path, code) in table {
        let request = format!("GET {path}?search={long} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        exchange(server.installation.listen, request).await.refused(414, code);
    }
}

/// H04, H05.
async fn ambiguous_lengths_are_refused_and_nothing_is_smuggled(server: &Server) {
    let name = unique("smuggled");
    let body = json!({ "name": name }).to_string();
    let smuggled = format!("{}Content-Length: {}\r\n\r\n{body}", post_head(server), body.len());
    let lengths = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 2, 2\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 2 3\r\n",
    ];
    for length in lengths {
        let request = format!("{}{length}\r\n0\r\n\r\n{smuggled}", post_head(server));
        let answer = exchange(server.installation.listen, request).await;
        assert_eq!((answer.status(), answer.answers()), (Some(400), 1), "{length}: {}", answer.text);
    }
    server.client().get(&format!("/api/v1/projects/{name}")).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// H06.
async fn broken_transfer_codings_are_refused(server: &Server) {
    for coding in ["xchunked", "chunked, identity", "identity, chunked, chunked"] {
        let request = format!("{}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n", post_head(server));
        let answer = exchange(server.installation.listen, request).await;
        assert_eq!(answer.status(), Some(400), "{coding}: {}", answer.text);
    }
    let old = post_head(server).replace("HTTP/1.1", "HTTP/1.0");
    let answer =
        exchange(server.installation.listen, format!("{old}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).await;
    assert_eq!(answer.status(), Some(400), "{}", answer.text);
}

/// H07.
async fn broken_heads_are_refused(server: &Server) {
    for header in ["X-Space : x\r\n", "X-Folded: a\r\n b\r\n", "X-Nul: a\0b\r\n", "no colon at all\r\n", ": empty\r\n"]
    {
        let answer = exchange(server.installation.listen, get(server, header)).await;
        assert_eq!(answer.status(), Some(400), "{header:?}: {}", answer.text);
    }
    for garbage in ["\r\n\r\n\0\0\0\0 garbage\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let answer = exchange(server.installation.listen, garbage).await;
        assert_eq!(answer.status(), Some(400), "{garbage:?}: {}", answer.text);
    }
}

/// H08. The connection is closed over what was not read, and the reset may overtake the answer.
async fn broken_chunks_are_refused(server: &Server) {
    let endless = format!("FFFFFFFFFFFFFFFF\r\n{}", "x".repeat(300 * 1024));
    let extension = format!("5;{}\r\nabcde\r\n0\r\n\r\n", "x".repeat(1024 * 1024));
    for chunk in [&endless, "-1\r\n", "5 5\r\nabcde\r\n", "x\r\n", &extension] {
        let request = format!("{}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}", post_head(server));
        let answer = exchange(server.installation.listen, request).await;
        let start = &chunk[..chunk.len().min(20)];
        assert!(answer.text.is_empty() || matches!(answer.status(), Some(400 | 413)), "{start:?}: {}", answer.text);
    }
    server.client().get("/api/v1/hello").await.expect(200);
}

/// H09: not a byte of the body is sent.
async fn a_declared_length_over_the_limit_is_refused_unread(server: &Server) {
    let request = format!("{}Content-Length: 262145\r\nConnection: close\r\n\r\n", post_head(server));
    exchange(server.installation.listen, request).await.refused(413, "PAYLOAD_TOO_LARGE");
}

/// H10: a chunked body that goes on for as long as the server listens; 64 MiB stand for endless.
async fn an_endless_body_is_cut_off(server: &Server) {
    let before = connix_tests::resident_bytes(server.pid());
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let request = format!("{}Transfer-Encoding: chunked\r\n\r\n{}", post_head(server), chunk.repeat(1024));
    exchange(server.installation.listen, request).await.refused(413, "PAYLOAD_TOO_LARGE");
    let grown = connix_tests::resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 32 * 1024 * 1024, "the server grew by {grown} bytes");
}

/// H13.
async fn half_a_body_has_no_effect(server: &Server) {
    let name = unique("half");
    let body = json!({ "name": name, "description": "the second half is missing" }).to_string();
    let request = format!("{}Content-Length: {}\r\n\r\n{}", post_head(server), body.len(), &body[..body.len() / 2]);
    connix_tests::hang_up_after(server.installation.listen, request).await;
    let client = server.client();
    client.get("/api/v1/hello").await.expect(200);
    client.get(&format!("/api/v1/projects/{name}")).await.refused(404, "RESOURCE_NOT_FOUND");
}

async fn requests_on_one_connection_are_answered_in_order(server: &Server) {
    let one = get(server, "X-Request-ID: one\r\n").replace("Connection: close\r\n", "");
    let two = post_head(server) + "X-Request-ID: two\r\nContent-Length: 2\r\n\r\n{}";
    let three = get(server, "X-Request-ID: three\r\n");
    let answers = exchange(server.installation.listen, [one, two, three].concat()).await;
    let ids: Vec<_> = answers.text.lines().filter_map(|line| line.strip_prefix("x-request-id: ")).collect();
    assert_eq!((answers.answers(), ids), (3, vec!["one", "two", "three"]), "{}", answers.text);
}
