//! The answer that a file is: something to be saved, which no browser opens as a page of this service.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::FileFacts;
use crate::failure::{Failure, Result};

/// What an answer is said to be of which it is better not said.
const ANYTHING: &str = "application/octet-stream";

/// What a file is said to be: what no browser runs or reads as markup. Others are bytes.
const HARMLESS: [&str; 27] = [
    "application/gzip",
    "application/json",
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/x-tar",
    "application/zip",
    "audio/mpeg",
    "audio/wav",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];

/// What the file may do, should a browser show it all the same.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The characters of a name that stand for others in a header (RFC 8187 section 3.2.1).
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!').remove(b'+');

/// The file, to be saved under its name.
pub(in crate::service) fn served(facts: &FileFacts, mut bytes: Zeroizing<Vec<u8>>) -> Result<Response> {
    let name = utf8_percent_encode(&facts.name, ESCAPED);
    let saved = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}"))
        .map_err(|_| Failure::internal("The name of a file makes no header."))?;
    let kind = HeaderValue::from_static(harmless(&facts.media_type));
    let mut response = std::mem::take(&mut *bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, saved);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn harmless(media_type: &str) -> &'static str {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    HARMLESS.into_iter().find(|known| known.eq_ignore_ascii_case(essence)).unwrap_or(ANYTHING)
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_a_browser_could_run_or_read_as_markup_is_told_as_bytes() {
        for media_type in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "text/javascript",
            "text/css",
            "x",
        ] {
            assert_eq!(harmless(media_type), "application/octet-stream", "{media_type}");
        }
        assert_eq!(harmless("Text/Plain; charset=utf-7"), "text/plain");
    }
}
