//! Secrets in memory: how they are recognised in what comes from outside, and removed from what goes out.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;
use secrecy::SecretBox;
use zeroize::Zeroizing;

pub use secrecy::{ExposeSecret, SecretString};

/// Shorter values are not searched for: a two-letter "secret" would be found in every answer. Real tokens,
/// codes and client secrets are several times as long.
const SHORTEST: usize = 8;

/// How much of a secret is looked for before the whole is compared: long enough to be rare, short enough that the search
/// for it is prepared in no time.
const BEGINNING: usize = 32;

/// What stands at the end of a text that was cut to length.
pub(crate) const CUT: &str = "…";

/// What begins the escape of an ASCII character in JSON (RFC 8259 section 7), before its two hex digits.
const JSON_ESCAPE: &str = "\\u00";

/// What stands for a text of which nothing else can be told.
const REMOVED: &str = "[text with a secret removed]";

/// How many times as long a secret is at most where each of its bytes is escaped.
pub(crate) const ESCAPED: usize = JSON_ESCAPE.len() + 2;

/// A set of secrets that can be found in bytes: as they are, in base64, percent-encoded, and as JSON may escape them.
///
/// Made once for the secrets of a call and asked often; the values are zeroed when it is dropped.
#[derive(Default)]
pub struct Secrets {
    needles: Vec<SecretBox<Vec<u8>>>,
}

impl Secrets {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret and the forms it is looked for in.
    pub fn add(&mut self, secret: &SecretString) {
        let raw = secret.expose_secret().as_bytes();
        if raw.len() < SHORTEST || self.holds(raw) {
            return;
        }
        self.push(raw.to_vec());
        if raw.contains(&b'/') {
            // As many JSON writers have it.
            self.push(secret.expose_secret().replace('/', "\\/").into_bytes());
        }
        for lead in 0..3 {
            for form in base64_cores(raw, lead) {
                self.push(form);
            }
        }
    }

    /// Adds those of another set.
    pub(crate) fn add_all(&mut self, other: &Self) {
        for needle in &other.needles {
            let needle = needle.expose_secret();
            if !self.holds(needle) {
                self.push(needle.clone());
            }
        }
    }

    /// Whether these bytes are one of the secrets, and so looked for in all their forms.
    pub(crate) fn holds(&self, secret: &[u8]) -> bool {
        self.needles.iter().any(|needle| needle.expose_secret() == secret)
    }

    /// Whether one of the secrets is in these bytes, in any of its forms.
    pub fn found_in(&self, bytes: &[u8]) -> bool {
        if self.needles.is_empty() {
            return false;
        }
        self.found_as_is(bytes)
            || (memchr::memchr(b'%', bytes).is_some() && self.found_as_is(&decoded(bytes, "%")))
            || (memmem::find(bytes, JSON_ESCAPE.as_bytes()).is_some()
                && self.found_as_is(&decoded(bytes, JSON_ESCAPE)))
    }

    /// The longest form of a secret that is looked for, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.expose_secret().len()).max().unwrap_or_default()
    }

    /// The beginning of a text, at least so many bytes of it where there are no secrets in it, with every secret replaced. What
    /// comes after is not looked at, however long a stranger made it.
    pub(crate) fn remove_from_beginning(&self, text: &str, bytes: usize) -> String {
        let reach = self.longest().saturating_mul(ESCAPED);
        let looked_at = bytes.saturating_add(reach);
        if text.len() <= looked_at {
            return self.remove_from(text);
        }
        let mut clean = self.remove_from(text.get(..text.floor_char_boundary(looked_at)).unwrap_or_default());
        // At the end there may be the beginning of one.
        let kept = clean.floor_char_boundary(clean.len().saturating_sub(reach));
        if kept < bytes.min(REMOVED.len()) {
            return REMOVED.to_owned();
        }
        clean.truncate(kept);
        clean
    }

    /// The text with every secret that stands in it replaced.
    pub fn remove_from(&self, text: &str) -> String {
        if self.needles.is_empty() {
            return text.to_owned();
        }
        let mut clean = self.without_beginnings(text);
        if !self.found_in(clean.as_bytes()) {
            return clean;
        }
        for needle in &self.needles {
            if let Ok(needle) = std::str::from_utf8(needle.expose_secret()) {
                clean = clean.replace(needle, "[secret removed]");
            }
        }
        // A form that cannot be cut out, such as a percent-encoded one, takes the whole text with it.
        if self.found_in(clean.as_bytes()) { REMOVED.to_owned() } else { clean }
    }

    /// The text without what of a secret stands where it was cut to length.
    fn without_beginnings(&self, text: &str) -> String {
        let mut pieces: Vec<Cow<'_, str>> = text.split(CUT).map(Cow::Borrowed).collect();
        if let Some((_, cut)) = pieces.split_last_mut() {
            for piece in cut {
                if let Some(kept) = self.before_beginning(piece) {
                    *piece = format!("{kept}[secret removed]").into();
                }
            }
        }
        pieces.join(CUT)
    }

    /// What stands before the beginning of a secret that a text ends with.
    fn before_beginning<'t>(&self, text: &'t str) -> Option<&'t str> {
        let longest = |needle: &SecretBox<Vec<u8>>| {
            let needle = needle.expose_secret();
            let lengths = SHORTEST..=needle.len().min(text.len());
            lengths
                .rev()
                .find(|length| needle.get(..*length).is_some_and(|part| text.as_bytes().ends_with(part)))
        };
        let longest = self.needles.iter().filter_map(longest).max()?;
        text.get(..text.len() - longest)
    }

    fn found_as_is(&self, bytes: &[u8]) -> bool {
        self.needles.iter().any(|needle| contains(bytes, needle.expose_secret()))
    }

    fn push(&mut self, needle: Vec<u8>) {
        self.needles.push(SecretBox::new(Box::new(needle)));
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.needles.len())
    }
}

/// Whether the bytes hold the needle. It is looked for by its beginning: to prepare a search for the whole of a token, of
/// some thousand bytes, takes longer than to search the answer.
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(last) = bytes.len().checked_sub(needle.len()) else { return false };
    let beginning = needle.get(..BEGINNING).unwrap_or(needle);
    let Some(possible) = bytes.get(..last + beginning.len()) else { return false };
    let finder = memmem::Finder::new(beginning);
    let mut from = 0;
    while let Some(rest) = possible.get(from..)
        && let Some(at) = finder.find(rest)
    {
        if bytes.get(from + at..).is_some_and(|rest| rest.starts_with(needle)) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// The base64 characters that depend on nothing but the secret when it stands `lead` bytes (mod 3) into
/// what was encoded, in both alphabets: the first and last characters also hold bits of the neighbours.
fn base64_cores(raw: &[u8], lead: usize) -> Vec<Vec<u8>> {
    let mut padded = Zeroizing::new(vec![0u8; lead]);
    padded.extend_from_slice(raw);
    let skip = (lead * 8).div_ceil(6);
    let whole = padded.len() * 8 / 6;
    let text = Zeroizing::new(STANDARD_NO_PAD.encode(padded.as_slice()));
    let standard = text.as_bytes().get(skip..whole).unwrap_or_default().to_vec();
    let in_url = |byte: &u8| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    };
    let url_safe: Vec<u8> = standard.iter().map(in_url).collect();
    if standard == url_safe { vec![standard] } else { vec![standard, url_safe] }
}

/// The bytes with each one in the place of its escape: `mark` and two hex digits. Stretches without one are copied at
/// once: bodies may be long.
fn decoded(bytes: &[u8], mark: &str) -> Zeroizing<Vec<u8>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let (mark, finder) = (mark.as_bytes(), memmem::Finder::new(mark));
    let mut rest = bytes;
    while let Some(at) = finder.find(rest) {
        let (plain, marked) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let after = marked.get(mark.len()..).unwrap_or_default();
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        // `from_str_radix` alone would take a sign too.
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => decoded.push(byte),
            None => decoded.extend_from_slice(mark),
        }
        rest = after.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn secrets(text: &str) -> Secrets {
        let mut secrets = Secrets::new();
        secrets.add(&text.to_owned().into());
        secrets
    }

    #[test]
    fn what_was_cut_within_a_secret_does_not_keep_its_beginning() {
        let secret = format!("canary-token-{}", "0123456789".repeat(300));
        let secrets = secrets(&secret);
        for kept in [8, 20, 2_000, secret.len() - 1] {
            let text = format!("a {}… b", &secret[..kept]);
            assert_eq!(secrets.remove_from(&text), "a [secret removed]… b", "{kept}");
        }
        for text in ["a canary…", "…", "a … b", ""] {
            assert_eq!(secrets.remove_from(text), text);
        }
    }

    #[test]
    fn of_a_long_text_only_the_beginning_is_looked_at_and_no_part_of_a_secret_is_left_in_it() {
        let secret = format!("canary-token-{}", "0123456789".repeat(30));
        let secrets = secrets(&secret);
        for before in [0, 1, 90, 99, 100, 101, 1_000, 1_900, 2_100, 2_200] {
            let text = format!("{}{secret}{}", "ä".repeat(before), format!("{secret} ").repeat(1_000));
            let clean = secrets.remove_from_beginning(&text, 400);
            assert!(!clean.contains("canary"), "{before}: {clean}");
            assert!(clean.len() < 10_000);
            let is_beginning = clean.starts_with(&"ä".repeat(before.clamp(20, 100)));
            assert!(is_beginning || before < 2_000 && clean == REMOVED, "{before}: {clean}");
        }
        assert_eq!(Secrets::new().remove_from_beginning(&"…".repeat(1_000), 30), "…".repeat(10));
    }

    proptest! {
        #[test]
        fn a_secret_is_found_as_it_is_in_base64_at_any_offset_percent_encoded_and_escaped_for_json(
            secret in "[A-Za-z0-9+/=_.~-]{8,64}", before in ".{0,9}", after in ".{0,9}",
        ) {
            let secrets = secrets(&secret);
            let around = format!("{before}{secret}{after}");
            prop_assert!(secrets.found_in(around.as_bytes()));
            prop_assert!(secrets.found_in(STANDARD.encode(&around).as_bytes()));
            prop_assert!(secrets.found_in(URL_SAFE_NO_PAD.encode(&around).as_bytes()));
            let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert!(secrets.found_in(percent.as_bytes()));
            let json: String = secret.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
            prop_assert!(secrets.found_in(json.as_bytes()));
            for text in [around, STANDARD.encode(&secret), percent, json] {
                prop_assert!(!secrets.found_in(secrets.remove_from(&text).as_bytes()));
            }
        }

        #[test]
        fn a_secret_is_found_wherever_its_beginning_stands_before_it(
            secret in "[ab]{33,80}", before in "[ab]{0,200}", after in "[ab]{0,40}",
        ) {
            let (half, _) = secret.split_at(32);
            let around = format!("{half}{before}{half}{secret}{after}");
            prop_assert!(secrets(&secret).found_in(around.as_bytes()));
            let alone = format!("{half}{before}{half}{after}");
            prop_assert_eq!(secrets(&secret).found_as_is(alone.as_bytes()), alone.contains(&secret));
        }

        #[test]
        fn a_text_without_the_secret_is_left_as_it_is(text in "[a-z ]{0,200}") {
            prop_assert_eq!(secrets("SECRET-0123456789").remove_from(&text), text);
        }
    }
}
