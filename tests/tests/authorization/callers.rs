//! Who asks: one member by an API key and by an access token, and what both may.

use connix_tests::{Answer, Client, Member, Server, Tenant};

use crate::routes::{Ids, Needs, Route};

const API_KEY: &str = "API key";
const ACCESS_TOKEN: &str = "access token";

/// One of a member's credentials.
pub(crate) struct Caller {
    /// Which.
    pub(crate) credential: &'static str,
    client: Client,
}

impl Caller {
    /// What this credential is told of what it cannot see: that it is not there; or, where no access token reaches, that it
    /// may not ask (contract section 10: a scope holds nothing of the organisation).
    pub(crate) fn is_told(&self, route: &Route) -> u16 {
        if self.credential == ACCESS_TOKEN && beyond_scopes(route) { 403 } else { 404 }
    }

    /// Asks a route.
    pub(crate) async fn ask(&self, route: &Route, ids: &Ids) -> Answer {
        route.ask(&self.client, ids).await
    }
}

/// Whether no scope holds what a route needs.
pub(crate) fn beyond_scopes(route: &Route) -> bool {
    matches!(route.gate, Needs(permission) if permission.starts_with("org.") || permission.contains(".secrets."))
}

/// Whether a route needs what only the scope `write` holds.
pub(crate) fn needs_write(route: &Route) -> bool {
    matches!(route.gate, Needs(permission) if permission.starts_with("data.") && permission.ends_with(".write"))
}

/// A new member of `tenant` with every permission that the role `owner` has.
pub(crate) async fn owner(server: &Server, tenant: &Tenant) -> [Caller; 2] {
    callers(server, tenant, &server.member(&tenant.organisation, "owner")).await
}

/// A member's API key, and an access token of everything that an application may be let.
pub(crate) async fn callers(server: &Server, tenant: &Tenant, member: &Member) -> [Caller; 2] {
    let key = server.client_with(&server.key(&tenant.organisation, &["--member", &member.email]));
    let token = server.with_access_token(tenant, member, "read write").await;
    [Caller { credential: API_KEY, client: key }, Caller { credential: ACCESS_TOKEN, client: token }]
}
