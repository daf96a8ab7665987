//! Who is signed in, the keys that tokens are signed with, and what is forgotten when it has ended.

use super::applications::{granted, scene, someone};
use super::{Subject, Tenant};
use crate::samples;
use crate::samples::oauth::{code, digest, session, signing_key};
use chrono::Duration;
use connix_domain::browser_session::BrowserSession;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::UserId;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::Grant;
use connix_domain::oauth::signing_key::{KeyTerm, SigningKey};
use connix_domain::port::store::{CommitError, Entity};
use futures_util::future::join_all;

/// ApplicationReader: "MUST find a session by its credential whatever its organisation: the cookie is all that there is."
pub async fn a_session_is_found_by_its_credential_whatever_its_organisation(subject: &dyn Subject) {
    for _ in 0..2 {
        let tenant = Tenant::new(subject).await;
        let session = session(&someone(&tenant).await);
        tenant.must([OAuthChange::OpenSession(session.clone()).into()]).await;
        assert_eq!(tenant.store.session(&session.digest).await, Ok(Some(session.clone())));
        let other = Tenant::new(subject).await;
        assert_eq!(other.store.sessions_of(other.scope(), session.user).await, Ok(Vec::new()));
        let foreign = BrowserSession { org: other.org(), digest: digest(), ..session };
        let refused = other.commit([OAuthChange::OpenSession(foreign).into()]).await;
        assert_eq!(refused, Err(CommitError::Reference));
    }
    assert_eq!(subject.store().session(&digest()).await, Ok(None));
}

/// `NoteSession`, `CloseSession`, `CloseSessionsOf`.
pub async fn sessions_are_noted_closed_and_closed_together(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (user, other) = (someone(&tenant).await, someone(&tenant).await);
    let old = session(&user);
    let new = BrowserSession { signed_in_at: samples::after(60), ..session(&user) };
    let newest = BrowserSession { signed_in_at: samples::after(70), ..session(&user) };
    let kept = session(&other);
    tenant.must([&old, &newest, &new, &kept].map(|s| OAuthChange::OpenSession(s.clone()).into())).await;
    let list = async |user: UserId| tenant.store.sessions_of(tenant.scope(), user).await;
    assert_eq!(list(user.id).await, Ok(vec![newest.clone(), new.clone(), old.clone()]));
    let org = tenant.org();
    tenant.must([OAuthChange::NoteSession { org, id: old.id, at: samples::after(80) }.into()]).await;
    tenant.must([OAuthChange::CloseSession { org, id: newest.id }.into()]).await;
    let noted = BrowserSession { last_seen_at: samples::after(80), ..old };
    assert_eq!(list(user.id).await, Ok(vec![new, noted]));
    for _ in 0..2 {
        tenant.must([OAuthChange::CloseSessionsOf { org, user: user.id }.into()]).await;
        assert_eq!(list(user.id).await, Ok(Vec::new()));
    }
    assert_eq!(list(other.id).await, Ok(vec![kept]));
}

/// `AddSigningKey`: "Fails as a duplicate when there is one of its generation."
pub async fn of_concurrent_keys_of_one_generation_exactly_one_is_kept(subject: &dyn Subject) {
    let first = signing_key();
    let keys: Vec<_> = (0..8).map(|_| SigningKey { term: first.term, ..signing_key() }).collect();
    let add = |key: &SigningKey| {
        let (store, key) = (subject.store(), key.clone());
        async move { store.commit(ChangeSet::new().with(OAuthChange::AddSigningKey(key).into())).await }
    };
    let outcomes = join_all(keys.iter().map(add)).await;
    let taken = Err(CommitError::Duplicate { entity: Entity::SigningKey, field: "generation" });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == taken).count(), 7, "{outcomes:?}");
    let kept = subject.store().signing_keys().await.unwrap_or_default();
    let kept: Vec<_> = kept.into_iter().filter(|key| key.term.generation == first.term.generation).collect();
    assert!(kept.len() == 1 && keys.contains(&kept[0]), "{kept:?}");
}

/// `RevokeSigningKey`: "stale when there is no such key, or it is revoked."
pub async fn a_signing_key_is_revoked_once_and_for_all(subject: &dyn Subject) {
    let store = subject.store();
    let key = signing_key();
    let commit = |change: OAuthChange| store.commit(ChangeSet::new().with(change.into()));
    let revoke = |kid: &str, at| commit(OAuthChange::RevokeSigningKey { kid: kid.to_owned(), at });
    assert_eq!(commit(OAuthChange::AddSigningKey(key.clone())).await, Ok(()));
    assert_eq!(revoke(&key.kid, samples::after(1)).await, Ok(()));
    let stale = Err(CommitError::Stale { entity: Entity::SigningKey });
    assert_eq!(revoke(&key.kid, samples::after(2)).await, stale);
    let revoked = SigningKey { revoked_at: Some(samples::after(1)), ..key };
    assert!(store.signing_keys().await.unwrap_or_default().contains(&revoked));
    assert_eq!(revoke("nobody", samples::after(3)).await, stale);
}

/// ApplicationReader: "A grant's pairs MUST go with it." Others' cases keep theirs: what ends here ended long before.
pub async fn what_has_ended_is_forgotten_and_tokens_with_their_grant(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let long_ago = samples::noon() - Duration::days(10_000);
    let (live_grant, live_pair) = granted(&tenant, &client, &user).await;
    let ended = Grant { expires_at: long_ago, ..samples::oauth::grant(&client, &user) };
    let pair = samples::oauth::pair(&ended);
    let live_code = code(&client, &user);
    let ended_code = AuthorizationCode { expires_at: long_ago, ..code(&client, &user) };
    let ended_session = BrowserSession { signed_in_at: long_ago, ..session(&user) };
    let live_key = signing_key();
    let term = KeyTerm { published_until: long_ago, ..signing_key().term };
    let ended_key = SigningKey { term, ..signing_key() };
    let changes = [
        OAuthChange::CreateGrant(ended.clone()),
        OAuthChange::IssuePair(pair.clone()),
        OAuthChange::IssueCode(live_code.clone()),
        OAuthChange::IssueCode(ended_code.clone()),
        OAuthChange::OpenSession(ended_session.clone()),
        OAuthChange::OpenSession(session(&user)),
        OAuthChange::AddSigningKey(live_key.clone()),
        OAuthChange::AddSigningKey(ended_key.clone()),
    ];
    tenant.must(changes.map(Change::from)).await;
    let before = long_ago + Duration::days(1);
    let (store, scope) = (&tenant.store, tenant.scope());
    let forgotten = store.forget_ended(before, before, before).await;
    assert!(matches!(forgotten, Ok(4..)), "{forgotten:?}");
    assert_eq!(store.grant(scope, ended.id).await, Ok(None));
    assert_eq!(store.token_pair(scope, pair.id).await, Ok(None));
    assert_eq!(store.authorization_code(scope, &ended_code.digest).await, Ok(None));
    assert_eq!(store.session(&ended_session.digest).await, Ok(None));
    assert_eq!(store.grant(scope, live_grant.id).await, Ok(Some(live_grant)));
    assert_eq!(store.token_pair(scope, live_pair.id).await, Ok(Some(live_pair)));
    assert_eq!(store.authorization_code(scope, &live_code.digest).await, Ok(Some(live_code)));
    assert_eq!(store.sessions_of(scope, user.id).await.map(|list| list.len()), Ok(1));
    let keys = store.signing_keys().await.unwrap_or_default();
    assert!(keys.contains(&live_key) && !keys.contains(&ended_key));
}
