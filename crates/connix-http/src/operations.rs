//! The operations listener: health, readiness, metrics (contract section 12). For the operator's own tools, without credentials.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use connix_application::App;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The store has this long to answer before the service is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the text for Prometheus comes from.
#[derive(Clone)]
pub struct Exposition {
    /// Its media type.
    pub content_type: &'static str,
    /// Writes it.
    pub text: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The listener's routes.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics))
        .default_service(web::to(|| async { HttpResponse::NotFound().json(json!({"status": "not found"})) }));
}

/// The process lives and answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// It can serve: its store answers, and it is not leaving.
async fn readyz(app: web::Data<App>) -> HttpResponse {
    if app.is_leaving() {
        return HttpResponse::ServiceUnavailable().json(json!({"status": "leaving"}));
    }
    match tokio::time::timeout(PATIENCE, app.check_store()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Err(_)) | Err(_) => HttpResponse::ServiceUnavailable().json(json!({"status": "store unavailable"})),
    }
}

async fn metrics(exposition: web::Data<Exposition>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, exposition.content_type)).body((exposition.text)())
}
