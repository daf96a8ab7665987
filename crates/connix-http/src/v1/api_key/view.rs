//! An API key as it is shown: what people need to tell it, and never its text but in the answer that makes it.

use crate::query::PagePagination;
use crate::rfc3339::Instant;
use crate::v1::rate_limits::RateLimits;
use connix_application::IssuedKey;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, Kid};
use connix_domain::id::ProjectId;
use connix_domain::lifecycle::Words;
use connix_domain::permission::{Permission, Scope};
use schemars::JsonSchema;
use serde::Serialize;

/// An API key.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
pub(crate) struct ApiKeyView<'k> {
    /// Its public part: `cx_` and 12 letters and digits.
    id: String,
    /// What people call it.
    name: &'k str,
    /// `active`; `rotated` while a replaced key still works; `expired`.
    status: &'static str,
    /// The member it acts as.
    user_id: String,
    /// The scopes that its permissions hold whole.
    scopes: Vec<&'static str>,
    /// What it was given; what it comes to hangs on its member's role too.
    permissions: Vec<&'static str>,
    /// The only projects it reaches.
    projects: Option<Vec<String>>,
    /// The rate limits that it has instead of everybody's.
    rate_limits: RateLimits,
    /// The key that was made in its place.
    replaced_by: Option<String>,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last change.
    updated_at: Instant,
    /// From when it is refused.
    expires_at: Option<Instant>,
    /// When it was last used, to within a minute.
    last_used_at: Option<Instant>,
}

impl<'k> ApiKeyView<'k> {
    /// Shows a key as it stands at `now`.
    pub(super) fn of(key: &'k ApiKey, now: Timestamp) -> Self {
        let whole = |scope: &&Scope| key.permissions.include(&scope.permissions());
        Self {
            id: key.kid.id(),
            name: key.name.as_str(),
            status: key.status(now).as_str(),
            user_id: key.user.to_string(),
            scopes: Scope::ALL.iter().filter(whole).map(|scope| scope.as_str()).collect(),
            permissions: key.permissions.iter().map(Permission::as_str).collect(),
            projects: key.projects.as_ref().map(|list| list.iter().map(ProjectId::to_string).collect()),
            rate_limits: RateLimits::of(&key.limits),
            replaced_by: key.successor.as_ref().map(Kid::id),
            created_at: key.created_at.into(),
            updated_at: key.updated_at.into(),
            expires_at: key.expires_at.map(Into::into),
            last_used_at: key.last_used_at.map(Into::into),
        }
    }
}

/// A key that has just been made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IssuedApiKey")]
pub(crate) struct IssuedKeyView<'k> {
    #[serde(flatten)]
    about: ApiKeyView<'k>,
    /// The key itself. It is not shown again.
    key: &'k str,
}

impl<'k> IssuedKeyView<'k> {
    pub(super) fn of(issued: &'k IssuedKey, now: Timestamp) -> Self {
        Self { about: ApiKeyView::of(&issued.key, now), key: issued.text.expose() }
    }
}

/// A page of keys.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ApiKeyList<'k> {
    pub(super) data: Vec<ApiKeyView<'k>>,
    pub(super) pagination: PagePagination,
}

/// What is left of a revoked key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ApiKeyRevoked {
    message: &'static str,
    id: String,
}

impl ApiKeyRevoked {
    pub(super) fn of(key: &ApiKey) -> Self {
        Self { message: "API key revoked successfully", id: key.kid.id() }
    }
}
