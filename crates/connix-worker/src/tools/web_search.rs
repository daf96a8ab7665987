//! `web_search`: asks a SearXNG-compatible endpoint and returns what it finds. No page is fetched.

use async_trait::async_trait;
use connix_outbound::{Traffic, root_cause};
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::arguments::{self, Arguments};
use super::{Effect, Missing, Tool, ToolContext, ToolError};
use crate::http::client_for;

const MOST_RESULTS: usize = 10;
const LONGEST_QUERY: usize = 400;
/// Most characters of a title or a snippet.
const LONGEST_TEXT: usize = 1000;
/// Largest answer that is read.
const MOST_BYTES: usize = 4 << 20;

/// The tool. What the operator configured is asked wherever it is: its client goes nowhere else.
pub(crate) struct WebSearch {
    endpoint: Url,
    client: Client,
    traffic: Traffic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    query: String,
    #[serde(default = "most_results")]
    count: usize,
}

fn most_results() -> usize {
    MOST_RESULTS
}

/// What is picked from a SearXNG answer.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Hit {
    #[serde(default)]
    title: Option<String>,
    url: Option<String>,
    #[serde(default)]
    content: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Found {
    title: String,
    url: String,
    snippet: String,
}

impl WebSearch {
    /// For the endpoint at this base URL.
    ///
    /// # Errors
    /// It cannot be dialled at all.
    pub(crate) fn new(base_url: &str, traffic: Traffic) -> Result<Self, Missing> {
        let missing = |reason: String| Missing { reason, setting: Some("tools.web_search.url") };
        let endpoint = Url::parse(&format!("{}/search", base_url.trim_end_matches('/')));
        let endpoint = endpoint.map_err(|error| missing(format!("tools.web_search.url is no URL: {error}")))?;
        let client = client_for(&endpoint).map_err(|error| missing(root_cause(&error)))?;
        Ok(Self { endpoint, client, traffic })
    }

    async fn search(&self, query: &str) -> Result<Vec<u8>, ToolError> {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().append_pair("q", query).append_pair("format", "json");
        let response = self.traffic.send(self.client.get(url)).await.map_err(|error| unreachable(&error))?;
        match response.status() {
            StatusCode::OK => read_body(response).await,
            StatusCode::FORBIDDEN => Err(failed(
                "The search endpoint refuses JSON (403): enable json in the instance's search.formats setting",
            )),
            status => Err(failed(format!("The search endpoint answered {status}"))),
        }
    }
}

#[async_trait(?Send)]
impl Tool for WebSearch {
    fn name(&self) -> &str {
        "web_search"
    }

    fn description(&self) -> &str {
        "Search the web. Returns up to 10 results with title, url and a snippet of each page; it does not fetch the pages."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "What to search for", "maxLength": LONGEST_QUERY},
                "count": {"type": "integer", "minimum": 1, "maximum": MOST_RESULTS, "description": "How many results"}
            },
            "required": ["query"],
            "additionalProperties": false
        })
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    async fn run(&self, arguments: &Arguments, context: &ToolContext<'_>) -> Result<Value, ToolError> {
        let asked: Asked = arguments::read(arguments)?;
        let query = asked.query.trim();
        if query.is_empty() || query.chars().count() > LONGEST_QUERY {
            return Err(ToolError::invalid_arguments(format!("query must have 1 to {LONGEST_QUERY} characters")));
        }
        let body = tokio::select! {
            found = self.search(query) => found?,
            () = context.out_of_time() => return Err(ToolError::timed_out()),
        };
        let results = picked(&body, asked.count.clamp(1, MOST_RESULTS))?;
        Ok(json!({"query": query, "results": results}))
    }
}

/// The first `count` hits that can be visited.
fn picked(body: &[u8], count: usize) -> Result<Vec<Found>, ToolError> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| failed("The search endpoint's answer is not JSON: is tools.web_search.url a SearXNG instance?"))?;
    let hits = answer.results.into_iter().filter_map(|hit| {
        let url = hit.url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))?;
        let text = |text: Option<String>| text.unwrap_or_default().trim().chars().take(LONGEST_TEXT).collect();
        Some(Found { title: text(hit.title), url, snippet: text(hit.content) })
    });
    Ok(hits.take(count).collect())
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, ToolError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(failed("The search endpoint's answer is too large")),
            Ok(None) => return Ok(body),
            Err(_) => return Err(failed("The search endpoint broke off its answer")),
        }
    }
}

fn unreachable(error: &reqwest::Error) -> ToolError {
    failed(format!("The search endpoint (tools.web_search.url) cannot be asked: {}", root_cause(error)))
}

fn failed(detail: impl Into<String>) -> ToolError {
    ToolError::new("search_failed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_without_a_web_address_are_left_out_and_texts_are_bounded() {
        let long = "x".repeat(LONGEST_TEXT + 1);
        let body = json!({"results": [
            {"title": " One ", "url": "https://one.example/", "content": null, "engine": "any"},
            {"title": "Script", "url": "javascript:alert(1)", "content": ""},
            {"title": "None"},
            {"url": "http://two.example/", "content": long}
        ]});
        let found = picked(body.to_string().as_bytes(), 10).unwrap();
        let urls: Vec<_> = found.iter().map(|found| found.url.as_str()).collect();
        assert_eq!(urls, ["https://one.example/", "http://two.example/"]);
        assert_eq!((found[0].title.as_str(), found[0].snippet.as_str()), ("One", ""));
        assert_eq!(found[1].snippet.len(), LONGEST_TEXT);
    }

    #[test]
    fn an_answer_that_is_no_json_is_explained() {
        assert!(picked(b"<html>", 10).unwrap_err().detail.contains("tools.web_search.url"));
        assert_eq!(picked(b"{}", 10).unwrap(), []);
    }
}
