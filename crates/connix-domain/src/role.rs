//! Roles of members: what each may do in its organisation (contract section 10).

use crate::lifecycle::Words;
use crate::permission::{Permission, Permissions, Scope};
use crate::phases;

phases! {
    /// A member's role, from the least to the most powerful. Each may what the ones before it may.
    pub enum Role {
        /// Sees what projects hold.
        Viewer = "viewer",
        /// Works in projects: the usual role.
        Member = "member",
        /// Reaches every project whatever its visibility, and administers the organisation.
        Admin = "admin",
        /// Decides about owners and the organisation itself.
        Owner = "owner",
    }
}

impl Role {
    /// What a member with this role may do.
    pub fn permissions(self) -> Permissions {
        match self {
            Self::Viewer => Scope::Read.permissions(),
            Self::Member => Scope::Write.permissions(),
            Self::Admin => Permission::ALL
                .iter()
                .copied()
                .filter(|permission| *permission != Permission::OrganizationWrite)
                .collect(),
            Self::Owner => Permissions::all(),
        }
    }

    /// Whether private projects of others are seen too.
    pub fn sees_every_project(self) -> bool {
        self >= Self::Admin
    }

    /// Whether who may `held` may give others this role, or take it from them: whoever decides about members, as far as members
    /// work; what a role allows beyond that, nobody hands on who has not got it. So owners are made and unmade by owners.
    pub fn may_be_given_by(self, held: &Permissions) -> bool {
        let work = Self::Member.permissions();
        let power = self.permissions();
        held.allow(Permission::MembersWrite)
            && power.iter().all(|permission| work.allow(permission) || held.allow(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_one_before_it_may() {
        for pair in Role::ALL.windows(2) {
            let [less, more] = pair else { continue };
            let (less, more) = (less.permissions(), more.permissions());
            assert!(less.iter().all(|permission| more.allow(permission)));
            assert!(more.iter().count() > less.iter().count());
        }
    }

    #[test]
    fn secrets_and_the_organisation_begin_with_the_admin() {
        for role in [Role::Viewer, Role::Member] {
            let held = role.permissions();
            assert!(!held.allow(Permission::AgentsSecretsRead));
            assert!(held.iter().all(|permission| permission.as_str().starts_with("data.")));
        }
        assert!(Role::Admin.permissions().allow(Permission::AgentsSecretsRead));
        assert!(!Role::Admin.permissions().allow(Permission::OrganizationWrite));
    }

    #[test]
    fn only_owners_make_owners_and_only_admins_make_anybody() {
        let gives = |by: Role, role: Role| role.may_be_given_by(&by.permissions());
        assert!(gives(Role::Owner, Role::Owner) && gives(Role::Admin, Role::Admin));
        assert!(!gives(Role::Admin, Role::Owner) && !gives(Role::Member, Role::Viewer));
    }

    #[test]
    fn an_owner_s_credential_makes_no_more_than_it_may_itself() {
        let narrow = Permissions::from_iter([Permission::MembersWrite]);
        assert!(Role::Viewer.may_be_given_by(&narrow) && Role::Member.may_be_given_by(&narrow));
        assert!(!Role::Admin.may_be_given_by(&narrow) && !Role::Owner.may_be_given_by(&narrow));
    }
}
