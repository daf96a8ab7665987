//! Versions as entity tags: `ETag`, `If-Match` and `If-None-Match` (RFC 9110 sections 8.8 and 13).

use actix_web::http::header::{AsHeaderName, HeaderMap, IF_MATCH, IF_NONE_MATCH};
use connix_application::Precondition;

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// Reads `If-Match`. It compares strongly: a weak tag never matches. `*` asks that the resource exists, as every write does.
pub(crate) fn precondition(headers: &HeaderMap) -> Precondition {
    if !headers.contains_key(IF_MATCH) || tags(headers, IF_MATCH).any(|tag| tag == "*") {
        return Precondition::None;
    }
    Precondition::Versions(tags(headers, IF_MATCH).filter_map(version).collect())
}

/// Whether the caller has this version already, by `If-None-Match`. It compares weakly.
pub(crate) fn is_known(headers: &HeaderMap, present: i64) -> bool {
    tags(headers, IF_NONE_MATCH)
        .any(|tag| tag == "*" || version(tag.strip_prefix("W/").unwrap_or(tag)) == Some(present))
}

/// The members of a list of tags, also over several headers. Our own tags hold no comma; another's may be torn, and is
/// then unknown as it would have been whole.
fn tags(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim)
}

fn version(tag: &str) -> Option<i64> {
    let number = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    number.parse().ok().filter(|version| etag(*version) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let request = values.iter().fold(TestRequest::get(), |request, value| request.append_header((name, *value)));
        request.to_http_request().headers().clone()
    }

    #[test]
    fn if_match_names_versions_strongly() {
        for (values, expected) in [
            (&[][..], Precondition::None),
            (&["*"], Precondition::None),
            (&["\"v3\""], Precondition::Versions(vec![3])),
            (&["\"v1\", \"v2\"", "\"v3\""], Precondition::Versions(vec![1, 2, 3])),
            (&["W/\"v3\""], Precondition::Versions(vec![])),
            (&["v3"], Precondition::Versions(vec![])),
            (&["\"v03\""], Precondition::Versions(vec![])),
            (&["\"v+3\""], Precondition::Versions(vec![])),
            (&["\"x,y\", \"v3\""], Precondition::Versions(vec![3])),
            (&[""], Precondition::Versions(vec![])),
        ] {
            assert_eq!(precondition(&headers("if-match", values)), expected, "{values:?}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for (values, known) in [
            (&[][..], false),
            (&["*"], true),
            (&["\"v3\""], true),
            (&["W/\"v3\""], true),
            (&["\"v2\", W/\"v3\""], true),
            (&["\"v2\""], false),
            (&["v3"], false),
        ] {
            assert_eq!(is_known(&headers("if-none-match", values), 3), known, "{values:?}");
        }
    }
}
