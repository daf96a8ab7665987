//! The body of an action that has something to say and need not say it.

use super::{JsonBody, LARGEST, declared_length, json, plain_json, read};
use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde_json::Map;

/// A JSON object, or nothing, of any or no type: then it has no fields.
pub(crate) struct OptionalBody(pub(crate) JsonBody);

impl FromRequest for OptionalBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = declared_length(request.headers(), LARGEST);
        let plain = plain_json(request.headers());
        let payload = payload.take();
        Box::pin(async move {
            declared?;
            let raw = read(payload, LARGEST).await?;
            if raw.trim_ascii().is_empty() {
                return Ok(Self(JsonBody { object: Map::new(), raw }));
            }
            plain?;
            let object = json::parse_object(&raw).map_err(Problem::unreadable)?;
            Ok(Self(JsonBody { object, raw }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Situation;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn nothing_has_no_fields_and_something_is_json() {
        for (media_type, payload, outcome) in [
            ("text/plain", "", Ok(0)),
            ("application/json", " {\"a\": 1} ", Ok(1)),
            ("text/plain", "{}", Err(Situation::UnsupportedMediaType)),
            ("application/json", "[]", Err(Situation::Invalid)),
        ] {
            let request = TestRequest::post().insert_header(("content-type", media_type)).set_payload(payload);
            let (request, mut body) = request.to_http_parts();
            let read = OptionalBody::from_request(&request, &mut body).await;
            let read = read.map(|OptionalBody(body)| body.object.len()).map_err(|problem| problem.situation());
            assert_eq!(read, outcome, "{media_type} {payload}");
        }
    }
}
