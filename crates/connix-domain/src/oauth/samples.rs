//! Values for the tests of this module.

use super::client::{ClientKind, ClientSecret, ClientStatus, OAuthClient};
use super::grant::Grant;
use super::redirect_uri::RedirectUri;
use super::refresh::TokenPair;
use super::scope::Scopes;
use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::{GrantId, OAuthClientId, OrgId, TokenPairId, UserId};
use crate::name::ClientName;
use chrono::{DateTime, Duration};

pub(super) const REDIRECT: &str = "https://app.example/cb";

pub(super) fn noon() -> Timestamp {
    DateTime::from_timestamp_micros(1_767_268_800_123_456).unwrap_or_default()
}

pub(super) fn after(seconds: i64) -> Timestamp {
    noon() + Duration::seconds(seconds)
}

pub(super) fn client(kind: ClientKind) -> OAuthClient {
    let secret = ClientSecret { digest: Digest([0; 32]), created_at: noon(), expires_at: None };
    OAuthClient {
        org: OrgId::new(1),
        id: OAuthClientId::new(2),
        name: ClientName::parse("Notes").unwrap(),
        kind,
        redirect_uris: vec![RedirectUri::parse(REDIRECT).unwrap()],
        scopes: "read write".parse().unwrap(),
        secrets: if kind == ClientKind::Confidential { vec![secret] } else { Vec::new() },
        status: ClientStatus::Active,
        created_by: UserId::new(3),
        created_at: noon(),
        updated_at: noon(),
        version: 1,
    }
}

pub(super) fn grant() -> Grant {
    Grant {
        org: OrgId::new(1),
        id: GrantId::new(4),
        client: OAuthClientId::new(2),
        user: UserId::new(3),
        scopes: Scopes::usual(),
        auth_time: noon(),
        created_at: noon(),
        expires_at: noon() + Grant::LIFETIME,
        revoked_at: None,
    }
}

pub(super) fn pair(number: u8, at: Timestamp) -> TokenPair {
    TokenPair::new(&grant(), TokenPairId::new(number.into()), Digest([number; 32]), Scopes::usual(), at)
}
