//! HTTP: what a running process tells of itself.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::error::{Error, Kind, Result};
use crate::metrics::Metrics;
use crate::pipeline::Health;

mod health;
mod metrics;

/// Takes the address, so that an error comes before anything runs; says which it is, for port 0
/// takes any that is free.
///
/// # Errors
/// When it cannot be had.
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let refused = |error| {
        Error::new(Kind::Config, "listen", "the address to listen on cannot be had")
            .with("address", address)
            .hint("choose another port; port 0 takes any that is free")
            .caused_by(error)
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

/// Answers requests for as long as it is polled.
///
/// # Errors
/// When the listener breaks down.
pub async fn serve(listener: TcpListener, metrics: Metrics, health: Health) -> Result<()> {
    let router = Router::new().merge(metrics::routes(metrics)).merge(health::routes(health));
    axum::serve(listener, router).await.map_err(|error| {
        Error::new(Kind::Bug, "listen", "the HTTP server broke down").caused_by(error)
    })
}
