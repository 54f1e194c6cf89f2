//! Where a redirect of a download leads, and what goes along.
//!
//! Only the host follows redirects, only of downloads, and each step is checked as if somebody else had asked for it:
//!
//! - The target is an http or https URL without a user; what may be called of it the operator's policy says anew.
//! - Inside the audience's origin *and* prefix, at a path that the guest itself may ask for, the step is the guest's own
//!   request: credential and headers go along. The origin alone does not do, since one origin serves many tenants, told
//!   apart by the path; nor does the prefix, since the guest may not call all that is below it: whoever answers must not
//!   choose for what the credential speaks.
//! - Anywhere else nothing goes along but `accept`, no body either, and once a step led out, none after it leads back in: otherwise
//!   another host could have the host send requests of its choice with the credential.
//!
//! The target of a redirect may open what it leads to by its query alone. It is never logged, never told to the guest,
//! and failures name its origin only.

use url::Url;

use super::{MAX_URL, Origin, path};
use crate::failure::{Failure, FailureKind, Result};

/// The most redirects of one download: a vendor's own, and what stores of files add.
pub(super) const MOST: u32 = 5;

/// The only header of a guest that goes to another place: it says what is wanted and nothing of who wants it.
const ANYWHERE: &str = "accept";

/// Where an answer from `current` with this `Location` leads (RFC 9110 section 10.2.2).
///
/// # Errors
/// `Denied` where that is nothing that a request can be sent to. The message holds no part of the location but an
/// origin.
pub fn redirect_target(current: &Url, location: &str) -> Result<Url> {
    let refused = |why: &str| {
        Failure::new(
            FailureKind::Denied,
            "redirect-refused",
            format!("{} redirects to {why}, and nothing was sent there.", Origin::of(current)),
        )
    };
    let mut url = current.join(location).map_err(|_| refused("what is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("a URL that is neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("a URL with a user in it"));
    }
    if !url.has_host() || url.as_str().len() > MAX_URL {
        return Err(refused("a URL that is too long, or without a host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// The path below the audience of a step that stays inside of it: at its origin, and at or below its prefix in every
/// reading.
pub(super) fn below<'n>(audience: &Url, prefix: &str, next: &'n Url) -> Option<&'n str> {
    let below = next.path().strip_prefix(prefix).filter(|below| path::is_below(below));
    below.filter(|_| Origin::of(audience) == Origin::of(next))
}

/// The headers of a guest that go along.
pub(super) fn headers_for(is_within: bool, headers: &[(String, String)]) -> Vec<(String, String)> {
    let goes = |name: &str| is_within || name.eq_ignore_ascii_case(ANYWHERE);
    headers.iter().filter(|(name, _)| goes(name)).cloned().collect()
}

/// There are more redirects than are followed.
pub(super) fn too_many(origin: &Origin) -> Failure {
    Failure::new(
        FailureKind::Denied,
        "too-many-redirects",
        format!("The download was redirected more than {MOST} times, the last time by {origin}."),
    )
    .hint("The vendor redirects in a circle. Try again later.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn target(location: &str) -> Result<String> {
        redirect_target(&url("https://api.example/v1/s-1/files/7"), location).map(String::from)
    }

    #[test]
    fn a_location_is_read_relative_to_where_it_came_from_and_without_its_fragment() {
        for (location, expected) in [
            ("https://media.example/f?token=1#x", "https://media.example/f?token=1"),
            ("//media.example/f", "https://media.example/f"),
            ("/v1/s-1/other", "https://api.example/v1/s-1/other"),
            ("other", "https://api.example/v1/s-1/files/other"),
            ("", "https://api.example/v1/s-1/files/7"),
            ("https://media.example/Ü", "https://media.example/%C3%9C"),
        ] {
            assert_eq!(target(location).unwrap(), expected, "{location}");
        }
    }

    #[test]
    fn what_no_request_can_go_to_is_refused_without_repeating_it() {
        for location in [
            "file:///etc/passwd",
            "javascript:alert('token-1')",
            "ftp://media.example/token-1",
            "https://user:token-1@media.example/",
            "https://token-1@media.example/",
            "https:///token-1:x",
            "https://[token-1",
            &format!("https://media.example/{}", "token-1".repeat(8_000)),
        ] {
            let failure = target(location).unwrap_err();
            assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::Denied, "redirect-refused"));
            assert!(!failure.message.contains("token-1"), "{failure}");
        }
    }

    #[test]
    fn only_the_audiences_origin_and_prefix_are_within_it() {
        let within =
            |next: &str| below(&url("https://api.example/v1/s-1/x"), "/v1/s-1", &url(next)).is_some();
        for next in [
            "https://api.example/v1/s-1/y?z",
            "https://api.example/v1/s-1",
            "https://api.example:443/v1/s-1/",
        ] {
            assert!(within(next), "{next}");
        }
        for next in [
            "https://api.example/v1/s-2/y",
            "https://api.example/v1/s-10/y",
            "https://api.example/v1/s-1/../s-2/y",
            "https://api.example/v1/s-1/%2e%2e/s-2/y",
            "https://api.example/v1/s-1/..%2fs-2",
            "https://api.example/v1/s-1/%252e%252e/s-2",
            "https://api.example/v1/s-1//evil",
            "https://api.example/",
            "http://api.example/v1/s-1/y",
            "https://api.example:444/v1/s-1/y",
            "https://api.example.evil/v1/s-1/y",
        ] {
            assert!(!within(next), "{next}");
        }
    }

    #[test]
    fn nothing_but_accept_goes_to_another_place() {
        let headers =
            [("Accept", "*/*"), ("X-Api-Key", "k"), ("X-Vendor-Token", "no-check"), ("Cookie2", "c")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers_for(false, &headers), [("Accept".to_owned(), "*/*".to_owned())]);
        assert_eq!(headers_for(true, &headers).len(), 4);
    }

    proptest! {
        #[test]
        fn whatever_location_comes_its_target_is_http_without_user_or_fragment(location in ".{0,40}") {
            if let Ok(next) = redirect_target(&url("https://api.example/v1/x"), &location) {
                prop_assert!(matches!(next.scheme(), "http" | "https") && next.has_host());
                prop_assert!(next.username().is_empty() && next.password().is_none() && next.fragment().is_none());
            }
        }
    }
}
