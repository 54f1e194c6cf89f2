//! Answers whose bytes are not what they say: what was encoded and is so still, nobody looked into.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::{Origin, TransportError, TransportErrorKind};
use crate::failure::Result;

/// The encoding that is none (RFC 9110 section 12.5.3).
const NONE: &str = "identity";

/// Refuses an answer that is encoded still. The transport undoes what it knows, and takes the header away with it.
///
/// # Errors
/// `Upstream`, where a search for the credential could not have found it.
pub(super) fn check(headers: &HeaderMap, origin: &Origin, has_effect: bool) -> Result<()> {
    let encodings = headers.get_all(CONTENT_ENCODING);
    if encodings.iter().all(|encoding| encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(NONE.as_bytes()))
    {
        return Ok(());
    }
    let detail = format!("{origin} answered in an encoding that it was not asked for.");
    Err(TransportError::new(TransportErrorKind::Encoded, true, detail).into_failure(has_effect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_encoded_still_is_refused_however_it_says_so() {
        let origin = Origin::parse("https://api.example").unwrap();
        let code = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            check(&headers, &origin, false).map_err(|failure| failure.code.into_owned())
        };
        for encoded in [
            &["br"][..],
            &["x-gzip"],
            &["GZIP"],
            &["gzip, gzip"],
            &["deflate"],
            &["identity, br"],
            &["identity", "br"],
            &[""],
        ] {
            assert_eq!(code(encoded).unwrap_err(), "encoding-refused", "{encoded:?}");
        }
        for plain in [&[][..], &["identity"], &["Identity"], &["identity", "identity"]] {
            assert_eq!(code(plain), Ok(()), "{plain:?}");
        }
    }
}
