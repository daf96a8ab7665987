//! The steps of an attempt: ask, settle tool calls, until there is an answer.
//!
//! Each step is journalled ahead of its effect and after it. Whatever drops this between two awaits leaves a journal
//! from which the next attempt goes on.

use std::rc::Rc;
use std::time::{Duration, Instant};

use connix_worker_protocol::log::LogLevel;
use connix_worker_protocol::session::CurrentConfig;
use connix_worker_protocol::task::{AppendEvents, ClaimedTask, NewEvent, TaskError, Usage};
use serde_json::json;
use tokio::time::timeout_at;

use super::conversation::{Conversation, Next};
use super::journal::{self, Answered, Asked};
use super::outcome::Outcome;
use crate::model::{ChatEndpoint, ChatRequest, ModelFault, ModelReply, wait_before_retry};
use crate::server::persist;
use crate::session::Session;
use crate::tools::Toolbox;

/// The state of an attempt. What it has used stays readable when the steps are interrupted.
pub(super) struct Steps<'a> {
    pub(super) session: &'a Session,
    pub(super) task: &'a ClaimedTask,
    pub(super) config: Rc<CurrentConfig>,
    pub(super) toolbox: Toolbox,
    pub(super) deadline: Instant,
    conversation: Conversation,
    usage: Usage,
    next_seq: i64,
}

impl<'a> Steps<'a> {
    /// Takes up the task where its journal ends.
    pub(super) fn new(
        session: &'a Session,
        task: &'a ClaimedTask,
        config: Rc<CurrentConfig>,
        deadline: Instant,
    ) -> Self {
        let mut conversation = Conversation::begin(config.config.system_prompt.as_deref(), &task.input);
        for entry in &task.journal {
            conversation.apply(entry.kind, &entry.data);
        }
        let next_seq = task.journal.last().map_or(1, |entry| entry.seq + 1);
        let toolbox = Toolbox::default();
        let usage = Usage { model: Some(config.config.model.clone()), ..Usage::default() };
        Self { session, task, config, toolbox, deadline, conversation, usage, next_seq }
    }

    /// What this attempt has used so far.
    pub(super) fn usage(&self) -> Usage {
        self.usage.clone()
    }

    /// Runs to the end of the task.
    pub(super) async fn run(&mut self) -> Outcome {
        self.toolbox = Toolbox::open(&self.config.config.tools, &self.session.tools).await;
        loop {
            let step = match self.conversation.next(self.session.limits.max_steps) {
                Next::Done(answer) => return Outcome::Completed(answer),
                Next::Exhausted => return self.exhausted(),
                Next::Settle(calls) => self.settle(calls).await,
                Next::Ask => self.ask().await,
            };
            if let Err(outcome) = step {
                return outcome;
            }
        }
    }

    async fn ask(&mut self) -> Result<(), Outcome> {
        let session = self.session;
        let endpoint = session.model.as_ref().map_err(|why| Outcome::failed("llm_not_configured", why))?;
        self.step_boundary().await?;
        let step = self.conversation.steps() + 1;
        let messages = self.conversation.messages().len();
        self.append(vec![journal::asked(&Asked { step, model: &self.config.config.model, messages })]).await?;

        let asked_at = Instant::now();
        let (reply, prompt_estimate) = self.reply(endpoint).await?;
        let used = self.usage_of(&reply, prompt_estimate);
        self.add_usage(&used);
        let details = json!({"step": step, "seconds": asked_at.elapsed().as_secs_f64(), "tokens": used.total_tokens});
        session.log.write(LogLevel::Debug, "Model answered", details, Some(&self.task.id));
        self.append(vec![journal::answered(&Answered { step, answer: reply.answer }), journal::used(&used)]).await
    }

    /// Asks until there is a reply; the prompt's estimated tokens come along.
    async fn reply(&mut self, endpoint: &ChatEndpoint) -> Result<(ModelReply, i64), Outcome> {
        let config = Rc::clone(&self.config);
        self.toolbox.refresh().await;
        let tools = self.toolbox.schemas();
        let mut tries = 0;
        loop {
            let messages = self.conversation.messages();
            let (model, temperature) = (config.config.model.as_str(), config.config.temperature);
            let max_tokens = config.config.max_tokens;
            let request = ChatRequest { model, temperature, max_tokens, messages, tools: &tools };
            let asked = timeout_at(self.deadline.into(), endpoint.ask(&request)).await;
            let fault = match asked {
                Err(_) => return Err(timed_out()),
                Ok(Ok(reply)) => return Ok((reply, request.estimated_tokens())),
                Ok(Err(fault)) => fault,
            };
            tries += 1;
            let Some(wait) = wait_before_retry(&fault, tries, self.session.model_pace, self.remaining()) else {
                return Err(given_up(&fault));
            };
            self.note_retry(&fault, tries, wait);
            tokio::time::sleep(wait).await;
            self.step_boundary().await?;
        }
    }

    /// Waits until a step may start. The time of a pause is not the task's.
    pub(super) async fn step_boundary(&mut self) -> Result<(), Outcome> {
        self.deadline += self.toolbox.at_rest(self.session.step_boundary()).await;
        if self.remaining().is_zero() { Err(timed_out()) } else { Ok(()) }
    }

    /// Writes events to the journal, and only then takes them up.
    pub(super) async fn append(&mut self, events: Vec<NewEvent>) -> Result<(), Outcome> {
        let (session, task) = (self.session, self.task);
        // here, so that a later attempt reads what the model was told in this one
        let redactor = session.redaction.current();
        let events =
            events.into_iter().map(|event| NewEvent { data: redactor.document(event.data), ..event }).collect();
        let body =
            AppendEvents { session_id: session.id.clone(), attempt: task.attempt, first_seq: self.next_seq, events };
        let appended = persist(session.server_pace, async || session.server.append(&task.id, &body).await).await;
        appended.map_err(|error| Outcome::of_call(&error))?;
        for event in &body.events {
            self.conversation.apply(event.kind, &event.data);
            self.next_seq += 1;
        }
        session.status.progressed();
        Ok(())
    }

    /// The tokens of one call: as the endpoint counted them, else estimated.
    fn usage_of(&self, reply: &ModelReply, prompt_estimate: i64) -> Usage {
        let (prompt_tokens, completion_tokens) =
            reply.tokens.unwrap_or_else(|| (prompt_estimate, reply.estimated_tokens()));
        Usage {
            model: self.usage.model.clone(),
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
            llm_requests: 1,
            estimated: reply.tokens.is_none(),
        }
    }

    fn add_usage(&mut self, used: &Usage) {
        self.usage.prompt_tokens = self.usage.prompt_tokens.saturating_add(used.prompt_tokens);
        self.usage.completion_tokens = self.usage.completion_tokens.saturating_add(used.completion_tokens);
        self.usage.total_tokens = self.usage.total_tokens.saturating_add(used.total_tokens);
        self.usage.llm_requests = self.usage.llm_requests.saturating_add(used.llm_requests);
        self.usage.estimated |= used.estimated;
    }

    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn note_retry(&self, fault: &ModelFault, tries: u32, wait: Duration) {
        let details = json!({"error": fault.message, "retry_count": tries, "wait_seconds": wait.as_secs_f64()});
        self.session.log.write(
            LogLevel::Warn,
            "Asking the model failed and is tried again",
            details,
            Some(&self.task.id),
        );
    }

    fn exhausted(&self) -> Outcome {
        let steps = self.session.limits.max_steps;
        Outcome::failed("max_steps", format!("The task took {steps} steps and had no answer"))
    }
}

pub(super) fn timed_out() -> Outcome {
    Outcome::failed("timeout", "The task did not end within its time")
}

fn given_up(fault: &ModelFault) -> Outcome {
    let retry_after_ms = fault.retry_after.and_then(|wait| u64::try_from(wait.as_millis()).ok());
    let (code, message) = (fault.kind.code().to_owned(), fault.message.clone());
    Outcome::Failed(TaskError { code, message, retryable: fault.kind.is_transient(), retry_after_ms })
}
