//! The plugin's logic against a double of the host, without wasm.

mod authorize;
mod create_content;
mod errors;
mod list_pages;
mod manifest;
mod support;
mod view_content;
