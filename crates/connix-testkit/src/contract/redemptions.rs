//! Codes and refresh tokens: what is good once is taken once, however many try it at the same time.

use super::applications::{commit, granted, must, scene, stale};
use super::{Subject, Tenant};
use crate::samples;
use crate::samples::oauth::{code, digest, pair};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::port::store::{Entity, Store};
use futures_util::future::join_all;
use std::sync::Arc;

/// How many of the units were applied, and how many failed as stale; each is committed through one of two handles at once.
async fn race(subject: &dyn Subject, units: Vec<ChangeSet>, entity: Entity) -> (usize, usize) {
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let commits = units.into_iter().enumerate().map(|(n, unit)| {
        let store = Arc::clone(&handles[n % 2]);
        tokio::spawn(async move { store.commit(unit).await })
    });
    let outcomes = join_all(commits.collect::<Vec<_>>()).await;
    let applied = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Ok(other) if *other == stale(entity))).count();
    (applied, refused)
}

/// So many codes are redeemed, one after the other: what is wrong with a race shows in few of them.
const CODES: usize = 500;

/// `OAuthChange`: "of many who take it at the same time one does, and the others' units fail as stale" (O19).
pub async fn of_concurrent_redemptions_of_one_code_exactly_one_wins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    for _ in 0..CODES {
        redeemed_by_sixteen(subject, &tenant, &code(&client, &user)).await;
    }
}

async fn redeemed_by_sixteen(subject: &dyn Subject, tenant: &Tenant, code: &AuthorizationCode) {
    must(tenant, [OAuthChange::IssueCode(code.clone())]).await;
    let grant = code.redeemed(samples::after(1));
    let pairs: Vec<_> = (0..16).map(|_| pair(&grant)).collect();
    let unit = |pair: &TokenPair| {
        let take = OAuthChange::TakeCode { org: code.org, digest: code.digest, at: samples::after(1) };
        let issue = [take, OAuthChange::CreateGrant(grant.clone()), OAuthChange::IssuePair(pair.clone())];
        ChangeSet::new().with_all(issue.map(Change::from))
    };
    let units = pairs.iter().map(unit).collect();
    assert_eq!(race(subject, units, Entity::AuthorizationCode).await, (1, 15));
    let kept = join_all(pairs.iter().map(|pair| tenant.store.token_pair(tenant.scope(), pair.id))).await;
    let issued = kept.iter().zip(&pairs).filter(|(kept, pair)| **kept == Ok(Some((*pair).clone())));
    assert_eq!((issued.count(), kept.iter().filter(|kept| **kept == Ok(None)).count()), (1, 15));
}

/// O24.
pub async fn a_burnt_code_is_not_taken(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let code = code(&client, &user);
    must(&tenant, [OAuthChange::IssueCode(code.clone())]).await;
    for _ in 0..AuthorizationCode::MOST_FAILURES {
        must(&tenant, [OAuthChange::CountFailure { org: code.org, digest: code.digest }]).await;
    }
    let take = OAuthChange::TakeCode { org: code.org, digest: code.digest, at: samples::after(1) };
    assert_eq!(commit(&tenant, [take]).await, stale(Entity::AuthorizationCode));
    let kept = tenant.store.authorization_code(tenant.scope(), &code.digest).await;
    assert_eq!(kept, Ok(Some(AuthorizationCode { failures: 5, ..code })));
}

/// The same for refresh tokens (O32).
pub async fn of_concurrent_uses_of_one_refresh_token_exactly_one_wins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let (grant, first) = granted(&tenant, &client, &user).await;
    let successor = digest();
    let unit = |_| {
        let take = OAuthChange::TakeRefresh { org: grant.org, id: first.id, at: samples::after(1) };
        let next = TokenPair { refresh: successor, ..pair(&grant) };
        ChangeSet::new().with_all([take, OAuthChange::IssuePair(next)].map(Change::from))
    };
    assert_eq!(race(subject, (0..16).map(unit).collect(), Entity::TokenPair).await, (1, 15));
    let taken = tenant.store.token_pair(tenant.scope(), first.id).await;
    assert_eq!(taken, Ok(Some(TokenPair { rotated_at: Some(samples::after(1)), ..first })));
    assert!(matches!(tenant.store.pair_of_refresh(tenant.scope(), &successor).await, Ok(Some(_))));
}
