//! The components that ship inside the command: data, made by the build script.

use crate::failure::Result;
use crate::{Engine, Plugin};

/// A component that ships with the command.
pub(crate) struct BuiltIn {
    /// The id of its integration.
    pub(crate) id: &'static str,
    /// The SHA-256 of its bytes, in hex.
    digest: &'static str,
    bytes: &'static [u8],
}

impl BuiltIn {
    /// The built-in component of an integration.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.id == id)
    }

    /// Makes a plugin of it. It is not hashed once more: it lies in this program beside its digest.
    pub(crate) fn load(&self, engine: &Engine) -> Result<Plugin> {
        engine.load_built_in(self.bytes, self.digest)
    }
}

#[cfg(feature = "builtin")]
include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The components that ship with the command.
#[cfg(not(feature = "builtin"))]
pub(crate) static COMPONENTS: &[BuiltIn] = &[];

/// The hosts that they call.
#[cfg(not(feature = "builtin"))]
pub(crate) static HOSTS: &[&str] = &[];
