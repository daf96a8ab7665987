//! Lists of members, teams, API keys and applications: found by name or address, by times, by where they stand, in any order.

use super::applications::someone;
use super::tenant::everything;
use super::{Subject, Tenant};
use crate::samples;
use crate::samples::oauth::public_client;
use connix_domain::api_key::{ApiKey, KeyStatus};
use connix_domain::change_set::Change;
use connix_domain::member::{Member, MemberStatus};
use connix_domain::name::{ClientName, KeyName};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientStatus, OAuthClient};
use connix_domain::page::{DirectoryQuery, Filter, Sort, SortBy};
use connix_domain::port::store::Store;
use connix_domain::role::Role;
use connix_domain::team::{Membership, Team};
use std::sync::Arc;

/// Three names, whose order is that of their creation only by chance, and what they are asked for.
const NAMES: [&str; 3] = ["Über 100%", "alpha_1", "Beta"];

/// Asks for a list of [`NAMES`], made at the seconds 1, 2 and 3 and changed at 11, 12 and 13, in every way.
async fn ask<F: Future<Output = Vec<String>>>(names: impl Fn(DirectoryQuery) -> F) {
    let by = |filter| DirectoryQuery { filter, ..everything() };
    for (part, found) in [
        ("ÜBER", vec!["Über 100%"]),
        ("_", vec!["alpha_1"]),
        ("0%", vec!["Über 100%"]),
        ("a", vec!["alpha_1", "Beta"]),
        ("gamma", vec![]),
    ] {
        assert_eq!(names(by(Filter { search: Some(part.to_owned()), ..Filter::default() })).await, found, "{part}");
    }
    let (first, second) = (Some(samples::after(1)), Some(samples::after(2)));
    let (changed_first, changed_second) = (Some(samples::after(11)), Some(samples::after(12)));
    for (filter, found) in [
        (Filter { created_after: second, ..Filter::default() }, &NAMES[1..]),
        (Filter { created_before: second, ..Filter::default() }, &NAMES[..1]),
        (Filter { updated_after: changed_second, ..Filter::default() }, &NAMES[1..]),
        (Filter { updated_before: changed_second, ..Filter::default() }, &NAMES[..1]),
        (Filter { created_after: first, updated_before: changed_first, ..Filter::default() }, &[]),
    ] {
        assert_eq!(names(by(filter.clone())).await, found, "{filter:?}");
    }
    for (by, order) in [(SortBy::Name, [1, 2, 0]), (SortBy::CreatedAt, [0, 1, 2]), (SortBy::UpdatedAt, [0, 1, 2])] {
        let mut order = order.map(|place| NAMES[place]);
        for descending in [false, true] {
            let sort = Sort { by, descending };
            assert_eq!(names(DirectoryQuery { sort, ..everything() }).await, order, "{sort:?}");
            order.reverse();
        }
    }
}

/// `MemberReader::teams`
pub async fn teams_are_found_and_sorted(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for (name, place) in NAMES.into_iter().zip(1..) {
        let (created_at, updated_at) = (samples::after(place), samples::after(10 + place));
        let team = Team { created_at, updated_at, ..samples::team(tenant.org(), name) };
        tenant.must([Change::CreateTeam(team)]).await;
    }
    ask(|query| {
        let (store, scope) = (Arc::clone(&tenant.store), tenant.scope());
        async move {
            let page = store.teams(scope, &query).await.expect("teams");
            page.items.iter().map(|team| team.name.as_str().to_owned()).collect()
        }
    })
    .await;
}

/// `ApiKeyReader::api_keys`
pub async fn keys_are_found_and_sorted(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for (name, place) in NAMES.into_iter().zip(1..) {
        let (created_at, updated_at) = (samples::after(place), samples::after(10 + place));
        let name = KeyName::parse(name).expect("a name by the rule");
        tenant
            .must([Change::CreateApiKey(ApiKey { name, created_at, updated_at, ..samples::api_key(tenant.org()) })])
            .await;
    }
    ask(|query| {
        let (store, scope) = (Arc::clone(&tenant.store), tenant.scope());
        async move {
            let page = store.api_keys(scope, &query, None).await.expect("keys");
            page.items.iter().map(|key| key.name.as_str().to_owned()).collect()
        }
    })
    .await;
}

/// `ApiKeyReader::api_keys`: "… or of those that have this status at a time."
pub async fn keys_are_found_by_status(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let new = |created, expires_at| ApiKey {
        created_at: samples::after(created),
        expires_at,
        successor: None,
        ..samples::api_key(tenant.org())
    };
    let active = [new(1, None), new(2, Some(samples::after(101)))];
    let rotated = ApiKey { successor: Some(active[0].kid.clone()), ..new(3, Some(samples::after(200))) };
    let expired = [
        new(4, Some(samples::after(100))),
        ApiKey { successor: Some(rotated.kid.clone()), ..new(5, Some(samples::after(50))) },
    ];
    let now = samples::after(100);
    for key in active.iter().chain([&rotated]).chain(&expired) {
        tenant.must([Change::CreateApiKey(key.clone())]).await;
    }
    let rotated = [rotated];
    for (status, found) in [
        (KeyStatus::Active, &active[..]),
        (KeyStatus::Rotated, &rotated),
        (KeyStatus::Expired, &expired),
        (KeyStatus::Revoked, &[]),
    ] {
        assert!(found.iter().all(|key| key.status(now) == status));
        let listed = tenant.store.api_keys(tenant.scope(), &everything(), Some((status, now))).await;
        assert_eq!(listed.map(|page| page.items), Ok(found.to_vec()), "{status}");
    }
}

/// `ApplicationReader::oauth_clients`
pub async fn applications_are_found_and_sorted(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let member = someone(&tenant).await;
    for (name, place) in NAMES.into_iter().zip(1..) {
        let (created_at, updated_at) = (samples::after(place), samples::after(10 + place));
        let name = ClientName::parse(name).expect("a name by the rule");
        let status = if place == 3 { ClientStatus::Disabled } else { ClientStatus::Active };
        let client = OAuthClient { name, status, created_at, updated_at, ..public_client(&member) };
        tenant.must([OAuthChange::CreateClient(client).into()]).await;
    }
    let listed = |query, status| {
        let (store, scope): (Arc<dyn Store>, _) = (Arc::clone(&tenant.store), tenant.scope());
        async move {
            let page = store.oauth_clients(scope, &query, status).await.expect("applications");
            page.items.iter().map(|client| client.name.as_str().to_owned()).collect::<Vec<_>>()
        }
    };
    ask(|query| listed(query, None)).await;
    assert_eq!(listed(everything(), Some(ClientStatus::Active)).await, NAMES[..2]);
    assert_eq!(listed(everything(), Some(ClientStatus::Disabled)).await, NAMES[2..]);
}

/// `MemberReader::members`, `team_members`: "A member is searched, and sorted, by its e-mail address".
pub async fn members_are_found_by_address_and_by_where_they_stand(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let team = samples::team(tenant.org(), "Found");
    let full = samples::full_member(tenant.org());
    let at = |place, address: &str| Member {
        email: Some(samples::email(address)),
        created_at: samples::after(place),
        ..samples::member(tenant.org(), Role::Member)
    };
    let invitation = full.invitation.clone();
    let members = [
        Member { invitation: invitation.clone(), ..at(1, "Zoe@example.com") },
        Member { password: full.password.clone(), ..at(2, "ada_1@example.com") },
        Member { disabled_at: full.disabled_at, ..at(3, "Bob@example.com") },
    ];
    tenant.must([Change::CreateTeam(team.clone())]).await;
    for member in &members {
        tenant.must([Change::CreateMember(member.clone())]).await;
        let (org, team, user, since) = (tenant.org(), team.id, member.id, samples::noon());
        tenant.must([Change::JoinTeam(Membership { org, team, user, since })]).await;
    }
    let [zoe, ada, bob] = members;
    let searched = |part: &str| {
        let filter = Filter { search: Some(part.to_owned()), ..Filter::default() };
        DirectoryQuery { filter, ..everything() }
    };
    let nameless = Member { created_at: samples::after(4), ..samples::member(tenant.org(), Role::Owner) };
    let by_name = DirectoryQuery { sort: Sort { by: SortBy::Name, descending: false }, ..everything() };
    let backwards = DirectoryQuery { sort: Sort { by: SortBy::Name, descending: true }, ..everything() };
    for (query, status, found) in [
        (everything(), Some(MemberStatus::Invited), vec![&zoe]),
        (everything(), Some(MemberStatus::Active), vec![&ada]),
        (everything(), Some(MemberStatus::Disabled), vec![&bob]),
        (searched("ZOE"), None, vec![&zoe]),
        (searched("_"), None, vec![&ada]),
        (searched("zoe"), Some(MemberStatus::Active), vec![]),
        (by_name.clone(), None, vec![&ada, &bob, &zoe]),
    ] {
        let listed = tenant.store.members(tenant.scope(), &query, status).await.expect("members");
        assert_eq!((listed.items.iter().collect(), listed.total), (found.clone(), found.len() as i64), "{query:?}");
        let inside = tenant.store.team_members(tenant.scope(), team.id, &query, status).await.expect("members");
        assert_eq!(inside.items.iter().collect::<Vec<_>>(), found, "{query:?}");
    }
    tenant.must([Change::CreateMember(nameless.clone())]).await;
    for (query, found) in [(by_name, [&nameless, &ada, &bob, &zoe]), (backwards, [&zoe, &bob, &ada, &nameless])] {
        let listed = tenant.store.members(tenant.scope(), &query, None).await.expect("members");
        assert_eq!(listed.items.iter().collect::<Vec<_>>(), found, "{query:?}");
    }
}
