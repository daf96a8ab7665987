//! The domain's `UpstreamProvider` port: sign-in through the operator's OpenID Connect provider, by authorization code with PKCE.
//!
//! `oauth2` puts the requests together; what OpenID Connect adds to them is here. The provider is found by its issuer
//! (`metadata`), its keys are kept for a while (`keys`), and what its token says of who signed in is believed when everything
//! about the token is as it must be (`id_token`). Nothing that the provider says leads anywhere else: no redirect is followed,
//! and its endpoints are reached by https, unless it is on this host.

mod fetch;
mod id_token;
mod issuer;
mod keys;
mod metadata;
mod provider;
mod remembered;

pub use issuer::{Issuer, NoIssuer};
pub use provider::{CannotSpeak, OidcProvider, OidcSettings};
