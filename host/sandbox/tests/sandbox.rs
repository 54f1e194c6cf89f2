//! The sandbox, over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests stand outside of test functions, where clippy.toml does not reach"
)]

#[path = "sandbox/support.rs"]
mod support;

#[path = "sandbox/accounts.rs"]
mod accounts;
#[path = "sandbox/api_tokens.rs"]
mod api_tokens;
#[path = "sandbox/attachments.rs"]
mod attachments;
#[path = "sandbox/comments.rs"]
mod comments;
#[path = "sandbox/consent.rs"]
mod consent;
#[path = "sandbox/content.rs"]
mod content;
#[path = "sandbox/control.rs"]
mod control;
#[path = "sandbox/cuts.rs"]
mod cuts;
#[path = "sandbox/gateway.rs"]
mod gateway;
#[path = "sandbox/grants.rs"]
mod grants;
#[path = "sandbox/labels.rs"]
mod labels;
#[path = "sandbox/lists.rs"]
mod lists;
#[path = "sandbox/moves.rs"]
mod moves;
#[path = "sandbox/rates.rs"]
mod rates;
#[path = "sandbox/search.rs"]
mod search;
#[path = "sandbox/server.rs"]
mod server;
#[path = "sandbox/spaces.rs"]
mod spaces;
#[path = "sandbox/tokens.rs"]
mod tokens;
#[path = "sandbox/tree.rs"]
mod tree;
#[path = "sandbox/versions.rs"]
mod versions;
#[path = "sandbox/view.rs"]
mod view;
#[path = "sandbox/visibility.rs"]
mod visibility;
#[path = "sandbox/writes.rs"]
mod writes;
