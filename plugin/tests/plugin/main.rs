//! The plugin's logic against a double of the host, without wasm.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::result_large_err,
    clippy::unwrap_used,
    reason = "the double and its helpers are test code too, outside of the test functions that clippy lets off"
)]

mod authorize;
mod create_content;
mod errors;
mod list_pages;
mod manifest;
mod support;
mod update_content;
mod view_content;
