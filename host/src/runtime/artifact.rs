//! Compiled components, kept between processes.
//!
//! An artifact is machine code: whoever can write one decides what this process runs. It is therefore read
//! only from a folder that belongs to this user and that nobody else may write, under a name made of the
//! component's digest and of everything that decides about the code, and only if its own hash fits.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::Engine;

/// The length of the hash that stands before the code.
const HASH: usize = 32;

/// The kept artifact of a component, if there is a sound one.
pub(super) fn load(engine: &Engine, digest: &str) -> Option<Component> {
    let path = place(engine, digest)?;
    let bytes = fs::read(path).ok()?;
    let (hash, code) = bytes.split_at_checked(HASH)?;
    if Sha256::digest(code).as_slice() != hash {
        return None;
    }
    deserialize(engine, code)
}

#[expect(unsafe_code, reason = "a compiled artifact can only be taken as it is; see the argument below")]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes were written by `save`, from `Component::serialize` of an engine with the same
    // settings: only this user can write the folder (`place` checks that each time), the name holds the
    // engine's compatibility hash, and the hash before the code shows that it is whole. wasmtime checks
    // version and settings itself once more.
    unsafe { Component::deserialize(engine.wasmtime(), code) }.ok()
}

/// Keeps the artifact of a component. Trouble is not an error: the next process compiles again.
pub(super) fn save(engine: &Engine, digest: &str, component: &Component) {
    let Some(path) = place(engine, digest) else { return };
    let Ok(code) = component.serialize() else { return };
    let hash = Sha256::digest(&code);
    let Ok(draft) = crate::ids::random_id("draft-").map(|name| path.with_file_name(name)) else { return };
    // Written aside and moved, so that a reader finds a whole artifact or none.
    if fs::write(&draft, [hash.as_slice(), &code].concat()).and_then(|()| fs::rename(&draft, &path)).is_err()
    {
        let _ = fs::remove_file(&draft);
    }
}

/// Where the artifact of a component is, in a folder that can be trusted.
fn place(engine: &Engine, digest: &str) -> Option<PathBuf> {
    let folder = engine.artifacts()?;
    if !folder.is_dir() {
        create_private(folder).ok()?;
    }
    if !is_private(folder) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    engine.wasmtime().precompile_compatibility_hash().hash(&mut hasher);
    Some(folder.join(format!("{digest}-{:016x}.artifact", hasher.finish())))
}

#[cfg(unix)]
fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let mine = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder)
        .is_ok_and(|facts| facts.is_dir() && facts.uid() == mine && facts.mode() & 0o022 == 0)
}

/// Without Unix permissions there is no cheap proof that nobody else can write, so nothing is kept.
#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    false
}
