//! What a project takes and refuses, above all the default project.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use connix_domain::Timestamp;
use connix_domain::id::{OrgId, ProjectId, TeamId, UserId};
use connix_domain::metadata::Metadata;
use connix_domain::name::{CanonicalName, DisplayName};
use connix_domain::project::{Project, ProjectChange, ProjectPhase, ProjectRefusal, Visibility};
use proptest::prelude::*;
use serde_json::json;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn metadata(value: i64) -> Metadata {
    Metadata::parse(json!({ "value": value }).as_object().unwrap().clone()).unwrap()
}

fn project(canonical_name: &str) -> Project {
    let canonical_name = CanonicalName::parse(canonical_name).unwrap();
    Project {
        org: OrgId::new(1),
        id: ProjectId::new(2),
        number: 3,
        name: DisplayName::from(&canonical_name),
        canonical_name,
        description: Some("What it is for".to_owned()),
        phase: ProjectPhase::Active,
        visibility: Visibility::Shared,
        team: None,
        created_by: UserId::new(4),
        metadata: metadata(0),
        created_at: at(0),
        updated_at: at(0),
        version: 1,
    }
}

fn renamed(canonical_name: &str) -> ProjectChange {
    ProjectChange { canonical_name: CanonicalName::parse(canonical_name).ok(), ..ProjectChange::default() }
}

fn moved(phase: ProjectPhase) -> ProjectChange {
    ProjectChange { phase: Some(phase), ..ProjectChange::default() }
}

/// A change that leaves out and sets any keys, often to what they are.
fn any_change() -> impl Strategy<Value = ProjectChange> {
    use proptest::option::of;
    (
        of(prop_oneof![Just("analytics"), Just("Analytics"), Just("another")]),
        of(prop_oneof![Just("analytics"), Just("Analytics"), Just("another-one")]),
        of(of(prop_oneof![Just("What it is for"), Just("Something else")])),
        of(prop_oneof![Just(Visibility::Shared), Just(Visibility::Private)]),
        of(of((5..7_u64).prop_map(TeamId::new))),
        of((0..2_i64).prop_map(metadata)),
        of(prop_oneof![Just(ProjectPhase::Active), Just(ProjectPhase::Archived)]),
    )
        .prop_map(|(name, canonical_name, description, visibility, team, metadata, phase)| ProjectChange {
            name: name.map(|name| DisplayName::parse(name).unwrap()),
            canonical_name: canonical_name.map(|name| CanonicalName::parse(name).unwrap()),
            description: description.map(|text| text.map(str::to_owned)),
            visibility,
            team,
            metadata,
            phase,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_change_sets_what_it_names_and_keeps_the_rest(change in any_change()) {
        let before = project("analytics");
        let after = before.change(change.clone(), at(1)).unwrap();
        let expected = Project {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            canonical_name: change.canonical_name.unwrap_or_else(|| before.canonical_name.clone()),
            description: change.description.unwrap_or_else(|| before.description.clone()),
            visibility: change.visibility.unwrap_or(before.visibility),
            team: change.team.unwrap_or(before.team),
            metadata: change.metadata.unwrap_or_else(|| before.metadata.clone()),
            phase: change.phase.unwrap_or(before.phase),
            ..before.clone()
        };
        match after {
            None => prop_assert_eq!(before, expected, "something was asked for"),
            Some(after) => {
                prop_assert_ne!(&before, &expected, "nothing was asked for");
                prop_assert_eq!(after, Project { version: 2, updated_at: at(1), ..expected });
            }
        }
    }

    #[test]
    fn what_has_been_changed_is_not_changed_by_the_same_again(change in any_change()) {
        let before = project("analytics");
        let after = before.change(change.clone(), at(1)).unwrap().unwrap_or(before);
        prop_assert_eq!(after.change(change, at(2)), Ok(None));
    }

    #[test]
    fn the_default_project_stays_active_shared_and_default_whatever_is_asked(change in any_change()) {
        let before = project("default");
        if let Ok(Some(after)) = before.change(change, at(1)) {
            prop_assert!(after.is_default());
            prop_assert_eq!(after.phase, ProjectPhase::Active);
            prop_assert_eq!(after.visibility, Visibility::Shared);
        }
    }
}

#[test]
fn a_change_that_names_nothing_is_none() {
    assert_eq!(project("analytics").change(ProjectChange::default(), at(1)), Ok(None));
}

#[test]
fn the_default_project_says_what_cannot_be_done_to_it() {
    let hidden = ProjectChange { visibility: Some(Visibility::Private), ..ProjectChange::default() };
    for (change, refused) in [
        (renamed("other"), "renamed"),
        (moved(ProjectPhase::Archived), "archived"),
        (moved(ProjectPhase::Deleted), "deleted"),
        (hidden, "made private"),
    ] {
        assert_eq!(project("default").change(change, at(1)), Err(ProjectRefusal::Default(refused)));
    }
    let refusal = project("Default").delete(at(1)).unwrap_err();
    assert_eq!(refusal.to_string(), "The default project cannot be deleted");
}

#[test]
fn the_default_project_takes_another_display_name_and_another_case() {
    let change = ProjectChange { name: DisplayName::parse("Scratch").ok(), ..renamed("Default") };
    let after = project("default").change(change, at(1)).unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.canonical_name.as_str()), ("Scratch", "Default"));
    assert!(after.is_default());
}

#[test]
fn an_archived_project_takes_no_resources_until_it_is_active_again() {
    let archived = project("analytics").change(moved(ProjectPhase::Archived), at(1)).unwrap().unwrap();
    assert!(!archived.takes_resources());
    let active = archived.change(moved(ProjectPhase::Active), at(2)).unwrap().unwrap();
    assert!(active.takes_resources());
    assert_eq!(active.version, 3);
}

#[test]
fn a_deleted_project_takes_no_change_at_all() {
    let deleted = project("analytics").delete(at(1)).unwrap();
    assert_eq!((deleted.phase, deleted.version), (ProjectPhase::Deleted, 2));
    for change in [renamed("other"), moved(ProjectPhase::Active), ProjectChange::default()] {
        assert!(matches!(deleted.change(change, at(2)), Err(ProjectRefusal::Transition(_))));
    }
    assert!(deleted.delete(at(2)).is_err());
}

#[test]
fn a_clock_that_steps_back_does_not_make_a_project_younger() {
    let later = project("analytics").change(renamed("other"), at(10)).unwrap().unwrap();
    let again = later.change(renamed("third"), at(5)).unwrap().unwrap();
    assert_eq!(again.updated_at, at(10));
}
