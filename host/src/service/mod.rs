//! What is served over HTTP.

mod callback;

pub use callback::{Listener, serve_callback};
