//! The provider through which people sign in besides: it says what the test tells it.

use async_trait::async_trait;
use connix_domain::port::secrets::Secret;
use connix_domain::port::upstream::{UpstreamAttempt, UpstreamError, UpstreamProvider};
use connix_domain::upstream::{UpstreamAccount, UpstreamIdentity};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Until it is told something else, it is away.
#[derive(Default)]
pub(crate) struct PlayedProvider {
    attempts: AtomicU64,
    says: Mutex<Option<Result<UpstreamIdentity, UpstreamError>>>,
    redeemed: Mutex<Vec<(UpstreamAttempt, String)>>,
}

impl PlayedProvider {
    /// From now on whoever comes is this, with an address that it has made sure of, or without.
    pub(crate) fn lets_in(&self, subject: &str, verified_email: Option<&str>) {
        let account = UpstreamAccount { issuer: "https://id.example".to_owned(), subject: subject.to_owned() };
        let verified_email = verified_email.map(str::to_owned);
        *self.says.lock().unwrap() = Some(Ok(UpstreamIdentity { account, verified_email }));
    }

    /// From now on it refuses.
    pub(crate) fn refuses(&self) {
        *self.says.lock().unwrap() = Some(Err(UpstreamError::Refused("no".to_owned())));
    }

    /// From now on there is no answer.
    pub(crate) fn goes_away(&self) {
        *self.says.lock().unwrap() = None;
    }

    /// The codes that were redeemed, and for which attempts.
    pub(crate) fn redeemed(&self) -> Vec<(UpstreamAttempt, String)> {
        self.redeemed.lock().unwrap().clone()
    }

    fn said(&self) -> Result<UpstreamIdentity, UpstreamError> {
        let away = || Err(UpstreamError::Unavailable("away".to_owned()));
        self.says.lock().unwrap().clone().unwrap_or_else(away)
    }
}

#[async_trait]
impl UpstreamProvider for PlayedProvider {
    fn attempt(&self) -> UpstreamAttempt {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        UpstreamAttempt { nonce: format!("nonce-{number}"), verifier: Secret::new(format!("verifier-{number}")) }
    }

    async fn location(&self, attempt: &UpstreamAttempt, state: &str) -> Result<String, UpstreamError> {
        match self.said() {
            Err(away @ UpstreamError::Unavailable(_)) => Err(away),
            _ => Ok(format!("https://id.example/authorize?nonce={}&state={state}", attempt.nonce)),
        }
    }

    async fn identity(&self, attempt: &UpstreamAttempt, code: &str) -> Result<UpstreamIdentity, UpstreamError> {
        self.redeemed.lock().unwrap().push((attempt.clone(), code.to_owned()));
        self.said()
    }
}
