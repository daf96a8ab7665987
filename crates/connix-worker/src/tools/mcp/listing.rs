//! The list of a server's tools, page by page and of bounded length.

use std::collections::BTreeSet;

use rmcp::model::{PaginatedRequestParams, Tool};
use rmcp::{Peer, RoleClient, ServiceError};
use serde_json::{Map, Value, json};

/// Most tools of one server; what is beyond is not offered.
const MOST_TOOLS: usize = 256;
/// Most pages: a server may hand out cursors for ever.
const MOST_PAGES: usize = 64;
/// Most characters of a description.
const LONGEST_DESCRIPTION: usize = 2000;
/// Largest schema: every call of the model carries it.
const LARGEST_SCHEMA: usize = 16 << 10;
/// Longest name.
const LONGEST_NAME: usize = 128;

/// All tools that can be used. The first of a name counts.
pub(super) async fn tools(peer: &Peer<RoleClient>) -> Result<Vec<Tool>, ServiceError> {
    let (mut found, mut names, mut cursors) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = peer.list_tools(Some(PaginatedRequestParams::default().with_cursor(cursor))).await?;
        for tool in page.tools {
            let named = (1..=LONGEST_NAME).contains(&tool.name.len()) && !tool.name.chars().any(char::is_control);
            if named && found.len() < MOST_TOOLS && names.insert(tool.name.clone()) {
                found.push(tool);
            }
        }
        cursor = page.next_cursor.filter(|next| cursors.insert(next.clone()));
        if cursor.is_none() || found.len() >= MOST_TOOLS {
            break;
        }
    }
    Ok(found)
}

/// What a tool is for.
pub(super) fn description(tool: &Tool) -> String {
    let said = tool.description.as_deref().or(tool.title.as_deref()).unwrap_or(&tool.name);
    said.chars().filter(|character| !character.is_control() || *character == '\n').take(LONGEST_DESCRIPTION).collect()
}

/// The schema of its arguments, an object's; any object where the server's own is too large.
pub(super) fn schema(tool: &Tool) -> Value {
    let own: &Map<String, Value> = &tool.input_schema;
    if Value::Object(own.clone()).to_string().len() > LARGEST_SCHEMA {
        return json!({"type": "object"});
    }
    let mut schema = own.clone();
    schema.insert("type".to_owned(), "object".into());
    // endpoints refuse the schema of an object without it
    schema.entry("properties").or_insert_with(|| json!({}));
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn tool(schema: Value) -> Tool {
        Tool::new("read", "Reads\u{7}", Arc::new(schema.as_object().unwrap().clone()))
    }

    #[test]
    fn a_schema_is_an_objects_and_no_larger_than_a_model_should_read() {
        let expected = json!({"type": "object", "properties": {}});
        assert_eq!(schema(&tool(json!({}))), expected);
        let own = json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]});
        assert_eq!(schema(&tool(own.clone())), own);
        let huge = json!({"properties": {"x": {"enum": ["y".repeat(LARGEST_SCHEMA)]}}});
        assert_eq!(schema(&tool(huge)), json!({"type": "object"}));
    }

    #[test]
    fn a_description_is_text_and_bounded() {
        assert_eq!(description(&tool(json!({}))), "Reads");
        let long = Tool::new("read", "ä".repeat(5000), Arc::new(Map::new()));
        assert_eq!(description(&long).chars().count(), LONGEST_DESCRIPTION);
    }
}
