//! Token counts for endpoints that send none.

use serde_json::Value;

/// English text has about four characters to a token; good enough to charge and to limit by, and flagged as estimated.
pub(crate) fn tokens_of_text(text: &str) -> i64 {
    i64::try_from(text.chars().count().div_ceil(4)).unwrap_or(i64::MAX)
}

/// Tokens of a conversation: its texts and a few for each message's frame.
pub(crate) fn tokens_of_messages(messages: &[Value]) -> i64 {
    const FRAME: i64 = 4;
    messages.iter().map(|message| FRAME + message["content"].as_str().map_or(0, tokens_of_text)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn four_characters_are_a_token_and_messages_have_a_frame() {
        assert_eq!(tokens_of_text(""), 0);
        assert_eq!(tokens_of_text("abcde"), 2);
        let messages = [json!({"role": "user", "content": "abcd"}), json!({"role": "assistant", "content": null})];
        assert_eq!(tokens_of_messages(&messages), 9);
    }
}
