use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::pipeline::Health;

/// `GET /health/live`: the process answers. `GET /health/ready`: every pipeline moves, or has
/// nothing to do.
pub(super) fn routes(health: Health) -> Router {
    let ready = move || {
        let ready = health.ready();
        async move {
            match ready {
                Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
                Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
            }
        }
    };
    Router::new().route("/health/live", get(async || "live\n")).route("/health/ready", get(ready))
}
