//! Members.

use super::tables::member;
use super::{DB, parsed, plain, sound};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::api_key::Digest;
use connix_domain::member::{EmailAddress, Invitation, Member, Password, PasswordHash};
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::upstream::UpstreamAccount;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = member, primary_key(org_id, id), check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct MemberRow {
    org_id: String,
    id: String,
    email: Option<String>,
    email_key: Option<String>,
    role: String,
    password: Option<String>,
    password_set_at: Option<At>,
    invitation: Option<Vec<u8>>,
    invitation_expires_at: Option<At>,
    upstream_issuer: Option<String>,
    upstream_subject: Option<String>,
    disabled_at: Option<At>,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<Member> for MemberRow {
    fn from(member: Member) -> Self {
        let password = member.password.map(|password| (password.hash.0, At(password.set_at)));
        let invitation = member.invitation.map(|link| (link.digest.0.to_vec(), At(link.expires_at)));
        let (password, password_set_at) = password.unzip();
        let (invitation, invitation_expires_at) = invitation.unzip();
        let (upstream_issuer, upstream_subject) =
            member.upstream.map(|of| (plain(&of.issuer), plain(&of.subject))).unzip();
        Self {
            org_id: member.org.to_string(),
            id: member.id.to_string(),
            email_key: member.email.as_ref().map(EmailAddress::key),
            email: member.email.map(|email| email.as_str().to_owned()),
            role: member.role.as_str().to_owned(),
            password,
            password_set_at,
            invitation,
            invitation_expires_at,
            upstream_issuer,
            upstream_subject,
            disabled_at: member.disabled_at.map(At),
            created_at: At(member.created_at),
            updated_at: At(member.updated_at),
            version: member.version,
        }
    }
}

impl TryFrom<MemberRow> for Member {
    type Error = ReadError;
    fn try_from(row: MemberRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Member;
        let password = row.password.zip(row.password_set_at);
        let invitation = row.invitation.zip(row.invitation_expires_at).map(|(digest, expires_at)| {
            let digest = sound(OF, "invitation", digest.try_into().map_err(|_| "not 32 bytes"))?;
            Ok::<_, ReadError>(Invitation { digest: Digest(digest), expires_at: expires_at.0 })
        });
        let upstream = row.upstream_issuer.zip(row.upstream_subject);
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            email: row.email.map(|email| sound(OF, "email", EmailAddress::parse(&email))).transpose()?,
            role: parsed(OF, "role", &row.role)?,
            password: password.map(|(hash, at)| Password { hash: PasswordHash(hash), set_at: at.0 }),
            invitation: invitation.transpose()?,
            upstream: upstream.map(|(issuer, subject)| UpstreamAccount { issuer, subject }),
            disabled_at: row.disabled_at.map(Timestamp::from),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}
