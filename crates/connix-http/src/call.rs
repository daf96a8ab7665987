//! What a handler is given of a request that passed its gate.

use crate::conditional;
use crate::problem::Problem;
use crate::query::Query;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use connix_application::{App, Caller, Precondition, ProjectRef, Worker};
use std::future::{Ready, ready};

/// A request of somebody with a key.
pub(crate) struct Call {
    /// What Connix does.
    pub(crate) app: web::Data<App>,
    /// Who asks.
    pub(crate) caller: Caller,
    request: HttpRequest,
}

impl Call {
    /// The request itself.
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The project in the path.
    pub(crate) fn project(&self) -> ProjectRef {
        ProjectRef::read(path_text(&self.request, "project"))
    }

    /// The text of another path parameter.
    pub(crate) fn path(&self, name: &str) -> &str {
        path_text(&self.request, name)
    }

    /// The query string, to be read.
    pub(crate) fn query(&self) -> Query {
        Query::of(self.request.query_string())
    }

    /// Refuses any query parameter: for calls that have none.
    ///
    /// # Errors
    /// 400 that names the parameters.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        self.query().finish()
    }

    /// On which version the write is to happen.
    pub(crate) fn precondition(&self) -> Precondition {
        conditional::precondition(self.request.headers())
    }

    /// Whether the caller has this version already.
    pub(crate) fn knows(&self, version: i64) -> bool {
        conditional::is_known(self.request.headers(), version)
    }
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(noted(request).map(|(app, caller)| Self { app, caller, request: request.clone() }))
    }
}

/// A request of an agent's worker.
pub(crate) struct WorkerCall {
    /// What Connix does.
    pub(crate) app: web::Data<App>,
    /// Whose worker asks.
    pub(crate) worker: Worker,
    request: HttpRequest,
}

impl WorkerCall {
    /// The text of a path parameter.
    pub(crate) fn path(&self, name: &str) -> &str {
        path_text(&self.request, name)
    }
}

impl FromRequest for WorkerCall {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(noted(request).map(|(app, worker)| Self { app, worker, request: request.clone() }))
    }
}

/// The application, and what the gate has noted.
fn noted<T: Clone + 'static>(request: &HttpRequest) -> Result<(web::Data<App>, T), Problem> {
    let app = request.app_data::<web::Data<App>>().cloned();
    let credential = request.extensions().get::<T>().cloned();
    app.zip(credential).ok_or_else(|| Problem::internal("the request did not pass its gate"))
}

fn path_text<'r>(request: &'r HttpRequest, name: &str) -> &'r str {
    request.match_info().get(name).unwrap_or_default()
}
