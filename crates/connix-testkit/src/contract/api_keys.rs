//! API keys.

use super::tenant::everything;
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::api_key::{ApiKey, Digest, Kid};
use connix_domain::change_set::Change;
use connix_domain::page::{DirectoryQuery, Window};
use connix_domain::port::secrets::PresentedKey;
use connix_domain::port::store::{CommitError, Entity};

/// ServiceReader: "MUST find an API key that is shown whatever its organisation, revoked and expired ones too. …" ApiKeyReader: "MUST be
/// `None`, not an error, for an unknown key and for another organisation's; revoked and expired ones are seen."
pub async fn a_key_is_found_when_it_is_shown_and_in_its_own_organisation(subject: &dyn Subject) {
    let shown = |key: &ApiKey, digest| PresentedKey { kid: key.kid.clone(), digest };
    for _ in 0..2 {
        let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
        let live = samples::api_key(tenant.org());
        let expired = ApiKey { expires_at: Some(samples::noon()), ..samples::api_key(tenant.org()) };
        let revoked = ApiKey { revoked_at: Some(samples::noon()), ..samples::api_key(tenant.org()) };
        for key in [live, expired, revoked] {
            tenant.must([Change::CreateApiKey(key.clone())]).await;
            let store = &tenant.store;
            assert_eq!(
                store.presented_key(&shown(&key, Digest([0; 32]))).await,
                Ok(None),
                "a name alone opens nothing"
            );
            assert_eq!(store.presented_key(&shown(&key, key.digest)).await, Ok(Some(key.clone())));
            assert_eq!(store.api_key(other.scope(), &key.kid).await, Ok(None));
            assert_eq!(store.api_key(tenant.scope(), &key.kid).await, Ok(Some(key)));
        }
        assert_eq!(tenant.store.api_key(tenant.scope(), &Kid::new("unknown")).await, Ok(None));
    }
    let unknown = PresentedKey { kid: Kid::new("unknown"), digest: Digest([0; 32]) };
    assert_eq!(subject.store().presented_key(&unknown).await, Ok(None));
}

/// `Change::RevokeApiKey`: "The key is refused from `at`. Fails as stale when there is no such key."
pub async fn a_revoked_key_keeps_the_rest_and_an_unknown_one_is_stale(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (key, other) = (samples::api_key(tenant.org()), samples::api_key(tenant.org()));
    tenant.must([Change::CreateApiKey(key.clone()), Change::CreateApiKey(other.clone())]).await;
    tenant.must([Change::RevokeApiKey { key: key.clone(), at: samples::after(5) }]).await;
    let at = samples::after(5);
    let revoked = ApiKey { revoked_at: Some(at), updated_at: at, version: 2, ..key.clone() };
    assert_eq!(tenant.store.api_key(tenant.scope(), &key.kid).await, Ok(Some(revoked)));
    assert_eq!(tenant.store.api_key(tenant.scope(), &other.kid).await, Ok(Some(other)));
    let foreign = ApiKey { org: Tenant::new(subject).await.org(), ..key };
    for key in [foreign, samples::api_key(tenant.org())] {
        let outcome = tenant.commit([Change::RevokeApiKey { key, at: samples::after(6) }]).await;
        assert_eq!(outcome, Err(CommitError::Stale { entity: Entity::ApiKey }));
    }
}

/// `Change::UpdateApiKey`: "The new state; replaces version − 1. Leaves `last_used_at` to …"
pub async fn an_update_of_a_key_replaces_all_but_its_last_use(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let key = samples::api_key(tenant.org());
    tenant.must([Change::CreateApiKey(key.clone())]).await;
    let next = ApiKey {
        kid: key.kid.clone(),
        projects: None,
        expires_at: None,
        successor: None,
        last_used_at: None,
        version: 2,
        ..samples::api_key(tenant.org())
    };
    tenant.must([Change::UpdateApiKey(next.clone())]).await;
    let kept = ApiKey { last_used_at: key.last_used_at, ..next.clone() };
    assert_eq!(tenant.store.api_key(tenant.scope(), &key.kid).await, Ok(Some(kept)));
    let stale = Err(CommitError::Stale { entity: Entity::ApiKey });
    assert_eq!(tenant.commit([Change::UpdateApiKey(next.clone())]).await, stale);
    let foreign = ApiKey { org: other.org(), version: 3, ..next.clone() };
    assert_eq!(tenant.commit([Change::UpdateApiKey(foreign)]).await, stale);
    tenant.must([Change::RevokeApiKey { key: next.clone(), at: samples::after(5) }]).await;
    let revived = ApiKey { version: 3, ..next };
    assert_eq!(tenant.commit([Change::UpdateApiKey(revived)]).await, stale, "a revoked key stays revoked");
}

/// ApiKeyReader: "MUST leave revoked ones out."
pub async fn keys_are_listed_oldest_first_without_the_revoked(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let mut made = Vec::new();
    for age in [3, 1, 2, 0] {
        let key = ApiKey { created_at: samples::after(age), ..samples::api_key(tenant.org()) };
        tenant.must([Change::CreateApiKey(key.clone())]).await;
        made.push(key);
    }
    tenant.must([Change::RevokeApiKey { key: made[3].clone(), at: samples::after(9) }]).await;
    let second = DirectoryQuery::oldest_first(Window { limit: 2, offset: 1 });
    let part = tenant.store.api_keys(tenant.scope(), &second, None).await.expect("keys");
    assert_eq!((part.total, part.items), (3, vec![made[2].clone(), made[0].clone()]));
    assert_eq!(tenant.store.api_keys(other.scope(), &everything(), None).await.map(|page| page.total), Ok(0));
}

/// `ApiKeyReader::api_keys_of_line`
pub async fn the_keys_of_a_line_are_found_together(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let first = ApiKey { created_at: samples::noon(), ..samples::api_key(tenant.org()) };
    let revoked_at = Some(samples::noon());
    let second = ApiKey {
        line: first.line.clone(),
        revoked_at,
        created_at: samples::after(1),
        ..samples::api_key(tenant.org())
    };
    let keys = [second.clone(), first.clone(), samples::api_key(tenant.org())];
    tenant.must(keys.map(Change::CreateApiKey)).await;
    assert_eq!(tenant.store.api_keys_of_line(other.scope(), &first.line).await, Ok(Vec::new()));
    assert_eq!(tenant.store.api_keys_of_line(tenant.scope(), &first.line.clone()).await, Ok(vec![first, second]));
}

/// `Change::TouchApiKey`: "… nothing when it is known to have been used less than a minute before."
pub async fn a_use_is_noted_at_most_once_a_minute(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let key = ApiKey { last_used_at: None, ..samples::api_key(tenant.org()) };
    tenant.must([Change::CreateApiKey(key.clone())]).await;
    let touch = |org, seconds| Change::TouchApiKey { org, kid: key.kid.clone(), at: samples::after(seconds) };
    for (org, seconds, noted) in [
        (other.org(), 0, None),
        (tenant.org(), 10, Some(10)),
        (tenant.org(), 69, Some(10)),
        (tenant.org(), 70, Some(70)),
    ] {
        tenant.must([touch(org, seconds)]).await;
        let expected = ApiKey { last_used_at: noted.map(samples::after), ..key.clone() };
        assert_eq!(tenant.store.api_key(tenant.scope(), &key.kid).await, Ok(Some(expected)), "{seconds}");
    }
    tenant.must([Change::TouchApiKey { org: tenant.org(), kid: Kid::new("unknown"), at: samples::noon() }]).await;
}
