//! A member as it is shown.

use crate::query::PagePagination;
use crate::rfc3339::Instant;
use connix_application::InvitedMember;
use connix_domain::member::{EmailAddress, Member};
use schemars::JsonSchema;
use serde::Serialize;

/// A member of the organisation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Member")]
pub(crate) struct MemberView<'m> {
    /// Unique identifier.
    id: String,
    /// How it signs in.
    email: Option<&'m str>,
    /// `viewer`, `member`, `admin` or `owner`.
    role: &'static str,
    /// `invited` until it has set its password; `active`; `disabled`.
    status: &'static str,
    /// Whether nothing acts for it any more.
    disabled: bool,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last change.
    updated_at: Instant,
}

impl<'m> MemberView<'m> {
    /// Shows a member.
    pub(crate) fn of(member: &'m Member) -> Self {
        Self {
            id: member.id.to_string(),
            email: member.email.as_ref().map(EmailAddress::as_str),
            role: member.role.as_str(),
            status: member.status().as_str(),
            disabled: !member.is_enabled(),
            created_at: member.created_at.into(),
            updated_at: member.updated_at.into(),
        }
    }
}

/// A page of members.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MemberList<'m> {
    pub(crate) data: Vec<MemberView<'m>>,
    pub(crate) pagination: PagePagination,
}

/// A link to set a password with. It works once.
#[derive(Debug, Serialize, JsonSchema)]
struct PasswordLink<'m> {
    /// The page on which the member sets its password. It is not shown again.
    url: &'m str,
    /// From when it is refused.
    expires_at: Option<Instant>,
}

/// A member with the link that it is to be handed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitedMember")]
pub(crate) struct InvitedView<'m> {
    #[serde(flatten)]
    member: MemberView<'m>,
    password_link: PasswordLink<'m>,
}

impl<'m> InvitedView<'m> {
    pub(super) fn of(invited: &'m InvitedMember) -> Self {
        let expires_at = invited.member.invitation.as_ref().map(|invitation| invitation.expires_at.into());
        let password_link = PasswordLink { url: invited.link.expose(), expires_at };
        Self { member: MemberView::of(&invited.member), password_link }
    }
}
