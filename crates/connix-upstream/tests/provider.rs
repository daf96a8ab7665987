//! The whole flow against a provider over HTTP, which tells the truth or lies.
#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::secrets::Secret;
use connix_domain::port::upstream::{UpstreamAttempt, UpstreamError, UpstreamProvider};
use connix_domain::upstream::{UpstreamAccount, UpstreamIdentity};
use connix_testkit::fake_provider::{CLIENT, FakeProvider, KeyKind, Lie, SECRET};
use connix_upstream::{OidcProvider, OidcSettings};
use reqwest::redirect::Policy;
use url::Url;

struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the provider's tokens bear the real time")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

fn trusting(provider: &FakeProvider) -> OidcProvider {
    let settings = OidcSettings {
        issuer: provider.issuer().parse().unwrap(),
        client_id: CLIENT.to_owned(),
        client_secret: Secret::new(SECRET),
        redirect_uri: "http://127.0.0.1:9/console/upstream/callback".to_owned(),
    };
    OidcProvider::new(settings, Arc::new(RealClock)).unwrap()
}

/// What the provider sends a browser back with.
async fn sent_back(client: &OidcProvider, attempt: &UpstreamAttempt) -> Vec<(String, String)> {
    let to = client.location(attempt, "the state").await.unwrap();
    let browser = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let answer = browser.get(to).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with("http://127.0.0.1:9/console/upstream/callback?"));
    back.query_pairs().into_owned().collect()
}

async fn signed_in(client: &OidcProvider) -> Result<UpstreamIdentity, UpstreamError> {
    let attempt = client.attempt();
    let back = sent_back(client, &attempt).await;
    assert_eq!(back[1], ("state".to_owned(), "the state".to_owned()));
    client.identity(&attempt, &back[0].1).await
}

fn ada(provider: &FakeProvider) -> UpstreamIdentity {
    provider.signs_in("ada-1", "ada@example.com", true);
    let account = UpstreamAccount { issuer: provider.issuer(), subject: "ada-1".to_owned() };
    UpstreamIdentity { account, verified_email: Some("ada@example.com".to_owned()) }
}

#[tokio::test]
async fn who_signs_in_is_told_by_a_token_of_either_algorithm() {
    for kind in [KeyKind::Es256, KeyKind::Rs256] {
        let provider = FakeProvider::start().await;
        provider.rotate(kind);
        let (client, ada) = (trusting(&provider), ada(&provider));
        assert_eq!(signed_in(&client).await, Ok(ada), "{kind:?}");
        provider.signs_in("ada-1", "ada@example.com", false);
        assert_eq!(signed_in(&client).await.unwrap().verified_email, None);
    }
}

#[tokio::test]
async fn metadata_and_keys_are_asked_for_once() {
    let provider = FakeProvider::start().await;
    let client = trusting(&provider);
    assert_eq!(provider.asked("/.well-known/openid-configuration").await, 0, "before anybody signs in");
    for _ in 0..3 {
        signed_in(&client).await.unwrap();
    }
    provider.lies(Lie::HiddenKey);
    for _ in 0..3 {
        assert!(matches!(signed_in(&client).await, Err(UpstreamError::Refused(_))));
    }
    assert_eq!(provider.asked("/.well-known/openid-configuration").await, 1);
    assert_eq!(provider.asked("/keys").await, 1, "a name that nobody knows makes no flood");
}

#[tokio::test]
async fn no_lie_is_believed() {
    let provider = FakeProvider::start().await;
    let client = trusting(&provider);
    for (lie, why) in Lie::IN_TOKENS {
        provider.lies(lie);
        let refused = signed_in(&client).await;
        assert!(matches!(&refused, Err(UpstreamError::Refused(told)) if told.contains(why)), "{lie:?}: {refused:?}");
    }
    provider.lies(None);
    let ada = ada(&provider);
    assert_eq!(signed_in(&client).await, Ok(ada));
}

#[tokio::test]
async fn a_provider_that_does_not_judge_has_refused_nobody() {
    let provider = FakeProvider::start().await;
    let client = trusting(&provider);
    for lie in [Lie::Endless, Lie::Elsewhere, Lie::Broken, Lie::Slow, Lie::Forgotten] {
        provider.lies(lie);
        let away = signed_in(&client).await;
        assert!(matches!(&away, Err(UpstreamError::Unavailable(_))), "{lie:?}: {away:?}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_its_own_attempt() {
    let provider = FakeProvider::start().await;
    let client = trusting(&provider);
    let attempt = client.attempt();
    let code = sent_back(&client, &attempt).await[0].1.clone();
    let other = UpstreamAttempt { nonce: attempt.nonce.clone(), ..client.attempt() };
    assert!(matches!(client.identity(&other, &code).await, Err(UpstreamError::Refused(_))), "another verifier");
    let code = sent_back(&client, &attempt).await[0].1.clone();
    assert!(client.identity(&attempt, &code).await.is_ok());
    assert!(matches!(client.identity(&attempt, &code).await, Err(UpstreamError::Refused(_))), "a second time");
}

#[tokio::test]
async fn two_attempts_have_nothing_in_common() {
    let client = trusting(&FakeProvider::start().await);
    let (one, other) = (client.attempt(), client.attempt());
    assert!(one.nonce != other.nonce && one.verifier != other.verifier);
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_sends_nobody_anywhere() {
    let provider = FakeProvider::start().await;
    let client = trusting(&provider);
    provider.lies(Lie::Metadata);
    let attempt = client.attempt();
    assert!(matches!(client.location(&attempt, "s").await, Err(UpstreamError::Unavailable(_))));
    let client = trusting(&provider);
    drop(provider);
    assert!(matches!(client.location(&attempt, "s").await, Err(UpstreamError::Unavailable(_))));
}
