//! What every exchange has, whatever happens inside: a request id, a measured time, an error body in the vocabulary of the
//! path or as a page, how its budgets stand, cross-origin headers, compression, a count; and a log line if it was slow or our fault.

use crate::body::HeldBody;
use crate::compress::compress;
use crate::console::page;
use crate::cors::Cors;
use crate::limit_headers;
use crate::problem::{Problem, Situation, Vocabulary};
use crate::request_id::{self, RequestId};
use crate::route::Route;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, http::StatusCode};
use connix_domain::port::metrics::Metrics;
use connix_domain::rate_limit::Verdict;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
/// Shared caches know nothing of `X-API-Key`, so they keep nothing; a client's own asks again with the ETag.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Longest request target, in bytes.
const LONGEST_URI: usize = 8 * 1024;
/// Most header lines, and the longest value of one.
const MOST_HEADERS: usize = 64;
const LONGEST_HEADER: usize = 8 * 1024;
/// An answer that takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// The outermost layer around all routes.
pub(crate) struct Envelope {
    cors: Cors,
    metrics: Arc<dyn Metrics>,
}

/// What is noted of a request before it goes in.
struct Arrival {
    at: Instant,
    id: RequestId,
    vocabulary: Vocabulary,
    /// Whether it came from a browser that shows pages.
    page: bool,
    origin: Option<HeaderValue>,
}

impl Envelope {
    pub(crate) fn new(cors: Cors, metrics: Arc<dyn Metrics>) -> Self {
        Self { cors, metrics }
    }

    /// Handles one exchange; `next` is everything inside.
    pub(crate) async fn around(
        self: Rc<Self>,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let page = is_page(request.path());
        let arrival = Arrival {
            at: Instant::now(),
            id: RequestId::of(request.headers()),
            vocabulary: Vocabulary::of_path(request.path()),
            page,
            origin: self.cors.allowed(request.headers()).filter(|_| !page).cloned(),
        };
        request.extensions_mut().insert(arrival.id.clone());
        let body = HeldBody::of(&mut request);
        let answer = match self.cut_short(&request) {
            Some(answer) => ServiceResponse::new(request.into_parts().0, answer),
            None => next.call(request).await?.map_into_boxed_body(),
        };
        let (request, response) = answer.into_parts();
        let mut told = tell_problem(response, &arrival);
        if let Some(verdict) = request.extensions().get::<Verdict>() {
            limit_headers::write(verdict, told.headers_mut());
        }
        let response = self.dress(request.headers(), told, &arrival);
        let response = match body {
            Some(body) => body.outlive(response),
            None => response,
        };
        let route = request.extensions().get::<&'static Route>().copied();
        self.note(request.method().as_str(), route, response.status(), &arrival);
        Ok(ServiceResponse::new(request, response))
    }

    /// What is answered without looking for a route.
    fn cut_short(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if target > LONGEST_URI {
            return Some(HttpResponse::from_error(Problem::from(Situation::UriTooLong)));
        }
        if has_too_many_headers(request.headers()) {
            return Some(HttpResponse::from_error(Problem::from(Situation::HeadersTooLarge)));
        }
        if is_page(request.path()) { None } else { self.cors.preflight(request) }
    }

    /// Adds what every answer has.
    fn dress(&self, request: &HeaderMap, mut response: HttpResponse, arrival: &Arrival) -> HttpResponse {
        let headers = response.headers_mut();
        headers.insert(request_id::HEADER, arrival.id.header());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if arrival.page {
            page::make_strict(headers);
        }
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, PRIVATE);
        }
        self.cors.mark(arrival.origin.as_ref(), headers);
        let mut response = compress(request, response);
        let took = format!("{}ms", arrival.at.elapsed().as_millis());
        if let Ok(took) = HeaderValue::from_str(&took) {
            response.headers_mut().insert(RESPONSE_TIME, took);
        }
        response
    }

    /// Counts the exchange, and logs it if it was slow without having been asked to wait.
    fn note(&self, method: &str, route: Option<&'static Route>, status: StatusCode, arrival: &Arrival) {
        let took = arrival.at.elapsed();
        let path = route.map_or("unmatched", |route| route.path);
        self.metrics.request(method, path, status.as_u16(), took);
        if took > SLOW && !route.is_some_and(|route| route.held) {
            let millis = took.as_millis() as u64;
            tracing::warn!(request_id = %arrival.id, method, route = path, status = status.as_u16(), millis, "slow request");
        }
    }
}

/// Writes the body of an answer that is an error, and logs what was our fault.
fn tell_problem(response: HttpResponse, arrival: &Arrival) -> HttpResponse {
    let foreign;
    let problem = match response.error() {
        None => return response,
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => problem,
            None => {
                foreign = problem_of(error);
                &foreign
            }
        },
    };
    if problem.situation().status().is_server_error() {
        let cause = problem.cause().unwrap_or("unknown");
        tracing::error!(request_id = %arrival.id, situation = problem.situation().name(), cause, "request failed");
    }
    let (media_type, body) = if arrival.page {
        (page::HTML, page::of_problem(problem, arrival.id.as_str()))
    } else {
        ("application/json", arrival.vocabulary.body(problem, arrival.id.as_str()).to_string())
    };
    let mut told = HttpResponse::new(problem.situation().status());
    problem.write_headers(told.headers_mut());
    told.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in response.headers() {
        if !told.headers().contains_key(name) {
            told.headers_mut().append(name.clone(), value.clone());
        }
    }
    told.set_body(BoxBody::new(body))
}

/// Whether browsers are sent there, with their cookies: no script of another origin calls it (RFC 9700 2.6).
fn is_page(path: &str) -> bool {
    path == "/oauth2/authorize" || path == "/console" || path.starts_with("/console/")
}

/// An error of actix itself, which our own extractors do not leave room for.
fn problem_of(error: &Error) -> Problem {
    let status = error.as_response_error().status_code();
    let known = Situation::ALL.iter().find(|situation| situation.status() == status);
    match known {
        Some(situation) if !status.is_server_error() => (*situation).into(),
        _ => Problem::internal(error),
    }
}

fn has_too_many_headers(headers: &HeaderMap) -> bool {
    headers.len() > MOST_HEADERS || headers.iter().any(|(_, value)| value.len() > LONGEST_HEADER)
}

#[cfg(test)]
mod tests;
