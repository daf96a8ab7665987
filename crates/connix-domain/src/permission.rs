//! What a credential may do (contract section 10): fine permissions, and the two scopes that stand for many of them.

use crate::phases;
use std::collections::BTreeSet;

phases! {
    /// A fine permission: `data.<resource>.<action>` for what projects hold, `org.<resource>.<action>` for the organisation.
    pub enum Permission {
        /// See projects and their workspaces.
        ProjectsRead = "data.projects.read",
        /// Make, change and delete projects.
        ProjectsWrite = "data.projects.write",
        /// See agents and their logs.
        AgentsRead = "data.agents.read",
        /// Make, change, command and delete agents.
        AgentsWrite = "data.agents.write",
        /// See environment variables unmasked.
        AgentsSecretsRead = "data.agents.secrets.read",
        /// See tasks, their results, and workspace files.
        RunsRead = "data.runs.read",
        /// Give and cancel tasks; change workspace files.
        RunsWrite = "data.runs.write",
        /// See files.
        FilesRead = "data.files.read",
        /// Make, change and delete files.
        FilesWrite = "data.files.write",
        /// See end users.
        UsersRead = "data.users.read",
        /// Make, change and delete end users.
        UsersWrite = "data.users.write",
        /// See webhooks and their deliveries.
        WebhooksRead = "data.webhooks.read",
        /// Make, change and delete webhooks.
        WebhooksWrite = "data.webhooks.write",
        /// See members.
        MembersRead = "org.members.read",
        /// Invite, change and disable members.
        MembersWrite = "org.members.write",
        /// See teams.
        TeamsRead = "org.teams.read",
        /// Make, change and delete teams.
        TeamsWrite = "org.teams.write",
        /// See API keys.
        ApiKeysRead = "org.api_keys.read",
        /// Make, change and revoke API keys.
        ApiKeysWrite = "org.api_keys.write",
        /// See OAuth clients.
        ClientsRead = "org.clients.read",
        /// Make, change and delete OAuth clients.
        ClientsWrite = "org.clients.write",
        /// Read the audit log.
        AuditRead = "org.audit.read",
        /// Reserved: the audit log is append-only; exports and retention need this.
        AuditWrite = "org.audit.write",
        /// Change the organisation itself, and decide about its owners.
        OrganizationWrite = "org.organization.write",
    }
}

phases! {
    /// A named set of permissions (OVER). Neither holds secrets nor anything of the organisation.
    pub enum Scope {
        /// Every `data.*.read`.
        Read = "read",
        /// `read`, and every `data.*.write`.
        Write = "write",
    }
}

impl Scope {
    /// What the scope stands for.
    pub fn permissions(self) -> Permissions {
        use crate::lifecycle::Words;
        let within = |p: &&Permission| {
            let word = p.as_str();
            let ends = word.ends_with(".read") || (self == Self::Write && word.ends_with(".write"));
            word.starts_with("data.") && !word.contains(".secrets.") && ends
        };
        Permissions(Permission::ALL.iter().filter(within).copied().collect())
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// Everything: what the organisation's owner may do.
    pub fn all() -> Self {
        use crate::lifecycle::Words;
        Self(Permission::ALL.iter().copied().collect())
    }
    /// Whether `permission` is held.
    pub fn allow(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }
    /// Whether everything that `other` holds is held.
    pub fn include(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }
    /// Both sets together.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
    /// What both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }
    /// In the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_hold_neither_secrets_nor_the_organisation() {
        let write = Scope::Write.permissions();
        assert!(write.allow(Permission::AgentsWrite) && write.allow(Permission::RunsRead));
        assert!(!write.allow(Permission::AgentsSecretsRead) && !write.allow(Permission::MembersRead));
        assert!(!Scope::Read.permissions().allow(Permission::ProjectsWrite));
    }
}
