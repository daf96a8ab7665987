//! The conversation of a task as a value: what has been said, and what comes next.
//!
//! It changes in one way alone, by journal entries. A first attempt applies each entry when it has been written, a later
//! attempt applies those it was given: both come to the same conversation, and a recorded answer is never asked for
//! again.

use connix_worker_protocol::task::EventKind;
use serde_json::{Value, json};

use super::journal::{Answered, Started, ToolFinished};
use crate::model::{Answer, ToolCall};

/// Messages so far, in the form that chat-completions endpoints take.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conversation {
    messages: Vec<Value>,
    /// Tool calls of the last answer that have no result yet.
    open_calls: Vec<OpenCall>,
    /// The last answer, when it called no tool.
    answer: Option<String>,
    /// Model calls that were answered.
    steps: i64,
}

/// A tool call that waits for its result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenCall {
    pub(super) call: ToolCall,
    /// It has begun, in an attempt that did not see its end.
    pub(super) started: bool,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// Ask the model.
    Ask,
    /// Settle these tool calls.
    Settle(Vec<OpenCall>),
    /// It is done; this is the answer.
    Done(String),
    /// The bound on steps is reached.
    Exhausted,
}

impl Conversation {
    /// How it begins: the system prompt, and the input as the user's message (an object as compact JSON).
    pub(super) fn begin(system_prompt: Option<&str>, input: &Value) -> Self {
        let system = system_prompt.filter(|prompt| !prompt.is_empty());
        let mut messages: Vec<Value> =
            system.map(|prompt| json!({"role": "system", "content": prompt})).into_iter().collect();
        let text = input.as_str().map_or_else(|| input.to_string(), str::to_owned);
        messages.push(json!({"role": "user", "content": text}));
        Self { messages, open_calls: Vec::new(), answer: None, steps: 0 }
    }

    pub(super) fn messages(&self) -> &[Value] {
        &self.messages
    }

    /// Model calls that were answered.
    pub(super) fn steps(&self) -> i64 {
        self.steps
    }

    /// Takes up a journal entry. Kinds that say nothing, and entries that cannot be read, change nothing: the step they
    /// belong to is then done again.
    pub(super) fn apply(&mut self, kind: EventKind, data: &Value) {
        match kind {
            EventKind::LlmResponse => {
                if let Ok(answered) = serde_json::from_value::<Answered>(data.clone()) {
                    self.answered(answered.answer);
                }
            }
            EventKind::ToolFinished => {
                if let Ok(finished) = serde_json::from_value::<ToolFinished>(data.clone()) {
                    self.tool_finished(&finished);
                }
            }
            EventKind::ToolStarted => {
                if let Ok(started) = serde_json::from_value::<Started>(data.clone()) {
                    self.tool_started(&started.call_id);
                }
            }
            EventKind::LlmRequest | EventKind::Message | EventKind::Usage => {}
        }
    }

    pub(super) fn next(&self, max_steps: i64) -> Next {
        if !self.open_calls.is_empty() {
            Next::Settle(self.open_calls.clone())
        } else if let Some(answer) = &self.answer {
            Next::Done(answer.clone())
        } else if self.steps >= max_steps {
            Next::Exhausted
        } else {
            Next::Ask
        }
    }

    fn answered(&mut self, answer: Answer) {
        let mut message = json!({"role": "assistant", "content": answer.content});
        if !answer.tool_calls.is_empty() {
            message["tool_calls"] = answer.tool_calls.iter().map(tool_call_message).collect();
        }
        self.messages.push(message);
        self.steps += 1;
        self.answer = answer.tool_calls.is_empty().then_some(answer.content);
        self.open_calls = answer.tool_calls.into_iter().map(|call| OpenCall { call, started: false }).collect();
    }

    fn tool_started(&mut self, call_id: &str) {
        if let Some(open) = self.open_calls.iter_mut().find(|open| open.call.id == call_id) {
            open.started = true;
        }
    }

    fn tool_finished(&mut self, finished: &ToolFinished) {
        if let Some(open) = self.open_calls.iter().position(|open| open.call.id == finished.call_id) {
            self.open_calls.remove(open);
            let content = finished.result.as_str().map_or_else(|| finished.result.to_string(), str::to_owned);
            self.messages.push(json!({"role": "tool", "tool_call_id": finished.call_id, "content": content}));
        }
    }
}

fn tool_call_message(call: &ToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Conversation {
        Conversation::begin(Some("Be brief."), &json!("Hello"))
    }

    fn roles(conversation: &Conversation) -> Vec<&str> {
        conversation.messages().iter().filter_map(|message| message["role"].as_str()).collect()
    }

    #[test]
    fn it_begins_with_the_system_prompt_and_the_input() {
        let expected = [json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": "Hello"})];
        assert_eq!(hello().messages(), expected);
        assert_eq!(hello().next(25), Next::Ask);
    }

    #[test]
    fn an_object_is_sent_as_compact_json_whatever_its_keys() {
        let conversation = Conversation::begin(None, &json!({"prompt": "Hi", "b": [1, 2]}));
        assert_eq!(conversation.messages(), [json!({"role": "user", "content": r#"{"prompt":"Hi","b":[1,2]}"#})]);
    }

    #[test]
    fn an_empty_system_prompt_is_none() {
        assert_eq!(roles(&Conversation::begin(Some(""), &json!("x"))), ["user"]);
    }

    #[test]
    fn an_answer_without_tool_calls_is_the_end() {
        let mut conversation = hello();
        conversation.apply(EventKind::LlmResponse, &json!({"step": 1, "content": "Hi."}));
        assert_eq!(conversation.next(25), Next::Done("Hi.".into()));
        assert_eq!(roles(&conversation), ["system", "user", "assistant"]);
    }

    #[test]
    fn a_request_without_a_response_is_asked_again() {
        let mut conversation = hello();
        conversation.apply(EventKind::LlmRequest, &json!({"step": 1}));
        assert_eq!(conversation, hello());
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_asked_for_again() {
        let mut conversation = hello();
        conversation.apply(EventKind::LlmResponse, &json!({"content": 7}));
        conversation.apply(EventKind::ToolFinished, &json!("odd"));
        assert_eq!(conversation, hello());
    }

    #[test]
    fn open_tool_calls_are_settled_one_by_one_before_the_model_is_asked_again() {
        let mut conversation = hello();
        let call = |id: &str| json!({"id": id, "name": "search", "arguments": "{}"});
        conversation.apply(EventKind::LlmResponse, &json!({"content": "", "tool_calls": [call("a"), call("b")]}));
        conversation.apply(EventKind::ToolFinished, &json!({"call_id": "a", "result": {"error": "no"}}));
        let Next::Settle(open) = conversation.next(25) else { panic!("{conversation:?}") };
        assert_eq!(open.iter().map(|open| open.call.id.as_str()).collect::<Vec<_>>(), ["b"]);
        conversation.apply(EventKind::ToolFinished, &json!({"call_id": "b", "result": "text"}));
        conversation.apply(EventKind::ToolFinished, &json!({"call_id": "b", "result": "twice"}));
        assert_eq!(conversation.next(25), Next::Ask);
        assert_eq!(roles(&conversation), ["system", "user", "assistant", "tool", "tool"]);
        assert_eq!(conversation.messages()[3]["content"], r#"{"error":"no"}"#);
        assert_eq!(conversation.messages()[4]["content"], "text");
    }

    #[test]
    fn a_call_that_had_begun_is_known_to_have_begun_and_a_new_one_of_the_same_name_is_not() {
        let mut conversation = hello();
        let begun = |conversation: &Conversation| match conversation.next(25) {
            Next::Settle(open) => open.iter().map(|open| open.started).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let answer = |id: &str| json!({"content": "", "tool_calls": [{"id": id, "name": "search", "arguments": "{}"}]});
        conversation.apply(EventKind::LlmResponse, &answer("call_0"));
        assert_eq!(begun(&conversation), [false]);
        conversation.apply(EventKind::ToolStarted, &json!({"call_id": "call_0", "name": "search"}));
        assert_eq!(begun(&conversation), [true]);
        conversation.apply(EventKind::ToolFinished, &json!({"call_id": "call_0", "result": "found"}));
        conversation.apply(EventKind::LlmResponse, &answer("call_0"));
        assert_eq!(begun(&conversation), [false]);
    }

    #[test]
    fn the_bound_on_steps_counts_answers_of_all_attempts() {
        let mut conversation = hello();
        for step in 1..=2 {
            let call = json!({"id": "a", "name": "search", "arguments": "{}"});
            conversation.apply(EventKind::LlmResponse, &json!({"step": step, "content": "", "tool_calls": [call]}));
            conversation.apply(EventKind::ToolFinished, &json!({"call_id": "a", "result": "none"}));
        }
        assert_eq!(conversation.next(3), Next::Ask);
        assert_eq!(conversation.next(2), Next::Exhausted);
    }
}
