//! What is taken out of a recording before anybody can keep it: secrets, in whatever JSON makes of them, and what signs a
//! URL.

use serde_json::Value;

use super::format::Recording;
use super::presigned;
use crate::failure::{Failure, Result};
use crate::secret::Secrets;

/// How deep JSON may stand in a text of JSON, as far as it is looked into.
const MOST_NESTED: usize = 4;

impl Recording {
    /// The same, without these secrets and without what signs a URL, wherever they stand.
    pub(super) fn without(self, secrets: &Secrets) -> Result<Self> {
        let unfit = |_| Failure::internal("The recording makes no JSON.");
        let value = serde_json::to_value(&self).map_err(unfit)?;
        let clean = texts(value, &|text| without_secrets(&presigned::left_out(text), secrets));
        serde_json::from_value(clean).map_err(unfit)
    }
}

/// A text without these secrets, also where it spells one as JSON may, so that no search of its bytes finds it.
fn without_secrets(text: &str, secrets: &Secrets) -> String {
    let mut clean = secrets.remove_from(text);
    for _ in 0..MOST_NESTED {
        let Some(plain) = unescaped(&clean) else { break };
        if secrets.found_in(plain.as_bytes()) {
            return secrets.remove_from(&plain);
        }
        clean = plain;
    }
    secrets.remove_from(text)
}

/// The text with its `\u0041` and `\/` read once; none where there are none.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_changed = false;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.strip_prefix('u').and_then(|digits| digits.get(..4));
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        match (code, after.strip_prefix(['/', '\\'])) {
            (Some(c), _) => {
                plain.push(c);
                rest = after.get(5..).unwrap_or_default();
            }
            (None, Some(left)) => {
                plain.push_str(after.get(..1).unwrap_or_default());
                rest = left;
            }
            (None, None) => {
                plain.push('\\');
                rest = after;
                continue;
            }
        }
        is_changed = true;
    }
    plain.push_str(rest);
    is_changed.then_some(plain)
}

/// A document, with each of its texts changed, and without what signs in a pair.
pub(super) fn texts(value: Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(mut items) => {
            presigned::left_out_of_pair(&mut items);
            items.into_iter().map(|item| texts(item, change)).collect()
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (change(&name), texts(value, change)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{Answer, Answered, Asked, Bytes, Call, Component, Exchange};
    use super::*;

    #[test]
    fn a_secret_that_json_disguises_is_found_and_removed() {
        let mut secrets = Secrets::new();
        secrets.add(&"canary-token-0123".to_owned().into());
        let disguised: String = "canary-token-0123".chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
        let request = Asked {
            audience: "api".to_owned(),
            method: "GET".to_owned(),
            path: "/me".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            on_behalf_of_connection: true,
            body: None,
        };
        let body = Bytes::of(format!(r#"{{"name": "{disguised}"}}"#).as_bytes());
        let answer = Answer::Response(Answered { status: 200, headers: Vec::new(), body });
        let component =
            Component { integration: "a".to_owned(), version: "1".to_owned(), digest: "0".to_owned() };
        let nested = serde_json::json!({"in": format!("{{\"in\": \"{disguised}\"}}")}).to_string();
        let input = serde_json::json!({"note": "canary-token-0123", "nested": nested, "kept": "a\\u00e4\\n"});
        let mut recording = Recording::begun(component, "t".to_owned(), input, (0, String::new()));
        recording.calls.push(Call::Send(Exchange { request, answer, effect_sent: false }));
        let json = recording.without(&secrets).unwrap().to_json().unwrap();
        assert!(!json.contains("canary") && !json.contains("\\u0063"), "{json}");
        let kept = Recording::parse(&json).unwrap();
        assert_eq!(kept.input["kept"], "a\\u00e4\\n", "what holds no secret stays as it is");
    }
}
