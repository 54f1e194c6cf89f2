//! A stand-in for Atlassian's authorization server (auth.atlassian.com), its API gateway (api.atlassian.com)
//! and Confluence Cloud, all on one loopback port; the media host, which serves attachments, has another one.
//!
//! It is strict where the real one is strict, so that a client that passes here has met the traps that break
//! clients there: rotating refresh tokens with a leeway, expired tokens answered 404 on v2, classic scopes
//! refused by v2 with a 401, v1 content calls that are gone, lists whose `next` link lacks the gateway's
//! prefix, cursors that contain `=`, title filters that match too much, four shapes of errors, a search index
//! that lags, downloads that lead to another host.
//! State lives in memory and starts with two spaces and some pages.
//!
//! Five people have an account; scripts say who is signed in in the browser, and do what people do elsewhere:
//! take a consent back, change a password, make an API token. There is one grant per app and account. Scripts
//! also order what goes wrong on the way: other answers, late ones, connections that are cut.
//!
//! ```
//! use atlassian_sandbox::{Sandbox, SandboxConfig};
//!
//! let sandbox = Sandbox::start(SandboxConfig::default())?;
//! println!("authorize at {}/authorize as {}", sandbox.url(), sandbox.client().client_id);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | path | what |
//! |---|---|
//! | `/authorize`, `/oauth/token`, `/oauth/token/accessible-resources` | OAuth 2.0 (3LO) |
//! | `/ex/confluence/{cloudid}/wiki/api/v2/…`, `…/wiki/rest/api/…` | Confluence behind the gateway |
//! | `/wiki/api/v2/…`, `/wiki/rest/api/…` | Confluence at its own address, with a person's API token |
//! | on the media host: `/file/{file}/binary` | attachments, at addresses with a token of their own |
//! | `/wiki/spaces/…` | pages for people, at their `webui` links |
//! | `/_sandbox/…` | what scripts steer by, see [`control`] |
//!
//! [`consent`] answers the consent page as a person would, [`scenario`] is the quick start's script.

mod accounts;
mod adf;
mod api_token;
mod client;
mod clock;
mod confluence;
pub mod consent;
pub mod control;
mod control_api;
mod cql;
mod cut;
mod direct;
mod door;
mod errors;
mod faults;
mod gateway;
mod html;
mod http;
mod line;
mod media;
mod oauth;
mod rates;
mod recorder;
mod render;
mod routes;
pub mod scenario;
mod server;
mod site;
mod state;
mod storage;
mod upload;
mod v1;
mod v2;
mod view;

pub use api_token::ApiToken;
pub use client::ClientRegistration;
pub use rates::RateLimit;
pub use server::{Sandbox, SandboxConfig};
