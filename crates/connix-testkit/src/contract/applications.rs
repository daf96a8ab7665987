//! Applications, and what they were let.

use super::tenant::{Outcome, everything};
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use crate::samples::oauth::{code, confidential_client, consent, grant, pair, public_client, scopes};
use connix_domain::api_key::Digest;
use connix_domain::change_set::Change;
use connix_domain::id::{GrantId, OAuthClientId, TokenPairId, UserId};
use connix_domain::member::Member;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientStatus, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::Grant;
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::page::{DirectoryQuery, Window};
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::role::Role;

pub(super) fn stale(entity: Entity) -> Outcome {
    Err(CommitError::Stale { entity })
}

pub(super) async fn commit(tenant: &Tenant, changes: impl IntoIterator<Item = OAuthChange>) -> Outcome {
    tenant.commit(changes.into_iter().map(Change::from)).await
}

pub(super) async fn must(tenant: &Tenant, changes: impl IntoIterator<Item = OAuthChange>) {
    tenant.must(changes.into_iter().map(Change::from)).await;
}

/// A member, in the store.
pub(super) async fn someone(tenant: &Tenant) -> Member {
    let member = samples::member(tenant.org(), Role::Member);
    tenant.must([Change::CreateMember(member.clone())]).await;
    member
}

/// An application and a member, in the store.
pub(super) async fn scene(tenant: &Tenant) -> (OAuthClient, Member) {
    let member = someone(tenant).await;
    let client = public_client(&member);
    must(tenant, [OAuthChange::CreateClient(client.clone())]).await;
    (client, member)
}

/// A grant with a pair of tokens, in the store.
pub(super) async fn granted(tenant: &Tenant, client: &OAuthClient, user: &Member) -> (Grant, TokenPair) {
    let grant = grant(client, user);
    let pair = pair(&grant);
    must(tenant, [OAuthChange::CreateGrant(grant.clone()), OAuthChange::IssuePair(pair.clone())]).await;
    (grant, pair)
}

/// Everything an application can hold, the oldest first; a stale version changes nothing.
pub async fn applications_come_back_as_they_were(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let member = someone(&tenant).await;
    let young = OAuthClient { created_at: samples::after(9), ..public_client(&member) };
    let old = confidential_client(&member);
    must(&tenant, [OAuthChange::CreateClient(young.clone()), OAuthChange::CreateClient(old.clone())]).await;
    let listed =
        tenant.store.oauth_clients(tenant.scope(), &everything(), None).await.map(|page| (page.items, page.total));
    assert_eq!(listed, Ok((vec![old.clone(), young.clone()], 2)));
    let second = DirectoryQuery::oldest_first(Window { limit: 1, offset: 1 });
    let second = tenant.store.oauth_clients(tenant.scope(), &second, None).await;
    assert_eq!(second.map(|page| (page.items, page.total)), Ok((vec![young.clone()], 2)));
    let next = OAuthClient { id: young.id, version: 2, created_at: young.created_at, ..confidential_client(&member) };
    must(&tenant, [OAuthChange::UpdateClient(next.clone())]).await;
    assert_eq!(tenant.store.oauth_client(tenant.scope(), next.id).await, Ok(Some(next.clone())));
    assert_eq!(commit(&tenant, [OAuthChange::UpdateClient(next.clone())]).await, stale(Entity::OAuthClient));
    let twice = commit(&tenant, [OAuthChange::CreateClient(next)]).await;
    assert_eq!(twice, Err(CommitError::Duplicate { entity: Entity::OAuthClient, field: "id" }));
}

/// ApplicationReader: "MUST NOT hold a disabled one's."
pub async fn only_active_applications_have_a_say_of_origins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let member = someone(&tenant).await;
    let uri = |host: &str| RedirectUri::parse(&format!("https://{host}-{:x}.example/cb", chance())).expect("a URI");
    let (used, unused) = (uri("used"), uri("unused"));
    let active = OAuthClient { redirect_uris: vec![used.clone()], ..public_client(&member) };
    let disabled = OAuthClient {
        redirect_uris: vec![unused.clone()],
        status: ClientStatus::Disabled,
        ..confidential_client(&member)
    };
    must(&tenant, [active, disabled].map(OAuthChange::CreateClient)).await;
    let listed = subject.store().active_redirect_uris().await.unwrap_or_default();
    assert_eq!((listed.contains(&used), listed.contains(&unused)), (true, false));
}

/// ApplicationReader: "MUST find an application by its identifier whatever its organisation: nobody is signed in yet."
pub async fn an_application_is_found_whatever_its_organisation(subject: &dyn Subject) {
    for _ in 0..2 {
        let tenant = Tenant::new(subject).await;
        let (client, _) = scene(&tenant).await;
        assert_eq!(tenant.store.client_anywhere(client.id).await, Ok(Some(client)));
    }
    assert_eq!(subject.store().client_anywhere(OAuthClientId::new(0)).await, Ok(None));
}

/// ApplicationReader: "Whatever has a scope MUST be `None` for another organisation's, like for an unknown one."
pub async fn what_belongs_to_another_organisation_is_none(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let (client, user) = scene(&tenant).await;
    let (grant, pair) = granted(&tenant, &client, &user).await;
    let code = code(&client, &user);
    let consent = consent(&client, &user);
    must(&tenant, [OAuthChange::IssueCode(code.clone()), OAuthChange::GiveConsent(consent)]).await;
    let store = &tenant.store;
    for (scope, ids) in [
        (other.scope(), (client.id, code.digest, grant.id, pair.id, pair.refresh, user.id)),
        (
            tenant.scope(),
            (
                OAuthClientId::new(0),
                Digest([0; 32]),
                GrantId::new(0),
                TokenPairId::new(0),
                Digest([0; 32]),
                UserId::new(0),
            ),
        ),
    ] {
        assert_eq!(store.oauth_client(scope, ids.0).await, Ok(None));
        assert_eq!(store.authorization_code(scope, &ids.1).await, Ok(None));
        assert_eq!(store.grant(scope, ids.2).await, Ok(None));
        assert_eq!(store.token_pair(scope, ids.3).await, Ok(None));
        assert_eq!(store.pair_of_refresh(scope, &ids.4).await, Ok(None));
        assert_eq!(store.consent(scope, ids.5, client.id).await, Ok(None));
        assert_eq!(store.consents_of(scope, ids.5).await, Ok(Vec::new()));
    }
    assert_eq!(store.oauth_clients(other.scope(), &everything(), None).await.map(|page| page.total), Ok(0));
    let (org, at) = (other.org(), samples::after(1));
    assert_eq!(
        commit(&other, [OAuthChange::TakeCode { org, digest: code.digest, at }]).await,
        stale(Entity::AuthorizationCode)
    );
    assert_eq!(commit(&other, [OAuthChange::TakeRefresh { org, id: pair.id, at }]).await, stale(Entity::TokenPair));
    assert_eq!(commit(&other, [OAuthChange::DeleteClient { org, id: client.id }]).await, stale(Entity::OAuthClient));
}

/// What refers to an application or a member refers to one of its own organisation.
pub async fn a_grant_to_another_organisation_s_application_is_refused(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let (client, user) = scene(&tenant).await;
    let (foreign_client, foreign_user) = scene(&other).await;
    let mixed = [
        OAuthClient { id: foreign_client.id, ..client.clone() },
        OAuthClient { id: OAuthClientId::new(0), ..client.clone() },
    ];
    let cases = mixed.iter().map(|mixed| (mixed, &user)).chain([(&client, &foreign_user)]);
    for (client, user) in cases {
        for change in [
            OAuthChange::CreateGrant(grant(client, user)),
            OAuthChange::IssueCode(code(client, user)),
            OAuthChange::GiveConsent(consent(client, user)),
        ] {
            assert_eq!(commit(&tenant, [change.clone()]).await, Err(CommitError::Reference), "{change:?}");
        }
    }
    let orphan = OAuthChange::IssuePair(pair(&grant(&client, &user)));
    assert_eq!(commit(&tenant, [orphan]).await, Err(CommitError::Reference));
}

/// With and without what is optional.
pub async fn codes_grants_and_tokens_come_back_as_they_were(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let plain = code(&client, &user);
    let full = AuthorizationCode {
        used_at: Some(samples::after(2)),
        failures: 3,
        scopes: scopes("read write"),
        ..code(&client, &user)
    };
    for code in [plain, full] {
        must(&tenant, [OAuthChange::IssueCode(code.clone())]).await;
        assert_eq!(tenant.store.authorization_code(tenant.scope(), &code.digest).await, Ok(Some(code)));
    }
    for revoked_at in [None, Some(samples::after(3))] {
        let grant = Grant { revoked_at, ..grant(&client, &user) };
        let full = TokenPair {
            rotated_at: Some(samples::after(4)),
            access_used_at: Some(samples::after(5)),
            access_revoked_at: Some(samples::after(6)),
            ..pair(&grant)
        };
        must(&tenant, [OAuthChange::CreateGrant(grant.clone())]).await;
        assert_eq!(tenant.store.grant(tenant.scope(), grant.id).await, Ok(Some(grant.clone())));
        for pair in [pair(&grant), full] {
            must(&tenant, [OAuthChange::IssuePair(pair.clone())]).await;
            assert_eq!(tenant.store.token_pair(tenant.scope(), pair.id).await, Ok(Some(pair.clone())));
            assert_eq!(tenant.store.pair_of_refresh(tenant.scope(), &pair.refresh).await, Ok(Some(pair)));
        }
    }
}

/// `NoteAccess`, `RevokeAccess`, `RevokeGrant`: the first time counts, and an unknown one is nothing.
pub async fn what_is_noted_or_revoked_first_counts(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let (grant, pair) = granted(&tenant, &client, &user).await;
    let org = tenant.org();
    for at in [samples::after(1), samples::after(2)] {
        must(&tenant, [OAuthChange::NoteAccess { org, id: pair.id, at }]).await;
        must(&tenant, [OAuthChange::RevokeAccess { org, id: pair.id, at }]).await;
        must(&tenant, [OAuthChange::RevokeGrant { org, id: grant.id, at }]).await;
        must(&tenant, [OAuthChange::RevokeGrant { org, id: GrantId::new(0), at }]).await;
    }
    let first = Some(samples::after(1));
    let noted = TokenPair { access_used_at: first, access_revoked_at: first, ..pair.clone() };
    assert_eq!(tenant.store.token_pair(tenant.scope(), pair.id).await, Ok(Some(noted)));
    let revoked = Grant { revoked_at: first, ..grant.clone() };
    assert_eq!(tenant.store.grant(tenant.scope(), grant.id).await, Ok(Some(revoked)));
}

/// `RevokeGrants`: those of one member, to one application or to all, and no other; codes with them.
pub async fn a_member_s_grants_end_together(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let (other_client, other_user) = scene(&tenant).await;
    let (first, _) = granted(&tenant, &client, &user).await;
    let (second, _) = granted(&tenant, &client, &user).await;
    let (elsewhere, _) = granted(&tenant, &other_client, &user).await;
    let (other, _) = granted(&tenant, &client, &other_user).await;
    let codes =
        [(&client, &user), (&other_client, &user), (&client, &other_user)].map(|(client, user)| code(client, user));
    must(&tenant, codes.clone().map(OAuthChange::IssueCode)).await;
    let (org, user, at) = (tenant.org(), user.id, samples::after(1));
    for (client, elsewhere_at, codes_left) in
        [(Some(client.id), None, [false, true, true]), (None, Some(at), [false, false, true])]
    {
        must(&tenant, [OAuthChange::RevokeGrants { org, user, client, at }]).await;
        for (grant, revoked_at) in [(&first, Some(at)), (&second, Some(at)), (&elsewhere, elsewhere_at), (&other, None)]
        {
            let kept = tenant.store.grant(tenant.scope(), grant.id).await;
            assert_eq!(kept, Ok(Some(Grant { revoked_at, ..grant.clone() })));
        }
        for (code, left) in codes.iter().zip(codes_left) {
            let kept = tenant.store.authorization_code(tenant.scope(), &code.digest).await;
            assert_eq!(kept.map(|kept| kept.is_some()), Ok(left));
        }
    }
}

/// `GiveConsent`, `WithdrawConsent`.
pub async fn consent_is_replaced_and_withdrawn(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let first = consent(&client, &user);
    let mut wider = first.clone();
    (wider.scopes, wider.given_at) = (scopes("read write"), samples::after(3));
    for consent in [&first, &wider] {
        must(&tenant, [OAuthChange::GiveConsent(consent.clone())]).await;
        assert_eq!(tenant.store.consent(tenant.scope(), user.id, client.id).await, Ok(Some(consent.clone())));
    }
    assert_eq!(tenant.store.consents_of(tenant.scope(), user.id).await, Ok(vec![wider]));
    for _ in 0..2 {
        let withdraw = OAuthChange::WithdrawConsent { org: tenant.org(), user: user.id, client: client.id };
        must(&tenant, [withdraw]).await;
    }
    assert_eq!(tenant.store.consent(tenant.scope(), user.id, client.id).await, Ok(None));
}

/// `DeleteClient`: "Removes an application with its codes, grants, tokens and consents."
pub async fn a_deleted_application_leaves_nothing(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (client, user) = scene(&tenant).await;
    let (kept, _) = scene(&tenant).await;
    let (grant, pair) = granted(&tenant, &client, &user).await;
    let (kept_grant, kept_pair) = granted(&tenant, &kept, &user).await;
    let code = code(&client, &user);
    must(&tenant, [OAuthChange::IssueCode(code.clone()), OAuthChange::GiveConsent(consent(&client, &user))]).await;
    let delete = OAuthChange::DeleteClient { org: tenant.org(), id: client.id };
    must(&tenant, [delete.clone()]).await;
    let (store, scope) = (&tenant.store, tenant.scope());
    assert_eq!(store.oauth_client(scope, client.id).await, Ok(None));
    assert_eq!(store.authorization_code(scope, &code.digest).await, Ok(None));
    assert_eq!(store.grant(scope, grant.id).await, Ok(None));
    assert_eq!(store.token_pair(scope, pair.id).await, Ok(None));
    assert_eq!(store.consents_of(scope, user.id).await, Ok(Vec::new()));
    assert_eq!(store.grant(scope, kept_grant.id).await, Ok(Some(kept_grant)));
    assert_eq!(store.token_pair(scope, kept_pair.id).await, Ok(Some(kept_pair)));
    assert_eq!(commit(&tenant, [delete]).await, stale(Entity::OAuthClient));
}
