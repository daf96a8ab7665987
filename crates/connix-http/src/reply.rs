//! An answer that is all right: a status, a few headers, a JSON body; and its bytes, for when the call is repeated.

use crate::conditional::etag;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use serde::{Deserialize, Serialize};

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reply {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// Whether it holds a credential that nobody on the way may keep.
    #[serde(default)]
    secret: bool,
    /// The id of what is still to be waited for before there is an answer: until then this one is provisional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    awaits: Option<String>,
    body: String,
}

impl Reply {
    /// 200 with `body`.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::of(200, body)
    }

    /// 201 with `body`, to be found at `location`.
    pub(crate) fn created(body: &impl Serialize, location: String) -> Self {
        Self { location: Some(location), ..Self::of(201, body) }
    }

    /// Another status.
    pub(crate) fn of(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, location: None, version: None, secret: false, awaits: None, body }
    }

    /// With the entity tag of a version.
    pub(crate) fn version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Provisional: the caller is answered when something has been waited for.
    pub(crate) fn awaiting(self, id: Option<String>) -> Self {
        Self { awaits: id, ..self }
    }

    /// What is still to be waited for.
    pub(crate) fn awaits(&self) -> Option<&str> {
        self.awaits.as_deref()
    }

    /// Not to be kept by anybody.
    pub(crate) fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Its bytes, for the record of an idempotent call.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The answer that [`Self::to_bytes`] was made from.
    ///
    /// # Errors
    /// 500 when the bytes are not those of an answer.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(bytes).map_err(Problem::internal)
    }

    /// The answer as actix sends it.
    pub(crate) fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.content_type("application/json");
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if let Some(version) = self.version {
            response.insert_header((ETAG, etag(version)));
        }
        if self.secret {
            response.insert_header((CACHE_CONTROL, "no-store"));
        }
        response.body(self.body)
    }
}

impl From<Reply> for HttpResponse {
    fn from(reply: Reply) -> Self {
        reply.into_response()
    }
}

/// 304: the caller has this version.
pub(crate) fn not_modified(version: i64) -> HttpResponse {
    HttpResponse::NotModified().insert_header((ETAG, etag(version))).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_survives_being_kept() {
        let reply = Reply::created(&json!({"id": 123}), "/api/v1/projects/123".to_owned()).version(1);
        assert_eq!(Reply::from_bytes(&reply.to_bytes()).unwrap(), reply);
    }
}
