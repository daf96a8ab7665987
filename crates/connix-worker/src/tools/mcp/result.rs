//! What a model is given of an MCP tool's result.
//!
//! Texts are passed on, and so is structured content. Of images, sound and other binary data a model is told kind and size:
//! tool results of chat completions are text. Links are passed on as links; nothing is fetched.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::{Value, json};

use super::super::ToolError;

/// The result, or, when the server says that the tool failed, what it says of that.
pub(super) fn told(result: CallToolResult) -> Result<Value, ToolError> {
    if result.is_error == Some(true) {
        let texts: Vec<&str> = result.content.iter().filter_map(text).collect();
        let said = if texts.is_empty() { "The tool failed and did not say why".to_owned() } else { texts.join("\n") };
        return Err(ToolError::new("tool_failed", super::fault::shortened(&said)));
    }
    let CallToolResult { mut content, structured_content, .. } = result;
    // Servers repeat structured content as text for clients that know no other.
    if let Some(structured) = &structured_content {
        content.retain(|block| !repeats(block, structured));
    }
    Ok(match (structured_content, content.as_slice()) {
        (None, [ContentBlock::Text(only)]) => Value::String(only.text.clone()),
        (Some(structured), []) => structured,
        (Some(structured), _) => json!({"structured": structured, "content": blocks(&content)}),
        (None, _) => json!({"content": blocks(&content)}),
    })
}

fn text(block: &ContentBlock) -> Option<&str> {
    match block {
        ContentBlock::Text(text) => Some(&text.text),
        _ => None,
    }
}

fn repeats(block: &ContentBlock, structured: &Value) -> bool {
    let parsed = text(block).and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed.as_ref() == Some(structured)
}

fn blocks(content: &[ContentBlock]) -> Vec<Value> {
    content.iter().map(block).collect()
}

fn block(block: &ContentBlock) -> Value {
    match block {
        ContentBlock::Text(text) => json!({"type": "text", "text": text.text}),
        ContentBlock::Image(image) => left_out("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => left_out("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { uri, mime_type, text, .. } => {
                json!({"type": "resource", "uri": uri, "mime_type": mime_type, "text": text})
            }
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let mime_type = mime_type.as_deref().unwrap_or("application/octet-stream");
                let mut told = left_out("resource", mime_type, blob);
                told["uri"] = uri.as_str().into();
                told
            }
            _ => unknown(),
        },
        ContentBlock::ResourceLink(link) => {
            json!({"type": "resource_link", "uri": link.uri, "name": link.name, "description": link.description})
        }
        _ => unknown(),
    }
}

fn unknown() -> Value {
    json!({"type": "unknown", "note": "left out: this kind of content is not known here"})
}

/// `data` is base64.
fn left_out(kind: &str, mime_type: &str, data: &str) -> Value {
    json!({"type": kind, "mime_type": mime_type, "bytes": data.len() / 4 * 3, "note": "left out: only text is passed on"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(result: Value) -> Result<Value, ToolError> {
        told(serde_json::from_value(result).unwrap())
    }

    #[test]
    fn one_text_is_told_as_it_is() {
        assert_eq!(of(json!({"content": [{"type": "text", "text": "42"}]})), Ok(json!("42")));
        assert_eq!(of(json!({"content": []})), Ok(json!({"content": []})));
    }

    #[test]
    fn structured_content_is_told_once() {
        let repeated = json!({"content": [{"type": "text", "text": "{\"sum\": 5}"}], "structuredContent": {"sum": 5}});
        assert_eq!(of(repeated), Ok(json!({"sum": 5})));
        let explained = json!({"content": [{"type": "text", "text": "added"}], "structuredContent": {"sum": 5}});
        let expected = json!({"structured": {"sum": 5}, "content": [{"type": "text", "text": "added"}]});
        assert_eq!(of(explained), Ok(expected));
    }

    #[test]
    fn of_what_is_no_text_kind_and_size_are_told() {
        let content = json!([
            {"type": "text", "text": "a picture"},
            {"type": "image", "mimeType": "image/png", "data": "QUJDREVG"},
            {"type": "resource", "resource": {"uri": "file:///a", "mimeType": "text/plain", "text": "inside"}},
            {"type": "resource", "resource": {"uri": "file:///b", "blob": "QUJD"}},
            {"type": "resource_link", "uri": "https://c.example/", "name": "c"}
        ]);
        let told = of(json!({"content": content})).unwrap();
        assert_eq!(told["content"][1]["bytes"], 6);
        assert_eq!(told["content"][2]["text"], "inside");
        assert_eq!((&told["content"][3]["bytes"], &told["content"][3]["uri"]), (&json!(3), &json!("file:///b")));
        assert_eq!(told["content"][4]["uri"], "https://c.example/");
        assert!(!told.to_string().contains("QUJD"), "{told}");
    }

    #[test]
    fn a_failure_is_an_error_with_the_servers_words() {
        let failed = json!({"isError": true, "content": [{"type": "text", "text": "no such file"}]});
        assert_eq!(of(failed), Err(ToolError::new("tool_failed", "no such file")));
        assert!(of(json!({"isError": true, "content": []})).is_err());
    }
}
