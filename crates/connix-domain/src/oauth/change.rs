//! What is written of applications, grants and sign-ins: changes of a [`ChangeSet`](crate::change_set::ChangeSet).

use super::client::OAuthClient;
use super::code::AuthorizationCode;
use super::grant::{Consent, Grant};
use super::refresh::TokenPair;
use super::signing_key::SigningKey;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::browser_session::BrowserSession;
use crate::id::{BrowserSessionId, GrantId, OAuthClientId, OrgId, TokenPairId, UserId};

/// One change. What is good once is taken by one conditional statement: of many who take it at the same time one does, and the
/// others' units fail as stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OAuthChange {
    /// A new application.
    CreateClient(OAuthClient),
    /// The new state; replaces version − 1.
    UpdateClient(OAuthClient),
    /// Removes an application with its codes, grants, tokens and consents. Fails as stale when there is none.
    DeleteClient {
        /// The tenant.
        org: OrgId,
        /// Which application.
        id: OAuthClientId,
    },
    /// A new code. Fails as a reference when its application is gone.
    IssueCode(AuthorizationCode),
    /// Takes a code, unless it has been taken or burnt: then it fails as stale.
    TakeCode {
        /// The tenant.
        org: OrgId,
        /// Which code.
        digest: Digest,
        /// When.
        at: Timestamp,
    },
    /// Counts a wrong verifier shown with a code.
    CountFailure {
        /// The tenant.
        org: OrgId,
        /// Which code.
        digest: Digest,
    },
    /// A new grant.
    CreateGrant(Grant),
    /// Ends a grant; nothing when it has ended before.
    RevokeGrant {
        /// The tenant.
        org: OrgId,
        /// Which grant.
        id: GrantId,
        /// Since when.
        at: Timestamp,
    },
    /// Ends what a member has let applications do: all grants to one or to every application, and the codes that were not redeemed.
    RevokeGrants {
        /// The tenant.
        org: OrgId,
        /// The member.
        user: UserId,
        /// The application, unless all are meant.
        client: Option<OAuthClientId>,
        /// Since when.
        at: Timestamp,
    },
    /// A new pair of tokens.
    IssuePair(TokenPair),
    /// Takes a pair's refresh token, unless it has been taken: then it fails as stale.
    TakeRefresh {
        /// The tenant.
        org: OrgId,
        /// Which pair.
        id: TokenPairId,
        /// When.
        at: Timestamp,
    },
    /// Notes that a pair's access token was used; the first time counts.
    NoteAccess {
        /// The tenant.
        org: OrgId,
        /// Which pair.
        id: TokenPairId,
        /// When.
        at: Timestamp,
    },
    /// Refuses a pair's access token from now on.
    RevokeAccess {
        /// The tenant.
        org: OrgId,
        /// Which pair.
        id: TokenPairId,
        /// Since when.
        at: Timestamp,
    },
    /// What a member has said yes to, in place of what it had said before.
    GiveConsent(Consent),
    /// Forgets it; nothing when there is none.
    WithdrawConsent {
        /// The tenant.
        org: OrgId,
        /// The member.
        user: UserId,
        /// The application.
        client: OAuthClientId,
    },
    /// Somebody has signed in.
    OpenSession(BrowserSession),
    /// A session was used.
    NoteSession {
        /// The tenant.
        org: OrgId,
        /// Which session.
        id: BrowserSessionId,
        /// When.
        at: Timestamp,
    },
    /// Signs out; nothing when that has been done.
    CloseSession {
        /// The tenant.
        org: OrgId,
        /// Which session.
        id: BrowserSessionId,
    },
    /// Signs a member out everywhere.
    CloseSessionsOf {
        /// The tenant.
        org: OrgId,
        /// The member.
        user: UserId,
    },
    /// A new signing key. Fails as a duplicate when there is one of its generation.
    AddSigningKey(SigningKey),
    /// Nothing that a key signed is good from now on; stale when there is no such key, or it is revoked.
    RevokeSigningKey {
        /// Its name.
        kid: String,
        /// Since when.
        at: Timestamp,
    },
}
