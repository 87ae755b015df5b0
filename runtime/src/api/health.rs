use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

/// How a pipeline is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is being opened.
    Starting,
    /// It runs.
    Running,
    /// Its input has ended, and all of it is delivered.
    Done,
    /// It stopped with this error.
    Failed(String),
}

/// How the pipelines of the process are. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, State>>>);

impl Health {
    /// Says how the pipeline of this name is now.
    pub fn set(&self, pipeline: &str, state: State) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.insert(pipeline.to_owned(), state);
    }

    /// Nothing, when all pipelines do their work; else why not, a line for each that does not.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = |(name, state): (&String, &State)| match state {
            State::Running | State::Done => None,
            State::Starting => Some(format!("{name}: starting")),
            State::Failed(error) => Some(format!("{name}: failed: {error}")),
        };
        states.iter().filter_map(complaint).collect()
    }
}

/// `GET /health/live`: the process answers. `GET /health/ready`: the pipelines do their work.
pub(super) fn routes(health: Health) -> Router {
    let ready = move || {
        let complaints = health.complaints();
        async move {
            match complaints.as_slice() {
                [] => (StatusCode::OK, "ready\n".to_owned()),
                complaints => (StatusCode::SERVICE_UNAVAILABLE, complaints.join("\n") + "\n"),
            }
        }
    };
    Router::new().route("/health/live", get(async || "live\n")).route("/health/ready", get(ready))
}
