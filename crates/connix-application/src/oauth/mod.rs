//! The OAuth 2 authorization server: what applications ask for, and what they are given (`reliability.md` 2.4).
//!
//! What is good and what is not, the domain decides (`connix_domain::oauth`). Here it is brought what it needs, and what it decides is
//! committed; where many are at the same thing at once, one commit wins and the others decide again.

mod access;
mod authorize;
mod calling_client;
mod clients;
mod held_tokens;
mod keys;
mod origins;
mod tokens;

pub(crate) use access::still_counts;
pub use authorize::{Authorization, Decision, Question};
pub use calling_client::{CallingClient, ClientCredentials};
pub use clients::{ClientOrder, NewClient};
pub use held_tokens::Introspection;
pub(crate) use keys::KeyRing;
pub use origins::ClientOrigins;
pub use tokens::{IssuedTokens, TokenFailure};

use crate::app::App;
use connix_domain::id::OrgId;
use connix_domain::scope::{Job, OrgScope};

impl App {
    /// Who issues codes and tokens, and for whom access tokens are: the public address of the service.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }
}

/// The scope of what an application, a code, a token or a cookie names.
fn answering(org: OrgId) -> OrgScope {
    OrgScope::for_job(org, Job::Authorization)
}
