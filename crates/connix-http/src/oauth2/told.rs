//! Answers of the token endpoint and its neighbours (RFC 6749 5). Nobody on the way keeps them.

use crate::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use connix_application::TokenFailure;
use connix_domain::oauth::error::TokenError;
use serde::Serialize;
use serde_json::json;

/// 200 with a body.
pub(super) fn given(body: &impl Serialize) -> HttpResponse {
    unkept(StatusCode::OK).json(body)
}

/// 200 with nothing to say.
pub(super) fn done() -> HttpResponse {
    unkept(StatusCode::OK).finish()
}

/// A word of the protocol, and why.
pub(super) fn refused(error: TokenError, why: &str) -> HttpResponse {
    let unknown_client = error == TokenError::InvalidClient;
    let mut response = unkept(if unknown_client { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST });
    if unknown_client {
        response.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"connix\"")));
    }
    response.json(json!({"error": error.as_str(), "error_description": why}))
}

/// What a use case ended in.
///
/// # Errors
/// What is our own fault.
pub(super) fn failed(failure: TokenFailure) -> Result<HttpResponse, Problem> {
    match failure {
        TokenFailure::Told(error, why) => Ok(refused(error, why)),
        TokenFailure::Ours(error) => Err(error.into()),
    }
}

fn unkept(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
    response
}
