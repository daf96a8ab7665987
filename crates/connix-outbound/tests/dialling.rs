//! What is dialled, and what is not, however it was named.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use connix_outbound::{AddressRule, DialError, GuardedClient};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(allowed: &[&str]) -> GuardedClient {
    let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
    GuardedClient::new(AddressRule::new("tools.allow_cidrs", allowed), "test")
}

async fn get(client: &GuardedClient, url: &str) -> Result<u16, DialError> {
    let (target, http) = client.for_url(url)?;
    client.send(http.get(target.url().clone())).await.map(|response| response.status().as_u16())
}

async fn canary(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn an_allowed_address_is_dialled_by_number_and_by_name() {
    let canary = canary(ResponseTemplate::new(200)).await;
    let client = client(&["127.0.0.0/8", "::1/128"]);
    let port = canary.address().port();
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(get(&client, &format!("http://{host}:{port}/")).await, Ok(200), "{host}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_inwards_is_not_dialled() {
    let canary = canary(ResponseTemplate::new(200)).await;
    // some inner network is allowed, so that the name passes as text, but not the one it resolves to
    let client = client(&["10.0.0.0/8"]);
    let url = format!("http://localhost:{}/", canary.address().port());
    let DialError::Failed(why) = get(&client, &url).await.unwrap_err() else { panic!() };
    assert!(why.contains("is not a public address, and not in tools.allow_cidrs"), "{why}");
    assert!(canary.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_resolves_to_the_services_own_place_is_not_dialled() {
    let canary = canary(ResponseTemplate::new(200)).await;
    let place = canary.address().to_string().parse().unwrap();
    let allowed = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    let client = GuardedClient::new(AddressRule::for_tenants("tools.allow_cidrs", allowed, vec![place]), "test");
    let url = format!("http://localhost:{}/", canary.address().port());
    let DialError::Failed(why) = get(&client, &url).await.unwrap_err() else { panic!() };
    assert!(why.contains("the service's own"), "{why}");
    assert!(canary.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let inner = canary(ResponseTemplate::new(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let outer = canary(ResponseTemplate::new(status).insert_header("location", inner.uri())).await;
        assert_eq!(get(&client(&["127.0.0.0/8"]), &outer.uri()).await, Ok(status));
    }
    assert!(inner.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_setting_nothing_inner_is_dialled() {
    let canary = canary(ResponseTemplate::new(200)).await;
    for url in [canary.uri(), format!("https://127.0.0.1:{}/", canary.address().port())] {
        assert!(matches!(get(&client(&[]), &url).await, Err(DialError::Target(_))), "{url}");
    }
    assert!(canary.received_requests().await.unwrap().is_empty());
}
