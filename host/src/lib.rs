//! Runs *integration actions* as sandboxed WebAssembly components.
//!
//! A plugin implements the contract in `wit/`: it can authorize, refresh, and execute templates. This library
//! gives it outbound HTTP, keeps its secrets, and routes its OAuth callbacks. No token, code, refresh token or
//! client secret ever enters a plugin's memory.
//!
//! Three steps: an [`Engine`] compiles, a [`Plugin`] is a component that was checked and described itself, and a
//! [`Host`] runs templates with the connections of its store. Everything that a host may do it is given by who
//! builds it; what is not given is denied.
//!
//! ```no_run
//! use actionbay::egress::{OperatorPolicy, UreqTransport};
//! use actionbay::vault::{KeySource, SqliteStore};
//! use actionbay::{Engine, Host, SystemClock};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new()?;
//! let plugin = engine.load(&std::fs::read("integration.wasm")?)?;
//! let host = Host::builder()
//!     .transport(UreqTransport::new())
//!     .store(SqliteStore::open("actionbay.db".as_ref())?, KeySource::File("master.key".into()).read(true)?)
//!     .clock(SystemClock)
//!     .policy(OperatorPolicy::default().allow_hosts("https://*.example.com".parse()?))
//!     .build()?;
//! host.add(plugin)?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop"))]

pub mod authorization;
#[cfg(feature = "cli")]
mod builtin;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
pub mod conformance;
pub mod dialog;
pub mod egress;
pub mod failure;
mod fields;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod host;
pub mod ids;
mod keeper;
mod outcomes;
mod run;
pub mod runtime;
pub mod secret;
#[cfg(feature = "service")]
pub mod service;
pub mod vault;

pub use clock::{Clock, DenyClock, SystemClock};
pub use failure::{AuthorizationLink, Failure, FailureKind, UpstreamAnswer, Violation, Waiting};
pub use host::{Host, HostBuilder};
pub use run::{Run, RunOutcome};
pub use runtime::{CallLimits, Engine, Plugin, Recorder, Recording};
