//! Compiled components and what they said of themselves, kept between processes.
//!
//! An artifact is machine code: whoever can write one decides what this process runs. It is therefore read
//! only from a file and a folder that belong to this user and that nobody else may write, under a name made of the
//! component's digest and of everything that decides about the code, and only if its checksum fits.
//!
//! The checksum finds damage: a disk's, or what a power cut left. It is no proof against somebody who can write the file,
//! and no hash in the same file could be: such a one would write the hash too. So it may be a quick one.
//!
//! The manifest is kept beside the code, after it was checked: `describe` has every import denied, and the same code
//! says the same again.

use std::fs::{self, File, FileType};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use crc32fast::Hasher as Checksum;
use wasmtime::component::Component;

use super::{Engine, Manifest};

/// What is kept of a manifest, and how. It is raised when either changes.
const FORMAT: u32 = 1;

/// The length of a manifest, which stands after code and manifest.
const LENGTH: usize = 8;

/// The checksum of all that stands before it, at the end.
const CHECKSUM: usize = 4;

/// How much is read at once for the checksum: what stays in the processor's cache.
const CHUNK: usize = 128 << 10;

/// The kept artifact of a component, if there is a sound one: what `link` makes of its code, and its manifest.
pub(super) fn load<T>(
    engine: &Engine,
    digest: &str,
    link: impl FnOnce(&Component) -> T,
) -> Option<(T, Manifest)> {
    let path = place(engine, digest).filter(|path| only_we_write(path, FileType::is_file))?;
    thread::scope(|scope| {
        // Reading the manifest takes as long as all else, and is no danger before it is known that the file is whole.
        let reading = thread::Builder::new().spawn_scoped(scope, || manifest(&path)).ok()?;
        let code = is_sound(&path).unwrap_or_default().then(|| deserialize(engine, &path)).flatten();
        let linked = code.map(|code| link(&code));
        let manifest = reading.join().ok().flatten();
        linked.zip(manifest)
    })
}

/// Whether an artifact is whole.
fn is_sound(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let Some(covered) = file.metadata()?.len().checked_sub(CHECKSUM as u64) else { return Ok(false) };
    let (mut checksum, mut chunk) = (Checksum::new(), vec![0; CHUNK]);
    let mut covered = (&mut file).take(covered);
    loop {
        match covered.read(&mut chunk)? {
            0 => break,
            count => checksum.update(chunk.get(..count).unwrap_or_default()),
        }
    }
    let mut expected = [0; CHECKSUM];
    file.read_exact(&mut expected)?;
    Ok(checksum.finalize() == u32::from_le_bytes(expected))
}

/// The manifest in an artifact, which may be damaged.
fn manifest(path: &Path) -> Option<Manifest> {
    rmp_serde::from_slice(&manifest_bytes(path).ok()?).ok()
}

fn manifest_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut file = File::open(path)?;
    let end = file.metadata()?.len().checked_sub((LENGTH + CHECKSUM) as u64).ok_or_else(cut)?;
    let mut length = [0; LENGTH];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    file.seek(SeekFrom::Start(end.checked_sub(length).ok_or_else(cut)?))?;
    let mut manifest = Vec::new();
    file.take(length).read_to_end(&mut manifest)?;
    Ok(manifest)
}

#[expect(unsafe_code, reason = "a compiled artifact can only be taken as it is; see the argument below")]
fn deserialize(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: the file was written by `save`, from `Component::serialize` of an engine with the same
    // settings: only this user can write file and folder (`load` and `place` check that each time), the name holds the
    // engine's compatibility hash, and the checksum showed that it is whole. Nothing changes a file that is there:
    // another takes its place. wasmtime checks version and settings itself once more, and takes no notice of what
    // follows the code.
    unsafe { Component::deserialize_file(engine.wasmtime(), path) }.ok()
}

/// Keeps a component and its manifest. Trouble is not an error: the next process compiles again.
pub(super) fn save(engine: &Engine, digest: &str, component: &Component, manifest: &Manifest) {
    let Some(path) = place(engine, digest) else { return };
    let Ok(code) = component.serialize() else { return };
    let Ok(manifest) = rmp_serde::to_vec_named(manifest) else { return };
    let bytes = sound(code, &manifest);
    let Ok(draft) = crate::ids::random_id("draft-").map(|name| path.with_file_name(name)) else { return };
    // Written aside and moved, so that a reader finds a whole artifact or none.
    if write_private(&draft, &bytes).and_then(|()| fs::rename(&draft, &path)).is_err() {
        let _ = fs::remove_file(&draft);
    }
}

/// Code and manifest as they are kept.
fn sound(code: Vec<u8>, manifest: &[u8]) -> Vec<u8> {
    let mut bytes = code;
    bytes.extend_from_slice(manifest);
    bytes.extend_from_slice(&(manifest.len() as u64).to_le_bytes());
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Where the artifact of a component is, in a folder that can be trusted.
fn place(engine: &Engine, digest: &str) -> Option<PathBuf> {
    let folder = engine.artifacts()?;
    if !folder.is_dir() {
        create_private(folder).ok()?;
    }
    if !only_we_write(folder, FileType::is_dir) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    engine.wasmtime().precompile_compatibility_hash().hash(&mut hasher);
    (FORMAT, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
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

/// Writes a file that only its owner can read or write, whatever the process gives files that it makes.
fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file)?.write_all(bytes)
}

/// Whether it is of this kind and nobody but this user can write it.
#[cfg(unix)]
fn only_we_write(path: &Path, is_kind: impl Fn(&FileType) -> bool) -> bool {
    use std::os::unix::fs::MetadataExt;
    let mine = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path)
        .is_ok_and(|facts| is_kind(&facts.file_type()) && facts.uid() == mine && facts.mode() & 0o022 == 0)
}

/// Without Unix permissions there is no cheap proof that nobody else can write, so nothing is kept.
#[cfg(not(unix))]
fn only_we_write(_: &Path, _: impl Fn(&FileType) -> bool) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_is_taken_only_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept");
        let whole = sound(b"some code".to_vec(), b"a manifest");
        fs::write(&file, &whole).unwrap();
        assert!(is_sound(&file).unwrap());
        assert_eq!(manifest_bytes(&file).unwrap(), b"a manifest");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&file, &damaged).unwrap();
            assert!(!is_sound(&file).unwrap(), "changed at {at}");
            let _ = manifest(&file);
            fs::write(&file, &whole[..at]).unwrap();
            assert!(!is_sound(&file).unwrap(), "cut at {at}");
            assert!(manifest(&file).is_none(), "cut at {at}");
        }
    }

    /// What a process before found is what this one would find: manifest, imports and digest.
    #[cfg(feature = "builtin")]
    #[test]
    fn a_plugin_from_its_artifact_is_the_one_that_was_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let load = || {
            let engine = Engine::builder().artifacts(folder.path()).build().unwrap();
            let plugin = crate::builtin::COMPONENTS[0].load(&engine).unwrap();
            let manifest = plugin.manifest();
            (
                serde_json::to_value(manifest).unwrap(),
                plugin.imports(),
                format!("{:?}", manifest.authorization),
            )
        };
        let compiled = load();
        let kept: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let engine = Engine::builder().artifacts(folder.path()).build().unwrap();
        let name = kept[0].file_name().unwrap().to_str().unwrap();
        assert!(super::load(&engine, name.split_once('-').unwrap().0, |_| ()).is_some());
        assert_eq!(load(), compiled);
        // Where it was damaged the component is compiled again, and kept in its place.
        let bytes = fs::read(&kept[0]).unwrap();
        fs::write(&kept[0], &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(load(), compiled);
        assert_eq!(fs::read(&kept[0]).unwrap().len(), bytes.len());
    }
}
