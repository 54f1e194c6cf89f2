//! What signs a URL: whoever has such a URL may do what it says, without an account.
//!
//! Answers may hold URLs that the vendor signed, for a download or an upload. A component cannot send anything there, and
//! passes them on at most. In a recording the signature is replaced by something as long, in answers and in what came of
//! them alike.

use serde_json::Value;

/// The parameters whose values sign a URL, in lower case: those of Amazon, Google and Azure, of CloudFront, and tokens.
const SIGNING: [&str; 11] = [
    "x-amz-signature",
    "x-amz-security-token",
    "x-goog-signature",
    "signature",
    "sig",
    "awsaccesskeyid",
    "key-pair-id",
    "policy",
    "token",
    "access_token",
    "jwt",
];

/// Shorter values sign nothing.
const SHORTEST: usize = 16;

/// A pair of a name and a value, as queries and forms are written down, without what signs.
pub(super) fn left_out_of_pair(items: &mut [Value]) {
    let [Value::String(name), Value::String(value)] = items else { return };
    if value.len() >= SHORTEST && SIGNING.contains(&&*name.to_ascii_lowercase()) {
        *value = in_place_of(value);
    }
}

/// What stands for a signature: it is recognised as such, and as long.
fn in_place_of(value: &str) -> String {
    format!("[left-out{}]", "-".repeat(value.len().saturating_sub("[left-out]".len())))
}

/// The text, with the signatures of the absolute URLs in it replaced.
pub(super) fn left_out(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        clean.push_str(before);
        clean.push('=');
        let end = after.find(|c: char| !is_of_value(c)).unwrap_or(after.len());
        let (value, left) = after.split_at_checked(end).unwrap_or((after, ""));
        if value.len() >= SHORTEST && signs(&clean) {
            clean.push_str(&in_place_of(value));
            rest = left;
        } else {
            rest = after;
        }
    }
    clean.push_str(rest);
    clean
}

/// Whether a text ends in an absolute URL up to the name of a signing parameter and an equals sign.
fn signs(before: &str) -> bool {
    let before = before.trim_end_matches('=');
    let name_at = before
        .char_indices()
        .rev()
        .find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        .map(|(at, c)| at + c.len_utf8());
    let Some((head, name)) = name_at.and_then(|at| before.split_at_checked(at)) else { return false };
    let name = name.to_ascii_lowercase();
    // As some writers of JSON have an ampersand.
    let (name, escaped) = match name.strip_prefix("u0026") {
        Some(name) if head.ends_with('\\') => (name, true),
        _ => (name.as_str(), false),
    };
    let is_query = escaped || head.ends_with(['?', '&', ';']);
    let url = head.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).next();
    let is_absolute = url.is_some_and(|url| url.contains("://") || url.contains(":\\/\\/"));
    is_query && is_absolute && SIGNING.contains(&name)
}

fn is_of_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '%' | '+' | '/' | '_' | '~' | '.' | '-' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_a_url_is_left_out_and_the_rest_stays() {
        for (text, clean) in [
            (
                "https://s3.example/a?X-Amz-Date=20260101T000000Z&X-Amz-Signature=0123456789abcdef0123&x=1",
                "https://s3.example/a?X-Amz-Date=20260101T000000Z&X-Amz-Signature=[left-out----------]&x=1",
            ),
            (
                "see https://b.example/f?sig=abcdefghijklmnop%3D&se=2026 and \"https://c.example/?token=abcdefghijklmn.q\".",
                "see https://b.example/f?sig=[left-out---------]&se=2026 and \"https://c.example/?token=[left-out------]\".",
            ),
            (
                r#"{"u":"https:\/\/d.example\/?a=1\u0026Signature=abcdefghijklmn=="}"#,
                r#"{"u":"https:\/\/d.example\/?a=1\u0026Signature=[left-out------]"}"#,
            ),
            (
                "https://e.example/?a=1&amp;Signature=abcdefghijklmnop",
                "https://e.example/?a=1&amp;Signature=[left-out------]",
            ),
            ("https://e.example/?sig=short&policy=x", "https://e.example/?sig=short&policy=x"),
            ("/items?token=abcdefghijklmnop", "/items?token=abcdefghijklmnop"),
            ("https://e.example the &sig=abcdefghijklmnop", "https://e.example the &sig=abcdefghijklmnop"),
            ("https://e.example/?design=abcdefghijklmnopq", "https://e.example/?design=abcdefghijklmnopq"),
            ("a = b == c", "a = b == c"),
        ] {
            assert_eq!(left_out(text), clean);
            assert_eq!(left_out(clean), clean, "what is left out stays so");
            assert_eq!(text.len(), clean.len());
        }
    }

    #[test]
    fn of_pairs_the_value_is_left_out_that_signs() {
        let mut pair = [Value::from("Signature"), Value::from("abcdefghijklmnop")];
        left_out_of_pair(&mut pair);
        assert_eq!(pair[1], "[left-out------]");
        let mut pair = [Value::from("cursor"), Value::from("abcdefghijklmnop")];
        left_out_of_pair(&mut pair);
        assert_eq!(pair[1], "abcdefghijklmnop");
    }
}
