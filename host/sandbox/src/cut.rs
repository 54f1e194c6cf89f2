//! Answers that break off.

use axum::http::{StatusCode, header};
use serde::Deserialize;

use crate::http::Reply;

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cut {
    /// Before the first byte of the answer.
    Before,
    /// In the middle of the answer's body.
    During,
}

impl Cut {
    /// What is sent of an answer before the connection ends.
    pub(crate) fn last_words(self, reply: Reply) -> Vec<u8> {
        match self {
            Self::Before => Vec::new(),
            Self::During => half(reply),
        }
    }
}

/// The whole head, which promises the whole body, and half of the body. Of an answer without a body, the head
/// without the line that ends it: with it, nothing would be missing.
fn half(mut reply: Reply) -> Vec<u8> {
    let body = std::mem::take(&mut reply.body);
    let head = reply.into_response();
    let status: StatusCode = head.status();
    let mut words =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default())
            .into_bytes();
    for (name, value) in head.headers().iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        words.extend_from_slice(name.as_str().as_bytes());
        words.extend_from_slice(b": ");
        words.extend_from_slice(value.as_bytes());
        words.extend_from_slice(b"\r\n");
    }
    words.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    if !body.is_empty() {
        words.extend_from_slice(b"\r\n");
        words.extend(body.iter().take(body.len() / 2));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_promises_all_of_it() {
        let words = Cut::During.last_words(Reply::text(503, "abcdef"));
        let text = String::from_utf8(words).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain"), "{text}");
        assert!(text.ends_with("\r\ncontent-length: 6\r\n\r\nabc"), "{text}");
    }

    #[test]
    fn of_an_answer_without_a_body_the_head_is_not_finished() {
        assert_eq!(
            Cut::During.last_words(Reply::empty(204)),
            b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n"
        );
    }

    #[test]
    fn before_the_answer_nothing_is_sent() {
        assert!(Cut::Before.last_words(Reply::text(200, "abcdef")).is_empty());
    }
}
