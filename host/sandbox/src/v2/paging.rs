//! Pages of results.
//!
//! A cursor is opaque and contains `=`. `_links.next` starts at `/wiki`, without the gateway's prefix, and the
//! same address stands in the `Link` header beside the site's base (Confluence v2 document; measured headers).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::errors;
use crate::html::percent;
use crate::http::Reply;

use super::query::Query;

#[derive(Serialize, Deserialize)]
struct Cursor {
    /// The last id of the previous page.
    id: u64,
    /// How many results came before, for when that id is gone.
    at: usize,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pad: String,
}

/// The part of the results that a query asks for, and the cursor of the next part.
pub(crate) fn cut<T>(
    results: Vec<T>,
    id: impl Fn(&T) -> u64,
    query: &Query<'_>,
) -> Result<(Vec<T>, Option<String>), Reply> {
    cut_at(results, id, query, usize::MAX)
}

/// The same, with parts of at most `most` results, whatever the limit.
pub(crate) fn cut_at<T>(
    mut results: Vec<T>,
    id: impl Fn(&T) -> u64,
    query: &Query<'_>,
    most: usize,
) -> Result<(Vec<T>, Option<String>), Reply> {
    let limit = query.limit().min(most);
    let from = match query.text("cursor") {
        None => 0,
        Some(cursor) => {
            let (last, at) = decode(cursor).ok_or_else(errors::bad_cursor)?;
            match results.iter().position(|result| id(result) == last) {
                Some(at) => at + 1,
                None => at.min(results.len()),
            }
        }
    };
    let mut part = results.split_off(from.min(results.len()));
    let more = part.len() > limit;
    part.truncate(limit);
    let next = part.last().filter(|_| more).map(|last| encode(id(last), from + part.len()));
    Ok((part, next))
}

/// The list answer around one part.
pub(crate) fn answer(query: &Query<'_>, base: &str, results: Vec<Value>, next: Option<String>) -> Reply {
    let mut links = json!({"base": base});
    let mut header = format!("<{base}>; rel=\"base\"");
    if let Some(cursor) = next {
        let next = next_address(query, &cursor);
        header = format!("<{next}>; rel=\"next\", {header}");
        links = json!({"next": next, "base": base});
    }
    Reply::json(200, &json!({"results": results, "_links": links})).header("link", header)
}

/// The address of the next part: the call's own path below the gateway, with the cursor first.
fn next_address(query: &Query<'_>, cursor: &str) -> String {
    let call = query.call;
    let path = call.path.find("/wiki/").and_then(|at| call.path.get(at..)).unwrap_or(&call.path);
    let mut address = format!("{path}?cursor={cursor}");
    for (name, value) in call.query.iter().filter(|(name, _)| name != "cursor") {
        address.push_str(&format!("&{}={}", percent(name), percent(value)));
    }
    if call.query("limit").is_none() {
        address.push_str(&format!("&limit={}", query.limit()));
    }
    address
}

/// The cursor after a result, by its id, and by how many results came until there.
pub(crate) fn encode(id: u64, at: usize) -> String {
    // Padded until the encoding ends in `=`, so that a client which splits a query at every `=` is caught.
    let mut cursor = Cursor { id, at, pad: String::new() };
    loop {
        let text = URL_SAFE.encode(serde_json::to_vec(&cursor).unwrap_or_default());
        if text.ends_with('=') {
            return text;
        }
        cursor.pad.push('.');
    }
}

/// What a cursor stands for.
pub(crate) fn decode(text: &str) -> Option<(u64, usize)> {
    let cursor: Cursor = serde_json::from_slice(&URL_SAFE.decode(text).ok()?).ok()?;
    Some((cursor.id, cursor.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_contains_an_equals_sign_and_reads_back() {
        for id in [1, 12, 131_073, u64::MAX] {
            let text = encode(id, 25);
            assert!(text.contains('='), "{text}");
            assert_eq!(decode(&text), Some((id, 25)));
        }
    }
}
