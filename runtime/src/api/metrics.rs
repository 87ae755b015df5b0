use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use crate::metrics::Metrics;

/// The text format of Prometheus:
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`.
pub(super) fn routes(metrics: Metrics) -> Router {
    let answer = move || {
        let text = metrics.render();
        async move { ([(CONTENT_TYPE, TEXT)], text) }
    };
    Router::new().route("/metrics", get(answer))
}
