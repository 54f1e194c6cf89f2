//! The HTTP API, as platforms use it: over real HTTP, against the sandbox.

mod answers;
mod auditing;
mod authorizing;
mod configuring;
mod crowded;
mod delivering;
mod ending;
mod erasing;
mod faults;
mod files;
mod keys;
mod listing;
mod names;
mod noting;
pub(crate) mod office;
mod once;
mod private_addresses;
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
