//! What is served over HTTP.
//!
//! | file | subject |
//! |---|---|
//! | `routes.rs` | the pages of links, and the callback's endpoint |
//! | `cookie.rs` | the cookie by which a browser is told from others |
//! | `page.rs` | what people see |
//! | `callback.rs` | an endpoint for one callback, on this machine |
//! | `server.rs` | ports, connections and their end |

mod callback;
mod cookie;
mod page;
mod routes;
mod server;

pub use callback::{Listener, serve_callback};
pub use routes::routes;
pub use server::{Server, Serving};
