//! A web application of your own: the test is in `tests/`.

use axum::Router;
use axum::routing::get;

/// The application.
pub fn application() -> Router {
    Router::new().route("/", get(async || "hello"))
}
