//! Requests to the provider: bounded in time and size, and never led elsewhere.

use std::pin::Pin;
use std::time::Duration;

use connix_outbound::root_cause;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The longest document that is read, in bytes. Key sets of large providers have about 20 KiB.
const LONGEST: usize = 256 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks to one provider.
#[derive(Debug)]
pub(crate) struct Fetcher(Client);

/// Why there is no answer to work with.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    /// None came.
    #[error("{0}")]
    NoAnswer(String),
    /// It has no end.
    #[error("an answer of more than {LONGEST} bytes")]
    TooLong,
    /// A status that is no answer to what was asked.
    #[error("an answer with the status {0}")]
    Status(u16),
    /// It is not what it should be.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(String),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::NoAnswer(root_cause(&error))
    }
}

impl Fetcher {
    /// `plain`: only without TLS, which a host without certificates can do too.
    pub(crate) fn new(plain: bool) -> reqwest::Result<Self> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent("connix");
        let builder = if plain { builder.tls_certs_only([]) } else { builder.https_only(true) };
        builder.build().map(Self)
    }

    /// A JSON document.
    pub(crate) async fn document<T: DeserializeOwned>(&self, url: &str) -> Result<T, FetchError> {
        let response = self.0.get(url).header("Accept", "application/json").send().await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(FetchError::Status(status));
        }
        serde_json::from_slice(&read(response).await?).map_err(|error| FetchError::Unreadable(error.to_string()))
    }
}

/// Sends what `oauth2` has put together.
impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            if !is_judgement(status) {
                return Err(FetchError::Status(status.as_u16()));
            }
            let mut answer = HttpResponse::new(read(response).await?);
            (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
            Ok(answer)
        })
    }
}

/// Whether a token endpoint has judged the request (RFC 6749 5.1 and 5.2; 403 is what some say instead of 400), and is not broken,
/// moved or busy.
fn is_judgement(status: StatusCode) -> bool {
    let refused = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    status.is_success() || refused.contains(&status)
}

async fn read(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
