//! The last requests as they came in, with every credential replaced by a fingerprint.
//!
//! Two rules make that hold: fields that carry credentials are replaced by name, and whatever else equals a
//! credential that this server issued is replaced wherever it stands.

use std::collections::VecDeque;

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;
use crate::http::Call;
use crate::oauth::Credentials;

/// How many requests are kept.
const KEPT: usize = 1000;
/// The longest body that is kept; a thousand bodies of five megabytes would not fit.
const LONGEST_BODY: usize = 256 * 1024;
/// Fields of queries and bodies that carry credentials.
const SECRET_FIELDS: [&str; 6] =
    ["client_secret", "code", "refresh_token", "access_token", "code_verifier", "ticket"];

#[derive(Default)]
pub(crate) struct Recorder {
    entries: VecDeque<Value>,
}

impl Recorder {
    pub(crate) fn record(&mut self, known: &Credentials, at: Moment, call: &Call, status: Option<u16>) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(json!({
            "at": at.iso(),
            "method": call.method,
            "path": scrub(known, &call.path),
            "query": object(known, &call.query),
            "headers": headers(known, &call.headers),
            "body": body(known, call),
            "status": status,
        }));
    }

    pub(crate) fn entries(&self) -> Vec<&Value> {
        self.entries.iter().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// What stands in a record instead of a credential: enough to tell two apart, nothing to use.
pub(crate) fn fingerprint(secret: &str) -> String {
    let digest: String = Sha256::digest(secret).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}")
}

fn object(known: &Credentials, pairs: &[(String, String)]) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        let value = field(known, name, value);
        // A repeated parameter is a list, as in `id=1&id=2`; the comma form means the same.
        let value = match object.get(name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value,
        };
        object.insert(name.clone(), value.into());
    }
    Value::Object(object)
}

fn headers(known: &Credentials, headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| {
                let value = String::from_utf8_lossy(value.as_bytes());
                if *name == header::AUTHORIZATION {
                    return match value.split_once(' ') {
                        Some((scheme, credential)) => format!("{scheme} {}", fingerprint(credential.trim())),
                        None => fingerprint(&value),
                    };
                }
                if *name == header::COOKIE { fingerprint(&value) } else { scrub(known, &value) }
            })
            .collect();
        object.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    Value::Object(object)
}

fn body(known: &Credentials, call: &Call) -> Value {
    if !call.parts.is_empty() {
        let parts: Vec<_> = call.parts.iter().map(|part| json_value(known, part.record())).collect();
        return json!({"parts": parts});
    }
    if call.body.is_empty() {
        return Value::Null;
    }
    if call.body.len() > LONGEST_BODY {
        return format!("({} bytes, not kept)", call.body.len()).into();
    }
    if call.media_type() == "application/x-www-form-urlencoded" {
        return object(known, &call.form());
    }
    match serde_json::from_slice(&call.body) {
        Ok(value) => json_value(known, value),
        Err(_) => scrub(known, &String::from_utf8_lossy(&call.body)).into(),
    }
}

fn json_value(known: &Credentials, value: Value) -> Value {
    match value {
        Value::String(text) => scrub(known, &text).into(),
        Value::Array(items) => items.into_iter().map(|item| json_value(known, item)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::String(text) => field(known, &name, &text).into(),
                    other => json_value(known, other),
                };
                (scrub(known, &name), value)
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn field(known: &Credentials, name: &str, value: &str) -> String {
    if SECRET_FIELDS.contains(&name) { fingerprint(value) } else { scrub(known, value) }
}

/// Replaces every run of token characters that is a credential of this server.
fn scrub(known: &Credentials, text: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(run);
        if known.contains(word) {
            out.push_str(&fingerprint(word));
        } else {
            out.push_str(word);
        }
        let gap = after.find(token).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        out.push_str(between);
        rest = next;
    }
    out
}
