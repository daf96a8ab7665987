//! Reading applications, what they were let, and who is signed in.

use super::store::ReadError;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::browser_session::BrowserSession;
use crate::id::{GrantId, OAuthClientId, TokenPairId, UserId};
use crate::oauth::client::{ClientStatus, OAuthClient};
use crate::oauth::code::AuthorizationCode;
use crate::oauth::grant::{Consent, Grant};
use crate::oauth::redirect_uri::RedirectUri;
use crate::oauth::refresh::TokenPair;
use crate::oauth::signing_key::SigningKey;
use crate::page::{DirectoryQuery, Page};
use crate::scope::OrgScope;
use async_trait::async_trait;

/// What the authorization server has written. Whatever has a scope MUST be `None` for another organisation's, like for an unknown
/// one.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ApplicationReader: Send + Sync {
    /// MUST find an application by its identifier whatever its organisation: nobody is signed in yet.
    async fn client_anywhere(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError>;
    /// An application.
    async fn oauth_client(&self, scope: OrgScope, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError>;
    /// A part of the list of applications, or of those of one status.
    async fn oauth_clients(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<ClientStatus>,
    ) -> Result<Page<OAuthClient>, ReadError>;
    /// The redirect URIs of all active applications of the service, in no order. MUST NOT hold a disabled one's.
    async fn active_redirect_uris(&self) -> Result<Vec<RedirectUri>, ReadError>;
    /// A code, also one that has been taken or is over.
    async fn authorization_code(
        &self,
        scope: OrgScope,
        digest: &Digest,
    ) -> Result<Option<AuthorizationCode>, ReadError>;
    /// A grant, also one that has ended.
    async fn grant(&self, scope: OrgScope, id: GrantId) -> Result<Option<Grant>, ReadError>;
    /// A pair of tokens.
    async fn token_pair(&self, scope: OrgScope, id: TokenPairId) -> Result<Option<TokenPair>, ReadError>;
    /// A pair of tokens by its refresh token.
    async fn pair_of_refresh(&self, scope: OrgScope, refresh: &Digest) -> Result<Option<TokenPair>, ReadError>;
    /// What a member has said yes to for an application.
    async fn consent(&self, scope: OrgScope, user: UserId, client: OAuthClientId)
    -> Result<Option<Consent>, ReadError>;
    /// All that a member has said yes to, the oldest first.
    async fn consents_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<Consent>, ReadError>;
    /// MUST find a session by its credential whatever its organisation: the cookie is all that there is.
    async fn session(&self, digest: &Digest) -> Result<Option<BrowserSession>, ReadError>;
    /// A member's sessions, the newest first.
    async fn sessions_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<BrowserSession>, ReadError>;
    /// The signing keys of the service, the oldest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, ReadError>;
    /// Removes codes and grants that were over before `codes` and `grants`, sessions begun before `sessions`, and keys that nobody
    /// needs since before `grants`; gives how many. A grant's pairs MUST go with it.
    async fn forget_ended(&self, codes: Timestamp, grants: Timestamp, sessions: Timestamp) -> Result<u64, ReadError>;
}
