//! What an API key may be given, and when it is good.

use super::*;
use crate::access::Access;
use crate::grace::Grace;
use crate::lifecycle::Words;
use crate::member::Member;
use crate::permission::{Permission, Scope};
use crate::role::Role;
use chrono::Duration;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const ORG: OrgId = OrgId::new(1);
const ME: UserId = UserId::new(2);
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn access(role: Role, granted: &Permissions, projects: Option<Vec<ProjectId>>) -> Access {
    let member = Member { role, ..Member::first_owner(ORG, ME, NOW) };
    Access::of(&member, Vec::new(), granted, projects).expect("an enabled member")
}

fn admin() -> Access {
    access(Role::Admin, &Permissions::all(), None)
}

fn terms(permissions: Permissions, projects: Option<Vec<ProjectId>>) -> KeyTerms {
    let name = KeyName::parse("ci").expect("a name");
    KeyTerms { name, permissions, projects, limits: Overrides::default(), expires_at: None }
}

fn minted(kid: &str) -> (Kid, Digest) {
    (Kid::new(kid), Digest([1; 32]))
}

fn made() -> ApiKey {
    ApiKey::made(ORG, &admin(), minted("first"), terms(Scope::Write.permissions(), None), NOW).expect("a key")
}

#[test]
fn a_key_lives_a_year_unless_told_otherwise_and_at_most_two() {
    assert_eq!(made().expires_at, Some(NOW + Duration::days(365)));
    let lasting = |end| {
        let terms = KeyTerms { expires_at: Some(end), ..terms(Scope::Read.permissions(), None) };
        ApiKey::made(ORG, &admin(), minted("k"), terms, NOW).map(|key| key.expires_at)
    };
    let longest = NOW + Duration::days(730);
    assert_eq!(lasting(longest), Ok(Some(longest)));
    for end in [NOW, longest + Duration::microseconds(1)] {
        assert_eq!(lasting(end), Err(KeyRefusal::Lifetime));
    }
}

#[test]
fn what_a_key_has_it_may_keep_and_what_it_gets_its_changer_must_have() {
    let key = made();
    let weak = access(Role::Owner, &Permissions::from_iter([Permission::ApiKeysWrite]), None);
    let change = |permissions: Permissions| KeyChange { permissions: Some(permissions), ..KeyChange::default() };
    assert_eq!(key.change(&weak, change(key.permissions.clone()), NOW), Ok(None));
    let narrower = key.change(&weak, change(Scope::Read.permissions()), NOW).expect("a change").expect("another state");
    assert_eq!((narrower.permissions, narrower.version), (Scope::Read.permissions(), 2));
    assert_eq!(key.change(&weak, change(Permissions::all()), NOW), Err(KeyRefusal::Exceeds));
    let projects = KeyChange { projects: Some(Some(vec![ProjectId::new(7)])), ..KeyChange::default() };
    let limited = key.change(&weak, projects, NOW).expect("a change").expect("another state");
    let listed = access(Role::Owner, &Permissions::all(), Some(vec![ProjectId::new(8)]));
    let wider = |list| KeyChange { projects: Some(list), ..KeyChange::default() };
    assert_eq!(limited.change(&listed, wider(None), NOW), Err(KeyRefusal::Exceeds));
    assert!(limited.change(&listed, wider(Some(vec![ProjectId::new(8)])), NOW).is_ok());
}

#[test]
fn a_replaced_key_works_until_its_grace_is_over_and_is_not_changed_any_more() {
    let (old, new) = made().rotate(&admin(), minted("second"), Grace::default(), false, NOW).expect("a rotation");
    assert_eq!((old.status(NOW), new.status(NOW)), (KeyStatus::Rotated, KeyStatus::Active));
    assert_eq!(old.status(NOW + Duration::days(1)), KeyStatus::Expired);
    assert_eq!((&new.line, new.expires_at), (&old.line, made().expires_at));
    let replaced = Some(KeyRefusal::Replaced(new.kid.clone()));
    assert_eq!(old.change(&admin(), KeyChange::default(), NOW).err(), replaced);
    assert_eq!(old.rotate(&admin(), minted("third"), Grace::default(), false, NOW).err(), replaced);
    let at_once = Grace::seconds(0).expect("a grace");
    let (gone, _) = made().rotate(&admin(), minted("second"), at_once, false, NOW).expect("a rotation");
    assert!(!gone.is_live(NOW));
}

#[test]
fn at_most_two_keys_of_a_line_work() {
    let rotated = |grace, predecessor_works| made().rotate(&admin(), minted("n"), grace, predecessor_works, NOW);
    assert_eq!(rotated(Grace::default(), true).err(), Some(KeyRefusal::PredecessorWorks));
    assert!(rotated(Grace::seconds(0).expect("a grace"), true).is_ok());
    assert_eq!((Grace::seconds(-1), Grace::seconds(Grace::LONGEST + 1)), (None, None));
}

#[test]
fn the_text_of_a_key_is_for_nobody_but_its_member_with_as_much_power() {
    let rotate = |key: &ApiKey, by: &Access| key.rotate(by, minted("n"), Grace::default(), false, NOW).map(|_| ());
    let of_another = ApiKey { user: UserId::new(9), ..made() };
    assert_eq!(rotate(&of_another, &admin()), Err(KeyRefusal::Exceeds));
    let weak = access(Role::Admin, &Permissions::from_iter([Permission::ApiKeysWrite]), None);
    assert_eq!(rotate(&made(), &weak), Err(KeyRefusal::Exceeds));
    let limited = access(Role::Admin, &Permissions::all(), Some(Vec::new()));
    assert_eq!(rotate(&made(), &limited), Err(KeyRefusal::Exceeds));
    let of_an_owner = ApiKey { permissions: Permissions::all(), ..made() };
    assert_eq!(rotate(&of_an_owner, &admin()), Ok(()), "what the member has lost meanwhile is not asked for");
}

#[test]
fn an_identifier_is_the_public_part_and_nothing_else() {
    assert_eq!(Kid::parse("cx_0123456789AB").map(|kid| kid.id()), Some("cx_0123456789AB".to_owned()));
    for text in ["", "cx_", "cx_0123456789A", "cx_0123456789ABC", "0123456789AB", "cx_0123456789A_", "cx_0123456789é"]
    {
        assert_eq!(Kid::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_key_is_made_that_may_more_than_its_maker(
        role in select(Role::ALL),
        granted in subsequence(Permission::ALL, 0..=Permission::ALL.len()),
        wanted in subsequence(Permission::ALL, 0..=4),
    ) {
        let by = access(role, &granted.into_iter().collect(), None);
        let wanted: Permissions = wanted.into_iter().collect();
        let key = ApiKey::made(ORG, &by, minted("k"), terms(wanted.clone(), None), NOW);
        prop_assert_eq!(key.is_ok(), wanted.iter().all(|permission| by.allows(permission)));
    }
}
