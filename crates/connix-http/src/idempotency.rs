//! `Idempotency-Key`: which request it is, and whether another one was sent under the same key (contract section 2).

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::Reply;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use connix_application::{Error, Idempotency, Remember};
use connix_domain::idempotency::IdempotencyKey;
use sha2::{Digest, Sha256};

/// The header.
const HEADER: &str = "idempotency-key";
/// The mark of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in characters.
const LONGEST: usize = 255;

/// Does what a POST asks for, at most once under its `Idempotency-Key`: `run` does it, and commits with it what `reply` makes
/// of the result; a repeated call gets that answer again.
///
/// # Errors
/// What `run` ends in; 422 for another request under the same key, 409 while the first one is running.
pub(crate) async fn once<T>(
    call: &Call,
    body: &[u8],
    reply: impl Fn(&T) -> Reply + Send + Sync,
    run: impl AsyncFnOnce(Option<Remember<'_, T>>) -> Result<T, Error>,
) -> Result<HttpResponse, Problem> {
    Ok(match first(call, body, &reply, run).await? {
        Turn::First(result) => reply(&result).into(),
        Turn::Repeated(reply) => replayed(reply),
    })
}

/// Whether a call was the first under its key.
pub(crate) enum Turn<T> {
    /// It was, or it has none: what came of it.
    First(T),
    /// It was not: the first answer again, which is still provisional if it [awaits](Reply::awaits) something.
    Repeated(Reply),
}

/// [`once`], for calls that go on with the result before they answer.
///
/// # Errors
/// As [`once`].
pub(crate) async fn first<T>(
    call: &Call,
    body: &[u8],
    reply: impl Fn(&T) -> Reply + Send + Sync,
    run: impl AsyncFnOnce(Option<Remember<'_, T>>) -> Result<T, Error>,
) -> Result<Turn<T>, Problem> {
    let Some(repeatable) = identity(call, body)? else { return Ok(Turn::First(run(None).await?)) };
    if let Some(answer) = call.app.replay(&repeatable).await? {
        return Reply::from_bytes(&answer).map(Turn::Repeated);
    }
    let render = |result: &T| reply(result).to_bytes();
    match run(Some(Remember { call: repeatable.clone(), render: &render })).await {
        Ok(result) => Ok(Turn::First(result)),
        // the same call may have been faster: then what refused this one (a taken name, say) is its effect
        Err(error) => match call.app.replay(&repeatable).await? {
            Some(answer) => Reply::from_bytes(&answer).map(Turn::Repeated),
            None => Err(error.into()),
        },
    }
}

/// The answer to a call that is known now, while its record still holds a provisional one. Of several callers who wait for it,
/// all get the answer of whoever settles it first.
///
/// # Errors
/// What the store says.
pub(crate) async fn settle(call: &Call, body: &[u8], provisional: &Reply, answer: Reply) -> Result<Reply, Problem> {
    let Some(repeatable) = identity(call, body)? else { return Ok(answer) };
    Reply::from_bytes(&call.app.settle(&repeatable, &provisional.to_bytes(), answer.to_bytes()).await?)
}

/// An answer that was given before.
pub(crate) fn replayed(answer: Reply) -> HttpResponse {
    let mut response = answer.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Which call it is: organisation, principal, method, path and key; `None` without a key.
fn identity(call: &Call, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let request = call.request();
    let Some(key) = key(request)? else { return Ok(None) };
    let parts = [call.caller.principal(), request.method().as_str(), request.path(), key];
    let key = IdempotencyKey { org: call.caller.scope().org(), key: digest(parts.map(str::as_bytes)) };
    Ok(Some(Idempotency { key, fingerprint: fingerprint(request, body) }))
}

/// The key a request carries, without quotes: `"abc"` and `abc` are one key.
///
/// # Errors
/// 400 unless it is 1–255 visible ASCII characters, given once.
fn key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let mut keys = request.headers().get_all(HEADER);
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        return Err(Problem::header("Idempotency-Key", "must be given only once"));
    }
    let text = key.to_str().unwrap_or_default();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let visible = (1..=LONGEST).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
    if visible {
        Ok(Some(bare))
    } else {
        Err(Problem::header("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }
}

/// Digest of all that makes a request: method, path, query in sorted order, media type and the bytes of its body.
fn fingerprint(request: &HttpRequest, body: &[u8]) -> String {
    let mut query: Vec<_> = request.query_string().split('&').collect();
    query.sort_unstable();
    let media_type = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    digest([
        request.method().as_str().as_bytes(),
        request.path().as_bytes(),
        query.join("&").as_bytes(),
        &media_type.unwrap_or_default(),
        body,
    ])
}

/// SHA-256 of parts, each with its length before it, so that none can run into the next; in hexadecimal.
fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Situation;
    use actix_web::test::TestRequest;

    fn with(keys: &[&str]) -> HttpRequest {
        keys.iter().fold(TestRequest::post(), |request, key| request.append_header((HEADER, *key))).to_http_request()
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters_quoted_or_bare() {
        let long = "k".repeat(255);
        let quoted = format!("\"{long}\"");
        for (given, read) in [("abc", "abc"), ("\"abc\"", "abc"), ("a\"c", "a\"c"), (&long, &long), (&quoted, &long)] {
            let request = with(&[given]);
            assert_eq!(key(&request).unwrap(), Some(read));
        }
        let request = with(&[]);
        assert_eq!(key(&request).unwrap(), None);
    }

    #[test]
    fn other_keys_and_two_of_them_are_refused() {
        let long = "k".repeat(256);
        for bad in [
            &["".to_owned()][..],
            &["\"\"".to_owned()],
            &[long],
            &["a b".to_owned()],
            &["é".to_owned()],
            &["a".to_owned(), "a".to_owned()],
        ] {
            let keys: Vec<_> = bad.iter().map(String::as_str).collect();
            let request = with(&keys);
            let refused = key(&request).map_err(|problem| problem.situation());
            assert_eq!(refused, Err(Situation::InvalidHeader), "{bad:?}");
        }
    }

    #[test]
    fn a_fingerprint_follows_every_part_of_the_request_but_not_the_order_of_its_query() {
        let request = |uri: &str, media_type: &str| {
            TestRequest::post().uri(uri).insert_header(("content-type", media_type)).to_http_request()
        };
        let of = |uri: &str, media_type: &str, body: &[u8]| fingerprint(&request(uri, media_type), body);
        let first = of("/a?x=1&y=2", "application/json", b"{}");
        assert_eq!(first, of("/a?y=2&x=1", "application/JSON", b"{}"));
        for other in [
            of("/b?x=1&y=2", "application/json", b"{}"),
            of("/a?x=1", "application/json", b"{}"),
            of("/a?x=1&y=2", "text/plain", b"{}"),
            of("/a?x=1&y=2", "application/json", b"{ }"),
        ] {
            assert_ne!(first, other);
        }
    }
}
