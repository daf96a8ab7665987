//! Requests that do not come to an end (`reliability.md` H11, H12): the server gives up, after five seconds on a head and ten on
//! a body. The two wait side by side.

use std::time::{Duration, Instant};

use connix_tests::{RawAnswer, Server, exchange_slowly, on_every_store};

on_every_store![slow_heads_and_slow_bodies_time_out];

async fn drip(server: &Server, start: &str) -> (RawAnswer, Duration) {
    let begun = Instant::now();
    let mut pieces = vec![start.as_bytes()];
    pieces.resize(18, b"x");
    let answer = exchange_slowly(server.installation.listen, &pieces, Duration::from_secs(1)).await;
    (answer, begun.elapsed())
}

async fn slow_heads_and_slow_bodies_time_out(server: &Server) {
    let head = format!("GET /api/v1/hello HTTP/1.1\r\nHost: test\r\nX-API-Key: {}\r\nX-Slow: ", server.first_key);
    let body = format!(
        "POST /api/v1/projects HTTP/1.1\r\nHost: test\r\nX-API-Key: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
        server.first_key
    );
    let ((slow_head, head_time), (slow_body, body_time)) = tokio::join!(drip(server, &head), drip(server, &body));
    assert_eq!(slow_head.status(), Some(408), "{}", slow_head.text);
    assert!((4.0..8.0).contains(&head_time.as_secs_f64()), "{head_time:?}");
    slow_body.refused(408, "REQUEST_TIMEOUT");
    assert!((9.0..14.0).contains(&body_time.as_secs_f64()), "{body_time:?}");
}
