//! Answers in which a credential comes back are refused, before anybody above sees them.

use std::io::{self, Read, Write};

use http::HeaderMap;

use super::{Credential, TransportError};
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::{ESCAPED, ExposeSecret, SecretString, Secrets};

/// How much of a body is looked at and passed on at once: few enough to hold, many enough to be quick.
const CHUNK: usize = 64 << 10;

/// What must not stand in the answers to a request.
pub(super) struct Echo<'a> {
    /// What the others do not hold.
    own: Secrets,
    others: &'a Secrets,
}

/// Why a body was not passed on to its end.
pub(super) enum Stopped {
    /// It holds a credential.
    Echo,
    /// It is larger than allowed.
    TooLarge,
    /// It could not be read to its end.
    Unread(io::Error),
    /// It could not be written.
    Unwritten(io::Error),
}

impl<'a> Echo<'a> {
    /// The credential that the request is sent with, and the other secrets of its call.
    pub(super) fn of(credential: Option<&Credential>, others: &'a Secrets) -> Result<Self> {
        let mut own = Secrets::new();
        let mut add = |secret: &SecretString| {
            if !others.holds(secret.expose_secret().as_bytes()) {
                own.add(secret);
            }
        };
        if let Some(credential) = credential {
            add(credential.secret());
            // In Basic the secret stands encoded, which is another form of it.
            if let Some((_, sent)) = credential.header()?.to_str().unwrap_or_default().split_once(' ') {
                add(&sent.to_owned().into());
            }
        }
        Ok(Self { own, others })
    }

    /// Fails closed on an answer that would carry a secret to whoever asked.
    pub(super) fn refuse(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        has_effect: bool,
    ) -> Result<()> {
        let in_headers = headers
            .iter()
            .any(|(name, value)| self.is_in(name.as_str().as_bytes()) || self.is_in(value.as_bytes()));
        if in_headers || self.is_in(body) { Err(refusal(status, has_effect)) } else { Ok(()) }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.own.found_in(bytes) || self.others.found_in(bytes)
    }

    /// How much of a chunk is looked at again with the next: as long as a secret is at most.
    fn overlap(&self) -> usize {
        ESCAPED * self.own.longest().max(self.others.longest())
    }

    /// Passes a body on, of at most `limit` bytes, and says how many it has. Every stretch of it is looked at as a
    /// whole: what one chunk ends with is looked at again with the next. What was written before it stopped is to be
    /// thrown away.
    pub(super) fn pass(
        &self,
        body: &mut dyn Read,
        into: &mut dyn Write,
        limit: u64,
    ) -> std::result::Result<u64, Stopped> {
        let overlap = self.overlap();
        let mut buffer = vec![0u8; overlap + CHUNK];
        let (mut kept, mut passed) = (0usize, 0u64);
        loop {
            let count = fill(body, buffer.get_mut(kept..).unwrap_or_default()).map_err(Stopped::Unread)?;
            let seen = buffer.get(..kept + count).unwrap_or_default();
            let fresh = seen.get(kept..).unwrap_or_default();
            if fresh.is_empty() {
                return Ok(passed);
            }
            passed += count as u64;
            if passed > limit {
                return Err(Stopped::TooLarge);
            }
            if self.is_in(seen) {
                return Err(Stopped::Echo);
            }
            into.write_all(fresh).map_err(Stopped::Unwritten)?;
            let (from, end) = (seen.len().saturating_sub(overlap), seen.len());
            buffer.copy_within(from..end, 0);
            kept = end - from;
        }
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(body: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match body.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The answer holds a credential.
pub(super) fn refusal(status: u16, has_effect: bool) -> Failure {
    Failure::new(
        FailureKind::Denied,
        "credential-in-answer",
        "The answer holds the credential that the request was sent with, and was refused.",
    )
    .hint("Whatever answered sends back what it was given. Check the address that the audience stands for.")
    .sent(has_effect)
    .status(status)
}

/// What a body's reader failed of, where a transport said so.
pub(super) fn transport_error(error: io::Error) -> Option<TransportError> {
    error.downcast::<TransportError>().ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const TOKEN: &str = "canary-access-token-0123456789";

    fn pass(body: &[u8], limit: u64) -> std::result::Result<Vec<u8>, Stopped> {
        let others = Secrets::new();
        let credential = Credential::Bearer(TOKEN.to_owned().into());
        let echo = Echo::of(Some(&credential), &others).unwrap();
        let mut written = Vec::new();
        let passed = echo.pass(&mut &body[..], &mut written, limit)?;
        assert_eq!(passed, written.len() as u64);
        Ok(written)
    }

    #[test]
    fn a_secret_is_found_wherever_it_lies_across_the_borders_of_chunks_and_in_every_form() {
        let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let json: String = TOKEN.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let others = Secrets::new();
        let overlap =
            Echo::of(Some(&Credential::Bearer(TOKEN.to_owned().into())), &others).unwrap().overlap();
        for form in [TOKEN.to_owned(), STANDARD.encode(format!("ab{TOKEN}")), percent, json] {
            // The first chunk fills the room of the overlap too.
            for border in [overlap + CHUNK, overlap + 2 * CHUNK] {
                for before in (0..=form.len()).step_by(3).chain([1, form.len() - 1, form.len()]) {
                    for shift in 0..4 {
                        let mut body = vec![b'x'; border - before + shift * 97];
                        body.extend_from_slice(form.as_bytes());
                        body.resize(4 * CHUNK, b'y');
                        assert!(
                            matches!(pass(&body, u64::MAX), Err(Stopped::Echo)),
                            "{form} {border} {before}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_body_without_it_is_passed_on_as_it_is_up_to_the_limit() {
        let body: Vec<u8> = (0..3 * CHUNK + 7).map(|at| (at % 251) as u8).collect();
        assert!(pass(&body, body.len() as u64).is_ok_and(|written| written == body));
        assert!(matches!(pass(&body, body.len() as u64 - 1), Err(Stopped::TooLarge)));
        assert!(pass(b"", 0).is_ok_and(|written| written.is_empty()));
    }
}
