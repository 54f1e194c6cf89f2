//! A component of the tests, built when it is needed.

use std::path::Path;

use actionbay_component::{Source, build, shared_target_dir};

/// The bytes of a guest.
pub(crate) fn guest(package: &str) -> Vec<u8> {
    let target_dir = shared_target_dir(Path::new(env!("OUT_DIR"))).unwrap();
    let guests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/guests/Cargo.toml");
    build(&Source::new(guests, target_dir).package(package)).unwrap().remove(0).bytes
}
