//! Where master keys come from, and the files that hold them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::master_key::MasterKey;
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::SecretString;

/// Where the master key comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// From this text, such as the value of an environment variable.
    Text(SecretString),
    /// From a file of mode 0600 outside the data directory, made with the first store.
    File(PathBuf),
    /// From what a program prints, in base64: the way to a key service or a system's keyring. The text is the
    /// program and its arguments, separated by spaces; no shell reads it, so that nothing in it can be quoted.
    Command(String),
}

impl KeySource {
    /// The key.
    ///
    /// `may_create`: there is no store yet, so a missing file is made with a new key. With a store it is an
    /// error, since a new key would open nothing.
    ///
    /// # Errors
    /// `Storage` where there is no key, it is none, or its file may be read by others.
    pub fn read(&self, may_create: bool) -> Result<MasterKey> {
        match self {
            Self::Text(text) => MasterKey::from_text(secrecy::ExposeSecret::expose_secret(text)),
            Self::Command(line) => super::key_command::read(line),
            Self::File(path) if path.exists() => read_file(path),
            Self::File(path) if may_create => create_file(path),
            Self::File(path) => Err(Failure::storage(
                "master-key-missing",
                format!(
                    "There is a store, but its master key is missing: {} does not exist.",
                    path.display()
                ),
            )
            .hint(
                "Put the key's file back, or set ACTIONBAY_MASTER_KEY. Without it the store cannot be read.",
            )),
        }
    }
}

impl KeySource {
    /// The key, or `None` where it comes from a file that does not exist.
    pub(super) fn read_if_there(&self) -> Result<Option<MasterKey>> {
        match self {
            Self::File(path) if !path.exists() => Ok(None),
            source => source.read(false).map(Some),
        }
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(
        "master-key-unreadable",
        format!("The master key {} cannot be used: {error}.", path.display()),
    )
}

fn read_file(path: &Path) -> Result<MasterKey> {
    refuse_if_shared(path)?;
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| trouble(path, &error))?;
    MasterKey::from_text(&text)
}

#[cfg(unix)]
fn refuse_if_shared(path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(path).map_err(|error| trouble(path, &error))?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Storage,
        "master-key-exposed",
        format!("The master key {} may be read by others (mode {mode:04o}).", path.display()),
    )
    .hint(format!("Run: chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn refuse_if_shared(_: &Path) -> Result<()> {
    Ok(())
}

/// Makes the file with a new key. A second process that comes at the same moment reads the first one's.
fn create_file(path: &Path) -> Result<MasterKey> {
    MasterKey::random()?.save(path)
}

impl MasterKey {
    /// Writes the key into a file of mode 0600, unless there is one: then it gives that one's key.
    ///
    /// # Errors
    /// `Storage` where the file cannot be made, or the one there may be read by others or holds no key.
    pub fn save(&self, path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| trouble(path, &error))?;
        }
        let draft = path.with_extension(crate::ids::random_id("draft-")?);
        let mut options = std::fs::OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let written = options.open(&draft).and_then(|mut file| {
            file.write_all(self.to_text().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        // A link is made only where there is no file, and only once the key is whole.
        let placed = written.and_then(|()| std::fs::hard_link(&draft, path));
        let _ = std::fs::remove_file(&draft);
        sync_folder(path);
        match placed {
            Ok(()) => Ok(self.duplicate()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read_file(path),
            Err(error) => Err(trouble(path, &error)),
        }
    }
}

/// Has the names in a file's folder survive a power cut, where the platform can.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

/// Puts the key file `new` in the place of `current`, which stays beside as `old`.
///
/// Killed at any point, `current` holds one of the two keys, and the other is in `new` or `old`.
///
/// # Errors
/// `Storage` where the files cannot be moved.
pub fn replace_key_file(current: &Path, new: &Path, old: &Path) -> Result<()> {
    let draft = old.with_extension(crate::ids::random_id("draft-")?);
    let replaced = std::fs::hard_link(current, &draft)
        .and_then(|()| std::fs::rename(&draft, old))
        .and_then(|()| std::fs::rename(new, current));
    // Where `old` is `current` already, renaming one to the other leaves both.
    let _ = std::fs::remove_file(&draft);
    sync_folder(current);
    replaced.map_err(|error| trouble(current, &error))
}
