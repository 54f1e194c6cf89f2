//! The key that wraps the data keys of a store.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::cipher::{Key, KeyId, id_text};
use crate::failure::{Failure, Result};

/// A key of 256 bits, zeroed when dropped.
pub struct MasterKey {
    key: Key,
    /// Asked for with every secret that is opened.
    id: KeyId,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id_text())
    }
}

impl From<Key> for MasterKey {
    fn from(key: Key) -> Self {
        let id = key.id(b"actionbay master key id\0");
        Self { key, id }
    }
}

impl MasterKey {
    /// A new random key.
    ///
    /// # Errors
    /// `Internal` where the system has no randomness to give.
    pub fn random() -> Result<Self> {
        Key::random().map(Self::from)
    }

    /// A key from its text: 32 bytes in base64.
    ///
    /// # Errors
    /// `Storage` where it is not such; the text is not repeated.
    pub fn from_text(text: &str) -> Result<Self> {
        let decoded = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
        decoded.and_then(|bytes| Key::from_bytes(&bytes)).map(Self::from).ok_or_else(|| {
            Failure::storage("bad-master-key", "The master key is not 32 bytes in base64.")
                .hint("Make one with: head -c 32 /dev/urandom | base64")
        })
    }

    /// The same key once more, for a second host in this process.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { key: self.key.clone(), id: self.id }
    }

    /// Names the key without saying anything of it.
    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    /// The id as people see it.
    pub fn id_text(&self) -> String {
        id_text(&self.id())
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.key.bytes()))
    }
}
