//! The name of a request, for its sender and for the log.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// The header it comes in and goes out in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest that is taken from a caller, in characters.
const LONGEST: usize = 128;

/// A request's name: the caller's if it is `^[A-Za-z0-9._:-]{1,128}$`, else ours, `req_` and 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The name the caller gave, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(HEADER).filter_map(|value| value.to_str().ok());
        match (given.next(), given.next()) {
            (Some(only), None) if is_acceptable(only) => Self(only.to_owned()),
            _ => Self(format!("req_{:016x}", rand::random::<u64>())),
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a header; it holds nothing that a header may not.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("req_0000000000000000"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_acceptable(text: &str) -> bool {
    let acceptable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(acceptable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn of(given: &str) -> String {
        RequestId::of(TestRequest::get().insert_header((HEADER, given)).to_http_request().headers()).0
    }

    #[test]
    fn a_decent_name_of_the_callers_is_kept() {
        let long = "x".repeat(128);
        for name in ["unique-request-identifier", "a.B_c:1-2", "1", &long] {
            assert_eq!(of(name), name);
        }
    }

    #[test]
    fn any_other_is_replaced_by_one_of_ours() {
        let long = "x".repeat(129);
        for name in ["", "a b", "é", "a\tb", "<script>", &long] {
            let ours = of(name);
            let digits = ours.strip_prefix("req_").unwrap();
            assert!(
                digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
                "{ours}"
            );
        }
        assert_ne!(of(""), of(""));
    }
}
