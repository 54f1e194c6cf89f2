//! Making credentials, and knowing them again.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::RngCore as _;

/// Every credential that was ever issued, remembered so that no record of a request can show one.
#[derive(Default)]
pub(crate) struct Credentials {
    issued: HashSet<String>,
}

impl Credentials {
    /// Whether a string is a credential that was issued here, or is as good as one.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.issued.contains(text)
    }

    /// A fresh credential, long and random.
    pub(crate) fn secret(&mut self, prefix: &str, bytes: usize) -> String {
        self.remember(format!("{prefix}{}", random(bytes)))
    }

    /// A credential of the length and look of Atlassian's, which are signed tokens in three parts.
    pub(super) fn token(&mut self) -> String {
        self.remember(format!("eyJ{}.{}.{}", random(45), random(420), random(192)))
    }

    /// An API token for who signs in with `email`, of the look of Atlassian's, which end in a checksum.
    pub(super) fn api_token(&mut self, email: &str) -> String {
        let secret = self.secret("ATATT3xFfGF0", 129);
        let token = format!("{secret}={:08X}", rand::rng().next_u32());
        // The form that a client sends it in; the padding is no part of what could be recognized.
        let basic = STANDARD.encode(format!("{email}:{token}"));
        self.remember(basic.trim_end_matches('=').to_owned());
        token
    }

    fn remember(&mut self, secret: String) -> String {
        self.issued.insert(secret.clone());
        secret
    }
}

/// Random bytes as text that is safe in a URL.
pub(super) fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rand::rng().fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}
