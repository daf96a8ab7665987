//! Compression of answers into one buffer with a length. The chunked kind of actix waits for a delayed acknowledgement
//! with every answer (`performance.md` section 2).

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use std::io::{self, Write};

/// Smaller bodies gain less than they cost.
const SMALLEST: u64 = 1024;

/// A content coding, in the order we prefer them when the client likes them equally: the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Zstd,
    Gzip,
    Brotli,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Zstd, Self::Gzip, Self::Brotli];

    const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    fn encode(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd => zstd::bulk::compress(plain, 1),
            Self::Gzip => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::with_capacity(plain.len() / 4), flate2::Compression::fast());
                encoder.write_all(plain)?;
                encoder.finish()
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams { quality: 3, ..Default::default() };
                let mut encoded = Vec::with_capacity(plain.len() / 4);
                brotli::BrotliCompress(&mut &*plain, &mut encoded, &parameters)?;
                Ok(encoded)
            }
        }
    }
}

/// Compresses `response` if the client takes it and it is worth it.
pub(crate) fn compress(request: &HeaderMap, mut response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
    if !is_worth_it(&response) {
        return response;
    }
    add_vary(response.headers_mut(), "Accept-Encoding");
    let Some(coding) = negotiate(request) else { return response };
    let (mut response, body) = response.into_parts();
    let plain = match body.try_into_bytes() {
        Ok(plain) => plain,
        Err(stream) => return response.set_body(stream),
    };
    match coding.encode(&plain) {
        Ok(encoded) if encoded.len() < plain.len() => {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            response.set_body(BoxBody::new(Bytes::from(encoded)))
        }
        _ => response.set_body(BoxBody::new(plain)),
    }
}

/// Adds a header's name to `Vary`.
pub(crate) fn add_vary(headers: &mut HeaderMap, name: &'static str) {
    headers.append(VARY, HeaderValue::from_static(name));
}

fn is_worth_it(response: &HttpResponse<BoxBody>) -> bool {
    let long = matches!(response.body().size(), BodySize::Sized(length) if length >= SMALLEST);
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let texts = ["application/json", "application/javascript", "image/svg"];
    let text = media_type.starts_with("text/") || texts.iter().any(|text| media_type.starts_with(text));
    long && text && !response.headers().contains_key(CONTENT_ENCODING)
}

/// The coding the client likes best; `None` where it likes the plain body better or takes none of ours.
fn negotiate(headers: &HeaderMap) -> Option<Coding> {
    let wishes = wishes(headers, &ACCEPT_ENCODING);
    let quality = |name: &str| wishes.iter().find(|(coding, _)| coding == name).map(|(_, quality)| *quality);
    let any = quality("*");
    let mut best: Option<(Coding, u16)> = None;
    for coding in Coding::ALL {
        let wish = quality(coding.name()).or(any).unwrap_or(0);
        if wish > best.map_or(0, |(_, quality)| quality) {
            best = Some((coding, wish));
        }
    }
    best.filter(|(_, wish)| quality("identity").is_none_or(|plain| *wish >= plain)).map(|(coding, _)| coding)
}

/// The members of an `Accept…` header in lower case, with their quality in thousandths.
pub(crate) fn wishes(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let lists = headers.get_all(name).filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).filter_map(wish).collect()
}

fn wish(member: &str) -> Option<(String, u16)> {
    let mut parts = member.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let Some(quality) = quality else { return Some((name, 1000)) };
    let quality: f32 = quality.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
    Some((name, (quality * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use std::io::Read;

    fn accepting(value: &str) -> HeaderMap {
        TestRequest::get().insert_header((ACCEPT_ENCODING, value)).to_http_request().headers().clone()
    }

    #[test]
    fn the_client_decides_which_coding() {
        for (accepted, chosen) in [
            ("gzip", Some(Coding::Gzip)),
            ("br", Some(Coding::Brotli)),
            ("zstd", Some(Coding::Zstd)),
            ("gzip, deflate, br, zstd", Some(Coding::Zstd)),
            ("gzip;q=0.5, br;q=0.8, zstd;q=0.1", Some(Coding::Brotli)),
            ("GZIP", Some(Coding::Gzip)),
            ("*", Some(Coding::Zstd)),
            ("*, zstd;q=0", Some(Coding::Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=0.2, identity;q=0.5", None),
            ("identity", None),
            ("deflate", None),
            ("", None),
            ("gzip;q=nonsense", None),
        ] {
            assert_eq!(negotiate(&accepting(accepted)), chosen, "{accepted}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), None);
    }

    fn answer(body: String) -> HttpResponse {
        HttpResponse::Ok().content_type("application/json").body(body)
    }

    #[actix_web::test]
    async fn a_compressed_body_has_a_length_and_unpacks_to_what_it_was() {
        let plain = "{\"a\": 1}".repeat(500);
        for coding in Coding::ALL {
            let packed = compress(&accepting(coding.name()), answer(plain.clone()));
            assert_eq!(packed.headers().get(CONTENT_ENCODING).unwrap(), coding.name());
            assert_eq!(packed.headers().get(VARY).unwrap(), "Accept-Encoding");
            let bytes = packed.into_body().try_into_bytes().unwrap();
            assert!(bytes.len() < plain.len() / 4);
            let unpacked = match coding {
                Coding::Zstd => zstd::bulk::decompress(&bytes, plain.len()).unwrap(),
                Coding::Gzip => {
                    let mut out = Vec::new();
                    flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut out).unwrap();
                    out
                }
                Coding::Brotli => {
                    let mut out = Vec::new();
                    brotli::BrotliDecompress(&mut &*bytes, &mut out).unwrap();
                    out
                }
            };
            assert_eq!(unpacked, plain.as_bytes());
        }
    }

    #[actix_web::test]
    async fn small_and_binary_and_refused_bodies_stay_as_they_are() {
        let untouched = |response: &HttpResponse| !response.headers().contains_key(CONTENT_ENCODING);
        assert!(untouched(&compress(&accepting("gzip"), answer("{}".to_owned()))));
        assert!(untouched(&compress(&accepting("identity"), answer("x".repeat(5000)))));
        let image = HttpResponse::Ok().content_type("image/png").body("x".repeat(5000));
        assert!(untouched(&compress(&accepting("gzip"), image)));
    }
}
