//! The interactive page over the OpenAPI document. Its assets are in the binary; nothing is fetched from elsewhere.

use crate::problem::{Problem, Situation};
use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, VARY};
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// Where the document is served.
pub(crate) const DOCUMENT: &str = "/api/v1/docs";
/// What decides between the document and the page, for caches.
pub(crate) const BY_ACCEPT: &str = "Accept";
/// Where the page's own files are served, with their names behind it.
const ASSETS: &str = "/api/v1/docs/assets/";
/// Scripts and data come from here alone; the page sets styles on its elements and draws icons from `data:`.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from(DOCUMENT).display_operation_id(true).persist_authorization(false)));

/// Whether the caller is a browser that wants to be shown a page: it prefers HTML to JSON.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let position = |media_type: &str| accept.split(',').position(|member| member.trim().starts_with(media_type));
    match (position("text/html"), position("application/json")) {
        (Some(html), Some(json)) => html < json,
        (html, None) => html.is_some(),
        (None, Some(_)) => false,
    }
}

/// The page itself.
///
/// # Errors
/// 500 if it is not in the binary.
pub(crate) fn page() -> Result<HttpResponse, Problem> {
    let file = file("index.html")?;
    let html = String::from_utf8(file.bytes.into_owned()).map_err(Problem::internal)?;
    let html = html
        .replace("=\"./", &format!("=\"{ASSETS}"))
        .replace("href=\"index.css\"", &format!("href=\"{ASSETS}index.css\""));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((VARY, BY_ACCEPT))
        .body(html.replace("<title>Swagger UI</title>", "<title>Connix API</title>")))
}

/// One of the page's files.
///
/// # Errors
/// 404 if there is none of this name.
pub(crate) fn asset(name: &str) -> Result<HttpResponse, Problem> {
    let file = file(name)?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(file.bytes.into_owned()))
}

fn file(name: &str) -> Result<utoipa_swagger_ui::SwaggerFile<'static>, Problem> {
    match utoipa_swagger_ui::serve(name, CONFIG.clone()) {
        Ok(file) => file.ok_or_else(|| Situation::NotFound.into()),
        Err(error) => Err(Problem::internal(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody;
    use actix_web::test::TestRequest;

    fn wanted(accept: &str) -> bool {
        is_wanted(TestRequest::get().insert_header((ACCEPT, accept)).to_http_request().headers())
    }

    #[test]
    fn browsers_are_shown_the_page_and_programs_the_document() {
        assert!(wanted("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!wanted("application/json") && !wanted("*/*") && !wanted(""));
        assert!(!wanted("application/json, text/html;q=0.5"));
    }

    #[test]
    fn the_page_refers_to_our_own_files_alone_and_each_of_them_is_there() {
        let body = page().unwrap().into_body().try_into_bytes().unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        let references: Vec<_> = html
            .split(['"'])
            .filter(|piece| piece.ends_with(".js") || piece.ends_with(".css") || piece.ends_with(".png"))
            .collect();
        assert!(references.len() >= 6, "{html}");
        for reference in references {
            let name = reference.strip_prefix(ASSETS).unwrap();
            assert!(asset(name).is_ok(), "{reference}");
        }
    }

    #[test]
    fn the_page_loads_our_document() {
        let body = asset("swagger-initializer.js").unwrap().into_body().try_into_bytes().unwrap();
        let script = String::from_utf8(body.to_vec()).unwrap();
        assert!(script.contains(DOCUMENT) && !script.contains("petstore"), "{script}");
    }
}
