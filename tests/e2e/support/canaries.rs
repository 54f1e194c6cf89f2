//! The secrets of a test, learned from what went over the wire, and a search for them that shares nothing with
//! the host's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The fields of token requests and answers that are secret.
const SECRET_FIELDS: [&str; 5] = ["access_token", "refresh_token", "code", "client_secret", "code_verifier"];

/// Secrets by the name of the field that they came in. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Canaries(Arc<Mutex<BTreeMap<String, &'static str>>>);

impl Canaries {
    /// Takes the secrets out of a JSON body.
    pub(crate) fn learn(&self, body: &[u8]) {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return };
        for name in SECRET_FIELDS {
            if let Some(Value::String(secret)) = fields.get(name)
                && secret.len() >= 12
            {
                self.0.lock().unwrap().insert(secret.clone(), name);
            }
        }
    }

    /// Which kinds of secrets are known.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.0.lock().unwrap().values().copied().collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The secret of a kind that was learned last.
    pub(crate) fn any(&self, kind: &str) -> String {
        let canaries = self.0.lock().unwrap();
        canaries.iter().find(|(_, known)| **known == kind).map(|(secret, _)| secret.clone()).unwrap()
    }

    /// The kinds of secrets that stand in these bytes: as they are, in base64 at any offset, percent-encoded.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Vec<&'static str> {
        let canaries = self.0.lock().unwrap();
        let found =
            canaries.iter().filter(|(secret, _)| forms(secret).iter().any(|form| contains(bytes, form)));
        found.map(|(_, kind)| *kind).collect()
    }
}

fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    forms.push(secret.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect());
    forms.push(secret.bytes().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect());
    forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes());
    for lead in ["", "x", "xx"] {
        for text in [
            STANDARD_NO_PAD.encode(format!("{lead}{secret}")),
            URL_SAFE_NO_PAD.encode(format!("{lead}{secret}")),
        ] {
            // The first four and the last two characters also hold bits of the neighbours.
            forms.push(text.as_bytes()[4..text.len() - 2].to_vec());
        }
    }
    forms
}

/// Looks for the first byte before it compares, as memories are large.
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some((first, _)) = needle.split_first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}
