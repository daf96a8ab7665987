//! What is sent to make or change a project: read, and the schemas that document it.

use crate::body::{Echo, Fields, JsonBody};
use crate::openapi::Nullable;
use crate::problem::{Fault, Problem, Situation};
use connix_application::{Error, Naming, ProjectOrder};
use connix_domain::id::TeamId;
use connix_domain::metadata::Metadata;
use connix_domain::name::{CanonicalName, DisplayName, NameIssue};
use connix_domain::project::{ProjectChange, ProjectPhase, Visibility};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// The statuses a project can be seen in, and put into.
pub(super) const STATUSES: &[ProjectPhase] = &[ProjectPhase::Active, ProjectPhase::Archived];

/// A new project.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
pub(crate) struct CreateProject {
    /// Alone: 3-50 letters, digits and hyphens, and the canonical name too. With `canonical_name`: any text.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// 3-50 letters, digits and hyphens, first and last alphanumeric.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]{1,48}[A-Za-z0-9]$"))]
    canonical_name: Option<String>,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    #[schemars(extend("enum" = ["private", "shared"]))]
    visibility: Option<String>,
    team_id: Option<Nullable<String>>,
    metadata: Option<Map<String, Value>>,
}

/// A project as it is to be. An omitted `description` or `metadata` is emptied; all else that is omitted stays.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
pub(crate) struct UpdateProject {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[serde(flatten)]
    rest: ProjectFields,
}

/// What is to change of a project; the rest stays.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
pub(crate) struct PatchProject {
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    #[serde(flatten)]
    rest: ProjectFields,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
struct ProjectFields {
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]{1,48}[A-Za-z0-9]$"))]
    canonical_name: Option<String>,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    #[schemars(extend("enum" = ["private", "shared"]))]
    visibility: Option<String>,
    team_id: Option<Nullable<String>>,
    metadata: Option<Map<String, Value>>,
    #[schemars(extend("enum" = ["active", "archived"]))]
    status: Option<String>,
}

/// Whether what is left out is emptied or stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// PUT.
    Replace,
    /// PATCH.
    Amend,
}

/// Reads a new project.
///
/// # Errors
/// Every broken field; then the first broken rule of a name.
pub(super) fn order(body: &JsonBody) -> Result<ProjectOrder, Problem> {
    let mut fields = body.fields();
    let name = fields.required_string("name").unwrap_or_default();
    let canonical = fields.string("canonical_name");
    let words = words(&mut fields);
    let metadata = fields.metadata().unwrap_or_default();
    fields.finish()?;
    let naming = match canonical {
        None => Naming::Same(canonical_name("name", name)?),
        Some(canonical) => naming(name, canonical)?,
    };
    Ok(ProjectOrder {
        naming,
        description: words.description.flatten(),
        visibility: words.visibility.unwrap_or(Visibility::Private),
        team: words.team.flatten(),
        metadata,
    })
}

/// Reads a change, and what was sent back of the keys that the service owns.
///
/// # Errors
/// Every broken field; then the first broken rule of a name.
pub(super) fn change(body: &JsonBody, write: Write) -> Result<(ProjectChange, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let name = if write == Write::Replace { fields.required_string("name") } else { fields.string("name") };
    let canonical = fields.string("canonical_name");
    let words = words(&mut fields);
    let metadata = fields.metadata();
    let phase = fields.one_of("status", STATUSES);
    let echo = fields.owned(&["id", "uid", "org_id", "created_at", "updated_at"]);
    fields.finish()?;
    let replaced = write == Write::Replace;
    let change = ProjectChange {
        name: name.map(display_name).transpose()?,
        canonical_name: canonical.map(|text| canonical_name("canonical_name", text)).transpose()?,
        description: words.description.or(replaced.then_some(None)),
        visibility: words.visibility,
        team: words.team,
        metadata: metadata.or(replaced.then(Metadata::default)),
        phase,
    };
    Ok((change, echo))
}

/// The fields that every body about a project may hold, on both mounts.
pub(crate) struct Words {
    pub(crate) description: Option<Option<String>>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) team: Option<Option<TeamId>>,
}

/// Reads `description`, `visibility` and `team_id`.
pub(crate) fn words(fields: &mut Fields<'_>) -> Words {
    let description = fields.description();
    let team = match fields.nullable_string("team_id") {
        Some(Some(text)) => fields.parsed("team_id", text.parse()).map(Some),
        Some(None) => Some(None),
        None => None,
    };
    Words { description, visibility: fields.word("visibility"), team }
}

/// A display and a canonical name that were both given.
///
/// # Errors
/// The first rule that one of them breaks.
pub(crate) fn naming(name: &str, canonical: &str) -> Result<Naming, Problem> {
    Ok(Naming::Both(canonical_name("canonical_name", canonical)?, display_name(name)?))
}

/// A project's display name.
///
/// # Errors
/// The first rule that it breaks.
pub(crate) fn display_name(text: &str) -> Result<DisplayName, Problem> {
    DisplayName::parse(text).map_err(|issue| {
        let fault = Fault::new("name", issue.to_string()).value(text);
        let message = "Project name must be 1-255 characters long and contain no control characters";
        Problem::from(Situation::InvalidProjectName).with(fault).saying(message)
    })
}

fn canonical_name(field: &'static str, text: &str) -> Result<CanonicalName, Problem> {
    let refused = |issue: NameIssue| Error::InvalidProjectName { field, value: text.to_owned(), issue }.into();
    CanonicalName::parse(text).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Vocabulary;
    use serde_json::json;

    /// Code, field and issue of a refused body.
    fn refusal(problem: &Problem) -> (String, String, String) {
        let error = Vocabulary::UpperProject.body(problem, "r")["error"].take();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&error["code"]), text(&error["details"]["field"]), text(&error["details"]["issue"]))
    }

    #[test]
    fn each_bad_name_is_refused_with_its_issue() {
        let long = "a".repeat(51);
        for (name, code, issue) in [
            (json!({}), "VALIDATION_ERROR", "is required"),
            (json!({"name": 7}), "VALIDATION_ERROR", "must be a string"),
            (json!({"name": null}), "VALIDATION_ERROR", "must be a string"),
            (json!({"name": ""}), "INVALID_PROJECT_NAME", "cannot be empty"),
            (json!({"name": "ab"}), "INVALID_PROJECT_NAME", "too short"),
            (json!({"name": long}), "INVALID_PROJECT_NAME", "too long"),
            (json!({"name": "too_many_underscores"}), "INVALID_PROJECT_NAME", "contains invalid characters"),
            (
                json!({"name": "-invalid-start"}),
                "INVALID_PROJECT_NAME",
                "must start and end with an alphanumeric character",
            ),
        ] {
            let refused = order(&JsonBody::of(&name)).unwrap_err();
            assert_eq!(refusal(&refused), (code.to_owned(), "name".to_owned(), issue.to_owned()), "{name}");
        }
    }

    #[test]
    fn a_name_alone_is_both_names_and_with_a_canonical_one_it_is_free_text() {
        let alone = order(&JsonBody::of(&json!({"name": "my-ai-project"}))).unwrap();
        assert_eq!(alone.naming, Naming::Same(CanonicalName::parse("my-ai-project").unwrap()));
        let both = order(&JsonBody::of(&json!({
            "name": "Customer Support Bot",
            "canonical_name": "support-bot",
            "metadata": {"team": "customer-success"},
        })));
        let names = (CanonicalName::parse("support-bot").unwrap(), DisplayName::parse("Customer Support Bot").unwrap());
        assert_eq!(both.unwrap().naming, Naming::Both(names.0, names.1));
    }

    #[test]
    fn put_empties_what_may_be_left_out_and_patch_keeps_it() {
        let body = JsonBody::of(&json!({"name": "A project"}));
        let (put, _) = change(&body, Write::Replace).unwrap();
        assert_eq!((put.description, put.metadata), (Some(None), Some(Metadata::default())));
        let (patch, _) = change(&body, Write::Amend).unwrap();
        assert_eq!((patch.description, patch.metadata), (None, None));
        assert!(change(&JsonBody::of(&json!({})), Write::Replace).is_err());
        assert!(change(&JsonBody::of(&json!({})), Write::Amend).is_ok());
    }

    #[test]
    fn what_was_read_can_be_sent_back() {
        let read = json!({
            "id": 123, "uid": "proj_1234567890abcdef", "name": "A project", "canonical_name": "a-project",
            "description": null, "status": "active", "visibility": "private", "org_id": "org_1234567890abcdef",
            "team_id": null, "metadata": {}, "created_at": "2024-01-15T10:30:00Z", "updated_at": "2024-01-15T10:30:00Z",
        });
        let body = JsonBody::of(&read);
        let (_, echo) = change(&body, Write::Replace).unwrap();
        assert!(echo.unchanged(&read).is_ok());
        let mut other = read.clone();
        other["id"] = json!(124);
        assert!(echo.unchanged(&other).is_err());
    }
}
