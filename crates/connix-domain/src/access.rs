//! What a credential comes to at this moment: the member's role now ∩ what the credential was given ∩ its project list ∩
//! visibility (contract section 10). All of it is asked here, by pure functions.

use crate::id::{ProjectId, TeamId, UserId};
use crate::member::Member;
use crate::page::Viewer;
use crate::permission::{Permission, Permissions};
use crate::project::{Project, Visibility};
use crate::role::Role;

/// Who acts, and how far that reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    user: UserId,
    role: Role,
    teams: Vec<TeamId>,
    permissions: Permissions,
    projects: Option<Vec<ProjectId>>,
}

impl Access {
    /// What a credential that was given `granted` for `projects` comes to. `None` when the member is disabled: nothing acts for it.
    pub fn of(
        member: &Member,
        teams: Vec<TeamId>,
        granted: &Permissions,
        projects: Option<Vec<ProjectId>>,
    ) -> Option<Self> {
        let permissions = member.role.permissions().intersection(granted);
        member.is_enabled().then_some(Self { user: member.id, role: member.role, teams, permissions, projects })
    }

    /// The member that the credential acts as.
    pub fn user(&self) -> UserId {
        self.user
    }
    /// That member's role now.
    pub fn role(&self) -> Role {
        self.role
    }
    /// What it may do.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }
    /// Whether it may do this at all, before any resource is looked at.
    pub fn allows(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }
    /// The only projects that the credential reaches; `None` for all that its member sees.
    pub fn projects(&self) -> Option<&[ProjectId]> {
        self.projects.as_deref()
    }

    /// Whether it reaches no fewer projects than a credential with this list: nobody hands on more than they have.
    pub fn covers(&self, list: Option<&[ProjectId]>) -> bool {
        match (&self.projects, list) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(list)) => list.iter().all(|project| own.contains(project)),
        }
    }

    /// Whether a project exists for it: what it does not see is answered like what is not there.
    pub fn sees(&self, project: &Project) -> bool {
        let listed = self.projects.as_ref().is_none_or(|list| list.contains(&project.id));
        listed && self.viewer().is_none_or(|viewer| viewer.sees(project))
    }

    /// With whose eyes lists of projects are read; `None` when every project is seen.
    pub fn viewer(&self) -> Option<Viewer> {
        let limited = !self.role.sees_every_project();
        limited.then(|| Viewer { user: self.user, teams: self.teams.clone() })
    }
}

impl Viewer {
    /// Whether it sees a project: a shared one, one it made, one of its teams (contract section 5).
    pub fn sees(&self, project: &Project) -> bool {
        match project.visibility {
            Visibility::Shared => true,
            Visibility::Private => {
                project.created_by == self.user || project.team.is_some_and(|team| self.teams.contains(&team))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::id::OrgId;
    use crate::lifecycle::Words;
    use crate::metadata::Metadata;
    use crate::name::{CanonicalName, DisplayName};
    use crate::permission::Scope;
    use crate::project::ProjectPhase;
    use proptest::prelude::*;
    use proptest::sample::select;

    const ME: UserId = UserId::new(1);
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn member(role: Role) -> Member {
        Member { role, ..Member::first_owner(OrgId::new(1), ME, NOW) }
    }

    fn project(visibility: Visibility, created_by: UserId, team: Option<TeamId>) -> Project {
        let canonical_name = CanonicalName::parse("some-project").expect("a name by the rule");
        Project {
            org: OrgId::new(1),
            id: ProjectId::new(5),
            number: 1,
            name: DisplayName::from(&canonical_name),
            canonical_name,
            description: None,
            phase: ProjectPhase::Active,
            visibility,
            team,
            created_by,
            metadata: Metadata::default(),
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        }
    }

    fn seen(role: Role, project: &Project) -> bool {
        let access = Access::of(&member(role), vec![TeamId::new(3)], &Permissions::all(), None);
        access.is_some_and(|access| access.sees(project))
    }

    #[test]
    fn a_private_project_is_seen_by_its_maker_its_team_and_admins() {
        let other = UserId::new(9);
        for role in Role::ALL.iter().copied() {
            assert!(seen(role, &project(Visibility::Shared, other, None)));
            assert!(seen(role, &project(Visibility::Private, ME, None)));
            assert!(seen(role, &project(Visibility::Private, other, Some(TeamId::new(3)))));
            let foreign = project(Visibility::Private, other, Some(TeamId::new(4)));
            assert_eq!(seen(role, &foreign), role >= Role::Admin, "{role}");
        }
    }

    #[test]
    fn nothing_acts_for_a_disabled_member() {
        let disabled = Member { disabled_at: Some(NOW), ..member(Role::Owner) };
        assert_eq!(Access::of(&disabled, Vec::new(), &Permissions::all(), None), None);
    }

    #[test]
    fn a_project_list_hides_even_from_the_owner() {
        let shared = project(Visibility::Shared, ME, None);
        let limited = Access::of(&member(Role::Owner), Vec::new(), &Permissions::all(), Some(vec![ProjectId::new(6)]));
        assert!(limited.is_some_and(|access| !access.sees(&shared)));
    }

    proptest! {
        #[test]
        fn no_credential_may_more_than_its_member_or_than_it_was_given(
            role in select(Role::ALL),
            granted in proptest::collection::vec(select(Permission::ALL), 0..8),
        ) {
            let granted: Permissions = granted.into_iter().collect();
            let access = Access::of(&member(role), Vec::new(), &granted, None).expect("an enabled member");
            for permission in Permission::ALL {
                let both = role.permissions().allow(*permission) && granted.allow(*permission);
                prop_assert_eq!(access.allows(*permission), both);
            }
            prop_assert!(!Scope::Write.permissions().allow(Permission::AgentsSecretsRead));
        }
    }
}
