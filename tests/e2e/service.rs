//! The HTTP API, as platforms use it: over real HTTP, against the sandbox.

mod auditing;
mod authorizing;
mod configuring;
mod files;
mod keys;
mod listing;
mod names;
pub(crate) mod office;
mod problems;
mod processes;
mod routes;
mod running;
mod secrecy;
mod talking;
mod telling;
mod tools;
mod tracing;
mod watching;
