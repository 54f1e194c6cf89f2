//! The text of a key: `ab_<id>_<secret>`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};
use crate::ids::KeyId;
use crate::secret::{ExposeSecret as _, SecretString};

/// What every key begins with, so that one in a repository or a log is recognised.
const MARK: &str = "ab";

/// The length of an id in bytes: enough that no two are the same.
const ID_BYTES: usize = 8;

/// The length of a secret in bytes.
const SECRET_BYTES: usize = 32;

/// A key in its parts.
pub(super) struct KeyText {
    pub(super) id: KeyId,
    secret: SecretString,
}

impl KeyText {
    /// A key that there was never before.
    pub(super) fn random() -> Result<Self> {
        let failed = |_| Failure::internal("The system gives no random numbers.");
        let (mut id, mut secret) = ([0u8; ID_BYTES], Zeroizing::new([0u8; SECRET_BYTES]));
        getrandom::fill(&mut id).map_err(failed)?;
        getrandom::fill(secret.as_mut()).map_err(failed)?;
        Ok(Self { id: KeyId::new(hex(&id))?, secret: URL_SAFE_NO_PAD.encode(secret.as_ref()).into() })
    }

    /// The parts of a text, if it has the form of a key. The secret may hold what the parts are apart by.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '_');
        let (mark, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let is_id = id.len() == 2 * ID_BYTES && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let decoded = URL_SAFE_NO_PAD.decode(secret).map(Zeroizing::new).ok()?;
        if mark != MARK || !is_id || decoded.len() != SECRET_BYTES {
            return None;
        }
        Some(Self { id: KeyId::new(id).ok()?, secret: secret.to_owned().into() })
    }

    /// As a person gets it.
    pub(super) fn written(&self) -> SecretString {
        format!("{MARK}_{}_{}", self.id, self.secret.expose_secret()).into()
    }

    /// What is stored of the secret.
    pub(super) fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.secret.expose_secret().as_bytes()))
    }

    /// Whether it is the one of this fingerprint, in a time that does not depend on how much of it is right.
    pub(super) fn is(&self, fingerprint: &str) -> bool {
        self.fingerprint().as_bytes().ct_eq(fingerprint.as_bytes()).into()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_what_is_none_is_not() {
        let key = KeyText::random().unwrap();
        let text = key.written();
        let text = text.expose_secret();
        let again = KeyText::read(text).unwrap();
        assert_eq!(again.id, key.id);
        assert!(again.is(&key.fingerprint()));
        assert!(!KeyText::random().unwrap().is(&key.fingerprint()));
        for wrong in [
            "",
            "ab",
            "ab__",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}x"),
            &format!("x{text}"),
            &text.to_uppercase(),
            &text.replacen('_', "-", 2),
            "ab_../../etc/pas_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "\u{1F980}_\u{1F980}_\u{1F980}",
        ] {
            assert!(KeyText::read(wrong).is_none(), "{wrong}");
        }
    }
}
