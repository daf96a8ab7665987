//! Replies as real endpoints send them.

use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_445_412_420, 0).unwrap() // Wed, 21 Oct 2015 07:27:00 GMT
}

fn read(status: u16, body: &str) -> Result<ModelReply, ModelFault> {
    read_reply(status, None, body.as_bytes(), now())
}

fn read_message(message: &Value) -> ModelReply {
    read(200, &json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string()).unwrap()
}

#[test]
fn an_ordinary_reply_gives_text_and_tokens() {
    let body = json!({
        "choices": [{"message": {"role": "assistant", "content": "Hi", "tool_calls": null}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}, "error": null
    });
    let reply = read(200, &body.to_string()).unwrap();
    assert_eq!(reply.tokens, Some((3, 1)));
    assert_eq!(reply.answer, Answer { content: "Hi".into(), tool_calls: vec![], finish_reason: Some("stop".into()) });
}

#[test]
fn content_may_be_null_absent_or_in_parts() {
    assert_eq!(read_message(&json!({"content": null})).answer.content, "");
    assert_eq!(read_message(&json!({})).answer.content, "");
    let parts = json!({"content": [{"type": "text", "text": "a"}, {"type": "image_url"}, "b"]});
    assert_eq!(read_message(&parts).answer.content, "ab");
    assert_eq!(read_message(&json!({"content": null, "refusal": "No."})).answer.content, "No.");
}

#[test]
fn tool_calls_may_lack_ids_and_have_objects_as_arguments() {
    let reply = read_message(&json!({"content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{\"q\":1}"}},
        {"function": {"name": "run", "arguments": {"code": "1"}}},
        {"function": {"name": "bare"}},
        {"id": "nameless"}
    ]}));
    let calls: Vec<_> = reply.answer.tool_calls.iter().map(|c| (&*c.id, &*c.name, &*c.arguments)).collect();
    assert_eq!(calls, [("c1", "search", r#"{"q":1}"#), ("call_1", "run", r#"{"code":"1"}"#), ("call_2", "bare", "{}")]);
}

#[test]
fn usage_may_be_missing_null_or_partial() {
    let with = |usage: Value| read(200, &json!({"choices": [{"message": {}}], "usage": usage}).to_string()).unwrap();
    assert_eq!(with(Value::Null).tokens, None);
    assert_eq!(with(json!({})).tokens, None);
    assert_eq!(with(json!({"prompt_tokens": 3, "total_tokens": 10})).tokens, Some((3, 7)));
}

#[test]
fn statuses_become_the_codes_of_the_contract() {
    for (status, code) in [
        (401, "llm_auth"),
        (403, "llm_auth"),
        (404, "model_not_found"),
        (400, "llm_refused"),
        (422, "llm_refused"),
        (302, "llm_refused"),
        (408, "llm_unavailable"),
        (429, "llm_rate_limited"),
        (500, "llm_unavailable"),
        (529, "llm_unavailable"),
    ] {
        let fault = read(status, r#"{"error": {"message": "why"}}"#).unwrap_err();
        assert_eq!((fault.kind.code(), fault.message.as_str()), (code, "why"), "{status}");
    }
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let kind = |body: &str| read(200, body).unwrap_err().kind;
    assert_eq!(kind(r#"{"error": {"message": "slow down", "code": 429}}"#), FaultKind::RateLimited);
    assert_eq!(kind(r#"{"error": {"message": "bad gateway", "code": "502"}}"#), FaultKind::Unavailable);
    assert_eq!(kind(r#"{"error": "no such thing"}"#), FaultKind::Refused);
    assert_eq!(kind(r#"{"error": {"type": "odd"}}"#), FaultKind::Refused);
}

#[test]
fn what_is_no_reply_is_a_bad_reply() {
    for body in ["", "<html>", "[]", "{}", r#"{"choices": []}"#, r#"{"choices": [{"text": "old"}]}"#] {
        assert_eq!(read(200, body).unwrap_err().kind, FaultKind::BadReply, "{body}");
    }
}

#[test]
fn every_shape_of_error_body_gives_its_words() {
    for body in [
        r#"{"error": {"message": "why"}}"#,
        r#"{"error": "why"}"#,
        r#"{"message": "why"}"#,
        r#"{"detail": "why"}"#,
        " why\n",
    ] {
        assert_eq!(read(400, body).unwrap_err().message, "why", "{body}");
    }
}

#[test]
fn a_long_message_is_cut() {
    let fault = read(400, &"ä".repeat(10_000)).unwrap_err();
    assert!(fault.message.len() <= MOST_MESSAGE + '…'.len_utf8());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let wait = |value| read_reply(429, Some(value), b"", now()).unwrap_err().retry_after;
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("0.5"), Some(Duration::from_millis(500)));
    assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(wait("Wed, 21 Oct 2015 07:26:00 GMT"), Some(Duration::ZERO));
    assert_eq!(wait("soon"), None);
    assert_eq!(wait("-1"), None);
}
