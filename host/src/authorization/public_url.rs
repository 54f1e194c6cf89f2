//! The address that people reach this host's pages at.

use url::Url;

use super::callback::CallbackRouter;
use crate::egress::Origin;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, ProfileId};

/// Where people reach the pages of this host: what an operator says, never what a request says of itself.
///
/// The two addresses below it are those that `service::routes` serves:
/// `{public}/oauth/callback`, to be registered with the vendor, and `{public}/connect/{token}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end.
    text: String,
    url: Url,
}

impl PublicUrl {
    /// An address as an operator writes it: `https://connect.example.com`, `https://example.com/actionbay`.
    ///
    /// # Errors
    /// `InvalidInput` where it is no https URL (on this machine http is allowed), or more than scheme, host, port and
    /// a plain path.
    pub fn new(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Failure::new(
                FailureKind::InvalidInput,
                "bad-public-url",
                format!("\"{text}\" cannot be the public URL: {why}."),
            )
            .hint("Write it as in https://connect.example.com or https://example.com/actionbay.")
        };
        let url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad("it is no https URL"));
        }
        if url.scheme() == "http" && !Origin::of(&url).is_loopback() {
            return Err(bad("it is not https, and not on this machine"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it names a user"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it has a query or a fragment"));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if !url.path().bytes().all(is_plain) || url.path().contains("//") {
            return Err(bad("its path is not made of letters, digits, dots, dashes and single slashes"));
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), url })
    }

    /// As text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The callback URL to register with the vendor.
    pub fn callback_url(&self) -> String {
        format!("{}/oauth/callback", self.text)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.url)
    }

    /// The path before all of its pages, without a slash at its end; mostly empty.
    #[cfg(feature = "service")]
    pub(crate) fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether this is its host and port, as a request names them.
    #[cfg(feature = "service")]
    pub(crate) fn is_authority(&self, named: &str) -> bool {
        let same = Url::parse(&format!("{}://{named}/", self.url.scheme()));
        same.is_ok_and(|url| url.as_str() == format!("{}/", self.origin()))
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl CallbackRouter for PublicUrl {
    fn redirect_uri(&self, _: &IntegrationId, _: &ProfileId) -> Result<String> {
        Ok(self.callback_url())
    }

    fn link_url(&self, token: &str) -> Result<Url> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::internal("A public URL has no path."))?
            .pop_if_empty()
            .extend(["connect", token]);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_below_the_public_url_and_its_path() {
        for (text, callback) in [
            ("https://a.example", "https://a.example/oauth/callback"),
            ("https://a.example:443/", "https://a.example/oauth/callback"),
            ("https://a.example/x/y/", "https://a.example/x/y/oauth/callback"),
            ("http://localhost:8978", "http://localhost:8978/oauth/callback"),
            ("http://[::1]:8978", "http://[::1]:8978/oauth/callback"),
        ] {
            let public = PublicUrl::new(text).unwrap();
            assert_eq!(public.callback_url(), callback);
            let link = callback.replace("oauth/callback", "connect/t.o-k");
            assert_eq!(public.link_url("t.o-k").unwrap().as_str(), link);
        }
    }

    #[test]
    fn what_is_not_https_or_more_than_an_address_is_no_public_url() {
        for text in [
            "",
            "a.example",
            "http://a.example",
            "http://localhost.a.example",
            "ftp://a.example",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example/#x",
            "https://a.example/{x}",
            "https://a.example/%2fx",
            "https://a.example//x",
            "https://a.example/ä",
        ] {
            assert_eq!(
                PublicUrl::new(text).map_err(|failure| failure.code),
                Err("bad-public-url".into()),
                "{text}"
            );
        }
    }

    #[cfg(feature = "service")]
    #[test]
    fn a_request_for_another_host_or_port_is_told_apart() {
        let public = PublicUrl::new("https://a.example/x").unwrap();
        for named in ["a.example", "A.Example", "a.example:443"] {
            assert!(public.is_authority(named), "{named}");
        }
        for named in [
            "",
            "b.example",
            "a.example:8443",
            "a.example.b",
            "u@a.example",
            "a.example/x",
            "a.example?",
            "[",
            "a.example#",
        ] {
            assert!(!public.is_authority(named), "{named}");
        }
    }
}
