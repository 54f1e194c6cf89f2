//! Keys, and what is sealed with them: XChaCha20-Poly1305.
//!
//! Sealed bytes are one byte of format, the id of their key, a random nonce of 24 bytes (long enough to be drawn
//! at random for ever), and the ciphertext. What they are bound to is not in them: a reader states the place it
//! reads from, and what was moved does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// A secret or a key check, sealed with a master key: stores made before there were data keys hold such secrets.
pub(super) const BY_MASTER_KEY: u8 = 1;

/// A secret, sealed with the data key of its owner.
pub(super) const BY_DATA_KEY: u8 = 2;

/// A data key, sealed with a master key.
pub(super) const WRAPPED_KEY: u8 = 3;

/// The length of a key in bytes: what XChaCha20-Poly1305 takes.
const KEY: usize = 32;

/// The length of a key id in bytes: enough to tell keys apart, too little to say anything of the key.
pub(super) const ID: usize = 8;

/// The length of a nonce in bytes.
pub(super) const NONCE: usize = 24;

/// The id of a key: the beginning of its hash.
pub(super) type KeyId = [u8; ID];

/// A key id as people see it.
pub(super) fn id_text(id: &KeyId) -> String {
    // In the width of the number the zeros before it too.
    format!("{:0width$x}", u64::from_be_bytes(*id), width = 2 * ID)
}

/// A key of 256 bits, zeroed when dropped.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; KEY]>);

impl Key {
    pub(super) fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; KEY]);
        fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// The key of these bytes, if they are as many as a key has.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0u8; KEY]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Names the key without saying anything of it, apart from keys of another kind.
    pub(super) fn id(&self, kind: &[u8]) -> KeyId {
        let mut id = KeyId::default();
        let hash = Sha256::new().chain_update(kind).chain_update(self.bytes()).finalize();
        for (target, byte) in id.iter_mut().zip(hash) {
            *target = byte;
        }
        id
    }

    /// Seals bytes.
    pub(super) fn seal(&self, format: u8, id: &KeyId, bound_to: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        fill(&mut nonce)?;
        let payload = Payload { msg: bytes, aad: bound_to };
        let ciphertext = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Failure::internal("A secret is too large to be sealed."))?;
        Ok([&[format], id.as_slice(), &nonce, &ciphertext].concat())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| Failure::internal("The system gives no random numbers."))
}

/// Sealed bytes, taken apart.
pub(super) struct Sealed<'a> {
    pub(super) format: u8,
    pub(super) key_id: KeyId,
    nonce: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// The parts, or `None` where these are no sealed bytes.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_at_checked(ID)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE)?;
        Some(Self { format, key_id: key_id.try_into().ok()?, nonce, ciphertext })
    }

    /// What was sealed, or `None` where it was damaged, bound to something else, or sealed with another key.
    pub(super) fn open(&self, key: &Key, bound_to: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: self.ciphertext, aad: bound_to };
        key.cipher().decrypt(XNonce::from_slice(self.nonce), payload).map(Zeroizing::new).ok()
    }
}

/// Associated data: each part with its length before it, so that no two places read the same.
pub(super) fn bound_to(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}
