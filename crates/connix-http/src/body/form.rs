//! Bodies of forms: `application/x-www-form-urlencoded`, small, in UTF-8.

use super::{declared_length, read};
use crate::query::pair;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use connix_domain::oauth::authorization::Parameters;
use futures_util::future::LocalBoxFuture;
use std::convert::Infallible;

/// Largest form.
const LARGEST: usize = 16 * 1024;

/// What a form holds; nothing when it is none, or too large, or too slow. What that means, its reader says.
pub(crate) struct Form(pub(crate) Option<Parameters>);

impl FromRequest for Form {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let acceptable = is_form(request.headers()) && declared_length(request.headers(), LARGEST).is_ok();
        let payload = payload.take();
        Box::pin(async move {
            let body = if acceptable { read(payload, LARGEST).await.ok() } else { None };
            Ok(Self(body.and_then(|body| parameters(std::str::from_utf8(&body).ok()?))))
        })
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE);
    let essence = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().ok().and_then(|text| text.split(';').next()),
        _ => None,
    };
    let form = |text: &str| text.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    essence.is_some_and(form) && !headers.contains_key(CONTENT_ENCODING)
}

/// The parameters of a form or a query, or nothing when a part of it cannot be decoded.
pub(crate) fn parameters(text: &str) -> Option<Parameters> {
    let pieces = text.split('&').filter(|piece| !piece.is_empty());
    pieces.map(pair).collect::<Option<Vec<_>>>().map(Parameters::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn read_form(media_type: &str, body: &str) -> Option<Parameters> {
        let request = TestRequest::post().insert_header(("content-type", media_type)).set_payload(body.to_owned());
        let (request, mut payload) = request.to_http_parts();
        let Ok(Form(form)) = Form::from_request(&request, &mut payload).await;
        form
    }

    #[actix_web::test]
    async fn a_form_is_decoded_and_nothing_else_is_one() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let read = read_form(FORM, "a=1+2&b=%C3%BC&b=2").await.unwrap();
        assert_eq!((read.get("a"), read.get("b"), read.repeats("b")), (Some("1 2"), Some("ü"), true));
        assert!(read_form("application/x-www-form-urlencoded; charset=utf-8", "a=1").await.is_some());
        assert!(read_form("application/json", "{}").await.is_none());
        assert!(read_form(FORM, "a=%ff").await.is_none());
        assert!(read_form(FORM, &format!("a={}", "x".repeat(LARGEST))).await.is_none());
    }
}
