//! What a failed statement means to whoever asked for the unit.

use super::Must;
use super::dialect;
use connix_domain::port::store::{CommitError, Entity};
use diesel::result::{DatabaseErrorKind, Error};

/// Every rule of uniqueness: its name on PostgreSQL, the columns that SQLite names instead, and what the caller knows it by.
const UNIQUE: &[(&str, &str, Entity, &str)] = &[
    ("organisation_key", "organisation.id", Entity::Organisation, "id"),
    ("organisation_name", "organisation.name_key", Entity::Organisation, "name"),
    ("api_key_key", "api_key.org_id, api_key.kid", Entity::ApiKey, "id"),
    ("api_key_kid", "api_key.kid", Entity::ApiKey, "id"),
    ("member_key", "member.org_id, member.id", Entity::Member, "id"),
    ("member_email", "member.org_id, member.email_key", Entity::Member, "email"),
    (
        "member_account",
        "member.upstream_issuer, member.upstream_subject, member.org_id",
        Entity::Member,
        "upstream_account",
    ),
    ("team_key", "team.org_id, team.id", Entity::Team, "id"),
    ("team_name", "team.org_id, team.name_key", Entity::Team, "name"),
    ("project_key", "project.org_id, project.id", Entity::Project, "id"),
    ("project_number", "project.number", Entity::Project, "number"),
    ("project_canonical_name", "project.org_id, project.canonical_key", Entity::Project, "canonical_name"),
    ("agent_key", "agent.org_id, agent.id", Entity::Agent, "id"),
    ("agent_project_key", "agent.org_id, agent.project_id, agent.id", Entity::Agent, "id"),
    ("agent_name", "agent.org_id, agent.project_id, agent.name", Entity::Agent, "name"),
    ("task_key", "task.org_id, task.id", Entity::Task, "id"),
    ("oauth_client_key", "oauth_client.org_id, oauth_client.id", Entity::OAuthClient, "id"),
    ("oauth_client_id", "oauth_client.id", Entity::OAuthClient, "id"),
    ("oauth_code_key", "oauth_code.org_id, oauth_code.digest", Entity::AuthorizationCode, "digest"),
    ("oauth_grant_key", "oauth_grant.org_id, oauth_grant.id", Entity::Grant, "id"),
    ("oauth_pair_key", "oauth_pair.org_id, oauth_pair.id", Entity::TokenPair, "id"),
    ("oauth_pair_refresh", "oauth_pair.org_id, oauth_pair.refresh", Entity::TokenPair, "refresh"),
    ("browser_session_key", "browser_session.org_id, browser_session.id", Entity::BrowserSession, "id"),
    ("browser_session_digest", "browser_session.digest", Entity::BrowserSession, "digest"),
    ("signing_key_key", "signing_key.kid", Entity::SigningKey, "kid"),
    ("signing_key_generation", "signing_key.generation", Entity::SigningKey, "generation"),
    ("event_id", "event.org_id, event.id", Entity::Event, "id"),
];

/// The domain of the PostgreSQL schema that a guarded statement casts its count to.
const EXPECTED_ROWS: &str = "expected_rows";

/// What the failure of a statement means.
pub(crate) fn meaning(must: &Must, error: &Error) -> CommitError {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            let rule = dialect::rule(&**info);
            match UNIQUE.iter().find(|(name, columns, ..)| rule == *name || rule == *columns) {
                Some((.., entity, field)) => CommitError::Duplicate { entity: *entity, field },
                None => CommitError::Unavailable(error.to_string()),
            }
        }
        Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => CommitError::Reference,
        Error::DatabaseError(DatabaseErrorKind::CheckViolation, info)
            if info.constraint_name() == Some(EXPECTED_ROWS) =>
        {
            let unmet = must.count().map(|(_, unmet)| unmet.clone());
            unmet.unwrap_or_else(|| CommitError::Unavailable(error.to_string()))
        }
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, info) => {
            CommitError::Unknown(info.message().to_owned())
        }
        other => CommitError::Unavailable(other.to_string()),
    }
}
