//! Members: the people of an organisation, with their role and how they sign in (contract section 10).

use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::{OrgId, UserId};
use crate::permission::Permissions;
use crate::phases;
use crate::role::Role;
use crate::upstream::UpstreamAccount;
use std::fmt;

/// An e-mail address as people write it. What tells two of them apart is the text without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, of at most {} characters", EmailAddress::LONGEST)]
pub struct NotAnAddress;

impl EmailAddress {
    /// RFC 5321 leaves an address this many octets.
    pub const LONGEST: usize = 254;

    /// Parses an address: a local part, one `@`, and a host with a dot in it; no white space or control characters. Whether
    /// anybody reads it is not looked at.
    ///
    /// # Errors
    /// [`NotAnAddress`]
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let (local, host) = text.split_once('@').ok_or(NotAnAddress)?;
        let printable = !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>(),;:\"\\[]".contains(c));
        let labels = host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        let sound = printable && !local.is_empty() && local.len() <= 64 && !host.contains('@') && host.contains('.');
        if sound && labels && text.len() <= Self::LONGEST { Ok(Self(text.to_owned())) } else { Err(NotAnAddress) }
    }
    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// What uniqueness is judged by.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What a password is checked against: a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A member's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// What it is checked against.
    pub hash: PasswordHash,
    /// When it was set: whatever was given on an older one is void.
    pub set_at: Timestamp,
}

/// A link that has been handed to a member, to set a password with. It works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Digest of the text in the link.
    pub digest: Digest,
    /// From when it is refused.
    pub expires_at: Timestamp,
}

phases! {
    /// Where a member stands.
    pub enum MemberStatus {
        /// Was given a link and has not used it yet.
        Invited = "invited",
        /// Is one of the organisation.
        Active = "active",
        /// Is kept for the record; nothing acts for it any more.
        Disabled = "disabled",
    }
}

/// A member of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: UserId,
    /// How it is reached and signs in; unique in the organisation without regard to case. The first owner, made on the command
    /// line, may have none yet.
    pub email: Option<EmailAddress>,
    /// What it may do.
    pub role: Role,
    /// How it signs in, unless it never has.
    pub password: Option<Password>,
    /// The link it was handed last, unless it has been used.
    pub invitation: Option<Invitation>,
    /// The account at the operator's provider that signs in as it, unless none ever has.
    pub upstream: Option<UpstreamAccount>,
    /// Since when nothing acts for it any more.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises by one with each change; the ETag, and what optimistic locking compares.
    pub version: i64,
}

/// What a PATCH asks for; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// Another address.
    pub email: Option<EmailAddress>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether it is to be disabled.
    pub disabled: Option<bool>,
}

/// Why a member is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// Owners are made, changed and unmade by owners.
    #[error("Only an owner may make an owner, or change one")]
    OwnersOnly,
}

impl Member {
    /// The owner that an organisation is made with.
    pub fn first_owner(org: OrgId, id: UserId, now: Timestamp) -> Self {
        Self {
            org,
            id,
            email: None,
            role: Role::Owner,
            password: None,
            invitation: None,
            upstream: None,
            disabled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// A member that is handed a link to set a password with.
    ///
    /// # Errors
    /// [`MemberRefusal`] when who may `by` may not give that role.
    pub fn invited(
        (org, id): (OrgId, UserId),
        (email, role): (EmailAddress, Role),
        invitation: Invitation,
        by: &Permissions,
        now: Timestamp,
    ) -> Result<Self, MemberRefusal> {
        if !role.may_be_given_by(by) {
            return Err(MemberRefusal::OwnersOnly);
        }
        let owner = Self::first_owner(org, id, now);
        Ok(Self { email: Some(email), role, invitation: Some(invitation), ..owner })
    }

    /// Where it stands.
    pub fn status(&self) -> MemberStatus {
        match (self.disabled_at, &self.password, &self.invitation) {
            (Some(_), _, _) => MemberStatus::Disabled,
            (None, None, Some(_)) => MemberStatus::Invited,
            (None, Some(_), _) | (None, None, None) => MemberStatus::Active,
        }
    }

    /// Whether the link it was handed last works.
    pub fn may_use_invitation(&self, now: Timestamp) -> bool {
        self.is_enabled() && self.invitation.as_ref().is_some_and(|invitation| now < invitation.expires_at)
    }

    /// Whether credentials act for it.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Whether it is an owner who can act.
    pub fn owns(&self) -> bool {
        self.role == Role::Owner && self.is_enabled()
    }

    /// Applies what somebody asks for who may `by`. `None` when it changes nothing. Who is disabled has no link to come back with.
    ///
    /// # Errors
    /// [`MemberRefusal`]
    pub fn change(
        &self,
        change: MemberChange,
        by: &Permissions,
        now: Timestamp,
    ) -> Result<Option<Self>, MemberRefusal> {
        let mut next = self.clone();
        next.email = change.email.or(next.email);
        if next.email != self.email {
            // the account was bound by the address
            next.upstream = None;
        }
        next.role = change.role.unwrap_or(next.role);
        next.disabled_at = match change.disabled {
            Some(true) => self.disabled_at.or(Some(now)),
            Some(false) => None,
            None => self.disabled_at,
        };
        if change.disabled == Some(true) {
            next.invitation = None;
        }
        if next == *self {
            return Ok(None);
        }
        if !self.role.may_be_given_by(by) || !next.role.may_be_given_by(by) {
            return Err(MemberRefusal::OwnersOnly);
        }
        Ok(Some(next.touched(now)))
    }

    /// With a new link to set a password with; an older one is void.
    #[must_use]
    pub fn invited_again(&self, invitation: Invitation, now: Timestamp) -> Self {
        Self { invitation: Some(invitation), ..self.clone() }.touched(now)
    }

    /// With another password. A link that it was set with has been used.
    #[must_use]
    pub fn with_password(&self, hash: PasswordHash, now: Timestamp) -> Self {
        Self { password: Some(Password { hash, set_at: now }), invitation: None, ..self.clone() }.touched(now)
    }

    /// With the same password, kept in another way: what was done with it still counts.
    #[must_use]
    pub fn with_password_kept_anew(&self, hash: PasswordHash, now: Timestamp) -> Self {
        let password = self.password.as_ref().map(|password| Password { hash, set_at: password.set_at });
        Self { password, ..self.clone() }.touched(now)
    }

    /// With an account that signs in as it from now on. A link that it was handed has been used: it came in without.
    #[must_use]
    pub fn bound_to(&self, account: UpstreamAccount, now: Timestamp) -> Self {
        Self { upstream: Some(account), invitation: None, ..self.clone() }.touched(now)
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now.max(self.updated_at);
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Words;
    use proptest::prelude::*;

    fn member(role: Role) -> Member {
        Member { role, ..Member::first_owner(OrgId::new(1), UserId::new(2), Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for text in ["ada@example.com", "Ada.Lovelace+x@mail.example.co.uk", "ü@exämple.de"] {
            assert!(EmailAddress::parse(text).is_ok(), "{text}");
        }
        let long = format!("a@{}.de", "b".repeat(260));
        for text in
            ["", "ada", "@example.com", "ada@", "ada@host", "a b@example.com", "a@b@c.de", "a@.de", &long, "a\n@b.de"]
        {
            assert!(EmailAddress::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_admin_neither_makes_nor_changes_owners() {
        let now = Timestamp::UNIX_EPOCH;
        let promote = MemberChange { role: Some(Role::Owner), ..MemberChange::default() };
        let disable = MemberChange { disabled: Some(true), ..MemberChange::default() };
        assert_eq!(
            member(Role::Member).change(promote.clone(), &Role::Admin.permissions(), now),
            Err(MemberRefusal::OwnersOnly)
        );
        assert_eq!(
            member(Role::Owner).change(disable.clone(), &Role::Admin.permissions(), now),
            Err(MemberRefusal::OwnersOnly)
        );
        assert!(member(Role::Member).change(promote, &Permissions::all(), now).is_ok_and(|next| next.is_some()));
        assert!(member(Role::Admin).change(disable, &Role::Admin.permissions(), now).is_ok_and(|next| next.is_some()));
    }

    #[test]
    fn a_password_uses_the_invitation_up() {
        let now = Timestamp::UNIX_EPOCH;
        let invitation = Invitation { digest: Digest([7; 32]), expires_at: now };
        let invited = member(Role::Viewer).invited_again(invitation, now);
        assert_eq!(invited.status(), MemberStatus::Invited);
        let settled = invited.with_password(PasswordHash("$argon2id$…".to_owned()), now);
        assert_eq!((settled.status(), settled.invitation), (MemberStatus::Active, None));
    }

    #[test]
    fn an_account_uses_the_invitation_up_and_goes_with_the_address() {
        let now = Timestamp::UNIX_EPOCH;
        let invitation = Invitation { digest: Digest([7; 32]), expires_at: now };
        let account = UpstreamAccount { issuer: "https://id".to_owned(), subject: "s".to_owned() };
        let bound = member(Role::Viewer).invited_again(invitation, now).bound_to(account.clone(), now);
        assert_eq!((bound.status(), bound.invitation.clone()), (MemberStatus::Active, None));
        let promote = MemberChange { role: Some(Role::Member), ..MemberChange::default() };
        let promoted = bound.change(promote, &Permissions::all(), now).unwrap().unwrap();
        assert_eq!(promoted.upstream, Some(account));
        let email = Some(EmailAddress::parse("ada@example.com").unwrap());
        let moved = bound.change(MemberChange { email, ..MemberChange::default() }, &Permissions::all(), now);
        assert_eq!(moved.unwrap().unwrap().upstream, None);
    }

    proptest! {
        #[test]
        fn a_change_is_made_only_by_who_may_give_both_roles(
            before in 0..4usize, after in 0..4usize, by in 0..4usize, disabled: Option<bool>,
        ) {
            let (before, after, by) = (Role::ALL[before], Role::ALL[after], Role::ALL[by].permissions());
            let both = before.may_be_given_by(&by) && after.may_be_given_by(&by);
            let change = MemberChange { role: Some(after), disabled, email: None };
            match member(before).change(change, &by, Timestamp::UNIX_EPOCH) {
                Ok(Some(next)) => {
                    prop_assert!(both);
                    prop_assert_eq!((next.role, next.version), (after, 2));
                }
                Ok(None) => prop_assert!(before == after && disabled != Some(true)),
                Err(MemberRefusal::OwnersOnly) => prop_assert!(!both),
            }
        }
    }
}
