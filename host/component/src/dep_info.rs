//! The files that cargo compiled a component from, as its dep-info file lists them.

use std::path::{Path, PathBuf};

/// The prerequisites in a dep-info file: one rule of a makefile, in which a space inside a name is
/// written `\ `. Of path dependencies cargo lists every file, of others none.
pub(crate) fn prerequisites(rule: &str) -> Vec<PathBuf> {
    let Some((_, names)) = rule.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    let mut name = String::new();
    let mut characters = names.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&' ').is_some() => name.push(' '),
            ' ' => files.push(std::mem::take(&mut name)),
            other => name.push(other),
        }
    }
    files.push(name);
    files.into_iter().filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

/// The manifests that belong to these sources: of each, the nearest one above it.
pub(crate) fn manifests(sources: &[PathBuf]) -> Vec<PathBuf> {
    let mut manifests: Vec<_> =
        sources.iter().filter_map(|source| nearest_above(source, "Cargo.toml")).collect();
    manifests.sort();
    manifests.dedup();
    manifests
}

/// The nearest file of this name in a folder above a file.
pub(crate) fn nearest_above(file: &Path, name: &str) -> Option<PathBuf> {
    file.ancestors().skip(1).map(|folder| folder.join(name)).find(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_rule_are_read_with_their_spaces() {
        let files = prerequisites("/t/a.wasm: /w/src/lib.rs /w/my\\ wit/types.wit\n");
        assert_eq!(files, [Path::new("/w/src/lib.rs"), Path::new("/w/my wit/types.wit")]);
    }

    #[test]
    fn a_rule_without_files_gives_none() {
        assert_eq!(prerequisites(""), [] as [PathBuf; 0]);
        assert_eq!(prerequisites("/t/a.wasm: \n"), [] as [PathBuf; 0]);
    }

    #[test]
    fn the_nearest_manifest_above_a_source_is_its_crates() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            file
        };
        let (root, member) = (write("Cargo.toml"), write("member/Cargo.toml"));
        let sources = [write("member/src/lib.rs"), write("member/src/deep/a.rs"), write("wit/types.wit")];
        assert_eq!(manifests(&sources), [root, member]);
    }
}
