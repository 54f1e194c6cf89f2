//! What a guest may set and see of the headers.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::{Failure, FailureKind, Result};

/// The headers that are the host's alone: credentials, the destination, framing, and what is between two
/// hops (RFC 9110 section 7.6.1).
const HOST_ONLY: &[&str] = &[
    "authorization",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "user-agent",
    "forwarded",
    "via",
    // Another method than the one that is judged.
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    // Another path than the one that is judged, to servers that believe a gateway before them.
    "x-rewrite-url",
];

/// The most headers of a request, and their most bytes: several times what an API asks for.
const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 16 << 10;

/// The headers of an answer that are kept from a guest.
const HIDDEN: &[&str] = &["set-cookie", "set-cookie2", "authorization", "authentication-info"];

/// Whether a guest may set these.
pub(super) fn check_guest(headers: &[(String, String)]) -> Result<()> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err(too_many());
    }
    for (name, value) in headers {
        let (name, _) = parse(name, value)?;
        if is_host_only(name.as_str()) {
            return Err(Failure::new(
                FailureKind::Denied,
                "header-refused",
                format!("A plugin may not set the header \"{name}\": it is the host's alone."),
            ));
        }
    }
    Ok(())
}

pub(super) fn is_host_only(name: &str) -> bool {
    // Gateways to programs (CGI, WSGI) write an underscore for each hyphen, and so take the one for the other.
    let name = &*name.replace('_', "-");
    HOST_ONLY.contains(&name)
        || ["proxy-", "sec-", "x-forwarded-", "x-original-", "x-real-ip"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// A header as HTTP can carry it.
pub(super) fn parse(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let parsed_name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable(name))?;
    let parsed_value = HeaderValue::from_str(value).map_err(|_| unusable(name))?;
    Ok((parsed_name, parsed_value))
}

/// There are more headers than a request may have.
pub(super) fn too_many() -> Failure {
    Failure::new(
        FailureKind::Denied,
        "too-many-headers",
        format!("A request may have {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes in all."),
    )
}

/// The header cannot be sent.
pub(super) fn unusable(name: &str) -> Failure {
    Failure::new(
        FailureKind::Denied,
        "bad-header",
        format!("The header \"{name}\" holds characters that HTTP does not allow."),
    )
}

/// The headers that a guest may see; a value that is no text is left out.
pub(super) fn for_guest(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !HIDDEN.contains(&name.as_str()) && !name.as_str().starts_with("proxy-"))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, value: &str) -> String {
        check_guest(&[(name.into(), value.into())]).unwrap_err().code.into_owned()
    }

    #[test]
    fn a_guest_cannot_set_a_credential_a_host_or_a_hop_by_hop_header_in_any_case() {
        for name in [
            "authorization",
            "Authorization",
            "COOKIE",
            "host",
            "Proxy-Authorization",
            "proxy-x",
            "te",
            "Content-Length",
            "Transfer-Encoding",
            "connection",
            "X-Forwarded-For",
            "content-type",
            "Content_Length",
            "x_http_method_override",
        ] {
            assert_eq!(refusal(name, "x"), "header-refused", "{name}");
        }
    }

    #[test]
    fn a_guest_cannot_smuggle_a_line_into_the_request() {
        assert_eq!(refusal("x-a", "b\r\nauthorization: c"), "bad-header");
        assert_eq!(refusal("x-a\r\nhost: evil", "b"), "bad-header");
        assert_eq!(refusal("", "b"), "bad-header");
    }

    #[test]
    fn a_guest_cannot_bring_the_host_down_with_headers_without_end() {
        let many: Vec<_> = (0..40_000).map(|n| (format!("x-{n}"), String::new())).collect();
        assert_eq!(check_guest(&many).unwrap_err().code, "too-many-headers");
        assert_eq!(refusal("x-a", &"b".repeat(20_000)), "too-many-headers");
    }

    #[test]
    fn cookies_of_an_answer_do_not_reach_the_guest() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("session=1"));
        headers.insert("x-request-id", HeaderValue::from_static("7"));
        assert_eq!(for_guest(&headers), [("x-request-id".to_owned(), "7".to_owned())]);
    }
}
