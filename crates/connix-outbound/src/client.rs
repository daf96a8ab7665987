//! An HTTP client that dials what the address rule lets it, and nothing else.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};
use thiserror::Error;

use crate::resolver::GuardedResolver;
use crate::rule::AddressRule;
use crate::target::{Target, TargetFault};
use crate::traffic::Traffic;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client under an [`AddressRule`]: no redirects, no proxy, and the address is judged when it is dialled.
#[derive(Debug, Clone)]
pub struct GuardedClient {
    rule: Arc<AddressRule>,
    user_agent: &'static str,
    traffic: Traffic,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DialError {
    /// The URL itself is refused.
    #[error("the URL {0}")]
    Target(#[from] TargetFault),
    /// An address behind it is refused, or it cannot be reached: the root cause in words.
    #[error("{0}")]
    Failed(String),
}

impl GuardedClient {
    /// A client that names itself so.
    #[must_use]
    pub fn new(rule: AddressRule, user_agent: &'static str) -> Self {
        Self { rule: Arc::new(rule), user_agent, traffic: Traffic::default() }
    }

    /// The same client, which counts what it moves there.
    #[must_use]
    pub fn counting(self, traffic: Traffic) -> Self {
        Self { traffic, ..self }
    }

    /// The rule it keeps.
    #[must_use]
    pub fn rule(&self) -> &AddressRule {
        &self.rule
    }

    /// Judges `url` and makes a client for it. It is good for that URL's scheme: callers send to its host alone.
    ///
    /// # Errors
    /// [`DialError::Target`]; [`DialError::Failed`] when there are no certificates to trust.
    pub fn for_url(&self, url: &str) -> Result<(Target, Client), DialError> {
        let target = Target::parse(url, &self.rule)?;
        let client = self.builder(&target).build().map_err(|error| failed(&error))?;
        Ok((target, client))
    }

    fn builder(&self, target: &Target) -> ClientBuilder {
        let plain = target.url().scheme() == "http";
        let port = target.url().port_or_known_default().unwrap_or_default();
        let resolver = GuardedResolver { rule: Arc::clone(&self.rule), plain, port };
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(self.user_agent)
            .dns_resolver(Arc::new(resolver));
        // A host without certificates can still speak plain HTTP.
        if plain { builder.tls_certs_only([]) } else { builder }
    }

    /// Sends, and makes sure of whom it has spoken to.
    ///
    /// # Errors
    /// [`DialError::Failed`]
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, DialError> {
        let response = self.traffic.send(request).await.map_err(|error| failed(&error))?;
        let Some(peer) = response.remote_addr() else { return Ok(response) };
        if self.rule.reserves(peer.ip(), peer.port()) {
            return Err(TargetFault::Reserved.into());
        }
        self.rule.judge(peer.ip()).map_err(|blocked| DialError::Failed(blocked.to_string()))?;
        Ok(response)
    }
}

fn failed(error: &reqwest::Error) -> DialError {
    DialError::Failed(root_cause(error))
}

/// Why a call had no answer, in words: the root cause, since what lies above it repeats the URL, which may hold a secret.
#[must_use]
pub fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let kind = if error.is_timeout() { "no answer in time" } else { "no answer" };
    cause.map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {cause}"))
}
