//! Browsers, told apart by a cookie.
//!
//! Without it a callback could be passed on: a stranger consents with an account of theirs, and has somebody else
//! open the callback, whose connection then is the stranger's account (RFC 6749 section 10.12).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Result};
use crate::secret::SecretString;

/// The length of a secret in bytes.
const SECRET_BYTES: usize = 32;

/// A browser, by a secret that it keeps in a cookie.
///
/// Whoever serves the page of a link sets the cookie with [`Browser::new`], `HttpOnly` and `SameSite=Lax`, and reads
/// it back at the callback with [`Browser::from_cookie`].
#[derive(Debug, Clone)]
pub struct Browser(SecretString);

impl Browser {
    /// A browser that has no cookie yet.
    ///
    /// # Errors
    /// `Internal` where the system has no randomness to give.
    pub fn new() -> Result<Self> {
        random_secret().map(Self)
    }

    /// The browser whose cookie has this value; none where no host made it.
    pub fn from_cookie(value: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(value).ok()?;
        (decoded.len() == SECRET_BYTES).then(|| Self(value.to_owned().into()))
    }

    /// The value for its cookie.
    pub fn cookie(&self) -> &SecretString {
        &self.0
    }

    /// What is stored of it.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(self.0.expose_secret())
    }

    /// Whether it is the one of this fingerprint. Both are hashes, so how long it takes tells nothing of use.
    pub(super) fn is(&self, fingerprint: &str) -> bool {
        self.fingerprint() == fingerprint
    }
}

/// 256 random bits, to be written into a cookie or a URL.
pub(super) fn random_secret() -> Result<SecretString> {
    let mut bytes = zeroize::Zeroizing::new([0u8; SECRET_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|_| Failure::internal("The system gives no random numbers."))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_ref()).into())
}

/// A hash of a random secret, to find or to recognise it by: the store cannot be used to forge one.
pub(super) fn fingerprint(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_recognised_by_its_cookie_and_by_no_other() {
        let browser = Browser::new().unwrap();
        let again = Browser::from_cookie(browser.cookie().expose_secret()).unwrap();
        assert!(again.is(&browser.fingerprint()));
        assert!(!Browser::new().unwrap().is(&browser.fingerprint()));
        for value in ["", "short", "****", &"A".repeat(5_000)] {
            assert!(Browser::from_cookie(value).is_none(), "{value}");
        }
    }
}
