//! A search endpoint that answers as a SearXNG instance does: `GET /search?q=…&format=json`.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A running fake; it stops when dropped.
pub struct FakeSearch(MockServer);

impl FakeSearch {
    /// One that finds `results`: objects with `title`, `url` and `content`.
    pub async fn finding(results: Value) -> Self {
        let body = json!({"query": "", "number_of_results": 0, "results": results, "answers": [], "suggestions": []});
        Self::answering(ResponseTemplate::new(200).set_body_json(body)).await
    }

    /// One whose operator has not enabled JSON, which is how SearXNG is delivered.
    pub async fn without_json() -> Self {
        Self::answering(ResponseTemplate::new(403).set_body_string("Forbidden")).await
    }

    /// One that is asked and does not answer within a test.
    pub async fn silent() -> Self {
        Self::answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(600))).await
    }

    /// What `tools.web_search.url` is set to.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.uri()
    }

    /// The queries it was asked so far, oldest first.
    pub async fn queries(&self) -> Vec<String> {
        let requests = self.0.received_requests().await.unwrap_or_default();
        let query = |url: &wiremock::http::Url| {
            url.query_pairs().find(|(name, _)| name == "q").map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        requests.iter().map(|request| query(&request.url)).collect()
    }

    async fn answering(answer: ResponseTemplate) -> Self {
        let server = MockServer::start().await;
        let asked = Mock::given(method("GET")).and(path("/search")).and(query_param("format", "json"));
        asked.respond_with(answer).mount(&server).await;
        Self(server)
    }
}
