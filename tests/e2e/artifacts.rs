//! The folder in which compiled components are kept: whoever could write it would decide what this process runs.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actionbay::Engine;

use crate::components::{RETURNS_64_BYTES, TRAPS};
use crate::support::{Memories, load};

/// What a component says that it is, loaded by an engine that keeps its artifacts there.
fn id(folder: &Path, component: &str) -> String {
    let engine = Engine::builder().artifacts(folder).build().unwrap();
    load(&engine, component).manifest().id.to_string()
}

/// The files in a folder, with their bytes.
fn kept(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

/// The only artifact in the folder, that of `RETURNS_64_BYTES`, its bytes, and those of another component's.
fn artifact_and_other(folder: &Path) -> (PathBuf, Vec<u8>, Vec<u8>) {
    let only = || kept(folder).pop().unwrap();
    id(folder, TRAPS);
    let (of_traps, other) = only();
    fs::remove_file(of_traps).unwrap();
    id(folder, RETURNS_64_BYTES);
    let (file, whole) = only();
    (file, whole, other)
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_is_made_for_artifacts_is_its_owners_alone() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("cache/artifacts");
    id(&folder, RETURNS_64_BYTES);
    for made in [&folder, &place.path().join("cache")] {
        assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700, "{made:?}");
    }
    assert_eq!(kept(&folder).len(), 1);
}

#[test]
fn a_folder_that_others_can_write_or_lead_elsewhere_is_neither_read_nor_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("artifacts");
    let (file, _, other) = &artifact_and_other(&folder);
    // The code of another component in its place: whoever reads it is taken in.
    fs::write(file, other).unwrap();
    assert_eq!(id(&folder, RETURNS_64_BYTES), "traps", "it is read where only its owner can write");
    let planted = kept(&folder);
    let link = place.path().join("link");
    symlink(&folder, &link).unwrap();
    for (mode, named) in [(0o777, &folder), (0o770, &folder), (0o702, &folder), (0o700, &link)] {
        set_mode(&folder, mode);
        assert_eq!(id(named, RETURNS_64_BYTES), "returns-64-bytes", "{mode:o} {named:?} was read");
        assert_eq!(id(named, TRAPS), "traps");
        assert_eq!(kept(&folder), planted, "{mode:o} {named:?} was written");
    }
}

/// As one would be that was made where everybody may write what others make.
#[test]
fn an_artifact_that_others_can_write_or_that_lies_elsewhere_is_not_read_and_another_takes_its_place() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("artifacts");
    let (file, whole, other) = &artifact_and_other(&folder);
    let mode = || fs::symlink_metadata(file).unwrap().permissions().mode();
    assert_eq!(mode(), 0o100_600);
    for others in [0o606, 0o620] {
        fs::write(file, other).unwrap();
        set_mode(file, others);
        assert_eq!(id(&folder, RETURNS_64_BYTES), "returns-64-bytes", "{others:o} was read");
        assert_eq!((mode(), &fs::read(file).unwrap()), (0o100_600, whole));
    }
    let elsewhere = place.path().join("elsewhere");
    fs::write(&elsewhere, other).unwrap();
    fs::remove_file(file).unwrap();
    symlink(&elsewhere, file).unwrap();
    assert_eq!(id(&folder, RETURNS_64_BYTES), "returns-64-bytes", "a link was followed");
    assert_eq!((mode(), fs::read(elsewhere).unwrap()), (0o100_600, other.clone()));
}

#[test]
fn engines_of_different_settings_keep_an_artifact_each() {
    let folder = tempfile::tempdir().unwrap();
    let usual = || Engine::builder().artifacts(folder.path()).build().unwrap();
    let on_demand = || {
        Engine::builder()
            .artifacts(folder.path())
            .memory_creator(Arc::new(Memories::default()))
            .build()
            .unwrap()
    };
    load(&usual(), RETURNS_64_BYTES);
    let first = kept(folder.path());
    load(&on_demand(), RETURNS_64_BYTES);
    let both = kept(folder.path());
    assert_eq!((first.len(), both.len()), (1, 2));
    assert!(both.contains(&first[0]), "neither takes the place of the other");
    load(&usual(), RETURNS_64_BYTES);
    load(&on_demand(), RETURNS_64_BYTES);
    assert_eq!(kept(folder.path()), both);
}
