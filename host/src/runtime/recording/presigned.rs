//! What signs a URL: whoever has such a URL may do what it says, without an account.
//!
//! Answers may hold URLs that the vendor signed, for a download or an upload. A component cannot send anything there, and
//! passes them on at most. In a recording the signature is replaced, in answers and in what came of them alike.

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

/// What stands for a signature.
const LEFT_OUT: &str = "[left-out]";

/// Shorter values sign nothing.
const SHORTEST: usize = 16;

/// The text, with the signatures of the URLs in it replaced.
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
            clean.push_str(LEFT_OUT);
            rest = left;
        } else {
            rest = after;
        }
    }
    clean.push_str(rest);
    clean
}

/// Whether a text ends in the name of a signing parameter of a query and an equals sign.
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
    is_query && SIGNING.contains(&name)
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
                "https://s3.example/a?X-Amz-Date=20260101T000000Z&X-Amz-Signature=[left-out]&x=1",
            ),
            (
                "see https://b.example/f?sig=abcdefghijklmnop%3D&se=2026 and \"https://c.example/?token=abcdefghijklmnop.q\".",
                "see https://b.example/f?sig=[left-out]&se=2026 and \"https://c.example/?token=[left-out]\".",
            ),
            (
                r#"{"u":"https://d.example/?a=1\u0026Signature=abcdefghijklmnop=="}"#,
                r#"{"u":"https://d.example/?a=1\u0026Signature=[left-out]"}"#,
            ),
            (
                "https://e.example/?a=1&amp;Signature=abcdefghijklmnop",
                "https://e.example/?a=1&amp;Signature=[left-out]",
            ),
            ("?sig=short&policy=x", "?sig=short&policy=x"),
            ("the signature=abcdefghijklmnop of a text", "the signature=abcdefghijklmnop of a text"),
            ("?design=abcdefghijklmnopq", "?design=abcdefghijklmnopq"),
            ("a = b == c", "a = b == c"),
        ] {
            assert_eq!(left_out(text), clean);
            assert_eq!(left_out(clean), clean, "what is left out stays so");
        }
    }
}
