//! The end-to-end tests: whole components in the whole host.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and here also in what tests share"
)]

mod accounts;
mod artifacts;
mod authorizing;
mod bad_input;
mod checking;
mod chromium;
mod command;
mod configuring;
mod console;
mod contract;
mod dialogs;
mod embedding;
mod faces;
mod failing;
mod files;
mod foreign;
mod guests;
mod guide;
mod hostile;
mod killing;
mod languages;
mod life_cycle;
mod limits;
mod links;
mod memory;
mod offers;
mod own_components;
mod pacing;
mod pages;
mod policy;
mod profiles;
mod recording;
mod refreshing;
mod repeating;
mod rotation;
mod secrecy;
mod service;
mod serving;
mod statuses;
mod stumbling;
mod support;
mod templates;

/// The paths of the components, from the build script.
mod components {
    include!(concat!(env!("OUT_DIR"), "/components.rs"));
}
