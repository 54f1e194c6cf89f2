//! The components that ship inside the command: data, made by the build script.

#[cfg(feature = "builtin")]
include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The integrations that ship with the command: id and component.
#[cfg(not(feature = "builtin"))]
pub(crate) static COMPONENTS: &[(&str, &[u8])] = &[];

/// The hosts that they call.
#[cfg(not(feature = "builtin"))]
pub(crate) static HOSTS: &[&str] = &[];
