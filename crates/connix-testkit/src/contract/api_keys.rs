//! API keys.

use super::{Subject, Tenant};
use crate::samples;
use connix_domain::api_key::{ApiKey, Kid};
use connix_domain::change_set::Change;
use connix_domain::port::store::{CommitError, Entity};

/// ServiceReader: "MUST find an API key by its public part whatever its organisation, revoked and expired ones too."
pub async fn a_key_is_found_by_its_public_part_revoked_and_expired_ones_too(subject: &dyn Subject) {
    for _ in 0..2 {
        let tenant = Tenant::new(subject).await;
        let live = samples::api_key(tenant.org());
        let expired = ApiKey { expires_at: Some(samples::noon()), ..samples::api_key(tenant.org()) };
        let revoked = ApiKey { revoked_at: Some(samples::noon()), ..samples::api_key(tenant.org()) };
        for key in [live, expired, revoked] {
            tenant.must([Change::CreateApiKey(key.clone())]).await;
            assert_eq!(tenant.store.api_key(&key.kid).await, Ok(Some(key)));
        }
    }
    assert_eq!(subject.store().api_key(&Kid::new("unknown")).await, Ok(None));
}

/// `Change::RevokeApiKey`: "The key is refused from `at`. Fails as stale when there is no such key."
pub async fn a_revoked_key_keeps_the_rest_and_an_unknown_one_is_stale(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (key, other) = (samples::api_key(tenant.org()), samples::api_key(tenant.org()));
    tenant.must([Change::CreateApiKey(key.clone()), Change::CreateApiKey(other.clone())]).await;
    tenant.must([Change::RevokeApiKey { key: key.clone(), at: samples::after(5) }]).await;
    let revoked = ApiKey { revoked_at: Some(samples::after(5)), ..key.clone() };
    assert_eq!(tenant.store.api_key(&key.kid).await, Ok(Some(revoked)));
    assert_eq!(tenant.store.api_key(&other.kid).await, Ok(Some(other)));
    let foreign = ApiKey { org: Tenant::new(subject).await.org(), ..key };
    for key in [foreign, samples::api_key(tenant.org())] {
        let outcome = tenant.commit([Change::RevokeApiKey { key, at: samples::after(6) }]).await;
        assert_eq!(outcome, Err(CommitError::Stale { entity: Entity::ApiKey }));
    }
}
