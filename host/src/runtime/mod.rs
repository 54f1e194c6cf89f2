//! Runs components, in three phases.
//!
//! | phase | how often | what |
//! |---|---|---|
//! | [`Engine`] | once | compiler, memory pool, the clock that ends calls, what imports are linked to |
//! | [`Plugin`] | once per component | digest, compilation, imports checked, `describe`; or all of that from what was kept |
//! | call | each time | a fresh store and instance with their limits, dropped at the end |
//!
//! What it knows: the contract. What it does not: OAuth (it asks an [`Authority`] for a credential and a
//! [`TokenBroker`] for tokens, and hands neither to a guest), stores, people.
//!
//! A guest holds a connection as a handle, an index into a table of its own call. Everything that is behind
//! the handle stays on this side.

mod artifact;
mod budget;
mod call;
mod convert;
mod convert_rules;
mod engine;
mod events;
mod exports;
mod file_imports;
mod file_names;
mod files;
mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod guard;
mod imports;
mod limits;
mod manifest;
mod methods;
mod pacing;
mod plugin;
mod recording;
mod schema;
#[cfg_attr(not(feature = "wasi"), path = "wasi_absent.rs")]
mod wasi;
mod work;

pub use call::{
    Authority, AuthorizationOutcome, AuthorizationStep, CallContext, CallReport, Granted, TokenBroker,
};
#[cfg(feature = "cli")]
pub(crate) use engine::{CALLS_RANGE, STACK_RANGE};
pub use engine::{Engine, EngineBuilder};
pub use events::{DenyEvents, Event, EventSink, LogLevel};
pub use file_names::is_plain_name;
#[cfg(feature = "cli")]
pub(crate) use file_names::plain_name;
pub use files::{DenyFiles, Files, Sink, SourceFile};
pub use folder::FolderFiles;
#[cfg(feature = "service")]
pub(crate) use folder::media_type_of;
pub use guard::{
    Access, Condition, ContainerName, ContainerPolicy, Containers, ItemKind, Lookup, Naming, PathPattern,
    Place, Pointer, Reference, RequestRule, Subject,
};
pub use limits::{CallLimits, LARGEST_MEMORY};
pub use manifest::{
    AudienceFacts, AuthorizationMethod, CallCost, ClientAuthentication, Effect, Manifest, OAuth2, Pkce,
    Prompt, ScopeMismatchRule, Template, TokenErrorMeaning, TokenErrorRule, TokenRequestEncoding,
};
pub use methods::{Basic, Edition, MethodAudience, Probe};
pub use pacing::Pacer;
pub use plugin::Plugin;
pub use recording::{Component, Difference, Recorder, Recording, Replay, Tape};
pub use schema::Schema;
pub(crate) use schema::marks_file;

use serde::{Deserialize, Serialize};

/// The contract's bindings, generated from `wit/`.
mod bindings {
    #![allow(
        missing_docs,
        unreachable_pub,
        clippy::all,
        reason = "generated from wit/, where everything is documented"
    )]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "integration",
        imports: { default: trappable },
        with: {
            "integration:action/connections.connection": super::call::Handle,
            "integration:action/files.file": super::files::FileHandle,
            "integration:action/files.new-file": super::files::NewFileHandle,
        },
    });
}

/// One account's place at the vendor that a connection can work in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The vendor's id of it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where people open it.
    pub url: String,
}

/// What a plugin may know of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConnectionFacts {
    /// The host's id of it.
    pub id: String,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the access token expires, in seconds since 1970 UTC.
    pub expires_at: Option<u64>,
    /// Whether the host can refresh it without a person.
    pub refreshable: bool,
    /// The site it works in.
    pub site: Option<Site>,
    /// What the plugin said of the account.
    pub attributes: Vec<(String, String)>,
}
