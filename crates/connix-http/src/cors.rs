//! Cross-origin requests, for the origins of registered applications and those the operator lists, and nobody else (contract
//! section 2).

use crate::compress::add_vary;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue,
    ORIGIN,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, dev::ServiceRequest};
use connix_application::ClientOrigins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, X-Request-ID",
);
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-ID, X-Response-Time, \
     X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
     X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests, \
     X-RateLimit-Limit-Tokens, X-RateLimit-Remaining-Tokens, X-RateLimit-Reset-Tokens",
);
/// How long a browser may remember a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origins that scripts may call from, such as `https://app.example.com`.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Vec<String>,
    clients: ClientOrigins,
}

impl Cors {
    /// Allows these origins, and those of applications.
    #[must_use]
    pub fn new(origins: Vec<String>, clients: ClientOrigins) -> Self {
        Self { origins, clients }
    }

    /// The answer to a preflight from an allowed origin; any other request goes on.
    pub(crate) fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.allowed(request.headers()).is_none() {
            return None;
        }
        let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// The `Origin` of the request if it is allowed.
    pub(crate) fn allowed<'r>(&self, request: &'r HeaderMap) -> Option<&'r HeaderValue> {
        let origin = request.get(ORIGIN)?;
        let listed = self.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        let allowed = listed || origin.to_str().is_ok_and(|text| self.clients.hold(text));
        allowed.then_some(origin)
    }

    /// Marks a response to a request from `origin`, which [`Self::allowed`] has let through or not.
    pub(crate) fn mark(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        if self.origins.is_empty() && self.clients.are_none() {
            return;
        }
        add_vary(response, "Origin");
        if let Some(origin) = origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
    }
}
