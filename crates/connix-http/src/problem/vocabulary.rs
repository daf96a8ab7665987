//! The three languages the API's errors are spoken in, and which path speaks which (contract sections 1 and 4).

use super::{Fault, Problem};
use serde_json::{Value, json};

/// The error vocabulary of a path; unknown paths speak that of their mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// `INVALID_REQUEST`: `/api/v1`, and whatever is below no mount.
    Upper,
    /// As `Upper`, but that a broken field is a `VALIDATION_ERROR`: `/api/v1/projects`.
    UpperProject,
    /// `validation_error`: below `/api/v1/projects/{project}/agents` and `/api/v1/worker`.
    Lower,
    /// `request.invalid`: `/v1`.
    Dotted,
}

impl Vocabulary {
    /// Every vocabulary.
    pub const ALL: [Self; 4] = [Self::Upper, Self::UpperProject, Self::Lower, Self::Dotted];

    /// The vocabulary that `path` is answered in, whether a route stands there or not.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let mut segments = path.split('/').skip(1);
        match (segments.next(), segments.next(), segments.next(), segments.nth(1)) {
            (Some("v1"), ..) => Self::Dotted,
            (Some("api"), Some("v1"), Some("worker"), _) => Self::Lower,
            (Some("api"), Some("v1"), Some("projects"), Some("agents")) => Self::Lower,
            (Some("api"), Some("v1"), Some("projects"), _) => Self::UpperProject,
            _ => Self::Upper,
        }
    }

    /// The error body: `{"error": {code, message, details?, retry_after?, request_id}}`.
    #[must_use]
    pub fn body(self, problem: &Problem, request_id: &str) -> Value {
        let mut error = json!({"code": problem.situation().code(self), "message": problem.message(self)});
        if let Some(details) = self.details(problem.faults()) {
            error["details"] = details;
        }
        if let Some(seconds) = problem.retry_after_in_body() {
            error["retry_after"] = seconds.into();
        }
        error["request_id"] = request_id.into();
        json!({"error": error})
    }

    /// Lower lists every fault; the others have room for the first.
    fn details(self, faults: &[Fault]) -> Option<Value> {
        let first = faults.first()?;
        Some(match self {
            Self::Lower => {
                faults.iter().map(|fault| json!({"field": fault.field, "message": fault.message()})).collect()
            }
            Self::Upper | Self::UpperProject | Self::Dotted => {
                let mut details = json!({"field": first.field});
                if let Some(value) = &first.value {
                    details["value"] = value.clone();
                }
                if let Some(issue) = &first.issue {
                    details["issue"] = issue.as_ref().into();
                }
                details
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_speaks_the_vocabulary_of_its_mount() {
        for (path, vocabulary) in [
            ("/api/v1/projects", Vocabulary::UpperProject),
            ("/api/v1/projects/1", Vocabulary::UpperProject),
            ("/api/v1/projects/1/nothing", Vocabulary::UpperProject),
            ("/api/v1/projects/1/agents", Vocabulary::Lower),
            ("/api/v1/projects/1/agents/x/y/z", Vocabulary::Lower),
            ("/api/v1/projects/1/agentsmith", Vocabulary::UpperProject),
            ("/api/v1/worker", Vocabulary::Lower),
            ("/api/v1/worker/sessions", Vocabulary::Lower),
            ("/api/v1/workers", Vocabulary::Upper),
            ("/api/v1/agents", Vocabulary::Upper),
            ("/api/v1/hello", Vocabulary::Upper),
            ("/v1", Vocabulary::Dotted),
            ("/v1/projects", Vocabulary::Dotted),
            ("/v1/nothing/at/all", Vocabulary::Dotted),
            ("/v12", Vocabulary::Upper),
            ("/", Vocabulary::Upper),
            ("", Vocabulary::Upper),
        ] {
            assert_eq!(Vocabulary::of_path(path), vocabulary, "{path}");
        }
    }

    #[test]
    fn details_are_a_list_of_all_faults_in_lower_and_the_first_as_an_object_elsewhere() {
        let problem = Problem::invalid(vec![
            Fault::new("config.temperature", "must be between 0 and 2"),
            Fault::new("config.max_tokens", "must be a positive integer"),
        ]);
        assert_eq!(
            Vocabulary::Lower.body(&problem, "req_1")["error"]["details"],
            json!([
                {"field": "config.temperature", "message": "Temperature must be between 0 and 2"},
                {"field": "config.max_tokens", "message": "Max tokens must be a positive integer"},
            ])
        );
        assert_eq!(
            Vocabulary::Upper.body(&problem, "req_1")["error"]["details"],
            json!({"field": "config.temperature", "issue": "must be between 0 and 2"})
        );
    }
}
