//! What is served over HTTP.
//!
//! | file | subject |
//! |---|---|
//! | `http.rs` | the whole service, and what watches over it |
//! | `api/` | the HTTP API, under `/v1` |
//! | `console/` | what an admin does with a browser, under `/console` |
//! | `keys/` | who may use it, and for what |
//! | `runs/` | what is known of runs that it was asked for |
//! | `files/` | what runs are given and make: files |
//! | `webhooks/` | telling platforms what happened |
//! | `audit.rs` | who did what |
//! | `metrics.rs` | what can be measured |
//! | `settings.rs` | what an operator can set |
//! | `routes.rs` | the pages of links, and the callback's endpoint |
//! | `cookie.rs` | the cookie by which a browser is told from others |
//! | `page.rs` | what people see |
//! | `addressed.rs` | whom a request is addressed to |
//! | `requests.rs` | the id of every request, and its line in the log |
//! | `status.rs` | what status a failure is answered with |
//! | `room.rs` | how much is worked on at a time |
//! | `callback.rs` | an endpoint for one callback, on this machine |
//! | `server.rs` | ports, connections and their end |

mod addressed;
mod api;
pub mod audit;
mod callback;
mod console;
mod cookie;
mod files;
mod http;
pub mod keys;
mod metrics;
mod page;
mod requests;
mod room;
mod routes;
mod runs;
mod server;
mod settings;
mod status;
pub mod traces;
mod webhooks;

pub use callback::{Listener, serve_callback};
pub use http::Service;
pub use routes::routes;
#[cfg(feature = "cli")]
pub(crate) use runs::Keeping;
pub use runs::{RunFailure, RunRecord, RunState, Runs};
pub use server::{Server, Serving};
pub use settings::{LAST_RUNS, Settings};
pub use webhooks::{Webhook, WebhookEvent, Webhooks};
