//! Counting what HTTP clients move, since the kernel keeps no such count per process (`runtime.md` 3.6).
//!
//! Heads and bodies are counted as HTTP/1.1 writes them; what TLS and TCP add is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt;
use reqwest::header::HeaderMap;
use reqwest::{Body, Request, RequestBuilder, Response, ResponseBuilderExt};

/// What has been moved so far. Copies count together.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Counters>);

/// Bytes in both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Heads and bodies of answers.
    pub received: u64,
    /// Heads and bodies of requests.
    pub sent: u64,
}

#[derive(Debug, Default)]
struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    /// Until now.
    #[must_use]
    pub fn total(&self) -> Moved {
        let Counters { received, sent } = self.0.as_ref();
        Moved { received: received.load(Ordering::Relaxed), sent: sent.load(Ordering::Relaxed) }
    }

    /// Counts what was moved in another way.
    pub fn add(&self, moved: Moved) {
        self.0.received.fetch_add(moved.received, Ordering::Relaxed);
        self.0.sent.fetch_add(moved.sent, Ordering::Relaxed);
    }

    /// Makes a call and counts it; the answer's body is counted as it is read.
    ///
    /// # Errors
    /// Those of the client. What was sent counts nevertheless: it was tried.
    pub async fn send(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let (client, request) = request.build_split();
        let request = request?;
        self.0.sent.fetch_add(size_of_request(&request), Ordering::Relaxed);
        Ok(self.counted(client.execute(request).await?))
    }

    /// The same answer, whose body counts itself.
    fn counted(&self, mut response: Response) -> Response {
        self.received(STATUS_LINE + size_of_headers(response.headers()));
        let mut head = http::Response::builder().url(response.url().clone()).body(()).unwrap_or_default();
        *head.status_mut() = response.status();
        *head.version_mut() = response.version();
        *head.headers_mut() = std::mem::take(response.headers_mut());
        head.extensions_mut().extend(std::mem::take(response.extensions_mut()));
        let counters = self.clone();
        let body = response.bytes_stream().inspect_ok(move |chunk| counters.received(chunk.len()));
        head.map(|()| Body::wrap_stream(body)).into()
    }

    fn received(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// `HTTP/1.1 200 OK` and its line end, and the empty line behind the head.
const STATUS_LINE: usize = "HTTP/1.1 200 OK\r\n\r\n".len();

fn size_of_request(request: &Request) -> u64 {
    let target = request.url().path().len() + request.url().query().map_or(0, |query| query.len() + 1);
    let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n\r\n".len();
    let body = request.body().and_then(Body::as_bytes).map_or(0, <[u8]>::len);
    (line + size_of_headers(request.headers()) + body) as u64
}

fn size_of_headers(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Client;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    #[tokio::test]
    async fn heads_and_bodies_of_both_directions_are_counted() {
        let server = MockServer::start().await;
        let answer =
            ResponseTemplate::new(201).set_body_raw(vec![b'a'; 5000], "text/plain").insert_header("x-test", "1");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let traffic = Traffic::default();
        let request = Client::new().post(server.uri()).header("x-key", "value").body(vec![b'q'; 3000]);
        let response = traffic.send(request).await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["x-test"]), (201, &"1".parse().unwrap()));
        assert_eq!(response.url().as_str(), format!("{}/", server.uri()));
        assert_eq!(response.remote_addr(), Some(*server.address()), "whom it came from is not lost");
        let before = traffic.total();
        assert!((3000..3200).contains(&before.sent), "{before:?}");
        assert!((20..500).contains(&before.received), "the head alone: {before:?}");
        assert_eq!(response.bytes().await.unwrap().len(), 5000);
        assert_eq!(traffic.total().received, before.received + 5000);
    }

    #[tokio::test]
    async fn a_call_that_reaches_nobody_receives_nothing() {
        let traffic = Traffic::default();
        assert!(traffic.send(Client::new().get("http://127.0.0.1:1/")).await.is_err());
        assert_eq!(traffic.total().received, 0);
    }
}
