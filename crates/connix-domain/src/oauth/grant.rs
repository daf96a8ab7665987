//! What a user has let an application do: the family of all tokens that follow from one consent.

use super::scope::Scopes;
use crate::Timestamp;
use crate::id::{GrantId, OAuthClientId, OrgId, UserId};
use chrono::Duration;

/// A grant. Everything that was issued under it ends with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The tenant.
    pub org: OrgId,
    /// Which grant; the claim `gid` of its access tokens.
    pub id: GrantId,
    /// To which application.
    pub client: OAuthClientId,
    /// By which member.
    pub user: UserId,
    /// What was let.
    pub scopes: Scopes,
    /// When the user had signed in who let it.
    pub auth_time: Timestamp,
    /// When its code was redeemed.
    pub created_at: Timestamp,
    /// From when it is over, whatever is done with it.
    pub expires_at: Timestamp,
    /// Since when it is over before its time.
    pub revoked_at: Option<Timestamp>,
}

impl Grant {
    /// A grant lasts at most this long.
    pub const LIFETIME: Duration = Duration::days(30);

    /// Whether it is neither revoked nor over at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// What a user has said yes to, remembered so that the same question is not asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The tenant.
    pub org: OrgId,
    /// Who said yes.
    pub user: UserId,
    /// To which application.
    pub client: OAuthClientId,
    /// To what.
    pub scopes: Scopes,
    /// When last.
    pub given_at: Timestamp,
}
