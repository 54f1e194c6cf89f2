//! The plugin's logic against a double of the host, without wasm.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::result_large_err,
    clippy::unwrap_used,
    reason = "the double and its helpers are test code too, outside of the test functions that clippy lets off"
)]

mod attachments;
mod authorize;
mod bad_input;
mod comments;
mod create_content;
mod drafts_and_trash;
mod errors;
mod labels;
mod list_pages;
mod manifest;
mod naming;
mod search;
mod spaces;
mod support;
mod tree;
mod update_content;
mod versions;
mod view_content;
