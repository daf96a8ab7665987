//! The claims of an access token as its JSON has them.

use connix_domain::oauth::access_token::AccessClaims;
use serde::{Deserialize, Serialize};

/// As we write them.
#[derive(Serialize)]
pub(super) struct Written<'c> {
    iss: &'c str,
    sub: String,
    aud: &'c str,
    client_id: String,
    exp: i64,
    iat: i64,
    jti: String,
    scope: String,
    org: String,
    gid: String,
    auth_time: i64,
}

impl<'c> From<&'c AccessClaims> for Written<'c> {
    fn from(claims: &'c AccessClaims) -> Self {
        Self {
            iss: &claims.issuer,
            sub: claims.subject.to_string(),
            aud: claims.audience.first().map_or("", String::as_str),
            client_id: claims.client.to_string(),
            exp: claims.expires_at,
            iat: claims.issued_at,
            jti: claims.id.to_string(),
            scope: claims.scopes.to_string(),
            org: claims.org.to_string(),
            gid: claims.grant.to_string(),
            auth_time: claims.auth_time,
        }
    }
}

/// As they are read: all of them are required but `nbf`, and each has its one type. What else is there is ignored (RFC 7519 4).
#[derive(Deserialize)]
pub(super) struct Read {
    iss: String,
    sub: String,
    aud: Audience,
    client_id: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    jti: String,
    scope: String,
    org: String,
    gid: String,
    auth_time: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// A claim that is not what it has to be.
pub(super) struct Unreadable;

impl TryFrom<Read> for AccessClaims {
    type Error = Unreadable;

    fn try_from(read: Read) -> Result<Self, Unreadable> {
        fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Unreadable> {
            text.parse().map_err(|_| Unreadable)
        }
        Ok(Self {
            issuer: read.iss,
            audience: match read.aud {
                Audience::One(audience) => vec![audience],
                Audience::Many(audiences) => audiences,
            },
            subject: parsed(&read.sub)?,
            client: parsed(&read.client_id)?,
            expires_at: read.exp,
            issued_at: read.iat,
            not_before: read.nbf,
            id: parsed(&read.jti)?,
            scopes: parsed(&read.scope)?,
            org: parsed(&read.org)?,
            grant: parsed(&read.gid)?,
            auth_time: read.auth_time,
        })
    }
}
