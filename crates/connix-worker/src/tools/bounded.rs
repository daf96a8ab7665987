//! How much of a result a model is given.

use serde_json::{Value, json};

/// Most bytes of a result, as compact JSON: every further call of the model carries it again.
const MOST: usize = 64 << 10;

/// The result, or what is left of it: its beginning and its end, where errors stand.
pub(crate) fn bounded(result: Value) -> Value {
    let text = result.as_str().map_or_else(|| result.to_string(), str::to_owned);
    if text.len() <= MOST {
        return result;
    }
    let (head, tail) = (text.floor_char_boundary(MOST / 2), text.ceil_char_boundary(text.len() - MOST / 2));
    json!({"truncated": true, "bytes": text.len(), "head": text[..head], "tail": text[tail..]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_result_is_left_alone() {
        let small = json!({"text": "x".repeat(1000)});
        assert_eq!(bounded(small.clone()), small);
    }

    #[test]
    fn of_a_large_one_head_and_tail_are_kept_in_whole_characters() {
        let text = format!("first{}last", "ä".repeat(MOST));
        let kept = bounded(Value::String(text.clone()));
        assert_eq!((&kept["truncated"], &kept["bytes"]), (&json!(true), &json!(text.len())));
        let (head, tail) = (kept["head"].as_str().unwrap(), kept["tail"].as_str().unwrap());
        assert!(head.starts_with("first") && tail.ends_with("last"));
        assert!(head.len() + tail.len() <= MOST && head.len() + tail.len() > MOST - 8);
    }
}
