//! The gate of a route: who may pass is read from the route's own entry in the table (contract section 2, order of checks).

use crate::credential;
use crate::problem::{Problem, Situation};
use crate::route::{Access, Route};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use connix_application::{App, Caller, Worker};
use connix_worker_protocol::{PROTOCOL_HEADER, PROTOCOL_VERSION};

/// Lets a request pass to the handler, with its caller or worker noted in it, or answers why not.
pub(crate) async fn admit(
    route: &'static Route,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(route);
    match check(route.access, &request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn check(access: Access, request: &ServiceRequest) -> Result<(), Problem> {
    match access {
        Access::Public => {}
        Access::AnyKey => {
            let caller = caller(request).await?;
            request.extensions_mut().insert(caller);
        }
        Access::Key(permission) => {
            let caller = caller(request).await?;
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
    let key = credential::api_key(request.headers())?;
    Ok(app(request)?.authenticate(key).await?)
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
