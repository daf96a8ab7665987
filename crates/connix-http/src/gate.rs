//! The gate of a route: who may pass is read from the route's own entry in the table (contract section 2, order of checks).

use crate::client_address::TrustedProxies;
use crate::credential;
use crate::problem::{Problem, Situation};
use crate::route::{Access, Route};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use connix_application::{App, Caller, Error as Refusal, Worker};
use connix_worker_protocol::{PROTOCOL_HEADER, PROTOCOL_VERSION};

/// Lets a request pass to the handler, with its caller or worker noted in it, or answers why not.
pub(crate) async fn admit(
    route: &'static Route,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(route);
    match check(route, &request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn check(route: &'static Route, request: &ServiceRequest) -> Result<(), Problem> {
    match route.access {
        Access::Public => {}
        Access::AnyKey => {
            let caller = caller(request).await?;
            count(route, &caller, request).await?;
            request.extensions_mut().insert(caller);
        }
        Access::Key(permission) => {
            let caller = caller(request).await?;
            count(route, &caller, request).await?;
            caller.may(permission)?;
            request.extensions_mut().insert(caller);
        }
        Access::Worker => {
            let worker = worker(request).await?;
            request.extensions_mut().insert(worker);
        }
    }
    Ok(())
}

async fn caller(request: &ServiceRequest) -> Result<Caller, Problem> {
    let address = request.app_data::<TrustedProxies>().and_then(|proxies| proxies.client(request));
    match credential::api_key(request.headers()) {
        Ok(key) => Ok(app(request)?.authenticate_from(address, key).await?),
        Err(problem) if problem.situation() == Situation::Unauthorized && credential::is_shown(request.headers()) => {
            Err(app(request)?.refuse_credential(address).into())
        }
        Err(problem) => Err(problem),
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
