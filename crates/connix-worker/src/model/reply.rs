//! Reading what an endpoint sent. Pure, and forgiving wherever the meaning is clear.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::{FaultKind, ModelFault};

/// Longest part of an endpoint's own message that is shown.
const MOST_MESSAGE: usize = 500;

/// A model's turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Its text; empty when it only calls tools.
    #[serde(default)]
    pub(crate) content: String,
    /// Tools it wants to be run, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tool_calls: Vec<ToolCall>,
    /// Why it stopped, in the endpoint's words.
    #[serde(default)]
    pub(crate) finish_reason: Option<String>,
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToolCall {
    /// Names the call in the conversation.
    pub(crate) id: String,
    /// The tool.
    pub(crate) name: String,
    /// JSON text, as the model wrote it.
    pub(crate) arguments: String,
}

/// An answer and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelReply {
    pub(crate) answer: Answer,
    /// Prompt and completion tokens, when the endpoint counted them.
    pub(crate) tokens: Option<(i64, i64)>,
}

/// Reads a body with its status. `retry_after` is that header; `now` turns its dates into durations.
///
/// # Errors
/// The fault that it reports or is.
pub(crate) fn read_reply(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<ModelReply, ModelFault> {
    let retry_after = retry_after.and_then(|value| read_retry_after(value, now));
    let fault = |kind, message: &str| ModelFault { kind, message: bounded(message), retry_after };
    let json: Option<Value> = serde_json::from_slice(body).ok();
    if !(200..300).contains(&status) {
        let message = json.as_ref().and_then(error_message).unwrap_or_else(|| String::from_utf8_lossy(body).into());
        return Err(fault(FaultKind::of_status(status), &message));
    }
    let Some(json) = json else {
        return Err(fault(FaultKind::BadReply, &format!("not JSON: {}", String::from_utf8_lossy(body))));
    };
    if let Some(message) = error_message(&json).filter(|_| !json["error"].is_null()) {
        let kind = error_status(&json["error"]).map_or(FaultKind::Refused, FaultKind::of_status);
        return Err(fault(kind, &message));
    }
    let choice = &json["choices"][0];
    if !choice["message"].is_object() {
        return Err(fault(FaultKind::BadReply, "the reply has no message"));
    }
    Ok(ModelReply { answer: read_answer(choice), tokens: read_tokens(&json["usage"]) })
}

fn read_answer(choice: &Value) -> Answer {
    let message = &choice["message"];
    let mut content = read_content(&message["content"]);
    if content.is_empty() {
        content = read_content(&message["refusal"]);
    }
    let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tool_calls = calls.iter().enumerate().filter_map(|(index, call)| read_tool_call(index, call)).collect();
    Answer { content, tool_calls, finish_reason: choice["finish_reason"].as_str().map(str::to_owned) }
}

/// Text, null, or a list of parts of which those with text count.
fn read_content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part.as_str().or_else(|| part["text"].as_str())).collect()
        }
        _ => String::new(),
    }
}

fn read_tool_call(index: usize, call: &Value) -> Option<ToolCall> {
    let name = call["function"]["name"].as_str()?.to_owned();
    let arguments = match &call["function"]["arguments"] {
        Value::String(text) => text.clone(),
        Value::Null => "{}".to_owned(),
        object => object.to_string(),
    };
    let id = call["id"].as_str().filter(|id| !id.is_empty()).map_or_else(|| format!("call_{index}"), str::to_owned);
    Some(ToolCall { id, name, arguments })
}

fn read_tokens(usage: &Value) -> Option<(i64, i64)> {
    let prompt = usage["prompt_tokens"].as_i64()?;
    let completion =
        usage["completion_tokens"].as_i64().or_else(|| Some(usage["total_tokens"].as_i64()?.saturating_sub(prompt)))?;
    Some((prompt.max(0), completion.max(0)))
}

/// Whatever words an error body has: `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}`.
fn error_message(body: &Value) -> Option<String> {
    let error = &body["error"];
    let candidates = [&error["message"], error, &body["message"], &body["detail"]];
    let text = candidates.into_iter().find_map(|candidate| candidate.as_str().map(str::to_owned));
    text.or_else(|| error.is_object().then(|| error.to_string()))
}

/// Gateways put the status that they got into the error of a 200.
fn error_status(error: &Value) -> Option<u16> {
    [&error["code"], &error["status"]].into_iter().find_map(|value| {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        u16::try_from(number).ok().filter(|status| (400..600).contains(status))
    })
}

/// Seconds, also with a fraction, or an HTTP date (RFC 9110, 10.2.3).
fn read_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

fn bounded(message: &str) -> String {
    let message = message.trim();
    let end = message.floor_char_boundary(MOST_MESSAGE);
    if end < message.len() { format!("{}…", &message[..end]) } else { message.to_owned() }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
