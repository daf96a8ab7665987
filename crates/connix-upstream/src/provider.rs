//! The flow: to the provider, and back with a code.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connix_domain::port::clock::Clock;
use connix_domain::port::secrets::Secret;
use connix_domain::port::upstream::{UpstreamAttempt, UpstreamError, UpstreamProvider};
use connix_domain::upstream::UpstreamIdentity;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::fetch::{FetchError, Fetcher};
use crate::id_token::{Expected, Fault, IdToken};
use crate::issuer::Issuer;
use crate::keys::Keys;
use crate::metadata::Metadata;
use crate::remembered::Remembered;

/// Metadata and keys are kept this long.
const KEPT: Duration = Duration::from_secs(3600);
/// And not asked for again within this time, whatever came.
const PAUSE: Duration = Duration::from_secs(10);
/// So many codes are redeemed at once.
const MOST_AT_ONCE: usize = 16;

/// What the operator and the provider have agreed on.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// Whose word is believed.
    pub issuer: Issuer,
    /// What the provider calls us.
    pub client_id: String,
    /// How we show that it is us.
    pub client_secret: Secret,
    /// Where browsers come back to, as it was registered there.
    pub redirect_uri: String,
}

/// Why no provider can be spoken to.
#[derive(Debug, Error)]
pub enum CannotSpeak {
    /// There are no certificates to trust.
    #[error("no client for https: {0}")]
    Client(#[from] reqwest::Error),
    /// The address to come back to is none.
    #[error("the address of the console is no URL")]
    RedirectUri,
}

/// A provider of the operator's choice. It is asked for nothing before somebody signs in.
pub struct OidcProvider {
    settings: OidcSettings,
    redirect_uri: RedirectUrl,
    clock: Arc<dyn Clock>,
    fetcher: Fetcher,
    metadata: Remembered<Metadata>,
    keys: Remembered<Keys>,
    redeeming: Semaphore,
}

/// What OpenID Connect adds to the answer of the token endpoint.
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type Tokens = StandardTokenResponse<IdTokenField, BasicTokenType>;

/// A client that knows where to authorize and where to redeem.
type OidcClient = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl OidcProvider {
    /// A provider that is believed as of the time of `clock`.
    ///
    /// # Errors
    /// [`CannotSpeak`]
    pub fn new(settings: OidcSettings, clock: Arc<dyn Clock>) -> Result<Self, CannotSpeak> {
        let redirect_uri = RedirectUrl::new(settings.redirect_uri.clone()).map_err(|_| CannotSpeak::RedirectUri)?;
        Ok(Self {
            redirect_uri,
            clock,
            fetcher: Fetcher::new(settings.issuer.is_plain())?,
            metadata: Remembered::new(KEPT, PAUSE),
            keys: Remembered::new(KEPT, PAUSE),
            redeeming: Semaphore::new(MOST_AT_ONCE),
            settings,
        })
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, UpstreamError> {
        let fetch = Metadata::fetch(&self.fetcher, &self.settings.issuer);
        self.metadata.get(|_| true, fetch).await.map_err(UpstreamError::Unavailable)
    }

    fn client(&self, metadata: &Metadata) -> OidcClient {
        Client::new(ClientId::new(self.settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.settings.client_secret.expose().to_owned()))
            .set_auth_type(metadata.authentication.clone())
            .set_auth_uri(metadata.authorization.clone())
            .set_token_uri(metadata.token.clone())
            .set_redirect_uri(self.redirect_uri.clone())
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        attempt: &UpstreamAttempt,
        code: &str,
    ) -> Result<String, UpstreamError> {
        let busy = |_| UpstreamError::Unavailable("too many are signing in".to_owned());
        let _permit = self.redeeming.try_acquire().map_err(busy)?;
        let client = self.client(metadata);
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.expose().to_owned()));
        let tokens: Tokens = request.request_async(&self.fetcher).await.map_err(|error| told(&error))?;
        let id_token = tokens.extra_fields().id_token.clone();
        id_token.ok_or_else(|| UpstreamError::Refused("there is no ID token".to_owned()))
    }
}

/// What the token endpoint's refusal means. Its own words are repeated; what we sent is not. When it is us whom it refuses, whoever
/// signs in has done nothing wrong.
fn told(error: &RequestTokenError<FetchError, BasicErrorResponse>) -> UpstreamError {
    match error {
        RequestTokenError::ServerResponse(refusal) => match refusal.error() {
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                UpstreamError::Unavailable(format!("it refuses us: {refusal}"))
            }
            _ => UpstreamError::Refused(refusal.to_string()),
        },
        RequestTokenError::Request(error) => UpstreamError::Unavailable(error.to_string()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            UpstreamError::Refused("the answer of the token endpoint cannot be read".to_owned())
        }
    }
}

fn not_believed(fault: Fault) -> UpstreamError {
    UpstreamError::Refused(format!("the ID token: {fault}"))
}

#[async_trait]
impl UpstreamProvider for OidcProvider {
    fn attempt(&self) -> UpstreamAttempt {
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random();
        UpstreamAttempt { nonce: nonce.into_secret(), verifier: Secret::new(verifier.into_secret()) }
    }

    async fn location(&self, attempt: &UpstreamAttempt, state: &str) -> Result<String, UpstreamError> {
        let client = self.client(self.metadata().await?.as_ref());
        let verifier = PkceCodeVerifier::new(attempt.verifier.expose().to_owned());
        let request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scope(Scope::new("openid".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .add_extra_param("nonce", attempt.nonce.as_str())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        Ok(request.url().0.into())
    }

    async fn identity(&self, attempt: &UpstreamAttempt, code: &str) -> Result<UpstreamIdentity, UpstreamError> {
        let metadata = self.metadata().await?;
        let text = self.redeem(&metadata, attempt, code).await?;
        let token = IdToken::read(&text).map_err(not_believed)?;
        let fetch = Keys::fetch(&self.fetcher, &metadata.keys);
        let keys = self.keys.get(|keys| keys.named(token.kid()).is_some(), fetch).await;
        let expected = Expected {
            issuer: self.settings.issuer.as_str(),
            client: &self.settings.client_id,
            nonce: &attempt.nonce,
            now: self.clock.now().timestamp(),
        };
        token.identity(keys.map_err(UpstreamError::Unavailable)?.as_ref(), &expected).map_err(not_believed)
    }
}
