//! Who asks, for what, and on which condition.

use crate::error::{Error, Resource};
use connix_domain::access::Access;
use connix_domain::api_key::Kid;
use connix_domain::audit::Origin;
use connix_domain::event::Actor;
use connix_domain::id::{OAuthClientId, ProjectId};
use connix_domain::name::CanonicalName;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Overrides;
use connix_domain::scope::OrgScope;
use std::sync::Arc;

/// Somebody whose credential has been checked. Only authentication makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(crate) scope: OrgScope,
    pub(crate) access: Access,
    pub(crate) principal: String,
    pub(crate) credential: Credential,
    pub(crate) limits: Overrides,
    pub(crate) origin: Origin,
}

/// What a caller has shown.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// An API key, by its public part.
    ApiKey(Kid),
    /// An access token, by what it says.
    AccessToken(Arc<AccessClaims>),
}

impl Caller {
    /// The same for a call, so that what it does can be accounted for.
    #[must_use]
    pub fn calling(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }
    /// Whose data it may see.
    pub fn scope(&self) -> OrgScope {
        self.scope
    }
    /// Who acts, and how far that reaches.
    pub fn access(&self) -> &Access {
        &self.access
    }
    /// What tells this credential from others: the public part of a key, of the first one of its line; of an access token
    /// the member and the application.
    pub fn principal(&self) -> &str {
        &self.principal
    }
    /// Whose budgets its calls are taken from: the credential's, or those of the line of credentials that replace each other.
    pub(crate) fn budgets(&self) -> &str {
        &self.principal
    }
    /// The public part of the key that was shown, if it was one.
    pub fn key(&self) -> Option<&Kid> {
        match &self.credential {
            Credential::ApiKey(kid) => Some(kid),
            Credential::AccessToken(_) => None,
        }
    }
    /// The application that acts for the member, if it was an access token that was shown.
    pub fn application(&self) -> Option<OAuthClientId> {
        match &self.credential {
            Credential::ApiKey(_) => None,
            Credential::AccessToken(claims) => Some(claims.client),
        }
    }
    /// What the audit log calls the credential: the key's identifier, or the application's.
    pub(crate) fn credential_id(&self) -> String {
        match &self.credential {
            Credential::ApiKey(kid) => kid.id(),
            Credential::AccessToken(claims) => claims.client.to_string(),
        }
    }
    /// The limits that it has instead of everybody's.
    pub fn own_limits(&self) -> &Overrides {
        &self.limits
    }
    /// Whether the credential allows something at all, before any resource is looked at.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub fn may(&self, permission: Permission) -> Result<(), Error> {
        if self.access.allows(permission) { Ok(()) } else { Err(Error::Forbidden) }
    }
    pub(crate) fn actor(&self) -> Actor {
        Actor::Member(self.access.user())
    }
    /// Whether the credential reaches projects that do not exist yet.
    pub(crate) fn may_make_projects(&self) -> Result<(), Error> {
        if self.access.projects().is_none() { Ok(()) } else { Err(Error::Forbidden) }
    }
}

/// How a path or body names a project: digits only are always the integer (contract section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectRef {
    /// The integer.
    Number(i64),
    /// The `proj_…` identifier.
    Id(ProjectId),
    /// The canonical name, in any case.
    Name(String),
    /// A text that no project can have.
    Nothing(String),
}

impl ProjectRef {
    /// Reads what a path or body says.
    pub fn read(text: &str) -> Self {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map_or_else(|_| Self::Nothing(text.to_owned()), Self::Number);
        }
        if let Ok(id) = text.parse() {
            return Self::Id(id);
        }
        match CanonicalName::parse(text) {
            Ok(name) => Self::Name(name.as_str().to_owned()),
            Err(_) => Self::Nothing(text.to_owned()),
        }
    }
    /// The organisation's default project.
    pub fn default_project() -> Self {
        Self::Name(CanonicalName::DEFAULT.to_owned())
    }
    pub(crate) fn not_found(&self) -> Error {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Id(id) => id.to_string(),
            Self::Name(text) | Self::Nothing(text) => text.clone(),
        };
        Error::NotFound(Resource::Project(text))
    }
}

/// On which version a write is to happen (`If-Match`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// On any.
    #[default]
    None,
    /// On one of these.
    Versions(Vec<i64>),
}

impl Precondition {
    pub(crate) fn check(&self, version: i64) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Versions(list) if list.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::PreconditionFailed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_only_are_always_the_integer() {
        assert_eq!(ProjectRef::read("123"), ProjectRef::Number(123));
        assert_eq!(ProjectRef::read("99999999999999999999"), ProjectRef::Nothing("99999999999999999999".into()));
        assert_eq!(ProjectRef::read("proj_1234567890abcdef"), ProjectRef::Id(ProjectId::new(0x1234_5678_90ab_cdef)));
        assert_eq!(ProjectRef::read("Support-Bot"), ProjectRef::Name("Support-Bot".into()));
        assert_eq!(ProjectRef::read("no_such"), ProjectRef::Nothing("no_such".into()));
    }
}
