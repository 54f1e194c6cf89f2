//! Runs that are written down, and done again without network, store or account.
//!
//! What is recorded is what a component can tell apart: its own requests as it named them, by audience and path, the
//! answers as it got them, the facts of the connection, the time, and the seed of its randomness. Nothing is taken from
//! the wire, where credentials are: a recording holds none because none comes to where it is made. Against answers that
//! bring one back in disguise, every text is searched for the call's secrets before it is kept, and what signs a
//! presigned URL is left out. Targets of redirects never reach a component, and so no recording.
//!
//! Of files the names, sizes and digests are recorded. Their bytes go past the component, so that a run is repeated
//! without them.
//!
//! A recording is one JSON document:
//!
//! | field | what |
//! |---|---|
//! | `actionbay-recording` | the version of this format |
//! | `component` | integration, version and SHA-256 of what ran |
//! | `template`, `input` | what was run |
//! | `clock`, `seed` | when, in seconds since 1970 UTC; what its randomness came from |
//! | `connection` | the facts of the connection at the beginning |
//! | `calls` | what it asked the host for, in order, and what it got |
//! | `outcome` | the `output`, or the `failure` |
//!
//! Bytes are `json` where they are JSON in its shortest form, else `text` where they are UTF-8, else `base64`.
//!
//! | file | subject |
//! |---|---|
//! | `format.rs` | what a recording holds |
//! | `cleaning.rs`, `presigned.rs` | what is taken out of it: secrets, and what signs a URL |
//! | `recorder.rs` | writes a run down |
//! | `player.rs` | stands in for the host in a replay |
//! | `tape.rs` | where the imports of a call meet either |
//! | `replay.rs` | a replay, and how it differs |

mod cleaning;
mod format;
mod player;
mod presigned;
mod recorder;
mod replay;
mod tape;

pub use format::{Component, Recording};
pub use recorder::Recorder;
pub use replay::{Difference, Replay};
#[cfg(feature = "wasi")]
pub(super) use tape::Fixed;
pub use tape::Tape;
