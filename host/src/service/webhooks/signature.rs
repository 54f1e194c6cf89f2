//! How whoever is told something knows whose it is: *Standard Webhooks* 1.0, symmetric signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};
use crate::secret::{ExposeSecret as _, SecretString};

/// What every secret begins with.
const MARK: &str = "whsec_";

/// The length of a secret in bytes; the standard has 24 to 64.
const BYTES: usize = 32;

/// A secret that there was never before, as whoever checks signatures takes it.
pub(super) fn new_secret() -> Result<SecretString> {
    let mut secret = Zeroizing::new([0u8; BYTES]);
    getrandom::fill(secret.as_mut()).map_err(|_| Failure::internal("The system gives no random numbers."))?;
    Ok(format!("{MARK}{}", STANDARD.encode(secret.as_ref())).into())
}

/// The value of `webhook-signature`.
pub(super) fn of(secret: &SecretString, id: &str, timestamp: u64, body: &str) -> Result<String> {
    let unusable = || Failure::storage("secret-unusable", "The secret of a webhook cannot be used.");
    let encoded = secret.expose_secret().strip_prefix(MARK).ok_or_else(unusable)?;
    let key = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| unusable())?);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signature =
            of(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
