//! What the application ends in, as rows of the error table. Without a wildcard: a new error is placed by hand.

use super::{Fault, Problem, Situation};
use connix_application::{Error, Resource};
use connix_domain::lifecycle::TransitionError;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthorized => Situation::Unauthorized.into(),
            Error::Forbidden => Situation::Forbidden.into(),
            Error::NotFound(resource) => not_found(&resource),
            Error::Invalid(faults) => Self::invalid(faults.into_iter().map(Fault::from).collect()),
            Error::InvalidProjectName { field, value, issue } => {
                Self::from(Situation::InvalidProjectName).with(Fault::new(field, issue.to_string()).value(value))
            }
            Error::ProjectNameTaken { field, value } => {
                Self::from(Situation::ProjectNameTaken).with(Fault::of_value(field, value))
            }
            Error::AgentNameTaken => {
                Self::from(Situation::Conflict).saying("Agent name already exists in this project")
            }
            Error::Taken { field, message } => conflict(field, message.to_owned()),
            Error::LastOwner(field) => conflict(field, Error::LastOwner(field).to_string()),
            Error::KeyRefused(refusal) => conflict("status", refusal.to_string()),
            Error::Refused(refusal) => conflict("status", refused(&refusal)),
            Error::DefaultProjectProtected(what) => {
                Self::from(Situation::DefaultProjectProtected).saying(format!("The default project cannot be {what}"))
            }
            Error::ProjectArchived => Situation::ProjectArchived.into(),
            Error::ProjectInUse(agents) => {
                let say = format!(
                    "The project has {agents} agents that are alive; stop them, or delete it with cascade=true"
                );
                Self::from(Situation::Conflict).saying(say)
            }
            Error::NotTakingTasks(status) => {
                conflict("status", format!("The agent takes no tasks while it is {status}"))
            }
            Error::NotExternal => conflict("runtime", Error::NotExternal.to_string()),
            Error::RateLimited { retry_after } => Self::from(Situation::RateLimited)
                .saying(format!("Rate limit exceeded. Try again in {retry_after} seconds."))
                .retry_after(retry_after),
            Error::QueueFull => Self::from(Situation::QueueFull).retry_after(1),
            Error::PreconditionFailed => Situation::PreconditionFailed.into(),
            Error::Contended => Self::from(Situation::Conflict)
                .saying("The resource is being changed by others at the same time; try again"),
            Error::IdempotencyKeyReused => Situation::IdempotencyKeyReused.into(),
            Error::IdempotencyInProgress => Self::from(Situation::IdempotencyInProgress).retry_after(1),
            Error::Fenced => Situation::InstanceFenced.into(),
            Error::LeaseLost => Situation::LeaseLost.into(),
            Error::Unavailable(why) => Self::unavailable(why),
            Error::Internal(why) => Self::internal(why),
            Error::Raced => Self::internal("a lost race left the application"),
        }
    }
}

fn not_found(resource: &Resource) -> Problem {
    let (situation, message) = match resource {
        Resource::Project(text) => (Situation::ProjectNotFound, format!("Project '{text}' not found")),
        Resource::Agent(text) => (Situation::AgentNotFound, format!("Agent with ID '{text}' not found")),
        Resource::Task(text) => (Situation::TaskNotFound, format!("Task with ID '{text}' not found")),
        Resource::SigningKey(kid) => (Situation::NotFound, format!("Signing key '{kid}' not found")),
        Resource::OAuthClient(text) => (Situation::NotFound, format!("OAuth client with ID '{text}' not found")),
        Resource::Team(text) => (Situation::NotFound, format!("Team '{text}' not found")),
        Resource::Member(text) => (Situation::NotFound, format!("Member '{text}' not found")),
        Resource::ApiKey(text) => (Situation::NotFound, format!("API key '{text}' not found")),
    };
    Problem::from(situation).saying(message)
}

fn conflict(field: &'static str, message: String) -> Problem {
    Problem::from(Situation::Conflict).with(Fault::sentence(field, message.clone())).saying(message)
}

fn refused(refusal: &TransitionError) -> String {
    let sentence = refusal.to_string();
    sentence.strip_prefix("cannot").map_or_else(|| sentence.clone(), |rest| format!("Cannot{rest}"))
}

#[cfg(test)]
mod tests {
    use super::super::Vocabulary;
    use super::*;
    use connix_domain::agent::{AgentAction, AgentPhase};
    use connix_domain::lifecycle::Lifecycle;
    use serde_json::json;

    #[test]
    fn a_taken_project_name_is_told_as_the_document_shows() {
        let problem = Problem::from(Error::ProjectNameTaken { field: "name", value: "existing-project".to_owned() });
        assert_eq!(
            Vocabulary::UpperProject.body(&problem, "r")["error"],
            json!({
                "code": "PROJECT_NAME_TAKEN",
                "message": "A project with this name already exists",
                "details": {"field": "name", "value": "existing-project"},
                "request_id": "r",
            })
        );
    }

    #[test]
    fn a_used_up_limit_is_told_as_the_document_shows() {
        let problem = Problem::from(Error::RateLimited { retry_after: 60 });
        assert_eq!(
            Vocabulary::Lower.body(&problem, "r")["error"],
            json!({
                "code": "rate_limit_exceeded",
                "message": "Rate limit exceeded. Try again in 60 seconds.",
                "retry_after": 60,
                "request_id": "r",
            })
        );
    }

    #[test]
    fn an_unknown_agent_is_told_as_the_document_shows() {
        let problem = Problem::from(Error::NotFound(Resource::Agent("agent_1234567890abcdef".to_owned())));
        let error = &Vocabulary::Lower.body(&problem, "r")["error"];
        assert_eq!(error["code"], "agent_not_found");
        assert_eq!(error["message"], "Agent with ID 'agent_1234567890abcdef' not found");
    }

    #[test]
    fn an_illegal_transition_names_the_status_and_says_what_is_allowed() {
        let refusal = AgentPhase::UpdatingStopped.apply(AgentAction::Pause).unwrap_err();
        let error = Vocabulary::Lower.body(&Error::Refused(refusal).into(), "r")["error"].take();
        assert_eq!(error["code"], "agent_conflict");
        assert_eq!(
            error["details"],
            json!([{
                "field": "status",
                "message": "Cannot pause while updating, then stopped; allowed: start, stop, restart, update, delete",
            }])
        );
    }
}
