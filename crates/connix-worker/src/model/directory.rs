//! Which models an endpoint offers: `GET /models`.

use std::time::Duration;

use connix_worker_protocol::session::LlmEndpoint;
use reqwest::Url;
use serde_json::Value;

use super::endpoint;
use crate::http;

/// It is asked while a user waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most names that are taken, and the longest.
const MOST: usize = 10_000;
const LONGEST_NAME: usize = 200;

/// The names of the models that the endpoint offers, in its order.
///
/// # Errors
/// In words for the log.
pub async fn offered_models(endpoint: &LlmEndpoint) -> Result<Vec<String>, String> {
    let base = endpoint.base_url.as_deref().ok_or("llm.base_url is not set")?;
    let url: Url = format!("{}/models", base.trim().trim_end_matches('/')).parse().map_err(|_| "it is no URL")?;
    let mut call = http::client_for(&url).map_err(|error| error.to_string())?.get(url).timeout(PATIENCE);
    if let Some(key) = endpoint.api_key.as_ref().filter(|key| !key.expose().is_empty()) {
        call = call.bearer_auth(key.expose());
    }
    let response = call.send().await.map_err(|error| error.without_url().to_string())?;
    if !response.status().is_success() {
        return Err(format!("it answers {}", response.status()));
    }
    let body = endpoint::read_body(response).await.map_err(|fault| fault.message)?;
    let body = serde_json::from_slice(&body).map_err(|_| "its answer is not JSON")?;
    names(&body).ok_or_else(|| "its answer is no list of models".to_owned())
}

/// `{"data": [{"id"}]}` as most write it, `{"models": [{"name"}]}` as some do, or a bare list.
fn names(body: &Value) -> Option<Vec<String>> {
    let list = [&body["data"], &body["models"], body].into_iter().find_map(Value::as_array)?;
    let name =
        |model: &Value| [&model["id"], &model["name"], model].into_iter().find_map(Value::as_str).map(str::to_owned);
    let fits = |name: &String| !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    let mut names: Vec<String> = Vec::new();
    for name in list.iter().take(MOST).filter_map(name).filter(fits) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_read_as_endpoints_write_them_each_name_once() {
        for body in [
            json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}),
            json!({"models": [{"name": "a"}, {"name": ""}, {"name": "b"}]}),
            json!(["a", {"id": "b"}, 7]),
        ] {
            assert_eq!(names(&body).unwrap(), ["a", "b"], "{body}");
        }
        assert_eq!(names(&json!({"error": "no"})), None);
    }
}
