//! What the audit log tells of a call.

use crate::client_address::TrustedProxies;
use crate::request_id::RequestId;
use crate::route::Route;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpMessage, HttpRequest};
use connix_domain::audit::Origin;
use std::net::IpAddr;

/// By which operation, from where, and by what a request came that has reached its route.
pub(crate) fn of(request: &HttpRequest) -> Origin {
    let agent = request.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let extensions = request.extensions();
    Origin {
        action: extensions.get::<&'static Route>().map_or("unmatched", |route| route.operation_id).to_owned(),
        request_id: extensions.get::<RequestId>().map(RequestId::to_string),
        address: address(request),
        user_agent: agent.map(|text| text.chars().take(Origin::LONGEST_AGENT).collect()),
    }
}

/// Whom a request comes from, as far as proxies of the operator say.
pub(crate) fn address(request: &HttpRequest) -> Option<IpAddr> {
    request.app_data::<TrustedProxies>().and_then(|proxies| proxies.client(request))
}
