//! The key that all secrets of a store are sealed with.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind, Result};
use crate::secret::SecretString;

/// The length of a key in bytes: what XChaCha20-Poly1305 takes.
const LENGTH: usize = 32;

/// The length of a key id in bytes: enough to tell keys apart, too little to say anything of the key.
pub(super) const ID_LENGTH: usize = 8;

/// A key of 256 bits, zeroed when dropped.
pub struct MasterKey {
    bytes: Zeroizing<[u8; LENGTH]>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id_text())
    }
}

impl MasterKey {
    /// A new random key.
    ///
    /// # Errors
    /// `Internal` where the system has no randomness to give.
    pub fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; LENGTH]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|_| Failure::internal("The system gives no random numbers."))?;
        Ok(Self { bytes })
    }

    /// A key from its text: 32 bytes in base64.
    ///
    /// # Errors
    /// `Storage` where it is not such; the text is not repeated.
    pub fn from_text(text: &str) -> Result<Self> {
        let decoded = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
        match decoded.and_then(|bytes| <[u8; LENGTH]>::try_from(bytes.as_slice()).ok()) {
            Some(bytes) => Ok(Self { bytes: Zeroizing::new(bytes) }),
            None => Err(Failure::storage("bad-master-key", "The master key is not 32 bytes in base64.")
                .hint("Make one with: head -c 32 /dev/urandom | base64")),
        }
    }

    /// The same key once more, for a second host in this process.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { bytes: self.bytes.clone() }
    }

    /// Names the key without saying anything of it: the beginning of its hash.
    pub(super) fn id(&self) -> [u8; ID_LENGTH] {
        let mut id = [0u8; ID_LENGTH];
        let hash = Sha256::new()
            .chain_update(b"actionbay master key id\0")
            .chain_update(self.bytes.as_slice())
            .finalize();
        for (target, byte) in id.iter_mut().zip(hash) {
            *target = byte;
        }
        id
    }

    /// The id as people see it.
    pub fn id_text(&self) -> String {
        self.id().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.bytes.as_slice()))
    }
}

/// Where the master key comes from.
#[derive(Debug)]
pub enum KeySource {
    /// From this text, such as the value of an environment variable.
    Text(SecretString),
    /// From a file of mode 0600 outside the data directory, made with the first store.
    File(PathBuf),
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
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| trouble(path, &error))?;
    }
    let key = MasterKey::random()?;
    let draft = path.with_extension(crate::ids::random_id("draft-")?);
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(key.to_text().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    // A link is made only where there is no file, and only once the key is whole.
    let placed = written.and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    match placed {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read_file(path),
        Err(error) => Err(trouble(path, &error)),
    }
}
