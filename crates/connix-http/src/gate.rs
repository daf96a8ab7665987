//! The gate of a route: who may pass is read from the route's own entry in the table (contract section 2, order of checks).

use crate::credential;
use crate::origin;
use crate::problem::{Challenge, Problem, Situation};
use crate::route::{Access, Route};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use connix_application::{App, Caller, Error as Refusal, Worker};
use connix_domain::audit::Origin;
use connix_worker_protocol::{PROTOCOL_HEADER, PROTOCOL_VERSION};

/// Lets a request pass to the handler, with its caller or worker noted in it, or answers why not.
pub(crate) async fn admit(
    route: &'static Route,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(route);
    let answer = match check(route, &request).await {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => request.error_response(problem),
    };
    if answer.status() == StatusCode::FORBIDDEN {
        account_for_refusal(answer.request()).await;
    }
    Ok(answer)
}

async fn check(route: &'static Route, request: &ServiceRequest) -> Result<(), Problem> {
    match route.access {
        Access::Public => {}
        Access::AnyKey => {
            caller(route, request).await?;
        }
        Access::Key(permission) => {
            let caller = caller(route, request).await?;
            caller.may(permission).map_err(|error| too_narrow(&caller, error))?;
        }
        Access::Worker => {
            let worker = worker(request).await?;
            request.extensions_mut().insert(worker);
        }
    }
    Ok(())
}

/// Who calls, within its budgets. Noted in the request, for the handler and for the audit log.
async fn caller(route: &'static Route, request: &ServiceRequest) -> Result<Caller, Problem> {
    let origin = origin::of(request.request());
    let caller = authenticated(&origin, request).await?.calling(origin);
    count(route, &caller, request).await?;
    request.extensions_mut().insert(caller.clone());
    Ok(caller)
}

/// An application is told that its token is too narrow, so that it can ask for more (RFC 6750 3.1).
fn too_narrow(caller: &Caller, error: Refusal) -> Problem {
    let problem = Problem::from(error);
    if caller.application().is_some() { problem.challenging(Challenge::InsufficientScope) } else { problem }
}

/// Whoever shows a credential that is not good is told so, and not only that one is needed.
async fn authenticated(origin: &Origin, request: &ServiceRequest) -> Result<Caller, Problem> {
    let shown = credential::is_shown(request.headers());
    judged(origin, request).await.map_err(|problem| match problem.situation() {
        Situation::Unauthorized if shown => problem.challenging(Challenge::InvalidToken),
        _ => problem,
    })
}

async fn judged(origin: &Origin, request: &ServiceRequest) -> Result<Caller, Problem> {
    let problem = match credential::api_key(request.headers()) {
        Ok(key) => return Ok(app(request)?.authenticate_from(origin.address, key).await?),
        Err(problem) => problem,
    };
    let mut exposed = credential::in_query(request.query_string()).peekable();
    let refusal = match problem.situation() {
        Situation::Unauthorized if credential::is_shown(request.headers()) => {
            app(request)?.refuse_credential(origin.address)
        }
        Situation::Unauthorized if exposed.peek().is_some() => {
            app(request)?.refuse_exposed(origin.clone(), exposed).await
        }
        _ => return Err(problem),
    };
    Err(refusal.into())
}

/// What a credential did not allow is in the audit log, whoever found that out.
async fn account_for_refusal(request: &HttpRequest) {
    let caller = request.extensions().get::<Caller>().cloned();
    if let (Some(caller), Some(app)) = (caller, request.app_data::<web::Data<App>>()) {
        app.note_refusal(&caller, request.path()).await;
    }
}

/// Takes the call from the caller's budgets, and notes how they stand for the answer's headers.
async fn count(route: &Route, caller: &Caller, request: &ServiceRequest) -> Result<(), Problem> {
    let Some(minute) = route.rate else { return Ok(()) };
    let Some(verdict) = app(request)?.take_call(caller, minute, route.starts_work).await? else { return Ok(()) };
    let refused = verdict.retry_after();
    request.extensions_mut().insert(verdict);
    match refused {
        Some(retry_after) => Err(Refusal::RateLimited { retry_after }.into()),
        None => Ok(()),
    }
}

async fn worker(request: &ServiceRequest) -> Result<Worker, Problem> {
    let worker = app(request)?.authenticate_worker(credential::worker_token(request.headers())?).await?;
    let spoken = request.headers().get(PROTOCOL_HEADER).and_then(|version| version.to_str().ok()?.parse().ok());
    if spoken != Some(PROTOCOL_VERSION) {
        return Err(Situation::WorkerProtocolUnsupported.into());
    }
    Ok(worker)
}

fn app(request: &ServiceRequest) -> Result<&web::Data<App>, Problem> {
    request.app_data().ok_or_else(|| Problem::internal("the listener has no application"))
}
