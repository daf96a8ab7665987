//! The two listeners: opening them, serving on them, ending. Signals are the program's business.

use crate::client_address::TrustedProxies;
use crate::cors::Cors;
use crate::envelope::Envelope;
use crate::event_stream::Pace;
use crate::operations::{self, Exposition};
use crate::route;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer, web};
use connix_application::App;
use connix_domain::port::metrics::Metrics;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::TcpUserTimeout;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;

/// Connections that may wait to be accepted: a burst of a thousand is not turned away.
const BACKLOG: u32 = 4096;
/// The head of a request has to arrive within this time.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// A peer that takes nothing of what was sent to it for this long is cut off, even if its system still answers.
const UNTAKEN_MILLIS: u32 = 60_000;
/// A connection without a request is closed after this time.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Opens a listener; with port 0 the system chooses one, which [`TcpListener::local_addr`] then tells.
///
/// # Errors
/// Those of the system, such as an address in use.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // inherited by every connection
    setsockopt(&socket, TcpUserTimeout, &UNTAKEN_MILLIS)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// What the listeners serve.
pub struct Served {
    /// What Connix does.
    pub app: Arc<App>,
    /// What is counted.
    pub metrics: Arc<dyn Metrics>,
    /// What is shown of it.
    pub exposition: Exposition,
    /// Who may call from other origins.
    pub cors: Cors,
    /// How streams are kept alive.
    pub pace: Pace,
    /// Who is believed about others' addresses.
    pub proxies: TrustedProxies,
}

/// How the API listener serves.
#[derive(Debug, Clone, Copy)]
pub struct Serving {
    /// Threads that serve requests.
    pub threads: usize,
    /// Requests under way have this long to end when the server is told to stop.
    pub grace: Duration,
}

/// The listeners at work.
pub struct Running {
    api: Server,
    operations: Server,
}

/// Tells the listeners to end; can be kept where the signal is awaited.
#[derive(Clone)]
pub struct Stop {
    api: ServerHandle,
    operations: ServerHandle,
}

/// Serves the API on one listener and operations on the other, from now on.
///
/// # Errors
/// Those of the system.
pub fn serve(served: Served, api: TcpListener, operations: TcpListener, serving: Serving) -> io::Result<Running> {
    let Served { app, metrics, exposition, cors, pace, proxies } = served;
    let app = web::Data::from(app);
    let shown = web::Data::new(exposition);
    let for_operations = app.clone();
    let api_server = HttpServer::new(move || {
        let routes = around_routes(cors.clone(), metrics.clone());
        routes.app_data(app.clone()).app_data(web::Data::new(pace)).app_data(proxies.clone())
    });
    let operations_server = HttpServer::new(move || {
        ActixApp::new().app_data(for_operations.clone()).app_data(shown.clone()).configure(operations::configure)
    });
    Ok(Running {
        api: api_server
            .workers(serving.threads.max(1))
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_DEADLINE)
            .tcp_nodelay(true)
            .shutdown_timeout(serving.grace.as_secs())
            .disable_signals()
            .listen(api)?
            .run(),
        operations: operations_server
            .workers(1)
            .client_request_timeout(HEAD_DEADLINE)
            .tcp_nodelay(true)
            .shutdown_timeout(1)
            .disable_signals()
            .listen(operations)?
            .run(),
    })
}

/// The whole route table in its envelope; it still needs an application.
pub(crate) fn around_routes(
    cors: Cors,
    metrics: Arc<dyn Metrics>,
) -> ActixApp<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = actix_web::Error, InitError = ()>,
> {
    let envelope = Rc::new(Envelope::new(cors, metrics));
    ActixApp::new()
        .configure(route::configure)
        .wrap(from_fn(move |request, next| envelope.clone().around(request, next)))
}

impl Running {
    /// What tells them to end.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop { api: self.api.handle(), operations: self.operations.handle() }
    }

    /// Waits until both have ended.
    ///
    /// # Errors
    /// What ended them, unless it was [`Stop`].
    pub async fn ended(self) -> io::Result<()> {
        let (api, operations) = futures_util::future::join(self.api, self.operations).await;
        api.and(operations)
    }
}

impl Stop {
    /// No new connections; requests under way may end within the grace. Health and metrics answer until then.
    pub async fn gracefully(&self) {
        self.api.stop(true).await;
        self.operations.stop(true).await;
    }
}
