//! What a request shows to say who it is from (contract section 2). Headers only: a key in a query string lets nobody in.

use crate::problem::{Problem, Situation};
use crate::query;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

/// The header an API key may stand in.
pub(crate) const API_KEY: &str = "x-api-key";
/// What every API key begins with.
const KEY_PREFIX: &str = "cx_";

/// The text of the credential that a request shows: an API key in `X-API-Key`, that or an access token as `Authorization: Bearer`.
///
/// # Errors
/// 400 when there are two credentials, 401 when there is none or one of another kind.
pub(crate) fn api_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut shown = headers.get_all(API_KEY).map(key).chain(headers.get_all(AUTHORIZATION).map(bearer));
    match (shown.next(), shown.next()) {
        (Some(_), Some(_)) => Err(Problem::header("X-API-Key", "and Authorization hold more than one credential")),
        (Some(credential), None) => credential.ok_or_else(|| Situation::Unauthorized.into()),
        (None, _) => Err(Situation::Unauthorized.into()),
    }
}

/// Whether a request shows any credential, readable or not.
pub(crate) fn is_shown(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) || headers.contains_key(AUTHORIZATION)
}

/// The texts in a query string that may be an API key, decoded: nobody is let in by one, but its owner wants to know.
pub(crate) fn in_query(query: &str) -> impl Iterator<Item = String> {
    let pairs = query.split('&').filter_map(query::pair);
    pairs.flat_map(|(name, value)| [value, name]).filter(|text| text.starts_with(KEY_PREFIX))
}

/// The text of the worker token that a request shows as `Authorization: Bearer`.
///
/// # Errors
/// 400 when there are two credentials, 401 when there is none or one of another kind.
pub(crate) fn worker_token(headers: &HeaderMap) -> Result<&str, Problem> {
    if headers.contains_key(API_KEY) && !headers.contains_key(AUTHORIZATION) {
        return Err(Situation::Unauthorized.into());
    }
    api_key(headers)
}

fn key(value: &HeaderValue) -> Option<&str> {
    text(value).filter(|text| text.starts_with(KEY_PREFIX))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = text(value)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(headers: &[(&str, &str)]) -> Result<String, Situation> {
        let mut request = TestRequest::get();
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        api_key(request.headers()).map(str::to_owned).map_err(|problem| problem.situation())
    }

    #[test]
    fn a_key_is_read_from_either_header() {
        assert_eq!(read(&[("x-api-key", "cx_1")]), Ok("cx_1".to_owned()));
        assert_eq!(read(&[("authorization", "Bearer cx_1")]), Ok("cx_1".to_owned()));
        assert_eq!(read(&[("authorization", "bearer  cx_1")]), Ok("cx_1".to_owned()));
    }

    #[test]
    fn what_may_be_a_key_is_found_in_a_query_wherever_it_stands() {
        let found = |query| in_query(query).collect::<Vec<_>>();
        assert_eq!(found("api_key=cx_1&limit=5&key=cx%5F2&cx_3"), ["cx_1", "cx_2", "cx_3"]);
        assert_eq!(found("api_key=cx%ZZ&search=xcx_1&"), Vec::<String>::new());
    }

    #[test]
    fn two_credentials_are_a_bad_request_even_when_equal() {
        for headers in [
            [("x-api-key", "cx_1"), ("authorization", "Bearer cx_1")],
            [("x-api-key", "cx_1"), ("x-api-key", "cx_1")],
            [("authorization", "Bearer cx_1"), ("authorization", "Basic eDp5")],
        ] {
            assert_eq!(read(&headers), Err(Situation::InvalidHeader), "{headers:?}");
        }
    }

    #[test]
    fn none_or_another_kind_is_unauthorized() {
        for headers in
            [&[][..], &[("authorization", "Basic eDp5")], &[("authorization", "Bearer")], &[("cookie", "key=cx_1")]]
        {
            assert_eq!(read(headers), Err(Situation::Unauthorized), "{headers:?}");
        }
    }
}
