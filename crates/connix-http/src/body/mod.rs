//! Request bodies: read once, within limits, strictly (contract section 2).
//!
//! Order of the checks: media type and encoding (415), declared length (413), time (408), real length (413), content (400).

mod attributes;
mod fields;
mod form;
mod json;
mod optional;
mod unread;

pub(crate) use fields::{Echo, Fields, one_of};
pub(crate) use form::{Form, parameters};
pub(crate) use optional::OptionalBody;
pub(crate) use unread::HeldBody;

use crate::problem::{Problem, Situation};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;

/// Largest JSON body.
pub(crate) const LARGEST: usize = 256 * 1024;
/// Largest body of a worker's report: 500 journal entries or 1,000 log lines (`runtime.md` 2.5).
const LARGEST_REPORT: usize = 1024 * 1024;
/// How long a body may take to arrive.
const DEADLINE: Duration = Duration::from_secs(10);

/// A JSON object that was sent, and its bytes.
pub(crate) struct JsonBody {
    object: Map<String, Value>,
    raw: Bytes,
}

impl JsonBody {
    /// Reads it field by field.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::of(&self.object)
    }

    /// The bytes as they were sent.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// A body for the tests of those who read one.
    #[cfg(test)]
    pub(crate) fn of(value: &Value) -> Self {
        Self { object: value.as_object().cloned().unwrap(), raw: value.to_string().into() }
    }
}

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read_checked(request, payload, LARGEST, |raw| {
            Ok(Self { object: json::parse_object(&raw).map_err(Problem::unreadable)?, raw })
        })
    }
}

/// The body of a call that takes none: nothing, white space, or `{}`, of any or no type.
pub(crate) struct NoBody {
    raw: Bytes,
}

impl NoBody {
    /// The bytes as they were sent.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }
}

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = declared_length(request.headers(), LARGEST);
        let payload = payload.take();
        Box::pin(async move {
            declared?;
            let raw = read(payload, LARGEST).await?;
            if !raw.trim_ascii().is_empty() {
                let object = json::parse_object(&raw).map_err(Problem::unreadable)?;
                Fields::of(&object).finish()?;
            }
            Ok(Self { raw })
        })
    }
}

/// A worker's message: its program is ours, so it is read by its wire type, and keys of newer versions are ignored.
pub(crate) struct WireBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for WireBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read_checked(request, payload, LARGEST_REPORT, |raw| {
            let message = serde_json::from_slice(&raw).map(storable);
            let message = message.and_then(serde_json::from_value);
            message.map(Self).map_err(|error| Problem::unreadable(error.to_string()))
        })
    }
}

/// Replaces NUL, which tools print and PostgreSQL cannot keep.
fn storable(value: Value) -> Value {
    let text = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    match value {
        Value::String(string) => Value::String(text(string)),
        Value::Array(list) => list.into_iter().map(storable).collect(),
        Value::Object(object) => object.into_iter().map(|(key, value)| (text(key), storable(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Checks the headers, reads the body, and gives it to `parse`.
fn read_checked<T: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    largest: usize,
    parse: impl FnOnce(Bytes) -> Result<T, Problem> + 'static,
) -> LocalBoxFuture<'static, Result<T, Problem>> {
    let acceptable = plain_json(request.headers()).and_then(|()| declared_length(request.headers(), largest));
    let payload = payload.take();
    Box::pin(async move {
        acceptable?;
        parse(read(payload, largest).await?)
    })
}

/// `application/json`, in UTF-8 if it says so, not compressed.
fn plain_json(headers: &HeaderMap) -> Result<(), Problem> {
    let encoded =
        headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let mut types = headers.get_all(CONTENT_TYPE);
    let json = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().is_ok_and(is_json),
        _ => false,
    };
    if json && !encoded { Ok(()) } else { Err(Situation::UnsupportedMediaType.into()) }
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let named = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    named
        && parts.filter(|parameter| !parameter.is_empty()).all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
}

fn declared_length(headers: &HeaderMap, largest: usize) -> Result<(), Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > largest as u64) { Err(too_large(largest)) } else { Ok(()) }
}

async fn read(payload: Payload, largest: usize) -> Result<Bytes, Problem> {
    tokio::time::timeout(DEADLINE, collect(payload, largest)).await.map_err(|_| Situation::RequestTimeout)?
}

async fn collect(mut payload: Payload, largest: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::unreadable(error.to_string()))?;
        if body.len() + chunk.len() > largest {
            return Err(too_large(largest));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(largest: usize) -> Problem {
    Problem::from(Situation::PayloadTooLarge).saying(format!("The request body is larger than {} KiB", largest / 1024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn read_json(request: TestRequest) -> Result<JsonBody, Situation> {
        let (request, mut payload) = request.to_http_parts();
        JsonBody::from_request(&request, &mut payload).await.map_err(|problem| problem.situation())
    }

    fn post(media_type: &str) -> TestRequest {
        TestRequest::post().insert_header(("content-type", media_type)).set_payload("{}")
    }

    #[actix_web::test]
    async fn only_json_in_utf_8_is_read() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json;",
        ] {
            assert!(read_json(post(good)).await.is_ok(), "{good}");
        }
        for bad in ["text/plain", "application/json; charset=utf-16", "application/jsonp", "application/json; v=1", ""]
        {
            assert_eq!(read_json(post(bad)).await.err(), Some(Situation::UnsupportedMediaType), "{bad}");
        }
        let untyped = TestRequest::post().set_payload("{}");
        assert_eq!(read_json(untyped).await.err(), Some(Situation::UnsupportedMediaType));
        let compressed = post("application/json").insert_header(("content-encoding", "gzip"));
        assert_eq!(read_json(compressed).await.err(), Some(Situation::UnsupportedMediaType));
    }

    #[actix_web::test]
    async fn a_body_over_the_limit_is_refused_by_its_declared_and_by_its_real_length() {
        let declared = post("application/json").insert_header(("content-length", "262145"));
        assert_eq!(read_json(declared).await.err(), Some(Situation::PayloadTooLarge));
        let large = post("application/json").set_payload(format!("{{\"a\":\"{}\"}}", "x".repeat(LARGEST)));
        assert_eq!(read_json(large).await.err(), Some(Situation::PayloadTooLarge));
        let exact = post("application/json").set_payload(format!("{{\"a\":\"{}\"}}", "x".repeat(LARGEST - 8)));
        assert_eq!(read_json(exact).await.map(|body| body.raw().len()), Ok(LARGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_takes_longer_than_ten_seconds_is_given_up() {
        let payload = Payload::Stream { payload: futures_util::stream::pending().boxed_local() };
        let started = tokio::time::Instant::now();
        let refused = read(payload, LARGEST).await.map_err(|problem| problem.situation());
        assert_eq!(refused, Err(Situation::RequestTimeout));
        assert_eq!(started.elapsed(), DEADLINE);
    }

    #[actix_web::test]
    async fn a_call_without_a_body_takes_nothing_or_an_empty_object_of_any_type() {
        for (media_type, payload, accepted) in [
            ("text/plain", "", true),
            ("application/x-www-form-urlencoded", "{}", true),
            ("application/json", " {\n} ", true),
            ("application/json", "{\"force\": true}", false),
            ("application/json", "[]", false),
            ("text/plain", "now", false),
        ] {
            let (request, mut body) =
                TestRequest::post().insert_header(("content-type", media_type)).set_payload(payload).to_http_parts();
            let read = NoBody::from_request(&request, &mut body).await;
            assert_eq!(read.is_ok(), accepted, "{media_type} {payload}");
        }
    }
}
