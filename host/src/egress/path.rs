//! What a path below an audience may be.
//!
//! A path is checked segment by segment in its decoded form, because a server may decode before it resolves
//! dots. Whatever could be read in two ways is denied rather than repaired.

use percent_encoding::percent_decode_str;

use crate::failure::{Failure, FailureKind, Result};

/// What stands in a prefix for the id of the connection's site.
const SITE: &str = "{site}";

/// Why a path is denied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Denial {
    code: &'static str,
    reason: String,
}

impl Denial {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    pub(super) fn of_audience(self, audience: &str) -> Failure {
        Failure::new(
            FailureKind::Denied,
            self.code,
            format!("The request to audience \"{audience}\" was refused: {}.", self.reason),
        )
    }
}

/// The whole path: the prefix with the site in its place, and what the guest put below it.
pub(super) fn below(prefix: &str, site: Option<&str>, path: &str) -> Result<String, Denial> {
    let mut whole = String::with_capacity(prefix.len() + path.len() + 36);
    for segment in prefix.split('/').skip(1) {
        whole.push('/');
        if segment == SITE { whole.push_str(checked_site(site)?) } else { whole.push_str(segment) }
    }
    check(path)?;
    whole.push_str(path);
    if whole.is_empty() {
        whole.push('/');
    }
    Ok(whole)
}

/// Whether a prefix of a manifest is one: empty, or `/` and segments, none of them empty or dots, `{site}` at
/// most as one whole segment.
pub(super) fn is_prefix(prefix: &str) -> bool {
    let without_site = prefix.replacen(SITE, "site", 1);
    !without_site.contains(['{', '}'])
        && !prefix.ends_with('/')
        && check(&without_site).is_ok()
        && (!prefix.contains(SITE) || prefix.split('/').any(|segment| segment == SITE))
}

/// Whether this, behind a prefix, stays at or below it in every reading.
pub(super) fn is_below(path: &str) -> bool {
    check(path).is_ok()
}

fn checked_site(site: Option<&str>) -> Result<&str, Denial> {
    let site = site.ok_or_else(|| {
        Denial::new("no-site", "its path needs the site of a connection, and there is none")
    })?;
    if crate::ids::is_site_id(site) {
        Ok(site)
    } else {
        Err(Denial::new("bad-site", "the id of the connection's site cannot stand in a path"))
    }
}

fn check(path: &str) -> Result<(), Denial> {
    if path.is_empty() {
        return Ok(());
    }
    let Some(relative) = path.strip_prefix('/') else {
        return Err(Denial::new("path-not-absolute", "its path does not begin with a slash"));
    };
    if let Some(bad) = path.chars().find(|c| !is_path_char(*c)) {
        return Err(Denial::new(
            "path-character",
            format!("its path holds {bad:?}, which must be percent-encoded or belongs elsewhere"),
        ));
    }
    let segments: Vec<&str> = relative.split('/').collect();
    let last = segments.len().saturating_sub(1);
    for (position, segment) in segments.iter().enumerate() {
        check_segment(segment, position == last)?;
    }
    Ok(())
}

/// The segments of a path in their decoded form.
pub(super) fn segments(path: &str) -> Result<Vec<String>, Denial> {
    check(path)?;
    path.split('/').skip(1).map(decode).collect()
}

/// The characters of a path (RFC 3986 section 3.3), percent signs and slashes included.
fn is_path_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/".contains(c)
}

fn check_segment(segment: &str, is_last: bool) -> Result<(), Denial> {
    if segment.is_empty() && !is_last {
        return Err(Denial::new("empty-segment", "its path holds an empty segment"));
    }
    let decoded = decode(segment)?;
    if is_dots(decoded.split(';').next().unwrap_or_default()) {
        return Err(Denial::new("dot-segment", "its path holds a segment of dots, which leads elsewhere"));
    }
    if decoded.contains(['/', '\\']) || decoded.chars().any(char::is_control) {
        return Err(Denial::new(
            "hidden-separator",
            "its path hides a slash, a backslash or a control character",
        ));
    }
    if has_encoded_byte(&decoded) {
        return Err(Denial::new("double-encoding", "its path is percent-encoded twice"));
    }
    Ok(())
}

/// Whether a percent sign and two hex digits stand anywhere in a text.
fn has_encoded_byte(text: &str) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    text.as_bytes().windows(3).any(|three| matches!(three, [b'%', a, b] if is_hex(a) && is_hex(b)))
}

fn decode(segment: &str) -> Result<String, Denial> {
    let valid = segment.match_indices('%').all(|(at, _)| {
        segment.get(at + 1..at + 3).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    if !valid {
        return Err(Denial::new("bad-encoding", "its path holds a percent sign without two hex digits"));
    }
    percent_decode_str(segment)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| Denial::new("bad-encoding", "its path is not UTF-8 once decoded"))
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_site_of_the_connection_stands_where_the_prefix_says() {
        assert_eq!(
            below("/ex/{site}/wiki", Some("a-1"), "/api/v2/pages").unwrap(),
            "/ex/a-1/wiki/api/v2/pages"
        );
        assert_eq!(below("/ex/{site}", None, "/x").unwrap_err().code, "no-site");
        assert_eq!(below("/ex/{site}", Some("a/../b"), "/x").unwrap_err().code, "bad-site");
        assert_eq!(below("/ex/{site}", Some(".."), "/x").unwrap_err().code, "bad-site");
    }

    #[test]
    fn a_path_cannot_leave_its_prefix_in_any_spelling() {
        for (path, code) in [
            ("/../x", "dot-segment"),
            ("/a/..", "dot-segment"),
            ("/./x", "dot-segment"),
            ("/%2e%2e/x", "dot-segment"),
            ("/%2E./x", "dot-segment"),
            ("/..;a=b/x", "dot-segment"),
            ("/a%2fb", "hidden-separator"),
            ("/a%5Cb", "hidden-separator"),
            ("/a%00b", "hidden-separator"),
            ("/%252e%252e/x", "double-encoding"),
            ("/a%252f..%252fother%25zz", "double-encoding"),
            ("//x", "empty-segment"),
            ("/a//b", "empty-segment"),
            ("/a\\b", "path-character"),
            ("/a?b", "path-character"),
            ("/a#b", "path-character"),
            ("/a b", "path-character"),
            ("/a\r\nb", "path-character"),
            ("/ä", "path-character"),
            ("a", "path-not-absolute"),
            ("@evil.example/", "path-not-absolute"),
            ("/%zz", "bad-encoding"),
            ("/%ff", "bad-encoding"),
            ("/%2", "bad-encoding"),
        ] {
            assert_eq!(below("/v1", None, path).unwrap_err().code, code, "{path}");
        }
    }

    #[test]
    fn only_whole_segments_make_a_prefix() {
        for prefix in ["", "/v1", "/ex/product/{site}/api"] {
            assert!(is_prefix(prefix), "{prefix}");
        }
        for prefix in ["/", "v1", "/v1/", "/a//b", "/..", "/x{site}", "/{site}/{site}", "/{other}", "/a?b"] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_stays_below_the_prefix_once_a_client_has_resolved_it(path in "[/.%a-fA-F0-9;\\\\?#@:-]{0,24}") {
            if let Ok(whole) = below("/v1/tenant", None, &path) {
                let url = url::Url::parse(&format!("https://host.example{whole}")).unwrap();
                prop_assert_eq!(url.host_str(), Some("host.example"));
                prop_assert_eq!(url.query(), None);
                prop_assert!(url.path() == "/v1/tenant" || url.path().starts_with("/v1/tenant/"), "{}", url);
            }
        }
    }
}
